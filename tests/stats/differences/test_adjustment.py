import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.cohorts import NEVER
from stats.differences.adjustment import cuped, deseasoned, months, weekdays
from stats.differences.two_way import two_way_effect
from stats.errors import EstimationError, PanelError

# Exact up to rounding.
EXACT = 1e-9
seeds = st.integers(0, 1000)


def weekly(units=8, periods=56, seed=0):
    """Noise, its weekday labels, and a pattern of each unit's own."""
    rng = np.random.default_rng(seed)
    days = np.arange(periods) % 7
    return (
        rng.normal(size=(units, periods)),
        [str(1 + day) for day in days],
        5 * rng.normal(size=(units, 7)),
        days,
    )


def test_labels_of_dates():
    assert weekdays(["2026-11-23", "2026-11-29"]) == ("1", "7")
    assert months(["2026-11-23", "2026-02"]) == ("11", "02")
    with pytest.raises(PanelError) as refused:
        weekdays(["2026-W01x"])
    assert refused.value.period == "2026-W01x"


def test_a_pattern_without_noise_is_taken_out_whole():
    _, labels, pattern, days = weekly()
    level = np.arange(8.0)[:, None]
    result = deseasoned(level + pattern[:, days], labels, before=21)
    centred = pattern - pattern.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(result.pattern, centred, atol=EXACT)
    np.testing.assert_allclose(np.ptp(result.outcomes, axis=1), 0.0, atol=EXACT)


def test_by_hand():
    # Mondays 1 and 3, other days 5 and 7: the pattern is -2 and +2 whatever comes after the start.
    result = deseasoned([[1.0, 5.0, 3.0, 7.0, 100.0, 0.0]], ["mon", "tue"] * 3, before=4)
    assert result.seasons == ("mon", "tue")
    np.testing.assert_allclose(result.pattern, [[-2.0, 2.0]], atol=EXACT)
    np.testing.assert_allclose(result.outcomes, [[3.0, 3.0, 5.0, 5.0, 102.0, -2.0]], atol=EXACT)


def test_what_comes_after_the_start_teaches_nothing():
    outcomes, labels, _, _ = weekly()
    moved = outcomes.copy()
    moved[:, 28:] += 1000 * np.random.default_rng(1).normal(size=(8, 28))
    one, other = (deseasoned(each, labels, before=28).pattern for each in (outcomes, moved))
    np.testing.assert_array_equal(one, other)


def test_a_trend_is_kept_apart_from_the_season():
    _, labels, pattern, days = weekly()
    trend = np.outer(np.arange(8.0), np.arange(56.0))
    result = deseasoned(trend + pattern[:, days], labels, before=18, trend=True)
    np.testing.assert_allclose(result.pattern, pattern - pattern.mean(axis=1, keepdims=True), atol=1e-8)


def test_units_of_a_group_share_a_pattern_and_gaps_are_passed_over():
    _, labels, pattern, days = weekly()
    groups = np.repeat([0, 1], 4)
    common = pattern[groups * 4][:, days] + np.arange(8.0)[:, None]
    common[2, 5] = common[7, 40] = np.nan
    result = deseasoned(common, labels, before=21, groups=groups)
    np.testing.assert_allclose(result.pattern[0], result.pattern[3], atol=EXACT)
    expected = pattern[4] - pattern[4].mean()
    np.testing.assert_allclose(result.pattern[5], expected, atol=EXACT)
    assert np.isnan(result.outcomes[2, 5])


def test_seasons_of_their_own_cost_a_comparison_less_once_they_are_out():
    outcomes, labels, pattern, days = weekly(units=20, periods=77)
    starts = np.repeat([59, NEVER], 10)
    seasonal = outcomes + pattern[np.arange(20) % 8][:, days]
    plain = two_way_effect(seasonal, starts).error("effect")
    adjusted = two_way_effect(deseasoned(seasonal, labels, before=56).outcomes, starts).error("effect")
    assert adjusted < plain


