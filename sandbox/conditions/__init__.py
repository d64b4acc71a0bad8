"""Conditions in force: what shows that each is kept, when, and what to do where it is not.

Promises that a condition with a metric is judged by collected readings alone, and that a window
without enough readings is never taken for kept. Must not grant, suspend or stop anything.
"""
