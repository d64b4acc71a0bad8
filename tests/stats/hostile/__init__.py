"""Every public estimator with a valid input, from which hostile input is made."""
