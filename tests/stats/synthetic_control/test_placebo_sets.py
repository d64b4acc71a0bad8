import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.synthetic_control.placebo_sets import placebo_sets, ranked_sets
from stats.synthetic_control.synthetic import synthetic_control
from tests.stats.build import create_sample, noise


def found(values, *, seed=0, **others):
    cells, design = create_sample(values, method="synthetic_control", **others)
    return synthetic_control(cells, design, np.random.default_rng(seed))


def ranked(gaps, slopes, *, start=2, perfect=None, alpha=0.05):
    perfect = np.zeros(len(gaps), dtype=bool) if perfect is None else perfect
    return ranked_sets(np.asarray(gaps, dtype=float), slopes, start, perfect=perfect, alpha=alpha)


def test_few_sets_are_all_there_are_the_treated_first_and_many_are_drawn():
    every = placebo_sets(np.array([0.5, 0.5]), 2, np.random.default_rng(0))
    assert every[0].tolist() == [0.5, 0.5, 0.0, 0.0]
    assert sorted(map(tuple, np.argwhere(every > 0).reshape(6, 2, 2)[:, :, 1].tolist())) == [
        (0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)
    ]  # fmt: skip
    drawn = placebo_sets(np.full(5, 0.2), 35, np.random.default_rng(0))
    assert drawn.shape == (200, 40)
    assert ((drawn > 0).sum(axis=1) == 5).all()


def test_unequal_shares_are_dealt_with_the_units_they_belong_to():
    every = placebo_sets(np.array([0.75, 0.25]), 2, np.random.default_rng(0))
    assert len(every) == 12
    assert len(np.unique(every, axis=0)) == 12
    assert every.sum(axis=1) == pytest.approx(1.0)


def test_three_sets_by_hand():
    # Errors before the start 1, 2 and 1; mean gaps 3, -2 and 1: the statistics are 3, 1 and 1.
    inference = ranked([[1, -1, 3, 3], [2, -2, -1, -3], [1, 1, 1, 1]], np.array([1.0, 0.0, -0.5]), alpha=0.4)
    assert inference.p_value == pytest.approx(1 / 3)
    # |3 - c| <= 1 for the second set, |3 - c| <= |1 + c / 2| for the third: 2 to 4, and 4/3 to 8.
    assert (inference.interval.low, inference.interval.high) == pytest.approx((4 / 3, 8.0))


@given(st.integers(0, 10_000), st.floats(-4, 4), st.sampled_from([0.05, 0.1, 0.29]))
@settings(deadline=None, max_examples=60)
def test_the_interval_is_what_is_not_rejected_and_agrees_with_the_p_value(seed, effect, alpha):
    rng = np.random.default_rng(seed)
    gaps, slopes = rng.normal(size=(40, 9)), np.append(1.0, rng.uniform(-0.3, 0.3, size=39))
    gaps[0, 6:] += effect
    inference = ranked(gaps, slopes, start=6, alpha=alpha)
    grid = np.linspace(-20, 20, 1601)
    means, before = gaps[:, 6:].mean(axis=1), np.sqrt(np.mean(gaps[:, :6] ** 2, axis=1))
    statistics = np.abs(means[:, None] - grid * slopes[:, None]) / before[:, None]
    accepted = grid[np.mean(statistics >= statistics[0], axis=0) > alpha]
    assert all(inference.interval.contains(constant) for constant in accepted)
    assert (inference.p_value <= alpha) != inference.interval.contains(0.0)
    if (np.abs(slopes) / before <= slopes[0] / before[0]).all() and len(accepted):
        assert accepted.min() - inference.interval.low < 0.03
        assert inference.interval.high - accepted.max() < 0.03


def test_sets_too_few_for_the_level_leave_the_interval_endless():
    inference = ranked(np.random.default_rng(1).normal(size=(6, 4)), np.append(1.0, np.zeros(5)))
    assert inference.interval.unbounded.reason_code == "assignments_too_few_for_level"


def test_a_set_that_fits_perfectly_counts_against_the_effect():
    gaps, slopes = np.ones((40, 4)), np.append(1.0, np.zeros(39))
    gaps[0, 2:] = 50.0
    perfect = np.arange(40) == 7
    inference = ranked(gaps, slopes, perfect=perfect, alpha=0.025)
    assert inference.p_value == 2 / 40
    assert inference.interval.unbounded.reason_code == "placebos_fit_perfectly"


def test_sets_that_share_treated_units_and_fit_far_better_keep_every_effect():
    gaps, slopes = np.ones((40, 4)), np.append(1.0, np.full(39, 0.5))
    gaps[0], gaps[0, 2:] = 4.0, 100.0
    inference = ranked(gaps, slopes)
    assert inference.interval.unbounded.reason_code == "test_never_rejects"
    assert inference.p_value == 1.0


def test_several_treated_are_ranked_among_sets_of_as_many():
    values = noise(20, 24, persistence=0.5)
    values[:3, 16:] += 4.0
    result = found(values, treated=3, start=16)
    assert result.inference.method == "placebo_sets"
    assert result.inference.placebos == 199
    # Sets that share two of the treated and are fitted more closely stay ahead of them.
    assert result.inference.p_value <= 0.02
    assert result.inference.interval.contains(4.0)


def test_a_constant_effect_moves_the_interval_and_nothing_else():
    values = noise(12, 24, persistence=0.5)
    before = found(values, treated=3, start=16).inference.interval
    values[:3, 16:] += 2.5
    after = found(values, treated=3, start=16).inference.interval
    assert (after.low, after.high) == pytest.approx((before.low + 2.5, before.high + 2.5))


def test_as_many_treated_as_controls_can_be_ranked():
    result = found(noise(6, 12), treated=3, start=8)
    assert result.inference.placebos == 19
    assert result.inference.p_value >= 1 / 20


def test_five_treated_of_forty_keep_the_size():
    rng = np.random.default_rng(4)
    rejected = 0
    for _ in range(60):
        values = noise(40, 40, seed=int(rng.integers(1_000_000)), persistence=0.5)
        rejected += found(values, treated=5, start=30).inference.p_value <= 0.05
    # 60 draws of 5 % have a standard error of 2.8 %; ranked among single controls 20 % are rejected.
    assert rejected / 60 < 0.12
