"""Synthetic control and its kin: shares of controls that follow the treated unit before its start."""
