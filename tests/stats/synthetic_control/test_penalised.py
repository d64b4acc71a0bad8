import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.errors import EstimationError
from stats.numerics.simplex_batch import nearest_mixes
from stats.synthetic_control.penalised import penalised_mixes, penalised_synthetic_control
from tests.stats.build import noise

# Exact but for rounding.
EXACT = 1e-9
seeds = st.integers(0, 300)


def fitted(values, treated=1, **options):
    return penalised_synthetic_control(values[:treated], values[treated:], 8, **options)


def test_one_number_by_hand():
    # Treated at 0, donors at -1, 2, 5; a share w of the first and the rest of the second: the square
    # of 2 - 3w plus a penalty of one times w + 4 (1 - w) is least at five sixths.
    mixes = penalised_mixes(np.zeros((1, 1)), np.array([[-1.0], [2.0], [5.0]]), 1.0)
    assert mixes.weights[0] == pytest.approx([5 / 6, 1 / 6, 0], abs=EXACT)
    assert mixes.unique[0]


@given(seeds, st.floats(1e-4, 5))
@settings(max_examples=25)
def test_the_shares_meet_the_conditions_of_an_optimum(seed, penalty):
    values = noise(9, 6, seed=seed)
    target, donors = values[0], values[1:]
    (weights,) = penalised_mixes(target[None], donors, penalty).weights
    far = ((donors - target) ** 2).sum(axis=1)
    slopes = -2 * donors @ (target - weights @ donors) + penalty * far
    slopes -= weights @ slopes
    assert weights.sum() == pytest.approx(1.0, abs=EXACT)
    assert (weights >= 0).all()
    assert slopes.min() >= -1e-7
    np.testing.assert_allclose(slopes[weights > 0], 0, atol=1e-7)


@given(seeds)
@settings(max_examples=20)
def test_a_large_penalty_matches_the_nearest_and_none_is_the_synthetic_control(seed):
    values = noise(7, 10, seed=seed)
    nearest = ((values[1:] - values[0]) ** 2).sum(axis=1).argmin()
    assert penalised_mixes(values[:1], values[1:], 1e6).weights[0, nearest] == pytest.approx(1.0)
    plain = nearest_mixes(values[:1], values[1:]).weights
    np.testing.assert_allclose(penalised_mixes(values[:1], values[1:], 0.0).weights, plain, atol=EXACT)


@given(seeds)
@settings(max_examples=20)
def test_among_perfect_fits_a_small_penalty_takes_one_mix_of_near_donors(seed):
    rng = np.random.default_rng(seed)
    donors = rng.normal(size=(12, 2))
    target = rng.dirichlet(np.ones(12)) @ donors
    mixes = penalised_mixes(target[None], donors, 1e-3)
    # Abadie and L'Hour, theorem 1: sparse, no more donors than numbers and one.
    assert mixes.unique[0]
    assert (mixes.weights[0] > 0).sum() <= 3


def test_importance_weighs_the_numbers_as_copies_would():
    values = noise(6, 3)
    weighed = penalised_mixes(values[:1], values[1:], 0.3, importance=np.array([1.0, 3.0, 1.0]))
    copied = values[:, [0, 1, 1, 1, 2]]
    expected = penalised_mixes(copied[:1], copied[1:], 0.3).weights
    np.testing.assert_allclose(weighed.weights, expected, atol=EXACT)


def test_every_treated_unit_has_its_own_mix():
    values = noise(9, 12)
    together = fitted(values, treated=3, penalty=0.1)
    alone = [
        penalised_synthetic_control(values[[row]], values[3:], 8, penalty=0.1).gaps[0] for row in range(3)
    ]
    np.testing.assert_allclose(together.gaps, alone, atol=EXACT)
    assert together.effect == pytest.approx(np.mean(alone, axis=0)[8:].mean(), abs=EXACT)


@pytest.mark.parametrize("options", [{"choice": "controls"}, {"choice": "holdout", "holdout": 3}])
def test_the_penalty_chosen_is_the_best_of_those_tried(options):
    fit = fitted(noise(9, 12, persistence=0.8), **options)
    assert fit.errors.min() == fit.errors[list(fit.tried).index(fit.penalty)]
    again = fitted(noise(9, 12, persistence=0.8), penalty=fit.penalty)
    np.testing.assert_array_equal(again.weights, fit.weights)


def test_the_errors_of_the_holdout_are_those_of_shares_that_never_saw_it():
    values = noise(9, 12, persistence=0.8)
    fit = fitted(values, choice="holdout", holdout=3, grid=(0.2, 0.4))
    for penalty, error in zip(fit.tried, fit.errors, strict=True):
        weights = penalised_mixes(values[:1, :5], values[1:, :5], penalty).weights
        missed = values[:1, 5:8] - weights @ values[1:, 5:8]
        assert error == pytest.approx(np.mean(missed**2), abs=EXACT)


@given(seeds, st.floats(-100, 100), st.sampled_from([-2.0, 1e-3, 1e4]))
@settings(max_examples=15)
def test_a_constant_changes_nothing_and_a_scale_scales(seed, constant, scale):
    values = noise(7, 12, seed=seed)
    plain, moved = (fitted(each, penalty=0.1) for each in (values, scale * values + constant))
    assert moved.effect == pytest.approx(scale * plain.effect, rel=1e-5, abs=1e-6)


def test_the_units_of_predictors_do_not_matter():
    values, predictors = noise(9, 12), np.random.default_rng(1).normal(size=(9, 3))
    plain, moved = (
        fitted(values, penalty=0.1, predictors=(each[:1], each[1:]))
        for each in (predictors, predictors * [1e6, 1.0, 1e-6])
    )
    np.testing.assert_allclose(moved.weights, plain.weights, atol=1e-7)


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("penalty", {"penalty": -1.0}),
        ("penalty", {"penalty": np.inf}),
        ("choice", {"choice": "best"}),
        ("holdout", {"choice": "holdout", "holdout": 8}),
        (r"predictors\.0", {"predictors": (np.ones((1, 1)), np.ones((6, 1)))}),
        ("predictors", {"predictors": (np.ones((1, 1)), np.ones((5, 1)))}),
    ],
)
def test_what_cannot_be_is_refused_by_name(argument, options):
    with pytest.raises(EstimationError, match=argument):
        fitted(noise(7, 12), **options)


def test_gaps_in_the_data_are_refused_by_their_place():
    values = noise(7, 12)
    values[4, 2] = np.nan
    with pytest.raises(EstimationError, match="donors: unit 3 has no finite value in period 2"):
        fitted(values, penalty=0.1)


def test_a_start_without_periods_before_it_and_a_lone_donor_are_refused():
    values = noise(7, 12)
    with pytest.raises(EstimationError, match="start"):
        penalised_synthetic_control(values[:1], values[1:], 0)
    with pytest.raises(EstimationError, match="donors"):
        penalised_synthetic_control(values[:1], values[1:2], 8)
    with pytest.raises(EstimationError, match="donors"):
        penalised_synthetic_control(values[:1], values[1:3], 8)
