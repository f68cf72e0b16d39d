"""A lab bench for image classifiers."""
