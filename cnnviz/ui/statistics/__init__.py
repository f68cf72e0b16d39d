"""How early layers differ from later ones, in numbers."""
