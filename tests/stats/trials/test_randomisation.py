import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.errors import EstimationError
from stats.trials.assignment import Coins, Permuted, assignments, switchback_blocks
from stats.trials.randomisation import inverted, randomisation_test

# Regressions by another route differ by rounding only.
EXACT = 1e-9

alphas = st.sampled_from([0.05, 0.1, 0.2, 0.29])
seeds = st.integers(0, 10_000)


def agrees(inference):
    return (inference.p_value <= inference.alpha) != inference.interval.contains(0.0)


def test_four_units_by_hand():
    # Of the 6 ways to treat 2 of 4, the actual one and its mirror have the largest difference, 4.
    inference = randomisation_test(
        np.array([5.0, 7.0, 1.0, 3.0]), Permuted(np.array([1, 1, 0, 0])), rng=np.random.default_rng(0)
    )
    assert inference.p_value == 2 / 6
    assert inference.placebos == 5


def test_matched_pairs_have_a_sign_for_each_pair():
    labels, pairs = np.array([1, 0, 1, 0, 0, 1]), np.array([0, 0, 1, 1, 2, 2])
    mechanism = Permuted(labels, blocks=pairs)
    assert mechanism.count == 8
    inference = randomisation_test(
        np.array([3.0, 1.0, 9.0, 8.0, 0.0, 4.0]), mechanism, rng=np.random.default_rng(0)
    )
    assert inference.p_value == 2 / 8


@pytest.mark.parametrize(
    ("mechanism", "count"),
    [
        (Permuted(np.array([0, 0, 0, 1, 1, 2])), 60),
        (Permuted(np.array([1, 1, 0, 0, 0, 0]), clusters=np.array([7, 7, 2, 2, 3, 3])), 3),
        (Permuted(np.array([1, 0, 1, 0, 0]), blocks=np.array([0, 0, 1, 1, 1])), 6),
        (Coins(np.array([1, 1, 0]), clusters=np.array([0, 0, 1])), 4),
    ],
)
def test_every_assignment_is_listed_once_and_draws_stay_on_the_list(mechanism, count):
    listed = {tuple(row) for row in mechanism.all().tolist()}
    drawn = {tuple(row) for row in mechanism.draw(2000, np.random.default_rng(1)).tolist()}
    assert len(listed) == len(mechanism.all()) == mechanism.count == count
    assert drawn == listed


def test_many_assignments_are_drawn_and_the_actual_one_is_counted_once():
    mechanism = Permuted(np.repeat([1, 0], 20))
    drawn = assignments(mechanism, np.random.default_rng(0))
    assert drawn.shape == (10_000, 40)
    np.testing.assert_array_equal(drawn[0], mechanism.actual)
    np.testing.assert_array_equal(drawn.sum(axis=1), 20)


def test_biased_coins_show_as_often_as_they_should():
    mechanism = Coins(np.zeros(50, dtype=int), probability=0.3)
    assert mechanism.draw(4000, np.random.default_rng(0)).mean() == pytest.approx(0.3, abs=0.01)


def coefficient(outcomes, treated, controls, weights):
    columns = np.column_stack([treated, np.ones(len(outcomes)), controls])
    root = np.sqrt(weights)[:, None]
    found = np.linalg.lstsq(columns * root, outcomes * root[:, 0], rcond=None)[0]
    others = columns[:, 1:] * root
    left = treated * root[:, 0]
    left = left - others @ np.linalg.lstsq(others, left, rcond=None)[0]
    return abs(found[0]) * np.linalg.norm(left)


@given(seeds, alphas)
@settings(max_examples=25, deadline=None)
def test_the_interval_is_the_set_of_effects_that_are_not_rejected(seed, alpha):
    rng = np.random.default_rng(seed)
    labels = rng.permutation([1, 1, 1, 0, 0, 0, 0])
    outcomes, controls, weights = rng.normal(size=7), rng.normal(size=7), rng.uniform(0.5, 2, size=7)
    inference = randomisation_test(
        outcomes, Permuted(labels), rng=rng, alpha=alpha, controls=controls, weights=weights
    )
    assert agrees(inference)
    every = [np.isin(np.arange(7), chosen) for chosen in itertools.combinations(range(7), 3)]
    for effect in np.linspace(-4, 4, 17):
        shifted = outcomes - effect * labels
        own = coefficient(shifted, labels, controls, weights)
        p_value = np.mean([coefficient(shifted, z, controls, weights) >= own * (1 - EXACT) for z in every])
        assert (p_value > alpha) == inference.interval.contains(effect)


