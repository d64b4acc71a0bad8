import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.errors import EstimationError
from stats.monitoring.sequential import (
    classical_boundaries,
    crossing,
    drift_for_power,
    spending_boundaries,
)
from stats.monitoring.sequential_inference import repeated, stagewise
from stats.monitoring.spending import spent
from tests.stats.build import case

# Tables are printed with three or four decimals.
PRINTED = 6e-4
# Against quadratures and bivariate normal probabilities of scipy.
SAME = 1e-6

FIVE = (0.2, 0.4, 0.6, 0.8, 1.0)
SPENDINGS = ["obrien_fleming", "pocock", "power", "hwang_shih_decani"]
looks = st.lists(st.integers(1, 40), min_size=1, max_size=6, unique=True).map(
    lambda days: tuple(day / 40 for day in sorted(days))
)


def test_spending_boundaries_are_those_of_ldbounds():
    reference = case("group_sequential_ld")
    expected, tolerance = reference["expected"], reference["tolerance"]["abs"]
    five = spending_boundaries(FIVE)
    assert five.upper == pytest.approx(expected["obf"], abs=tolerance)
    assert five.spent == pytest.approx(expected["obf_exit"], abs=1e-9)
    assert spending_boundaries(FIVE, spending="pocock").upper == pytest.approx(
        expected["pocock"], abs=tolerance
    )
    unequal = spending_boundaries([0.2, 0.35, 0.6, 1.0])
    assert unequal.upper == pytest.approx(expected["obf_unequal"], abs=tolerance)


@pytest.mark.parametrize(
    ("count", "alpha", "pocock", "obrien_fleming", "haybittle_peto"),
    [(2, 0.05, 2.178, 1.977, 1.967), (5, 0.05, 2.413, 2.040, 1.990), (10, 0.05, 2.555, 2.087, None)],
)
def test_classical_constants_are_those_of_jennison_and_turnbull(
    count, alpha, pocock, obrien_fleming, haybittle_peto
):
    """Tables 2.1, 2.3 and 2.6 of Jennison and Turnbull (2000)."""
    even = [(k + 1) / count for k in range(count)]
    assert classical_boundaries(even, alpha=alpha, shape="pocock").upper[0] == pytest.approx(
        pocock, abs=PRINTED
    )
    assert classical_boundaries(even, alpha=alpha).upper[-1] == pytest.approx(obrien_fleming, abs=PRINTED)
    if haybittle_peto:
        last = classical_boundaries(even, alpha=alpha, shape="haybittle_peto").upper[-1]
        assert last == pytest.approx(haybittle_peto, abs=PRINTED)


@pytest.mark.parametrize(("shape", "inflation"), [("pocock", 1.207), ("obrien_fleming", 1.026)])
def test_information_is_inflated_as_jennison_and_turnbull_print_it(shape, inflation):
    """Tables 2.2 and 2.4: five looks, 5 % two-sided, power 90 %."""
    needed = drift_for_power(classical_boundaries(FIVE, shape=shape), 0.9)
    single = scipy.stats.norm.ppf(0.975) + scipy.stats.norm.ppf(0.9)
    assert needed**2 / single**2 == pytest.approx(inflation, abs=PRINTED)


def test_one_look_is_the_fixed_test():
    assert spending_boundaries([1.0]).upper[0] == pytest.approx(1.959964, abs=SAME)
    assert spending_boundaries([1.0], sides=1).nominal_p == pytest.approx((0.05,))


def test_two_looks_by_the_bivariate_normal():
    """P(Z1 < b1, Z2 < b2) with correlation sqrt(t1 / t2) and drift 1.3."""
    found = crossing(spending_boundaries([0.5, 1.0], sides=1, alpha=0.025), 1.3)
    upper = spending_boundaries([0.5, 1.0], sides=1, alpha=0.025).upper
    root = math.sqrt(0.5)
    within = scipy.stats.multivariate_normal(cov=[[1, root], [root, 1]]).cdf(
        [upper[0] - 1.3 * root, upper[1] - 1.3]
    )
    assert found.power == pytest.approx(1 - within, abs=SAME)
    assert found.expected_information == pytest.approx(1 - found.upper[0] / 2)


def test_pocock_spending_by_hand():
    assert spent(0.5, 0.05, "pocock") == pytest.approx(0.05 * math.log(1 + (math.e - 1) / 2))
    assert spent(0.5, 0.05, "power", 3.0) == pytest.approx(0.05 / 8)
    assert spent(0.5, 0.05, "hwang_shih_decani", 0.0) == pytest.approx(0.025)


