"""The product in a network that fails: a proxy before each simulated server, every kind of fault at every point."""
