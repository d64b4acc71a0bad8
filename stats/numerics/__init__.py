"""What the estimators compute with: regressions on panels, programmes on the simplex, searches."""
