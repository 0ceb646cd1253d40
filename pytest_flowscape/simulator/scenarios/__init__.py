"""Ready-made organisations: the demo sites."""
