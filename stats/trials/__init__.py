"""Randomised designs and the tests that repeat their draw."""
