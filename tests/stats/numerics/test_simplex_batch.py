import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.errors import EstimationError
from stats.numerics.simplex import simplex_weights
from stats.numerics.simplex_batch import mixed, nearest_mixes, simplex_weights_batch

# Exact but for the rounding of a well-scaled problem.
EXACT = 1e-9
# Gram matrices hold half the digits.
HALF = 1e-6


def rows(seed, units, periods):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(units, periods)) + 2 * rng.normal(size=(units, 1))


def others(count):
    return ~np.eye(count, dtype=bool)


seeds = st.integers(0, 1000)


@given(seeds, st.sampled_from([(8, 12), (20, 6), (15, 3), (4, 30)]))
@settings(max_examples=40)
def test_every_unit_against_all_others_is_as_one_by_one(seed, shape):
    values = rows(seed, *shape)
    mixes = nearest_mixes(values, values, allowed=others(len(values)))
    for unit in range(len(values)):
        pool = np.delete(np.arange(len(values)), unit)
        weights, unique = simplex_weights((values[pool] - values[unit]).T)
        assert mixes.weights[unit, unit] == 0
        np.testing.assert_allclose(mixes.weights[unit, pool], weights, atol=1e-7)
        assert mixes.unique[unit] == unique


@given(seeds, st.sampled_from([0.01, 1.0, 100.0]), st.booleans())
@settings(max_examples=40)
def test_a_ridge_and_an_intercept_meet_the_conditions_of_an_optimum(seed, ridge, intercept):
    donors, targets = rows(seed, 12, 7), rows(seed + 1, 5, 7)
    mixes = nearest_mixes(targets, donors, ridge=ridge, intercept=intercept)
    gaps = targets - mixes.weights @ donors
    if intercept:
        gaps -= gaps.mean(axis=1, keepdims=True)
        donors = donors - donors.mean(axis=1, keepdims=True)
    slopes = ridge * mixes.weights - gaps @ donors.T
    common = (mixes.weights * slopes).sum(axis=1, keepdims=True)
    assert mixes.unique.all()
    assert mixes.weights.sum(axis=1) == pytest.approx(np.ones(5), abs=EXACT)
    assert (mixes.weights >= 0).all()
    assert (slopes >= common - EXACT).all()
    np.testing.assert_allclose(np.where(mixes.weights > 0, slopes - common, 0), 0, atol=EXACT)


@given(seeds)
@settings(max_examples=20)
def test_gram_matrices_of_their_own_give_what_one_for_all_gives(seed):
    donors, targets = rows(seed, 9, 14), rows(seed + 1, 4, 14)
    gram, linear = donors @ donors.T, targets @ donors.T
    shared = simplex_weights_batch(gram, linear)
    own = simplex_weights_batch(np.tile(gram, (4, 1, 1)), linear)
    np.testing.assert_allclose(own, shared, atol=HALF)
    np.testing.assert_allclose(shared, nearest_mixes(targets, donors).weights, atol=HALF)


@given(seeds)
@settings(max_examples=20)
def test_where_the_search_begins_does_not_matter(seed):
    donors, targets = rows(seed, 9, 14), rows(seed + 1, 4, 14)
    start = np.random.default_rng(seed).dirichlet(np.ones(9), size=4)
    cold, warm = nearest_mixes(targets, donors), nearest_mixes(targets, donors, start=start)
    np.testing.assert_allclose(warm.weights, cold.weights, atol=EXACT)


@given(seeds, st.sampled_from([1e-8, 1e8]), st.floats(-1e4, 1e4))
@settings(max_examples=20)
def test_neither_scale_nor_level_matters(seed, scale, level):
    donors, targets = rows(seed, 9, 14), rows(seed + 1, 4, 14)
    plain = nearest_mixes(targets, donors)
    moved = nearest_mixes(scale * (targets + level), scale * (donors + level))
    np.testing.assert_allclose(moved.weights, plain.weights, atol=HALF)


def test_equal_donors_share_equally():
    donors = rows(3, 6, 20)
    target = (0.6 * donors[0] + 0.4 * donors[1] + 0.1 * rows(4, 1, 20))[:1]
    alone = nearest_mixes(target, donors)
    twice = nearest_mixes(target, np.vstack([donors, donors[:1]]))
    assert alone.unique[0]
    assert not twice.unique[0]
    assert twice.weights[0, 0] == pytest.approx(alone.weights[0, 0] / 2, abs=EXACT)
    assert twice.weights[0, 6] == pytest.approx(alone.weights[0, 0] / 2, abs=EXACT)


def test_a_fit_far_closer_than_a_gram_matrix_can_tell_is_still_exact():
    donors = rows(5, 6, 20)
    shares = np.array([0.5, 0.3, 0.2, 0, 0, 0])
    mixes = nearest_mixes((shares @ donors)[None] + 1e-9 * rows(6, 1, 20), donors)
    np.testing.assert_allclose(mixes.weights[0], shares, atol=1e-8)


def test_a_problem_without_donors_is_refused_by_its_number():
    allowed = np.array([[True, True], [False, False]])
    with pytest.raises(EstimationError, match="problem 1"):
        simplex_weights_batch(np.eye(2), np.zeros((2, 2)), allowed=allowed)


@pytest.mark.parametrize("ridge", [-1.0, np.nan, np.inf])
def test_a_ridge_that_is_none_is_refused(ridge):
    with pytest.raises(EstimationError, match="ridge"):
        simplex_weights_batch(np.eye(2), np.zeros((1, 2)), ridge=ridge)


def test_the_number_of_threads_does_not_change_a_digit():
    code = """
import numpy as np
from stats.numerics.simplex_batch import mixed, nearest_mixes
rng = np.random.default_rng(3)
values = np.cumsum(rng.normal(size=(150, 120)), axis=1)
mixes = nearest_mixes(values[:, :100], values[:, :100], allowed=~np.eye(150, dtype=bool))
print(hash(mixes.weights.tobytes()), hash(mixed(mixes.weights, values).tobytes()))
"""
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ
            | {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads, "PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    }
    assert len(printed) == 1


def test_mixes_are_the_products_of_shares_and_rows():
    values = rows(1, 9, 14)
    mixes = nearest_mixes(values, values, allowed=others(9))
    np.testing.assert_allclose(mixed(mixes.weights, values), mixes.weights @ values, atol=EXACT)
