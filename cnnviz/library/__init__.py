"""What scripts and notebooks call: the same work as the pages and the command line do."""
