"""Teams: how people of an office bring in colleagues, and let go who leaves.

Promises that an invitation works once and for a few days, and that whoever is let go is signed out at
once. Must not touch another office's people.
"""
