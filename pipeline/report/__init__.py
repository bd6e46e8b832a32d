"""The report: what a release holds and what was turned away, as one HTML file that needs nothing else."""
