"""The law-amendment board: one item per article of a law, the cases that point to it, their evidence.

Promises that every step is recorded and that linked operators hear of what changes for them. Must not
change a case: deemed extensions and conversions are the period's.
"""