def test_too_few_readings_of_a_season_are_named():
    outcomes, labels, _, _ = weekly()
    with pytest.raises(PanelError, match="season '7'") as refused:
        deseasoned(outcomes, labels, before=13)
    assert refused.value.unit == "0"
    outcomes[3, 4:20:7] = np.nan
    with pytest.raises(PanelError) as refused:
        deseasoned(outcomes, labels, before=20)
    assert refused.value.unit == "3"
    # Each line goes through both readings of its unit.
    halves = [[1.0, 2.0, np.nan, np.nan], [np.nan, np.nan, 3.0, 5.0]]
    with pytest.raises(PanelError, match="trend"):
        deseasoned(halves, ["a", "b", "a", "b"], before=4, groups=[0, 0], trend=True)
    with pytest.raises(EstimationError, match="seasons"):
        deseasoned(outcomes, labels[:-1], before=20)


def people(seed=0, size=60):
    rng = np.random.default_rng(seed)
    before = rng.normal(size=size) * 3
    treated = np.arange(size) % 2
    return before + rng.normal(size=size) + 2 * treated, before, treated


@given(seeds)
def test_the_adjusted_difference_is_that_of_analysis_of_covariance(seed):
    outcomes, before, treated = people(seed)
    result = cuped(outcomes, before, groups=treated)
    columns = np.column_stack([np.ones(60), treated, before])
    fit = np.linalg.lstsq(columns, outcomes, rcond=None)[0]
    difference = result.adjusted[treated == 1].mean() - result.adjusted[treated == 0].mean()
    assert difference == pytest.approx(fit[1], abs=EXACT)
    assert result.slopes[0] == pytest.approx(fit[2], abs=EXACT)


def test_most_of_the_variance_goes_where_readings_from_before_predict():
    outcomes, before, treated = people()
    result = cuped(outcomes, before, groups=treated)
    assert result.removed == pytest.approx(9 / 10, abs=0.1)
    assert result.adjusted.mean() == pytest.approx(outcomes.mean(), abs=EXACT)


@given(seeds, st.sampled_from([1e-6, 1e6]), st.sampled_from([0.0, 1e5]))
def test_units_of_the_covariate_do_not_matter(seed, scale, shift):
    outcomes, before, treated = people(seed)
    plain = cuped(outcomes, before, groups=treated).adjusted
    other = cuped(outcomes, scale * (before + shift), groups=treated).adjusted
    np.testing.assert_allclose(other, plain, atol=1e-6)


def test_whole_weights_count_units_as_that_many_copies():
    outcomes, before, treated = people(1)
    copies = np.random.default_rng(0).integers(1, 4, 60)
    many = np.repeat(np.arange(60), copies)
    weighted = cuped(outcomes, before, groups=treated, weights=copies)
    copied = cuped(outcomes[many], before[many], groups=treated[many])
    assert weighted.slopes == pytest.approx(copied.slopes, abs=EXACT)
    np.testing.assert_allclose(weighted.adjusted[many], copied.adjusted, atol=EXACT)


@pytest.mark.parametrize(
    ("argument", "changed"),
    [
        ("covariates", {"covariates": np.ones(60)}),
        ("covariates", {"covariates": np.arange(60) % 2}),
        ("covariates", {"covariates": np.repeat(np.arange(60.0)[:, None], 2, axis=1)}),
        ("covariates", {"covariates": np.full(60, np.nan)}),
        ("covariates", {"covariates": np.ones(59)}),
        ("covariates", {"covariates": np.random.default_rng(0).normal(size=(60, 58))}),
        ("outcomes", {"outcomes": np.full(60, np.inf)}),
        ("weights", {"weights": np.zeros(60)}),
        ("groups", {"groups": np.arange(59)}),
    ],
)
def test_what_cannot_adjust_is_refused(argument, changed):
    outcomes, before, treated = people()
    given_ = {"outcomes": outcomes, "covariates": before, "groups": treated, **changed}
    with pytest.raises(EstimationError) as refused:
        cuped(given_.pop("outcomes"), given_.pop("covariates"), **given_)
    assert refused.value.argument == argument
