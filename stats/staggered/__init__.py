"""Starts at different times: group-time effects, imputation, interaction weights, decomposition."""
