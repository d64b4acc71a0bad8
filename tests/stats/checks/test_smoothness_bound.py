import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import truncnorm

from stats.checks.honest_sets import EventCoefficients
from stats.checks.smoothness_bound import smoothness_lower_bound

SAME = 1e-8


def leads(estimates, covariance):
    """With one coefficient after the start, which must not matter."""
    count = len(estimates)
    whole = np.eye(count + 1)
    whole[:count, :count] = covariance
    return EventCoefficients(np.append(estimates, 5.0), whole, count)


def test_one_change_of_slope_by_hand():
    """Leads 4 and 0, the reference 0: slopes -4 and 0, a change of 4 with variance 1 + 4 = 5. The other
    moment is -4: at a bound M the truncation is at the mean of the two, -M / sqrt 5."""
    found = smoothness_lower_bound(leads([4.0, 0.0], np.eye(2)), alpha=0.1)
    spread = np.sqrt(5.0)
    critical = truncnorm.ppf(0.9, -found / spread, np.inf)
    assert 0 < found < 4
    assert (4 - found) / spread == pytest.approx(critical, abs=SAME)


def test_a_straight_line_allows_any_smoothness():
    assert smoothness_lower_bound(leads([3.0, 2.0, 1.0], 0.01 * np.eye(3))) == 0
    assert smoothness_lower_bound(leads([3.0], np.eye(1))) == 0


@given(st.integers(0, 500), st.floats(0.1, 100))
def test_another_unit_scales_the_bound(seed, factor):
    rng = np.random.default_rng(seed)
    estimates, root = rng.normal(size=4) * 3, rng.normal(size=(4, 4))
    found = smoothness_lower_bound(leads(estimates, root @ root.T / 4))
    scaled = smoothness_lower_bound(leads(factor * estimates, factor**2 * root @ root.T / 4))
    assert scaled == pytest.approx(factor * found, rel=1e-6, abs=SAME)
    turned = smoothness_lower_bound(leads(-estimates, root @ root.T / 4))
    assert turned == pytest.approx(found, rel=1e-6, abs=SAME)


def test_the_bound_lies_above_the_truth_no_more_often_than_it_says():
    """600 draws of four leads whose slope changes once, by M = 0.5; level 10 %, seed 11."""
    rng = np.random.default_rng(11)
    truth = np.array([0.5, 0.0, 0.0, 0.0])
    root = 0.2 * (np.eye(4) + 0.5)
    above = [
        smoothness_lower_bound(leads(truth + root @ rng.normal(size=4), root @ root.T), alpha=0.1) > 0.5
        for _ in range(600)
    ]
    assert 0.02 < np.mean(above) <= 0.13
