"""Risks of a pilot: questions of its regime, and the sign-offs that its answers call for.

Promises that no exemption is granted while a sign-off that an answer calls for is missing. Must not hold a
question or a sign-off of any one regime.
"""
