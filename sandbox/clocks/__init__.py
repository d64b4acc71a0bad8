"""Clocks (법정기한): statutory time limits as data, with their stops, caps and arithmetic.

Promises that a due date is always recomputed from what happened, and that it can be followed day by
day. Must not know web or mail; nothing here decides anything.
"""
