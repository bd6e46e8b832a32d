"""Which pairs are copies of one another, which copy is kept, and in which split each one is."""
