"""What a data set holds, and what augmentation makes of it."""
