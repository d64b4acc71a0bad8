import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.checks.pretrend_power import power_finding, pretrend_power, rectangle, slope_for_power
from stats.errors import EstimationError
from stats.words import percent
from tests.stats.build import case, rows

LATTICE = 1e-4
"""Error of the lattice for a handful of leads."""


def pensions():
    """Coefficients of He and Wang (2017), their covariance and their periods; the reference is -1."""
    table = rows("pretrends_hewang")
    estimates = np.array([float(row["beta"]) for row in table])
    covariance = np.array([[float(row[f"X{number}"]) for number in range(1, 8)] for row in table])
    return estimates, covariance, [float(row["t"]) for row in table]


def test_slopes_that_the_pre_test_detects_are_as_published():
    _, covariance, periods = pensions()
    expected, tolerance = case("pretrends_hewang")["expected"], case("pretrends_hewang")["tolerance"]["abs"]
    for power, name in ((0.5, "slope50"), (0.8, "slope80")):
        found = slope_for_power(covariance, periods, power=power)
        assert found == pytest.approx(expected[name], abs=tolerance)


def test_power_factor_and_means_after_the_pre_test_are_as_published():
    estimates, covariance, periods = pensions()
    published = case("pretrends_hewang")
    expected, tolerance = published["expected"], published["tolerance"]
    trend = expected["slope50"] * (np.array(periods) + 1)
    found = pretrend_power(estimates, covariance, trend, periods)
    assert found.power == pytest.approx(expected["power"], abs=tolerance["abs"])
    assert found.bayes_factor == pytest.approx(expected["bayes_factor"], rel=tolerance["bayes_rel"])
    assert found.likelihood_ratio == pytest.approx(expected["lr"], abs=tolerance["abs"])
    means = [mean for period, mean in expected["mean_after_pretest"].items() if period != "-1"]
    assert found.mean_after_pretest == pytest.approx(means, abs=tolerance["abs"])


def test_one_lead_by_hand():
    # A lead of 0.1 +- 0.1: the test passes within 1.96 errors of zero.
    found = pretrend_power([0.05, 0.3], 0.01 * np.eye(2), [0.1, -0.1], [-2, 0])
    norm = scipy.stats.norm
    limit = norm.isf(0.025)
    assert found.power == pytest.approx(norm.sf(limit - 1) + norm.cdf(-limit - 1), abs=LATTICE)
    assert found.size == pytest.approx(0.05, abs=LATTICE)
    assert found.likelihood_ratio == pytest.approx(norm.pdf(-0.5) / norm.pdf(0.5))
    truncated = scipy.stats.truncnorm(-limit - 1, limit - 1, loc=0.1, scale=0.1).mean()
    assert found.mean_after_pretest == pytest.approx([truncated, -0.1], abs=1e-5)


def test_effects_that_move_with_the_leads_are_shifted_by_the_pre_test():
    covariance = 0.01 * np.array([[1, 0.5], [0.5, 1]])
    found = pretrend_power([0.0, 0.0], covariance, [-0.2, 0.1], [-2, 0])
    assert found.bias_from_pretest[1] == pytest.approx(0.5 * found.bias_from_pretest[0])
    assert found.bias_from_pretest[0] > 0.02  # a passing lead is nearer to zero than the trend


@given(st.integers(0, 10_000), st.integers(1, 5))
@settings(max_examples=20, deadline=None)
def test_rectangles_agree_with_an_independent_integration(seed, count):
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(count, count + 2))
    covariance = factor @ factor.T
    mean, half = rng.normal(size=count), rng.uniform(0.5, 3, size=count)
    direct = scipy.stats.multivariate_normal.cdf(
        half, mean, covariance, lower_limit=-half, maxpts=200_000, abseps=1e-6, rng=rng
    )
    assert rectangle(-half, half, mean, covariance)[0] == pytest.approx(direct, abs=5e-4)


def test_truncated_means_agree_with_draws():
    # 400,000 draws of which some 60 % stay: the error of their mean is below 0.003.
    covariance = np.array([[1.0, 0.6, 0.2], [0.6, 1.5, 0.4], [0.2, 0.4, 0.8]])
    mean, half = np.array([0.5, -0.4, 0.2]), np.array([1.5, 1.8, 1.6])
    draws = np.random.default_rng(1).multivariate_normal(mean, covariance, size=400_000)
    kept = draws[(np.abs(draws) <= half).all(axis=1)]
    assert rectangle(-half, half, mean, covariance)[1] == pytest.approx(kept.mean(axis=0), abs=0.006)


def test_the_slope_scales_with_the_unit_and_not_with_the_order_of_periods():
    _, covariance, periods = pensions()
    slope = slope_for_power(covariance, periods)
    assert slope_for_power(1e8 * covariance, periods) == pytest.approx(1e4 * slope, rel=1e-8)
    order = np.array([3, 0, 2, 6, 1, 5, 4])
    shuffled = slope_for_power(covariance[np.ix_(order, order)], [periods[place] for place in order])
    assert shuffled == pytest.approx(slope, rel=1e-3)


@pytest.mark.parametrize(("scale", "level"), [(0.5, "ok"), (10.0, "caution")])
def test_power_against_the_trend_that_explains_the_effect_is_told(scale, level):
    estimates, covariance, periods = pensions()
    found = power_finding(estimates, scale * covariance, periods)
    assert found.level == level
    assert percent(found.number) in found.sentence_en
    assert percent(found.number) in found.sentence_ko


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"trend": [0.0]}, "trend"),
        ({"estimates": [0.0, math.nan]}, "estimates"),
        ({"periods": [-1, 0]}, "reference"),
        ({"periods": [0, 1]}, "periods"),
        ({"periods": [-2, -2]}, "periods"),
        ({"covariance": [[1.0, 1.0], [1.0, 1.0]]}, "covariance"),
        ({"alpha": 0.0}, "alpha"),
        ({"trend": [1e6, 0.0]}, "trend"),
    ],
)
def test_questions_are_refused_by_argument(change, argument):
    fields = {
        "estimates": [0.0, 1.0],
        "covariance": np.eye(2),
        "trend": [-1.0, 1.0],
        "periods": [-2, 0],
        **change,
    }
    with pytest.raises(EstimationError) as refused:
        pretrend_power(**fields)
    assert refused.value.argument == argument


@pytest.mark.parametrize("power", [0.05, 1.0])
def test_a_power_that_no_slope_has_is_refused(power):
    with pytest.raises(EstimationError, match="power"):
        slope_for_power(np.eye(2), [-2, 0], power=power)


def test_the_joint_test_of_the_leads_has_the_power_that_draws_show():
    covariance = 0.2 * np.eye(4) + 0.1
    trend = 0.4 * np.array([-3.0, -2.0, 1.0, 2.0])
    found = pretrend_power(np.zeros(4), covariance, trend, [-4, -3, 0, 1])
    before = covariance[:2, :2]
    draws = np.random.default_rng(5).multivariate_normal(trend[:2], before, size=100_000)
    statistics = np.einsum("ni,ij,nj->n", draws, np.linalg.inv(before), draws)
    rejected = np.mean(statistics > scipy.stats.chi2.ppf(0.95, 2))
    assert found.joint_power == pytest.approx(rejected, abs=5 * 0.5 / math.sqrt(100_000))
    flat = pretrend_power(np.zeros(4), covariance, 0 * trend, [-4, -3, 0, 1])
    assert flat.joint_power == pytest.approx(0.05)
