"""Exemptions (규제특례): an application from its draft to the decision, under one regime.

Promises that nobody decides on what he or she wrote or reviewed, that silence never approves,
and that every step stands in the history and in the ledger. Must not know web or mail.
"""
