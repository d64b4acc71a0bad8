import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st

from stats.errors import StatisticsError
from stats.findings import NotComputable
from stats.inference import (
    MOST_PLACEBOS,
    Inference,
    Interval,
    drawn,
    placebo_difference,
    placebo_ratio,
    student_t,
)

# Both come from the same special functions, evaluated in another order.
SAME = 1e-9

alphas = st.sampled_from([0.01, 0.05, 0.1, 0.2, 0.29])
numbers = st.floats(-1e6, 1e6, allow_nan=False)
sizes = st.floats(1e-6, 1e6)


def agrees(inference):
    """Zero lies outside the interval exactly when p <= alpha."""
    rejected = inference.p_value <= inference.alpha
    if isinstance(inference.interval, NotComputable):
        return rejected
    return rejected != inference.interval.contains(0.0)


@given(numbers, sizes, st.floats(0.5, 200.0), alphas)
def test_t_interval_and_p_value_agree(estimate, error, dof, alpha):
    assert agrees(student_t(estimate, error, dof, alpha=alpha, method="cr2_satterthwaite"))


@given(st.sampled_from([1.0, 2.5, 30.0]), alphas)
def test_t_interval_and_p_value_agree_on_the_very_edge(dof, alpha):
    edge = float(scipy.stats.t.ppf(1 - alpha / 2, dof))
    for estimate in (edge, math.nextafter(edge, 0), math.nextafter(edge, 9e9), -edge):
        assert agrees(student_t(estimate, 1.0, dof, alpha=alpha, method="cr2_satterthwaite"))


@given(numbers, st.lists(numbers, min_size=1, max_size=60), alphas)
def test_placebo_difference_interval_and_p_value_agree(estimate, placebos, alpha):
    assert agrees(placebo_difference(estimate, np.array(placebos), alpha=alpha))


@given(
    st.lists(st.floats(-100, 100), min_size=1, max_size=12),
    st.floats(0.01, 100),
    st.lists(st.floats(0, 50), min_size=1, max_size=60),
    alphas,
)
def test_placebo_ratio_interval_and_p_value_agree(gaps, error, ratios, alpha):
    assert agrees(placebo_ratio(np.array(gaps), error, np.array(ratios), alpha=alpha))


def test_student_t_is_what_scipy_says():
    inference = student_t(2.0, 1.0, 7.5, alpha=0.1, method="cr1")
    assert inference.p_value == pytest.approx(2 * scipy.stats.t.sf(2.0, 7.5), abs=SAME)
    assert inference.interval.low == pytest.approx(2.0 - scipy.stats.t.ppf(0.95, 7.5), abs=SAME)


def test_a_standard_error_of_zero_is_no_certainty():
    assert student_t(1.0, 0.0, 5.0, alpha=0.05, method="cr1").p_value.reason_code == "no_variation"


def accepted(grid, statistics, placebos, alpha):
    """The constants whose own statistic is not among the largest."""
    p_values = (1 + (placebos[:, None] >= statistics).sum(axis=0)) / (len(placebos) + 1)
    return grid[p_values > alpha]


def inside(grid, interval):
    if isinstance(interval, NotComputable):
        return grid[:0]
    return grid[(grid >= interval.low) & (grid <= interval.high)]


@given(st.integers(0, 10_000), alphas)
def test_the_closed_form_is_the_inversion_of_the_ratio_test(seed, alpha):
    rng = np.random.default_rng(seed)
    gaps, ratios = rng.normal(3, 1, size=8), rng.exponential(rng.uniform(0.2, 5), size=39)
    inference = placebo_ratio(gaps, 1.0, ratios, alpha=alpha)
    grid = np.linspace(-60, 60, 2401)
    own = np.sqrt(np.mean((gaps - grid[:, None]) ** 2, axis=1))
    np.testing.assert_array_equal(inside(grid, inference.interval), accepted(grid, own, ratios, alpha))


