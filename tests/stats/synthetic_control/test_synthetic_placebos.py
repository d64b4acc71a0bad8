from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.numerics.simplex import simplex_weights
from stats.synthetic_control.synthetic import fit_mix
from stats.synthetic_control.synthetic_placebos import (
    LeaveOneOut,
    in_space,
    in_time,
    in_time_finding,
    leave_one_out,
    leave_one_out_finding,
)
from tests.stats.build import case, cells, noise
from tests.stats.synthetic_control.test_synthetic import published

# Exact but for rounding.
EXACT = 1e-9


def matrix(name):
    """The outcomes of a published case, its treated row, its start and its units."""
    panel, design = published(name)
    (unit,) = design.treated
    return (
        panel.outcomes,
        panel.units.index(unit),
        panel.periods.index(design.first_treated[unit]),
        panel.units,
    )


@pytest.mark.parametrize("name", ["scm_outcomes_prop99", "scm_outcomes_germany", "scm_outcomes_basque"])
def test_ranks_among_placebos_are_as_published(name):
    expected = case(name)["expected"]
    outcomes, row, start, _ = matrix(name)
    apart = in_space(outcomes, start, row=row)
    within = in_space(outcomes, start, row=row, treated_in_pools=True)
    assert apart.rank == expected["placebo_rank"]
    assert apart.p_value == pytest.approx(expected["placebo_p"], abs=EXACT)
    assert apart.inference.p_value == pytest.approx(apart.p_value, abs=EXACT)
    assert within.p_value == pytest.approx(expected["placebo_p_treated_kept_in_pool"], abs=EXACT)
    assert within.inference is None


def test_the_ratios_of_the_basque_placebos_are_as_published():
    outcomes, row, start, units = matrix("scm_outcomes_basque")
    result = in_space(outcomes, start, row=row)
    ratios = {units[place]: ratio for place, ratio in zip(result.rows, result.ratios, strict=True)}
    for unit, ratio in case("scm_outcomes_basque")["expected"]["placebo_ratio_top5"].items():
        assert ratios[unit] == pytest.approx(ratio, rel=1e-4)


def test_placebos_with_a_poor_fit_can_be_left_out():
    outcomes, row, start, _ = matrix("scm_outcomes_prop99")
    full, close = (in_space(outcomes, start, row=row, worst_fit=worst) for worst in (None, 2.0))
    limit = 2 * full.fit.pre_rmspe**2
    assert [placebo.pre_rmspe**2 <= limit for placebo in close.placebos] == [True] * len(close.placebos)
    assert len(close.placebos) == sum(placebo.pre_rmspe**2 <= limit for placebo in full.placebos)
    assert close.inference.placebos == len(close.placebos)


@pytest.mark.parametrize("intercept", [False, True])
def test_placebos_are_what_each_unit_gives_by_itself(intercept):
    outcomes = noise(7, 12)
    result = in_space(outcomes, 8, intercept=intercept)
    for row, placebo in zip(result.rows, result.placebos, strict=True):
        others = np.array([unit for unit in range(1, 7) if unit != row])
        alone = fit_mix(outcomes, 8, row=int(row), donors=others, intercept=intercept)
        np.testing.assert_allclose(placebo.gaps, alone.gaps, atol=1e-7)


def test_an_intercept_takes_out_the_mean_gap_before_the_start():
    outcomes = noise(7, 12)
    outcomes[0] += 100.0
    fit = fit_mix(outcomes, 8, intercept=True)
    assert fit.gaps[:8].mean() == pytest.approx(0.0, abs=EXACT)
    assert fit.pre_rmspe < fit_mix(outcomes, 8).pre_rmspe


def test_periods_are_ranked_one_by_one():
    outcomes = noise(7, 12)
    outcomes[0, 9] += 1000.0
    result = in_space(outcomes, 8)
    for scaled in (True, False):
        p_values = result.by_period(scaled=scaled)
        assert p_values[1] == pytest.approx(1 / 7)
        assert len(p_values) == 4
    gaps = np.abs([fit.gaps[8] for fit in (result.fit, *result.placebos)])
    assert result.by_period(scaled=False)[0] == pytest.approx(np.mean(gaps >= gaps[0]))


