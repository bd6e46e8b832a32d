"""Where the chain runs: the command line and Spark."""