@given(seeds, st.floats(-3, 3), alphas)
@settings(deadline=None, max_examples=60)
def test_randomisation_interval_and_p_value_agree(seed, effect, alpha):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat([1, 0], [4, 6]))
    outcomes = np.round(rng.normal(size=10) + effect * labels, 1)
    assert agrees(randomisation_test(outcomes, Permuted(labels), rng=rng, alpha=alpha))


@given(seeds, st.floats(-100, 100), st.sampled_from([-2.0, 1e-6, 1e6]))
@settings(deadline=None, max_examples=30)
def test_constants_scales_and_orders_leave_the_p_value(seed, constant, scale):
    rng = np.random.default_rng(seed)
    labels, outcomes = rng.permutation(np.repeat([1, 0], 4)), rng.normal(size=8)
    plain = randomisation_test(outcomes, Permuted(labels), rng=rng)
    order = rng.permutation(8)
    moved = randomisation_test((constant + outcomes)[order] * scale, Permuted(labels[order]), rng=rng)
    assert moved.p_value == plain.p_value


def test_one_assignment_proves_nothing():
    inference = inverted(np.array([1.0]), np.array([1.0]), alpha=0.05, method="randomisation")
    assert inference.p_value.reason_code == "no_variation"


def test_too_few_assignments_leave_the_interval_endless():
    inference = randomisation_test(
        np.arange(6.0), Permuted(np.array([0, 0, 0, 0, 0, 1])), rng=np.random.default_rng(0)
    )
    assert math.isinf(inference.interval.low)
    assert inference.interval.unbounded.reason_code == "assignments_too_few_for_level"


def test_a_switchback_switches_all_units_together_or_each_for_itself():
    assert switchback_blocks(2, 5, 2).tolist() == [[0, 0, 1, 1, 2], [3, 3, 4, 4, 5]]
    assert switchback_blocks(2, 5, 2, together=True).tolist() == [[0, 0, 1, 1, 2]] * 2


def test_the_test_keeps_its_size_under_a_clustered_assignment():
    rng = np.random.default_rng(5)
    clusters = np.repeat(np.arange(12), 4)
    rejected = []
    for _ in range(300):
        labels = rng.permutation(np.repeat([1, 0], 6))[clusters]
        outcomes = rng.normal(size=12)[clusters] + 0.3 * rng.normal(size=48)
        found = randomisation_test(outcomes, Permuted(labels, clusters=clusters), rng=rng)
        rejected.append(found.p_value <= 0.05)
    # 300 draws of 5 % have a standard error of 1.3 %; ignoring clusters rejects about 40 %.
    assert np.mean(rejected) < 0.09


@pytest.mark.parametrize(
    ("argument", "build"),
    [
        ("labels", lambda: Permuted(np.array([0.5, 1.0]))),
        ("labels", lambda: Permuted(np.array([0, 1]), clusters=np.array([3, 3]))),
        ("blocks", lambda: Permuted(np.array([0, 0]), clusters=np.array([3, 3]), blocks=np.array([0, 1]))),
        ("clusters", lambda: Permuted(np.array([0, 1]), clusters=np.array([0, 1, 2]))),
        ("labels", lambda: Coins(np.array([0, 2]))),
        ("clusters", lambda: Coins(np.array([0, 1]), clusters=np.array([0]))),
        ("probability", lambda: Coins(np.array([0, 1]), probability=1.0)),
        ("length", lambda: switchback_blocks(2, 5, 6)),
        ("outcomes", lambda: refusable(np.array([1.0, np.nan, 2.0]))),
        ("weights", lambda: refusable(np.arange(3.0), weights=np.array([1.0, 0.0, 1.0]))),
        ("assignment", lambda: refusable(np.arange(3.0), controls=np.array([0.0, 0.0, 1.0]))),
    ],
)
def test_what_cannot_be_is_refused_by_argument(argument, build):
    with pytest.raises(EstimationError) as refused:
        build()
    assert refused.value.argument == argument


def refusable(outcomes, **others):
    return randomisation_test(outcomes, Permuted(np.array([0, 0, 1])), rng=np.random.default_rng(0), **others)
