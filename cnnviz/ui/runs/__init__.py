"""The page Runs: a table of all runs, and those that are selected beside each other."""
