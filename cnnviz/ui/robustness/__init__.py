"""What a network makes of a picture that is shaken."""
