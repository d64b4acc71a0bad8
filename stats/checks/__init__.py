"""Diagnostics and sensitivity: what would make a result wrong, and how far it would have to go."""
