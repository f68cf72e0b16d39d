"""What is wrong with a run, and what would mend it."""
