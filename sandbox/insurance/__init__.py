"""Insurance of pilots: policies with their renewals, compensation plans in their place, and what is missing.

Promises that no sum below the law's minimum is taken for cover. Must not start or stop a pilot.
"""
