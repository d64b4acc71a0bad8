import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.clusters.clustered_regression import ClusteredRegression
from stats.clusters.few_clusters import cluster_robust
from stats.cohorts import NEVER
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.staggered.aggregation import aggregate
from stats.staggered.group_time import group_time_effects
from stats.staggered.reassigned_starts import reassigned_starts, repeated_starts
from tests.stats.build import noise


def starts(units, *own):
    return np.array([*own, *[NEVER] * (units - len(own))], dtype=np.int64)


def simple(**options):
    def estimate(outcomes, first):
        return aggregate(group_time_effects(outcomes, first, **options), "simple").overall

    return estimate


def ranked(values, first, **options):
    found = group_time_effects(values, first, **options)
    return reassigned_starts(values, first, found, rng=np.random.default_rng(1))


def test_four_units_two_periods_by_hand():
    # Changes 5, 1, 0 and 2: whoever starts, the effect is their change less the mean of the others.
    values = np.array([[0.0, 5], [0, 1], [0, 0], [0, 2]])
    inference = ranked(values, starts(4, 1))
    # Effects 4, -4/3, -8/3 and 0.
    assert inference.p_value == 1 / 4
    assert inference.placebos == 3
    assert inference.method == "reassigned_starts"


@pytest.mark.parametrize("options", [{}, {"control_group": "not_yet", "anticipation": 1}])
def test_one_product_says_what_repeating_the_estimate_does(options):
    values, first = noise(9, 12, persistence=0.5), starts(9, 6, 6, 8)
    quick = ranked(values, first, **options)
    slow = repeated_starts(values, first, simple(**options), rng=np.random.default_rng(1), most=999)
    assert quick.placebos == slow.placebos == 9 * 8 // 2 * 7 - 1
    assert quick.p_value == slow.p_value
    assert (quick.interval.low, quick.interval.high) == pytest.approx((slow.interval.low, slow.interval.high))


@given(st.integers(0, 10_000), st.floats(-3, 3), st.floats(-50, 50))
@settings(deadline=None, max_examples=25)
def test_an_effect_moves_the_interval_and_levels_do_not(seed, effect, level):
    values, first = noise(8, 10, seed=seed), starts(8, 5, 5, 7)
    before = ranked(values, first).interval
    treated = np.arange(10) >= first[:, None]
    after = ranked(values + effect * treated + level, first).interval
    assert (after.low - effect, after.high - effect) == pytest.approx((before.low, before.high), abs=1e-7)


def test_clusters_are_dealt_as_one_and_must_start_as_one():
    values, first = noise(12, 10), starts(12, 6, 6, 8, 8)
    clusters = np.repeat(np.arange(6), 2)
    found = group_time_effects(values, first, clusters=clusters)
    inference = reassigned_starts(values, first, found, rng=np.random.default_rng(1), clusters=clusters)
    assert inference.placebos == 6 * 5 - 1
    with pytest.raises(EstimationError, match="cluster"):
        reassigned_starts(values, first, found, rng=np.random.default_rng(1), clusters=np.arange(12) // 3)


def test_weights_and_covariates_are_for_repeating():
    values, first = noise(10, 10), starts(10, 6, 6, 6)
    for options in ({"weights": np.arange(1.0, 11)}, {"covariates": noise(10, 1, seed=3)}):
        found = group_time_effects(values, first, **options)
        with pytest.raises(EstimationError, match="weights"):
            reassigned_starts(values, first, found, rng=np.random.default_rng(1))


def test_a_deal_that_cannot_be_estimated_counts_against_the_effect():
    values, first = noise(6, 8), starts(6, 5)
    values[0, 5:] += 100.0

    def estimate(outcomes, dealt):
        if dealt[3] < NEVER:
            raise EstimationError("outcomes", "are none")
        return simple()(outcomes, dealt)

    inference = repeated_starts(values, first, estimate, rng=np.random.default_rng(1), alpha=0.4)
    assert inference.p_value == 2 / 6


def test_small_sample_errors_of_one_start_are_cr2_with_bell_and_mccaffreys_degrees_of_freedom():
    values, first = noise(20, 12, persistence=0.5), starts(20, *[8] * 5)
    inference = aggregate(group_time_effects(values, first), "simple").inference(
        alpha=0.05, small_sample=True
    )
    changes = values[:, 8:].mean(axis=1) - values[:, 7]
    design = np.column_stack([first < NEVER, np.ones(20)]).astype(float)
    expected = cluster_robust(ClusteredRegression.of(changes, design, np.arange(20)), "CR2").inference(0)
    assert inference.standard_error == pytest.approx(expected.standard_error)
    assert inference.dof <= expected.dof + 1e-9


def test_small_sample_degrees_of_freedom_are_few_where_cohorts_are():
    values = noise(40, 12)
    two = aggregate(group_time_effects(values, starts(40, 6, 6, 8, 8)), "simple")
    assert two.overall_dof < 4
    assert two.inference(alpha=0.05, small_sample=True).dof <= two.overall_dof
    alone = aggregate(group_time_effects(values, starts(40, 6, 6, 6, 8)), "simple")
    inference = alone.inference(alpha=0.05, small_sample=True)
    assert isinstance(inference.p_value, NotComputable)
    assert inference.p_value.reason_code == "few_treated"


def test_small_sample_errors_meet_the_published_ones_in_large_samples():
    values, first = noise(900, 8), starts(900, *[4] * 200, *[6] * 200)
    clusters = np.arange(900) // 2
    for found in (group_time_effects(values, first), group_time_effects(values, first, clusters=clusters)):
        summary = aggregate(found, "simple")
        small = summary.inference(alpha=0.05, small_sample=True)
        assert small.standard_error == pytest.approx(summary.overall_error, rel=0.01)
        assert small.dof > 100
