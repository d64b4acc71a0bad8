import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.errors import EstimationError
from stats.numerics.fixed_effects import TwoWay, regress
from tests.stats.build import noise

# Two exact methods on well-conditioned data differ by rounding only.
EXACT = 1e-9


def dummies(present):
    """One column for each unit and for each period but the first, for the present cells."""
    unit, period = np.nonzero(present)
    by_unit = unit[:, None] == np.arange(present.shape[0])
    by_period = period[:, None] == np.arange(1, present.shape[1])
    return np.hstack([by_unit, by_period]).astype(float)


def gaps(units, periods, seed, share=0.2):
    """A random pattern of present cells in which every unit has two."""
    present = np.random.default_rng(seed).random((units, periods)) > share
    present[:, :2] = True
    return present


@given(st.integers(0, 1000), st.booleans())
def test_residuals_are_those_of_a_regression_on_dummies(seed, weighted):
    present, values = gaps(6, 5, seed), noise(6, 5, seed=seed)
    weights = np.random.default_rng(seed).uniform(0.5, 3, size=6) if weighted else None
    cell_weights = np.ones((6, 5)) if weights is None else np.broadcast_to(weights[:, None], (6, 5))
    root = np.sqrt(cell_weights[present])
    columns = dummies(present)
    fit, *_ = np.linalg.lstsq(columns * root[:, None], values[present] * root, rcond=None)
    residual = TwoWay.of(present, weights).residual(np.where(present, values, np.nan))
    np.testing.assert_allclose(residual[present], values[present] - columns @ fit, atol=EXACT)
    assert (residual[~present] == 0).all()


def test_periods_that_no_unit_links_have_effects_of_their_own():
    present = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]], dtype=bool)
    values = noise(4, 4)
    residual = TwoWay.of(present).residual(values)
    corner = values[:2, :2]
    centred = corner - corner.mean(axis=0) - corner.mean(axis=1, keepdims=True) + corner.mean()
    np.testing.assert_allclose(residual[:2, :2], centred, atol=EXACT)


def test_a_period_without_any_cell_changes_nothing():
    present, values = gaps(6, 5, seed=1), noise(6, 5, seed=1)
    wider = np.insert(present, 3, values=False, axis=1)
    residual = TwoWay.of(wider).residual(np.insert(values, 3, np.nan, axis=1))
    expected = TwoWay.of(present).residual(values)
    np.testing.assert_allclose(np.delete(residual, 3, axis=1), expected, atol=EXACT)
    assert (residual[:, 3] == 0).all()


def test_coefficients_are_those_of_a_regression_on_dummies():
    present, outcomes = gaps(8, 6, seed=3), noise(8, 6, seed=3)
    regressors = np.random.default_rng(4).normal(size=(2, 8, 6))
    columns = np.hstack([regressors[:, present].T, dummies(present)])
    fit, *_ = np.linalg.lstsq(columns, outcomes[present], rcond=None)
    ours = regress(TwoWay.of(present), outcomes, regressors).coefficients
    np.testing.assert_allclose(ours, fit[:2], atol=EXACT)


def test_a_regressor_that_the_effects_explain_is_refused():
    regressors = np.zeros((1, 4, 3))
    regressors[0, 0] = 1.0
    with pytest.raises(EstimationError, match=r"regressors\.0"):
        regress(TwoWay.of(np.ones((4, 3), dtype=bool)), noise(4, 3), regressors)


def test_regressors_that_explain_each_other_are_refused():
    one = np.random.default_rng(0).normal(size=(4, 3))
    with pytest.raises(EstimationError):
        regress(TwoWay.of(np.ones((4, 3), dtype=bool)), noise(4, 3), np.array([one, 2 * one]))
