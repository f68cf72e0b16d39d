"""How accuracy falls as test images are shaken harder."""
