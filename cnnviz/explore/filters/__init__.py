"""What the weights of a convolution look like, through time."""
