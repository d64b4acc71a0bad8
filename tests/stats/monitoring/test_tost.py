import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from stats import reasons
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.inference import silent, student_t
from stats.monitoring.tost import tost, tost_power, tost_power_at, tost_sample_size
from stats.results import Estimate
from tests.stats.build import case


def estimate(value, error=1.0, dof=10.0):
    return Estimate(value, student_t(value, error, dof, alpha=0.05, method="cr1"))


def test_power_and_numbers_are_those_of_the_reference():
    reference = case("power_tost")
    n, power = tost_sample_size(cv=0.3)
    parallel_n, parallel_power = tost_sample_size(cv=0.2, ratio=0.92, power=0.9, layout="parallel")
    found = {
        "n": n,
        "power": power,
        "power_n40": tost_power(cv=0.3, n=40),
        "parallel_n": parallel_n,
        "parallel_power": parallel_power,
    }
    assert found == pytest.approx(reference["expected"], abs=reference["tolerance"]["abs"])


@pytest.mark.parametrize("dof", [1, 5, 38, 2000])
def test_the_integral_is_the_probability_that_it_stands_for(dof):
    """Against the mean over evenly spaced quantiles of the estimated standard deviation."""
    critical = scipy.stats.t.ppf(0.95, dof)

    def passing(share):
        s = math.sqrt(scipy.stats.chi2.ppf(share, dof) / dof)
        return max(
            0.0, scipy.stats.norm.cdf(5 - critical * s - 1) - scipy.stats.norm.cdf(critical * s - 5 - 1)
        )

    shares = (np.arange(20_000) + 0.5) / 20_000
    by_hand = np.mean([passing(share) for share in shares[::4]])
    found = tost_power_at(1.0, 1.0, dof, low=-5.0, high=5.0)
    assert found == pytest.approx(by_hand, abs=2e-4)


def test_power_agrees_with_simulated_tests():
    """4,000 draws of an estimate with 12 degrees of freedom, seed 3."""
    rng = np.random.default_rng(3)
    values, spreads = rng.normal(0.5, 1.0, 4000), np.sqrt(rng.chisquare(12, 4000) / 12)
    passed = [
        tost(estimate(value, spread, 12.0), low=-3.0, high=3.0).status == "equivalent"
        for value, spread in zip(values, spreads, strict=True)
    ]
    assert np.mean(passed) == pytest.approx(tost_power_at(0.5, 1.0, 12, low=-3.0, high=3.0), abs=0.025)


def test_with_a_known_spread_power_is_a_difference_of_normal_tails():
    found = tost_power_at(0.0, 1.0, math.inf, low=-3.0, high=3.0)
    assert found == pytest.approx(2 * scipy.stats.norm.cdf(3 - 1.6448536) - 1)


@given(st.floats(-6, 6), st.floats(0.1, 3), st.floats(1, 60), st.sampled_from([0.01, 0.05, 0.1]))
def test_equivalent_exactly_when_the_interval_lies_within(value, error, dof, alpha):
    found = tost(estimate(value, error, dof), low=-2.0, high=2.5, alpha=alpha)
    inside = found.interval.low >= -2.0 and found.interval.high <= 2.5
    assert (found.status == "equivalent") == inside
    assert (found.status == "different") == (found.interval.high < -2.0 or found.interval.low > 2.5)


@given(st.integers(6, 60), st.sampled_from(["2x2", "parallel", "2x2x4", "3x3", "paired"]))
def test_more_units_never_have_less_power(n, layout):
    assert tost_power(cv=0.25, n=n + 6, layout=layout) >= tost_power(cv=0.25, n=n, layout=layout) - 1e-9


def test_no_power_where_the_bounds_are_narrower_than_any_interval():
    assert tost_power(cv=3.0, n=6) == pytest.approx(0.0, abs=1e-3)


def test_an_estimate_without_standard_error_has_a_reason_instead():
    found = tost(Estimate(0.0, silent("x", 0.05, reasons.one_treated_cluster())), low=-1.0, high=1.0)
    assert isinstance(found, NotComputable)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"ratio": 1.3}, "ratio"),
        ({"power": 1.0}, "power"),
        ({"cv": 0.0}, "cv"),
        ({"layout": "5x5"}, "layout"),
        ({"low": -1.0}, "low"),
    ],
)
def test_what_no_number_of_units_reaches_is_refused(changes, named):
    with pytest.raises(EstimationError, match=named):
        tost_sample_size(**{"cv": 0.3, **changes})


@pytest.mark.parametrize(
    ("low", "high", "alpha"), [(1.0, -1.0, 0.05), (-1.0, math.inf, 0.05), (-1.0, 1.0, 0.6)]
)
def test_bounds_and_levels_out_of_order_are_refused(low, high, alpha):
    with pytest.raises(EstimationError, match=r"low|alpha"):
        tost(estimate(0.0), low=low, high=high, alpha=alpha)
