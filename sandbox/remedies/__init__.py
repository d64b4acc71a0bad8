"""Tasks of a company with a due date: from an inspection's finding, or from a condition that is not met.

`open_task` is called by whatever finds that something is to be done; nobody has to look for it first.
"""
