import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from stats.cohorts import NEVER
from stats.differences.bands import simultaneous_band
from stats.differences.two_way import two_way_event_study
from stats.errors import EstimationError
from stats.numerics.coefficients import Coefficients
from tests.stats.build import noise

# The critical value is simulated from 20,000 draws.
SIMULATED = 0.03


def coefficients(values, covariance, dof=np.inf):
    values, covariance = np.asarray(values, dtype=float), np.asarray(covariance, dtype=float)
    names = tuple(f"b{place}" for place in range(len(values)))
    return Coefficients(names, values, covariance, dof, "iid", 100, plain=covariance)


def band(*arguments, seed=0, **options):
    return simultaneous_band(coefficients(*arguments), np.random.default_rng(seed), **options)


def test_of_one_coefficient_it_is_the_pointwise_interval():
    assert band([1.0], [[1.0]]).critical == pytest.approx(scipy.stats.norm.ppf(0.975), abs=SIMULATED)
    assert band([1.0], [[4.0]], 7.0).critical == pytest.approx(scipy.stats.t.ppf(0.975, 7), abs=SIMULATED)


def test_of_independent_coefficients_it_is_sidaks():
    expected = scipy.stats.norm.ppf(1 - (1 - 0.95 ** (1 / 8)) / 2)
    assert band(np.zeros(8), np.eye(8)).critical == pytest.approx(expected, abs=SIMULATED)


def test_coefficients_that_move_together_need_no_more_than_one():
    together = np.full((5, 5), 1.0)
    assert band(np.zeros(5), together).critical == pytest.approx(scipy.stats.norm.ppf(0.975), abs=SIMULATED)


@given(st.integers(0, 1000), st.sampled_from([0.01, 0.05, 0.1, 0.5]))
def test_bands_p_values_and_the_joint_test_never_contradict_each_other(seed, alpha):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(4, 6))
    result = band(rng.normal(size=4) * 4, root @ root.T, 9.0, alpha=alpha, draws=999, seed=seed)
    outside = [not each.interval.contains(0.0) for each in result.inferences]
    assert outside == [each.p_value <= alpha for each in result.inferences]
    assert (result.p_value <= alpha) == any(outside)


def test_a_subset_needs_a_smaller_critical_value():
    whole = band(np.zeros(6), np.eye(6))
    part = band(np.zeros(6), np.eye(6), names=("b1", "b4"))
    assert part.names == ("b1", "b4")
    assert part.critical < whole.critical
    assert part.of("b4") is part.inferences[1]


def test_the_path_of_an_event_study_is_covered_as_often_as_promised():
    rng = np.random.default_rng(5)
    starts = np.repeat([4, NEVER], 40)
    pointwise = whole = 0
    for _ in range(150):
        found = two_way_event_study(rng.normal(size=(80, 8)), starts).coefficients
        result = simultaneous_band(found, rng, draws=1999)
        whole += result.p_value > 0.05
        pointwise += all(found.inference(name).interval.contains(0.0) for name in found.names)
    # 95 % of 150 less three binomial errors; pointwise intervals miss somewhere far more often.
    assert whole >= 134
    assert pointwise < 130


def test_what_has_no_error_or_too_few_draws_is_refused():
    exact = two_way_event_study(noise(6, 1) + np.arange(5.0), [3, 3, NEVER, NEVER, NEVER, NEVER])
    with pytest.raises(EstimationError, match="no uncertainty"):
        simultaneous_band(exact.coefficients, np.random.default_rng(0))
    alone = two_way_event_study(noise(6, 5), [3, NEVER, NEVER, NEVER, NEVER, NEVER])
    with pytest.raises(EstimationError, match="too few"):
        simultaneous_band(alone.coefficients, np.random.default_rng(0), draws=10)
    with pytest.raises(EstimationError, match="standard error"):
        band([1.0, 2.0], np.diag([1.0, 0.0]))
