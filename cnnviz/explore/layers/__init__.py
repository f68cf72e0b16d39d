"""Which layers a network has, how they hang together, and what each can see."""
