"""A series without controls: segmented regression with errors that depend on each other."""
