"""Multiplier bootstrap: agrees with the analytic errors, repeats, and its bands cover together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from stats.errors import EstimationError
from stats.inference import Interval
from stats.staggered.aggregation import aggregate
from stats.staggered.group_time import group_time_effects
from stats.staggered.group_time_influence import Block, Influence
from stats.staggered.multiplier import bands, bootstrap
from tests.stats.staggered_panels import create_staggered

# Of a standard error from 4,000 draws by their quartiles.
MONTE_CARLO = 0.08


@pytest.mark.parametrize("multipliers", ["rademacher", "mammen"])
@pytest.mark.parametrize("clustered", [False, True])
def test_bootstrap_errors_are_the_analytic_ones(multipliers, clustered):
    clusters = np.arange(400) // 4 if clustered else None
    found = group_time_effects(*create_staggered(units=400), clusters=clusters)
    drawn = bootstrap(found, np.random.default_rng(1), draws=4000, multipliers=multipliers)
    assert drawn.standard_errors == pytest.approx(found.standard_errors, rel=MONTE_CARLO)


@pytest.mark.parametrize("mammen", [False, True])
def test_draws_have_the_mean_and_covariance_of_the_influence_functions(mammen):
    influence = group_time_effects(*create_staggered(units=400)).influence
    drawn = influence.draws(np.random.default_rng(1), 20_000, mammen=mammen)
    sizes = np.sqrt(np.diag(influence.covariance)) + 1e-12
    assert np.abs(drawn.mean(axis=0)[:-1] / sizes[:-1]).max() < 0.03
    correlations = (np.cov(drawn.T) - influence.covariance) / np.outer(sizes, sizes)
    assert np.abs(correlations).max() < 0.06


def test_draws_do_not_depend_on_the_order_in_which_sums_are_taken():
    values = np.random.default_rng(0).normal(size=(3000, 3)) * 1e3
    plain = Influence((Block(np.arange(3000), values, np.eye(3)),), 3000)
    shifted = Influence((Block(np.arange(3000), np.asfortranarray(values), np.eye(3)),), 3000)
    one, other = (item.draws(np.random.default_rng(4), 50) for item in (plain, shifted))
    assert np.array_equal(one, other)


def test_a_simultaneous_band_is_wider_than_each_interval_alone():
    summary = aggregate(group_time_effects(*create_staggered(units=400)), "dynamic")
    drawn = bootstrap(summary, np.random.default_rng(1))
    assert drawn.critical_value > 2.2
    for alone, together in zip(drawn.pointwise, drawn.simultaneous, strict=True):
        assert together.interval.low < alone.interval.low
        assert together.p_value >= alone.p_value


def test_the_simple_summary_has_one_effect():
    summary = aggregate(group_time_effects(*create_staggered(units=400)), "simple")
    drawn = bootstrap(summary, np.random.default_rng(1), draws=4000)
    assert drawn.standard_errors[0] == pytest.approx(summary.overall_error, rel=MONTE_CARLO)
    assert drawn.simultaneous[0].interval == drawn.pointwise[0].interval


@settings(max_examples=40, deadline=None)
@given(
    seed=some.integers(0, 10_000),
    draws=some.integers(5, 60),
    alpha=some.sampled_from([0.01, 0.05, 0.1, 0.29, 0.5]),
    scale=some.sampled_from([1e-5, 1.0, 1e5]),
)
def test_interval_and_p_value_never_contradict_each_other(seed, draws, alpha, scale):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(30, 4)) * scale
    influence = Influence((Block(np.arange(30), values, np.eye(4)),), 30)
    effects = rng.normal(size=4) * scale / 3
    drawn = bands(effects, influence, np.eye(4), rng, draws=draws, alpha=alpha)
    for inference in (*drawn.pointwise, *drawn.simultaneous):
        assert inference.excludes_zero is (not inference.interval.contains(0.0))


def test_too_few_draws_rule_nothing_out():
    found = group_time_effects(*create_staggered())
    drawn = bootstrap(found, np.random.default_rng(1), draws=10, alpha=0.05)
    assert drawn.critical_value == np.inf
    interval = drawn.simultaneous[0].interval
    assert isinstance(interval, Interval)
    assert interval.unbounded.reason_code == "too_few_draws"


def test_references_stay_silent():
    found = group_time_effects(*create_staggered(), base_period="universal")
    drawn = bootstrap(found, np.random.default_rng(1), draws=100)
    assert np.isnan(drawn.standard_errors[found.reference]).all()
    assert drawn.simultaneous[int(np.argmax(found.reference))].excludes_zero is None


@pytest.mark.parametrize("choices", [{"draws": 1}, {"multipliers": "dice"}])
def test_unknown_choices_are_refused(choices):
    found = group_time_effects(*create_staggered())
    with pytest.raises(EstimationError) as refused:
        bootstrap(found, np.random.default_rng(1), **choices)
    assert refused.value.argument == next(iter(choices))


def test_bands_cover_all_true_effects_together_about_as_often_as_promised():
    rng = np.random.default_rng(7)
    covered = []
    for _ in range(150):
        outcomes, first = create_staggered(units=160, seed=int(rng.integers(2**32)), effect=0.0)
        drawn = bootstrap(aggregate(group_time_effects(outcomes, first), "dynamic"), rng, draws=400)
        covered.append(all(item.interval.contains(0.0) for item in drawn.simultaneous))
    assert 0.9 < np.mean(covered) < 0.99
