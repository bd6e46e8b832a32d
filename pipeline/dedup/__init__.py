"""dedup: clusters of nearly equal pictures and texts, their survivors, and splits that nothing leaks across."""
