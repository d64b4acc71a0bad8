"""Effects by cohort and period: published figures, hand-made cases, invariances, refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from stats.cohorts import NEVER
from stats.differences.doubly_robust import doubly_robust, doubly_robust_cross_sections
from stats.errors import EstimationError, PanelError
from stats.findings import NotComputable
from stats.staggered.aggregation import aggregate
from stats.staggered.group_time import group_time_effects
from stats.staggered.multiplier import bootstrap
from tests.stats.build import case
from tests.stats.staggered_panels import create_staggered, published

# Iterations of the logit stop at 1e-8 in R; all else agrees to the last digits.
PUBLISHED = 1e-6
SAME = 1e-9


def mpdta():
    outcomes, first, years, fixed = published(
        "mpdta", unit="countyreal", period="year", value="lemp", start="first_treat", extra=("lpop",)
    )
    return outcomes, first, years, fixed["lpop"][:, None]


def by_label(found, years):
    return {
        f"{years[group]}_{years[period]}": (effect, error)
        for group, period, effect, error in zip(
            found.groups, found.periods, found.effects, found.standard_errors, strict=True
        )
    }


def assert_as_published(found, years, expected):
    cells = by_label(found, years)
    assert cells.keys() == expected["attgt"].keys()
    for label, (effect, error) in cells.items():
        assert effect == pytest.approx(expected["attgt"][label], abs=PUBLISHED)
        theirs = expected["attgt_se"][label]
        assert np.isnan(error) if theirs is None else error == pytest.approx(theirs, abs=PUBLISHED)


def test_minimum_wages_weighted_by_propensity_on_a_universal_base_are_as_published():
    outcomes, first, years, lpop = mpdta()
    expected = case("cs_mpdta_cond_ipw_notyet_universal")["expected"]
    found = group_time_effects(
        outcomes,
        first,
        covariates=lpop,
        adjustment="ipw",
        control_group="not_yet",
        base_period="universal",
    )
    assert_as_published(found, years, expected)
    test = found.pre_test()
    assert test.statistic == pytest.approx(expected["wald_pre_W"], abs=PUBLISHED)
    assert round(test.p_value, 5) == expected["wald_pre_p"]


def test_minimum_wages_by_regression_are_as_published():
    outcomes, first, years, lpop = mpdta()
    expected = case("cs_mpdta_cond_reg_notyet")["expected"]
    found = group_time_effects(outcomes, first, covariates=lpop, adjustment="reg", control_group="not_yet")
    assert_as_published(found, years, expected)
    assert found.pre_test().statistic == pytest.approx(expected["wald_pre_W"], abs=PUBLISHED)


def test_castle_doctrine_against_never_treated_is_as_published():
    outcomes, first, years, _ = published(
        "castle_panel", unit="sid", period="year", value="l_homicide", start="g"
    )
    found = group_time_effects(outcomes, first)
    assert_as_published(found, years, case("cs_castle_never")["expected"])
    # 20 leads of cohorts as small as one state: their covariance is singular.
    assert found.pre_test().reason_code == "leads_exceed_clusters"
    assert found.small_cohorts().level == "caution"
    assert found.small_cohorts().number == 1


def test_two_cohorts_by_hand():
    first = np.array([1, 1, 2, NEVER, NEVER])
    outcomes = np.array([[0, 3, 4], [2, 5, 8], [1, 2, 9], [0, 1, 1], [0, 1, 3]], dtype=float)
    found = group_time_effects(outcomes, first)
    assert found.groups.tolist() == [1, 1, 2, 2]
    assert found.periods.tolist() == [1, 2, 1, 2]
    # (3, 3) against (1, 1); (4, 6) against (1, 3); 1 against 1; 7 against (0, 2).
    assert found.effects.tolist() == pytest.approx([2, 3, 0, 6])
    # The variance of a mean of two is half their squared half-distance.
    assert found.standard_errors[[1, 3]].tolist() == pytest.approx([1.0, np.sqrt(0.5)])


def test_not_yet_treated_controls_leave_once_they_start_or_anticipate():
    first = np.array([1, 3, 4])
    outcomes = np.array([[0, 10, 10, 10, 10], [0, 1, 2, 20, 20], [0, 3, 6, 9, 30]], dtype=float)
    found = group_time_effects(outcomes, first, control_group="not_yet")
    cells = {(g, t): e for g, t, e in zip(found.groups, found.periods, found.effects, strict=True)}
    # The last cohort is control alone and its treated periods are cut off.
    assert max(found.periods) == 3
    assert cells[1, 2] == 10 - (2 + 6) / 2
    assert cells[1, 3] == 10 - 9
    ahead = group_time_effects(outcomes, first + 1, control_group="not_yet", anticipation=1)
    cells = {(g, t): e for g, t, e in zip(ahead.groups, ahead.periods, ahead.effects, strict=True)}
    # Column 0 is the base; the second cohort is clean in column 2 but anticipates in column 3.
    assert cells[2, 2] == 10 - (2 + 6) / 2
    assert cells[2, 3] == 10 - 9


def test_a_universal_base_lies_before_anticipation_and_is_zero_by_rule():
    outcomes, first = create_staggered()
    found = group_time_effects(outcomes, first, base_period="universal", anticipation=1)
    reference = found.reference
    assert (found.periods[reference] == found.groups[reference] - 2).all()
    assert (found.effects[reference] == 0).all()
    assert np.isnan(found.standard_errors[reference]).all()
    assert isinstance(found.inference(int(np.argmax(reference)), alpha=0.05).p_value, NotComputable)


@pytest.mark.parametrize("method", ["reg", "ipw", "ipw_ht", "dr", "dr_improved"])
def test_one_cohort_is_the_two_period_estimator(method):
    outcomes, first = create_staggered(starts=(3,), periods=5)
    covariates = np.random.default_rng(1).normal(size=(60, 2))
    found = group_time_effects(outcomes, first, covariates=covariates, adjustment=method)
    cell = int(np.argmax(found.periods == 4))
    alone = doubly_robust(outcomes[:, 2], outcomes[:, 4], first == 3, covariates=covariates, method=method)
    assert found.effects[cell] == pytest.approx(alone.effect, rel=SAME)
    assert found.standard_errors[cell] == pytest.approx(alone.standard_error, rel=SAME)


def test_covariates_by_period_are_taken_from_the_earlier_one():
    outcomes, first = create_staggered(starts=(3,), periods=5)
    covariates = np.random.default_rng(1).normal(size=(60, 5, 1))
    found = group_time_effects(outcomes, first, covariates=covariates)
    cell = int(np.argmax(found.periods == 4))
    alone = doubly_robust(outcomes[:, 2], outcomes[:, 4], first == 3, covariates=covariates[:, 2])
    assert found.effects[cell] == pytest.approx(alone.effect, rel=SAME)


def test_pairs_are_the_units_seen_in_both_periods():
    outcomes, first = create_staggered(starts=(3,), periods=5)
    outcomes[[0, 40], 4] = np.nan
    found = group_time_effects(outcomes, first, unbalanced="pairs")
    cell, seen = int(np.argmax(found.periods == 4)), ~np.isnan(outcomes[:, 4])
    alone = doubly_robust(outcomes[seen, 2], outcomes[seen, 4], first[seen] == 3)
    assert found.effects[cell] == pytest.approx(alone.effect, rel=SAME)
    assert found.standard_errors[cell] == pytest.approx(alone.standard_error, rel=SAME)


@pytest.mark.parametrize("covariates", [None, np.random.default_rng(1).normal(size=(80, 1))])
def test_rows_seen_once_are_repeated_cross_sections(covariates):
    rng = np.random.default_rng(2)
    first = np.where(np.arange(80) < 40, NEVER, 1)
    after = rng.random(80) < 0.5
    outcome = rng.normal(size=80) + (first == 1) * after
    outcomes = np.where(np.stack([~after, after], axis=1), outcome[:, None], np.nan)
    found = group_time_effects(outcomes, first, covariates=covariates, unbalanced="cross_sections")
    alone = doubly_robust_cross_sections(outcome, after, first == 1, covariates=covariates)
    assert found.effects[0] == pytest.approx(alone.effect, rel=SAME)
    assert found.standard_errors[0] == pytest.approx(alone.standard_error, rel=SAME)


@pytest.mark.parametrize("unbalanced", ["pairs", "cross_sections"])
def test_a_cell_without_readings_is_missing_with_its_reason(unbalanced):
    outcomes, first = create_staggered(starts=(3, 5))
    outcomes[first == 3, 6] = np.nan
    found = group_time_effects(outcomes, first, unbalanced=unbalanced)
    gone = {(int(found.groups[cell]), int(found.periods[cell])) for cell in found.missing}
    assert gone == {(3, 6)}
    cell = next(iter(found.missing))
    assert np.isnan(found.standard_errors[cell])
    assert found.inference(cell, alpha=0.05).p_value.reason_code == "empty_cell"


def test_a_comparison_without_overlap_is_missing_and_the_others_are_not():
    outcomes, first = create_staggered(starts=(3, 5), units=200)
    covariates = np.random.default_rng(1).normal(size=(200, 1))
    covariates[first == 5] += 50
    found = group_time_effects(outcomes, first, covariates=covariates)
    assert {int(found.groups[cell]) for cell in found.missing} == {5}
    assert found.missing[min(found.missing)].reason_code == "adjustment_refused"


@settings(max_examples=12, deadline=None)
@given(
    seed=some.integers(0, 1000),
    scale=some.sampled_from([1e-6, 2.0, 1e6]),
    control_group=some.sampled_from(["never", "not_yet"]),
    adjusted=some.booleans(),
)
def test_order_scale_and_what_units_and_periods_share_do_not_matter(seed, scale, control_group, adjusted):
    outcomes, first = create_staggered(seed=seed)
    rng = np.random.default_rng(seed)
    covariates = rng.normal(size=(60, 1)) if adjusted else None
    base = group_time_effects(outcomes, first, covariates=covariates, control_group=control_group)
    order = rng.permutation(60)
    moved = scale * (outcomes + rng.normal(size=(60, 1)) * 5 + rng.normal(size=8) * 5)
    other = group_time_effects(
        moved[order],
        first[order],
        covariates=covariates[order] if adjusted else None,
        weights=np.full(60, 2.0),
        control_group=control_group,
    )
    assert other.effects / scale == pytest.approx(base.effects, abs=1e-8)
    assert other.standard_errors / scale == pytest.approx(base.standard_errors, rel=1e-7)


def test_whole_weights_are_copies_clustered():
    outcomes, first = create_staggered()
    weights = np.where(np.arange(60) % 3 == 0, 2, 1)
    weighted = group_time_effects(outcomes, first, weights=weights)
    copies = np.repeat(np.arange(60), weights)
    copied = group_time_effects(outcomes[copies], first[copies], clusters=copies)
    assert weighted.effects == pytest.approx(copied.effects)
    assert weighted.standard_errors == pytest.approx(copied.standard_errors)


@pytest.mark.parametrize("covariates", [None, np.random.default_rng(1).normal(size=(60, 1))])
def test_covariance_is_that_of_the_influence_functions_written_out(covariates):
    outcomes, first = create_staggered()
    weights, clusters = np.random.default_rng(3).uniform(0.5, 2, 60), np.arange(60) % 7
    for labels in (None, clusters):
        influence = group_time_effects(
            outcomes, first, covariates=covariates, weights=weights, clusters=labels
        ).influence
        values = influence.values()
        sums = values if labels is None else np.array([values[labels == c].sum(axis=0) for c in range(7)])
        assert influence.covariance == pytest.approx(sums.T @ sums / 60**2)


def test_influence_is_what_one_unit_more_does():
    outcomes, first = create_staggered(units=400)
    weights = np.ones(400)
    base = group_time_effects(outcomes, first, control_group="not_yet")
    weights[399] += 1e-4
    moved = group_time_effects(outcomes, first, weights=weights, control_group="not_yet")
    slopes = (moved.effects - base.effects) / 1e-4 * 400
    assert slopes == pytest.approx(base.influence.values()[399, : len(slopes)], rel=2e-2, abs=1e-8)
    shares = (moved.shares - base.shares) / 1e-4 * 400
    assert shares == pytest.approx(base.influence.values()[399, len(slopes) : -1], abs=1e-2)


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"control_group": "nobody"}, "control_group"),
        ({"base_period": "last"}, "base_period"),
        ({"unbalanced": "guess"}, "unbalanced"),
        ({"anticipation": -1}, "anticipation"),
        ({"anticipation": 8}, "first_treated"),
        ({"adjustment": "magic"}, "adjustment"),
        ({"covariates": np.zeros((60, 1))}, "covariates"),
    ],
)
def test_unknown_choices_are_refused(changes, argument):
    outcomes, first = create_staggered()
    with pytest.raises(EstimationError) as refused:
        group_time_effects(outcomes, first, **changes)
    assert refused.value.argument == argument


def test_where_all_get_treated_never_treated_controls_are_refused():
    outcomes, first = create_staggered(never=0.0)
    with pytest.raises(EstimationError, match="no unit is never treated"):
        group_time_effects(outcomes, first)


def test_gaps_are_refused_unless_a_way_is_chosen():
    outcomes, first = create_staggered()
    outcomes[5, 2] = np.nan
    with pytest.raises(PanelError, match="unit '5', period '2'"):
        group_time_effects(outcomes, first)
    assert group_time_effects(outcomes, first, unbalanced="drop_unit").influence.count == 59


def test_true_nulls_are_rejected_about_as_often_as_promised():
    rng = np.random.default_rng(11)
    rejected = []
    for _ in range(200):
        outcomes, first = create_staggered(units=160, seed=int(rng.integers(2**32)), effect=0.0)
        found = group_time_effects(outcomes, first, control_group="not_yet")
        rejected.append(np.abs(found.effects) > 1.959964 * found.standard_errors)
    assert 0.04 < np.mean(rejected) < 0.07


@pytest.mark.parametrize("clustered", [False, True])
def test_one_treated_cluster_says_nothing_by_asymptotics(clustered):
    outcomes, first = create_staggered(starts=(3, 5))
    if clustered:
        clusters = np.where(first == NEVER, np.arange(60), 99)
    else:
        clusters, first[np.flatnonzero(first < NEVER)[1:]] = None, NEVER
    found = group_time_effects(outcomes, first, clusters=clusters)
    assert found.inference(0, alpha=0.05).p_value.reason_code == "one_treated_cluster"
    assert aggregate(found, "simple").inference(alpha=0.05).excludes_zero is None
    assert bootstrap(found, np.random.default_rng(1)).simultaneous[0].excludes_zero is None
