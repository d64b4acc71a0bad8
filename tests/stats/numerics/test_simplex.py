import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from stats.numerics.simplex import simplex_weights

# The solution is exact up to rounding of a well-scaled problem.
EXACT = 1e-9


def problem(seed, numbers=8, donors=12):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(numbers, donors)) + rng.normal(size=(numbers, 1)) * 2


@given(st.integers(0, 2000), st.sampled_from([(8, 12), (12, 8), (3, 2), (20, 40)]))
def test_the_shares_meet_the_conditions_of_an_optimum(seed, shape):
    columns = problem(seed, *shape)
    weights, _ = simplex_weights(columns)
    residual = columns @ weights
    slopes = columns.T @ residual
    assert weights.sum() == pytest.approx(1.0, abs=EXACT)
    assert (weights >= 0).all()
    # No donor promises to come nearer, and all in use promise the same.
    assert slopes.min() >= residual @ residual - EXACT
    assert slopes[weights > 0] == pytest.approx(residual @ residual, abs=EXACT)


def test_a_target_in_the_middle_of_two_donors_takes_half_of_each():
    weights, unique = simplex_weights(np.array([[1.0, -1.0, 5.0], [0.0, 0.0, 9.0]]))
    assert weights == pytest.approx([0.5, 0.5, 0.0])
    assert unique


def test_a_target_beyond_all_donors_takes_the_nearest():
    weights, unique = simplex_weights(np.array([[1.0, 2.0, 3.0]]))
    assert weights == pytest.approx([1.0, 0.0, 0.0])
    assert unique


def test_equal_donors_share_equally_and_are_said_not_to_be_the_only_answer():
    columns = problem(1)
    alone, _ = simplex_weights(columns)
    used = int(np.argmax(alone))
    weights, unique = simplex_weights(np.hstack([columns, columns[:, [used]]]))
    assert not unique
    assert weights[used] == pytest.approx(alone[used] / 2, abs=EXACT)
    assert weights[-1] == pytest.approx(alone[used] / 2, abs=EXACT)


@given(st.integers(0, 500))
def test_among_perfect_fits_the_most_even_is_taken_whatever_the_order(seed):
    rng = np.random.default_rng(seed)
    donors = rng.normal(size=(2, 9))
    columns = donors - (donors @ rng.dirichlet(np.ones(9)))[:, None]
    weights, unique = simplex_weights(columns)
    order = rng.permutation(9)
    shuffled, _ = simplex_weights(columns[:, order])
    assert not unique
    np.testing.assert_allclose(columns @ weights, 0, atol=1e-7)
    np.testing.assert_allclose(shuffled, weights[order], atol=1e-6)
    even = minimize(
        lambda shares: shares @ shares,
        np.full(9, 1 / 9),
        bounds=[(0, 1)] * 9,
        constraints={"type": "eq", "fun": lambda shares: np.append(columns @ shares, shares.sum() - 1)},
        options={"ftol": 1e-14},
    )
    assert weights @ weights <= even.fun + 1e-6


def test_all_donors_equal_to_the_target_share_equally():
    weights, unique = simplex_weights(np.zeros((3, 4)))
    assert weights == pytest.approx([0.25] * 4)
    assert not unique


@given(st.integers(0, 500), st.sampled_from([1e-6, 1e6]))
def test_the_scale_of_the_outcomes_does_not_matter(seed, scale):
    columns = problem(seed)
    np.testing.assert_allclose(simplex_weights(scale * columns)[0], simplex_weights(columns)[0], atol=EXACT)