def test_periods_cannot_be_scaled_by_a_perfect_fit():
    outcomes = noise(7, 12)
    outcomes[0] = outcomes[1:4].mean(axis=0)
    assert isinstance(in_space(outcomes, 8).by_period(), NotComputable)


def test_a_placebo_date_never_sees_the_true_start():
    outcomes = noise(7, 12)
    wild = outcomes.copy()
    wild[:, 8:] += 1000 * np.random.default_rng(1).normal(size=(7, 4))
    plain, other = (in_time(each, 8, 5) for each in (outcomes, wild))
    np.testing.assert_array_equal(plain.gaps, other.gaps)
    assert (plain.start, len(plain.gaps)) == (5, 8)


def test_reunification_pretended_for_1975_shows_that_outcomes_until_1974_say_too_little():
    outcomes, row, start, _ = matrix("scm_outcomes_germany")
    placebo = in_time(outcomes, start, start - 15, row=row)
    others = np.delete(outcomes, row, axis=0)
    # Solved one by one and by another method.
    weights, _ = simplex_weights((others - outcomes[row])[:, :15].T)
    assert placebo.effect == pytest.approx(np.mean((outcomes[row] - weights @ others)[15:30]), abs=1e-6)
    assert in_time_finding(fit_mix(outcomes, start, row=row), placebo).level == "fail"


def test_a_date_when_nothing_began_without_an_effect_is_in_order():
    outcomes = noise(12, 40)
    outcomes[0, 30:] += 10.0
    finding = in_time_finding(fit_mix(outcomes, 30), in_time(outcomes, 30, 20))
    assert finding.level == "ok"
    assert finding.number < 0.25


def test_an_effect_at_a_date_when_nothing_began_is_a_failure():
    outcomes = noise(9, 20)
    outcomes[0, 8:] += 10.0
    fit = fit_mix(outcomes, 14)
    finding = in_time_finding(fit, in_time(outcomes, 14, 8))
    assert finding.level == "fail"
    assert "pretended" in finding.sentence_en


@pytest.mark.parametrize("pretended", [0, 8, 9])
def test_a_pretended_start_lies_before_the_true_one(pretended):
    with pytest.raises(EstimationError, match="pretended"):
        in_time(noise(5, 12), 8, pretended)


def test_donors_are_left_out_one_by_one():
    outcomes, row, start, _ = matrix("scm_outcomes_germany")
    result = leave_one_out(outcomes, start, row=row)
    pool = np.delete(np.arange(len(outcomes)), row)
    for donor, fit in zip(result.left_out, result.fits, strict=True):
        alone = fit_mix(outcomes, start, row=row, donors=pool[pool != donor])
        assert fit.effect == pytest.approx(alone.effect, abs=1e-6)
        assert fit.weights[donor] == 0
        assert fit.pre_rmspe >= result.fit.pre_rmspe
    assert len(result.left_out) == len(case("scm_outcomes_germany")["expected"]["weights_nonzero"])


def test_a_donor_without_a_share_is_not_left_out_for_that_changes_nothing():
    outcomes = noise(9, 12)
    result = leave_one_out(outcomes, 8)
    idle = 1 + np.flatnonzero(result.fit.weights == 0)
    assert len(idle)
    assert not set(idle) & set(result.left_out)
    for donor in idle:
        without = fit_mix(outcomes, 8, donors=np.setdiff1d(np.arange(1, 9), donor))
        assert without.effect == pytest.approx(result.fit.effect, abs=EXACT)


def test_predictors_are_weighted_anew_without_a_donor_unless_their_weights_are_given():
    outcomes, predictors = noise(6, 12), np.random.default_rng(4).normal(size=(6, 2))
    given = leave_one_out(outcomes, 8, predictors=predictors, importance=np.array([1.0, 3.0]))
    for fit in given.fits:
        np.testing.assert_allclose(fit.importance, [0.25, 0.75])
    anew = leave_one_out(outcomes, 8, predictors=predictors)
    others = np.setdiff1d(np.arange(1, 6), anew.left_out[:1])
    alone = fit_mix(outcomes, 8, donors=others, predictors=predictors)
    np.testing.assert_allclose(anew.fits[0].gaps, alone.gaps, atol=EXACT)


