"""Something to look at, and what this bench holds."""
