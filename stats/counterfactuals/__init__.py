"""The path without treatment as a prediction: factor models, prediction intervals, conformal tests."""