@given(st.integers(0, 10_000), alphas)
def test_the_closed_form_is_the_inversion_of_the_difference_test(seed, alpha):
    rng = np.random.default_rng(seed)
    placebos = rng.normal(size=rng.integers(1, 60))
    inference = placebo_difference(1.0, placebos, alpha=alpha)
    grid = np.linspace(-5, 7, 1201)
    expected = accepted(grid, abs(1.0 - grid), abs(placebos), alpha)
    np.testing.assert_array_equal(inside(grid, inference.interval), expected)


def test_the_rank_that_belongs_to_alpha_counts_exactly():
    # 0.29 * 100 is 28.999... in floats; the 29th largest of 99 placebos is 71.
    inference = placebo_difference(0.0, np.arange(1.0, 100.0), alpha=0.29)
    assert inference.interval.high == 71.0


@pytest.mark.parametrize(("placebos", "bounded"), [(18, False), (19, True)])
def test_fewer_placebos_than_the_level_asks_for_leave_the_interval_endless(placebos, bounded):
    inference = placebo_difference(100.0, np.linspace(0.1, 1.0, placebos), alpha=0.05)
    assert math.isinf(inference.interval.high) is not bounded
    assert (inference.interval.unbounded is None) is bounded


def test_gaps_that_fit_no_constant_have_no_interval():
    inference = placebo_ratio(np.array([-50.0, 60.0]), 1.0, np.ones(19), alpha=0.05)
    assert inference.interval.reason_code == "constant_effect_rejected"
    assert inference.p_value == 0.05


def test_a_perfect_fit_of_the_treated_has_no_ratio():
    inference = placebo_ratio(np.ones(3), 0.0, np.ones(19), alpha=0.05)
    assert inference.p_value.reason_code == "perfect_pre_fit"


def test_a_placebo_that_fits_perfectly_counts_against_the_effect():
    ratios = np.array([np.inf, *np.ones(18)])
    inference = placebo_ratio(np.full(3, 50.0), 1.0, ratios, alpha=0.05)
    assert inference.p_value == 0.1
    assert inference.interval.unbounded.reason_code == "placebos_fit_perfectly"


@pytest.mark.parametrize(
    ("p_value", "interval"),
    [
        (0.01, Interval(-1.0, 1.0)),
        (0.5, Interval(0.5, 1.0)),
        (0.5, NotComputable("x", "", "")),
        (NotComputable("x", "", ""), Interval(0.5, 1.0)),
    ],
)
def test_an_inference_that_contradicts_itself_cannot_be_made(p_value, interval):
    with pytest.raises(StatisticsError):
        Inference("cr1", 0.05, p_value, interval)


@pytest.mark.parametrize(("low", "high"), [(1.0, 0.0), (-math.inf, 0.0), (math.nan, 1.0)])
def test_an_interval_is_ordered_and_says_why_it_has_no_end(low, high):
    with pytest.raises(StatisticsError):
        Interval(low, high)


@given(numbers, sizes, st.lists(numbers, min_size=20, max_size=40), st.floats(-100, 100))
def test_scaling_the_outcomes_scales_the_interval_and_keeps_the_p_value(estimate, error, placebos, factor):
    assume(abs(factor) > 1e-3)
    plain = placebo_difference(estimate, np.array(placebos), alpha=0.05)
    scaled = placebo_difference(factor * estimate, factor * np.array(placebos), alpha=0.05)
    assert scaled.p_value == plain.p_value
    wide, wider = (one.interval.high - one.interval.low for one in (plain, scaled))
    assert wider == pytest.approx(abs(factor) * wide, rel=1e-6, abs=1e-6)


def test_few_controls_all_serve_as_placebos_and_many_are_drawn_by_the_seed():
    assert drawn(7, np.random.default_rng(1)) == tuple(range(7))
    many = drawn(10 * MOST_PLACEBOS, np.random.default_rng(1))
    assert len(set(many)) == MOST_PLACEBOS
    assert many == drawn(10 * MOST_PLACEBOS, np.random.default_rng(1))
