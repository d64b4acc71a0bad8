"""Difference-in-differences: two groups, fixed effects, event studies, adjustment for covariates."""
