"""A small network as one HTML page that works by itself."""
