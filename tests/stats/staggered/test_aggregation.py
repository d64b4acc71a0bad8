"""Summaries of group-time effects: published figures, hand-made cases, refusals."""

import numpy as np
import pytest

from stats.cohorts import NEVER
from stats.errors import EstimationError
from stats.staggered.aggregation import aggregate
from stats.staggered.group_time import group_time_effects
from tests.stats.build import case
from tests.stats.staggered.test_group_time import PUBLISHED, mpdta
from tests.stats.staggered_panels import create_staggered, published

KINDS = ("simple", "dynamic", "group", "calendar")


def minimum_wages(identifier):
    outcomes, first, years, lpop = mpdta()
    choices = {
        "cs_mpdta_cond_ipw_notyet_universal": {"adjustment": "ipw", "base_period": "universal"},
        "cs_mpdta_cond_reg_notyet": {"adjustment": "reg"},
    }[identifier]
    return group_time_effects(outcomes, first, covariates=lpop, control_group="not_yet", **choices), years


def castle():
    outcomes, first, years, _ = published(
        "castle_panel", unit="sid", period="year", value="l_homicide", start="g"
    )
    return group_time_effects(outcomes, first), years


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "identifier", ["cs_mpdta_cond_ipw_notyet_universal", "cs_mpdta_cond_reg_notyet", "cs_castle_never"]
)
def test_every_summary_is_as_published(identifier, kind):
    expected = case(identifier)["expected"]
    found, years = castle() if identifier == "cs_castle_never" else minimum_wages(identifier)
    summary = aggregate(found, kind, share_errors="did")
    assert summary.overall == pytest.approx(expected[f"{kind}_att"], abs=PUBLISHED)
    assert summary.overall_error == pytest.approx(expected[f"{kind}_se"], abs=PUBLISHED)
    for label, effect, error in zip(summary.labels, summary.effects, summary.standard_errors, strict=True):
        name = str(label if kind == "dynamic" else years[label])
        assert effect == pytest.approx(expected[f"{kind}_egt"][name], abs=PUBLISHED)
        theirs = expected[f"{kind}_egt_se"][name]
        assert np.isnan(error) if theirs is None else error == pytest.approx(theirs, abs=PUBLISHED)


def test_summaries_by_hand():
    # Two units start in column 1, one in column 2; effects 1, 2 and 6, so shares are 2/5 and 1/5.
    first = np.array([1, 1, 2, NEVER, NEVER])
    outcomes = np.array([[0, 1, 2], [0, 1, 2], [0, 0, 6], [0, 0, 0], [0, 0, 0]], dtype=float)
    found = group_time_effects(outcomes, first)
    simple, dynamic, group, calendar = (aggregate(found, kind) for kind in KINDS)
    assert simple.overall == pytest.approx((2 * 1 + 2 * 2 + 6) / 5)
    assert dynamic.labels.tolist() == [-1, 0, 1]
    assert dynamic.effects.tolist() == pytest.approx([0, (2 * 1 + 6) / 3, 2])
    assert dynamic.overall == pytest.approx((8 / 3 + 2) / 2)
    assert group.effects.tolist() == pytest.approx([1.5, 6])
    assert group.overall == pytest.approx((2 * 1.5 + 6) / 3)
    assert calendar.effects.tolist() == pytest.approx([1, (2 * 2 + 6) / 3])
    assert calendar.overall == pytest.approx((1 + 10 / 3) / 2)


@pytest.mark.parametrize("kind", KINDS)
def test_exact_errors_follow_from_one_unit_more(kind):
    outcomes, first = create_staggered(units=400)
    weights = np.ones(400)
    base = aggregate(group_time_effects(outcomes, first), kind, share_errors="exact")
    assert base.overall_error == aggregate(group_time_effects(outcomes, first), kind).overall_error
    weights[399] += 1e-4
    moved = aggregate(group_time_effects(outcomes, first, weights=weights), kind)
    slope = (moved.overall - base.overall) / 1e-4 * 400
    assert slope == pytest.approx(float(base.influence.values()[399] @ base.overall_loading), rel=2e-2)


def test_balanced_event_time_takes_only_cohorts_seen_long_enough():
    found = group_time_effects(*create_staggered(starts=(3, 6)))
    balanced = aggregate(found, "dynamic", balance=2)
    assert balanced.labels.tolist() == [-2, -1, 0, 1, 2]
    early = found.groups == 3
    lag = float(found.effects[early & (found.periods == 5)][0])
    assert balanced.effects[-1] == pytest.approx(lag)


def test_a_window_cuts_times_since_the_start():
    found = group_time_effects(*create_staggered())
    assert aggregate(found, "dynamic", first=-1, last=1).labels.tolist() == [-1, 0, 1]
    impact = aggregate(found, "simple", last=0).overall
    assert impact == pytest.approx(float(aggregate(found, "dynamic", first=0, last=0).effects[0]))


def test_missing_cells_are_refused_or_skipped_by_choice():
    outcomes, first = create_staggered()
    outcomes[first == 3, 6] = np.nan
    found = group_time_effects(outcomes, first, unbalanced="pairs")
    with pytest.raises(EstimationError, match="cohort 3 in period 6"):
        aggregate(found, "simple")
    skipped = aggregate(found, "group", skip_missing=True)
    kept = (found.groups == 3) & (found.periods >= 3) & (found.periods != 6)
    assert skipped.effects[0] == pytest.approx(found.effects[kept].mean())


@pytest.mark.parametrize(
    ("kind", "choices", "argument"),
    [
        ("median", {}, "kind"),
        ("dynamic", {"balance": 20}, "found"),
        ("dynamic", {"last": -1}, "found"),
        ("simple", {"last": -1}, "found"),
    ],
)
def test_a_summary_of_nothing_is_refused(kind, choices, argument):
    with pytest.raises(EstimationError) as refused:
        aggregate(group_time_effects(*create_staggered()), kind, **choices)
    assert refused.value.argument == argument


def test_inference_is_normal_and_silent_for_the_reference():
    found = group_time_effects(*create_staggered(), base_period="universal")
    summary = aggregate(found, "dynamic")
    reference = int(np.flatnonzero(summary.labels == -1)[0])
    assert summary.inference(reference, alpha=0.05).excludes_zero is None
    overall = summary.inference(alpha=0.05)
    assert overall.interval.high == pytest.approx(
        summary.overall + 1.959964 * summary.overall_error, rel=1e-6
    )
