"""Which pixels of an image speak for a class, by thirteen methods, and checks of their maps."""
