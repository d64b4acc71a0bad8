"""Evaluation: the locked plan carried out on what was known at a moment, and its rule executed.

Promises that a run can be repeated to the byte. Nothing here imports an estimator; that is left
to ``work``, which runs in a worker process.
"""
