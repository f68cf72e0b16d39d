"""What a network makes of one image, map by map and cell by cell."""