def test_an_effect_that_hangs_on_one_donor_is_a_failure():
    # Only the first donor moves with the treated; without it the sign turns.
    time = np.arange(12.0)
    outcomes = np.vstack([time, time + 0.1 * noise(1, 12) - 1, np.tile(np.linspace(5, 30, 12), (2, 1))])
    outcomes[2:] += 0.01 * noise(2, 12, seed=3)
    outcomes[1, 8:] -= 4.0
    finding = leave_one_out_finding(leave_one_out(outcomes, 8))
    assert finding.level == "fail"
    assert "sign" in finding.sentence_en


def test_an_effect_that_hangs_on_nobody_is_in_order():
    outcomes = noise(30, 40)
    outcomes[0, 30:] += 50.0
    finding = leave_one_out_finding(leave_one_out(outcomes, 30))
    assert finding.level == "ok"
    assert finding.number < 0.25


def test_one_donor_cannot_be_left_out():
    with pytest.raises(EstimationError, match="donors"):
        leave_one_out(noise(2, 12), 8)


@given(st.integers(0, 200), st.permutations(range(1, 7)))
@settings(max_examples=15)
def test_the_order_of_units_does_not_matter(seed, order):
    outcomes = noise(7, 12, seed=seed)
    plain, shuffled = in_space(outcomes, 8), in_space(outcomes[[0, *order]], 8)
    assert shuffled.p_value == plain.p_value
    np.testing.assert_allclose(sorted(shuffled.ratios), sorted(plain.ratios), rtol=1e-7)


def test_germany_on_predictors_weighted_on_a_training_period_is_as_published():
    """Abadie, Diamond and Hainmueller (2015), table 1: Austria 0.42, United States 0.22, Japan 0.16,
    Switzerland 0.11, Netherlands 0.09."""
    columns = {
        name: cells("germany", "country", "year", name)
        for name in ("gdp", "infrate", "trade", "schooling", "invest70", "invest80", "industry")
    }
    units = sorted({unit for unit, _, _ in columns["gdp"]})
    years = [str(year) for year in range(1960, 2004)]
    outcomes = np.zeros((len(units), len(years)))
    for unit, year, value in columns["gdp"]:
        outcomes[units.index(unit), years.index(year)] = value

    def mean(name, first, last):
        return [
            np.mean([v for u, year, v in columns[name] if u == unit and first <= int(year) <= last])
            for unit in units
        ]

    def predictors(first, last, schooling, invest):
        return np.array(
            [
                mean("gdp", first, last),
                mean("trade", first, last),
                mean("infrate", first, last),
                mean("industry", first, last),
                mean("schooling", *schooling),
                mean(invest, 1960, 2003),
            ]
        ).T

    row = units.index("West Germany")
    training = fit_mix(
        outcomes,
        30,
        row=row,
        predictors=predictors(1971, 1980, (1970, 1975), "invest70"),
        matched=slice(21, 31),
    )
    fit = fit_mix(
        outcomes,
        30,
        row=row,
        predictors=predictors(1981, 1990, (1980, 1985), "invest80"),
        importance=training.importance,
    )
    found = dict(zip(np.delete(units, row), fit.weights, strict=True))
    table = {"Austria": 0.42, "USA": 0.22, "Japan": 0.16, "Switzerland": 0.11, "Netherlands": 0.09}
    for unit, share in table.items():
        assert found[unit] == pytest.approx(share, abs=0.05)


def test_outcomes_that_do_not_vary_are_refused():
    with pytest.raises(EstimationError, match="outcomes: do not vary"):
        in_space(np.full((6, 10), 3.0), 6)


@pytest.mark.parametrize(
    ("gap", "level"), [(0.24, "ok"), (0.26, "caution"), (0.49, "caution"), (0.51, "fail")]
)
def test_donors_and_dates_are_judged_by_the_thresholds_of_every_sensitivity_check(gap, level):
    whole = fit_mix(noise(6, 12), 8)
    whole = replace(whole, outcomes=whole.synthetic + 1.0)
    pretended = replace(whole, outcomes=whole.synthetic + gap)
    without = replace(whole, outcomes=whole.synthetic + 1.0 - gap)
    assert in_time_finding(whole, pretended).level == level
    assert leave_one_out_finding(LeaveOneOut(whole, np.array([1]), (without,))).level == level
