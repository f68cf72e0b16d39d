"""One layer of two networks, two epochs or two images."""
