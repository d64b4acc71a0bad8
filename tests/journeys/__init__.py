"""End to end: the running service, driven as a person drives it."""
