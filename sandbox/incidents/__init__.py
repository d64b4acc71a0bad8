"""Incidents in a pilot: reported within the set time, followed up, closed.

A severe one lays a proposal to suspend before the Minister.
"""
