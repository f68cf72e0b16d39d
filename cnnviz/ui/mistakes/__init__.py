"""Where a network fails, how sure it is of it, and on which images."""
