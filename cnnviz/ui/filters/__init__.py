"""What every convolution looks for, through time."""
