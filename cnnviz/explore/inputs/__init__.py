"""How a picture becomes what a network reads; pictures to begin with."""
