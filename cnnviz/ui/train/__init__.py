"""Start a run, and watch one."""