@settings(max_examples=30)
@given(looks, st.sampled_from(SPENDINGS), st.sampled_from([1, 2]), st.sampled_from([0.01, 0.05, 0.2]))
def test_what_is_spent_is_what_is_crossed_without_effect(information, spending, sides, alpha):
    plan = spending_boundaries(information, alpha=alpha, sides=sides, spending=spending)
    found = crossing(plan, 0.0)
    assert found.power == pytest.approx(plan.spent[-1], abs=1e-9)
    assert plan.spent[-1] <= alpha + 1e-12


@settings(max_examples=20)
@given(looks, st.floats(0.1, 4))
def test_turning_the_drift_round_exchanges_the_sides(information, drift):
    plan = spending_boundaries(information)
    here, there = crossing(plan, drift), crossing(plan, -drift)
    assert here.upper == pytest.approx(there.lower, abs=1e-10)
    assert here.power > crossing(plan, 0.0).power


def test_daily_looks_over_a_year_keep_the_level():
    """1,000 random walks of 365 steps, seed 4, against 5 %."""
    days = np.arange(1, 366)
    plan = spending_boundaries(days[6::7] / 365, spending="pocock", alpha=0.2)
    walks = np.random.default_rng(4).normal(size=(1000, 365)).cumsum(axis=1) / np.sqrt(days)
    crossed = (np.abs(walks[:, 6::7]) >= np.array(plan.upper)).any(axis=1)
    assert np.mean(crossed) == pytest.approx(plan.spent[-1], abs=0.05)


def test_the_calendar_may_spend_other_than_the_information():
    plan = spending_boundaries([0.3, 0.9], spending="power", spending_times=[0.5, 1.0])
    assert plan.spent == pytest.approx((0.025, 0.05))


@settings(max_examples=20)
@given(st.floats(-6, 6), st.integers(0, 4), st.sampled_from([1, 2]))
def test_repeated_interval_and_p_value_never_contradict_each_other(z, look, sides):
    found = repeated(
        lambda level: spending_boundaries(FIVE, alpha=level, sides=sides), look, z, 1.0, alpha=0.05
    )
    assert found.interval.contains(0.0) == (found.p_value > 0.05)


def test_repeated_p_value_is_the_level_whose_boundary_is_reached():
    found = repeated(lambda level: spending_boundaries(FIVE, alpha=level), 2, 6.0, 2.0, alpha=0.05)
    assert spending_boundaries(FIVE, alpha=found.p_value).upper[2] == pytest.approx(3.0, abs=1e-6)
    assert found.interval.low == pytest.approx(6 - 2 * spending_boundaries(FIVE).upper[2])


def test_one_look_has_the_ordinary_inference():
    plan = spending_boundaries([1.0])
    effect, found = stagewise(plan, 0, 3.0, 1.5, alpha=0.05)
    assert effect == pytest.approx(3.0)
    assert found.p_value == pytest.approx(2 * scipy.stats.norm.sf(2))
    assert found.interval.low == pytest.approx(3 - 1.5 * 1.959964, abs=1e-5)


@settings(max_examples=25)
@given(st.floats(-5, 5), st.integers(0, 4), st.sampled_from([0.02, 0.05, 0.3]))
def test_stagewise_interval_and_p_value_never_contradict_each_other(z, look, alpha):
    effect, found = stagewise(spending_boundaries(FIVE), look, z, 1.0, alpha=alpha)
    assert found.interval.contains(0.0) == (found.p_value > alpha)
    assert found.interval.contains(effect)


def test_stopping_early_is_corrected_towards_zero():
    effect, _ = stagewise(spending_boundaries(FIVE, spending="pocock"), 1, 2.6, 1.0, alpha=0.05)
    assert 0 < effect < 2.6


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"information": []}, "information"),
        ({"information": [0.5, 0.5]}, "information"),
        ({"information": [0.5, 1.5]}, "information"),
        ({"alpha": 1.0}, "alpha"),
        ({"sides": 3}, "sides"),
        ({"spending": "all"}, "spending"),
        ({"parameter": 1.0}, "parameter"),
        ({"spending": "power", "parameter": 0.0}, "parameter"),
        ({"spending_times": [1.0]}, "spending_times"),
    ],
)
def test_plans_that_are_none_are_refused(changes, named):
    with pytest.raises(EstimationError, match=named):
        spending_boundaries(**{"information": [0.5, 1.0], **changes})


@pytest.mark.parametrize(
    "changes", [{"shape": "wang_tsiatis"}, {"shape": "pocock", "parameter": 1.0}, {"shape": "box"}]
)
def test_shapes_without_their_parameter_are_refused(changes):
    with pytest.raises(EstimationError, match=r"parameter|shape"):
        classical_boundaries([0.5, 1.0], **changes)


def test_more_error_at_early_looks_than_there_is_is_refused():
    with pytest.raises(EstimationError, match="spend more"):
        classical_boundaries(FIVE, shape="haybittle_peto", parameter=1.5)
