"""Pilots (실증사업): one technology tried in named districts, from registration to the decision.

The pilot owns the links to its exemption and its experiment, and hands the lab a ``Permit``.
"""
