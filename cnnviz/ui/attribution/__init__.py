"""Which pixels speak for a class, and whether the map can be trusted."""
