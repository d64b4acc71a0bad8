"""What stands beside an estimate: trends, balance, neighbours, anticipation, forbidden comparisons."""

import numpy as np
import pytest

from stats.checks.honest import breakdown
from stats.checks.honest_restrictions import Restriction
from stats.checks.honest_sets import EventCoefficients
from stats.design import Predictor
from stats.evaluate import evaluate
from stats.findings import NotComputable
from stats.methods.trend_checks import CODES
from stats.panel import Panel
from tests.stats.build import create_design, create_panel, labels, noise

UNITS, PERIODS, START = 16, 24, 16
COMPARISONS = ("did", "synthetic_control", "synthetic_did", "augmented_synthetic_control")
EARLY = Predictor("outcome", labels("", 8))


def findings(values, *, treated=1, covariates=None, start=START, **others):
    panel = create_panel(values, **({} if covariates is None else {"covariates": covariates}))
    design = create_design(treated=treated, units=len(values), start=start, **others)
    evaluation = evaluate(panel, design, np.random.default_rng(0))
    return {finding.code: finding for finding in evaluation.findings}


def treated_by(effect, *, treated=8, seed=0):
    values = noise(UNITS, PERIODS, seed=seed)
    values[:treated, START:] += effect
    return values


def test_a_firm_effect_has_breakdown_values_and_a_pre_test_that_would_have_seen_its_trend():
    found = findings(treated_by(5.0), treated=8)
    assert found["breakdown"].number > 1
    assert found["breakdown_smoothness"].number > 0
    assert found["pre_trend_power"].number > 0.95


def test_the_breakdown_value_is_that_of_the_event_study_in_spells():
    """Eight treated units: seven spells, of which the reference is the last before the start."""
    values, found = treated_by(5.0), findings(treated_by(5.0), treated=8)["breakdown"]
    spells = [slice(0, 4), slice(4, 8), slice(8, 12), slice(12, 16), slice(16, 20), slice(20, 24)]
    means = np.stack([values[:, spell].mean(axis=1) for spell in spells], axis=1)
    moved = means - means[:, [3]]
    estimates = moved[:8].mean(axis=0) - moved[8:].mean(axis=0)
    spread = sum(np.cov(side.T, ddof=1) / 8 for side in (moved[:8], moved[8:]))
    kept = [0, 1, 2, 4, 5]
    event = EventCoefficients(estimates[kept], spread[np.ix_(kept, kept)], 3)
    expected = breakdown(
        event, Restriction("relative_magnitudes"), weights=[0.5, 0.5], rng=np.random.default_rng(1)
    )
    # The critical value is simulated, with another seed here.
    assert found.number == pytest.approx(expected, rel=0.02)


def test_no_effect_has_nothing_to_break():
    found = findings(treated_by(0.0, seed=1), treated=8)
    assert found["breakdown"].number.reason_code == "nothing_to_break"


@pytest.mark.parametrize("treated", [1, 4])
def test_few_treated_units_leave_the_bounds_unsaid(treated):
    found = findings(treated_by(5.0, treated=treated), treated=treated)
    assert {found[code].number.reason_code for code in CODES} == {"few_treated"}


def test_one_period_before_the_start_leaves_no_lead_to_ask():
    found = findings(treated_by(5.0), treated=8, start=1)
    assert {found[code].number.reason_code for code in CODES} == {"no_leads"}


def test_forbidden_comparisons_are_counted_where_two_way_effects_meet_several_starts():
    found = findings(noise(UNITS, PERIODS), treated=4, start=[10, 10, 16, 16])
    assert 0 < found["bacon_forbidden_weight"].number < 1
    assert "bacon_forbidden_weight" not in findings(noise(UNITS, PERIODS), treated=4)


def test_forbidden_comparisons_need_a_complete_panel():
    values = noise(UNITS, PERIODS)
    values[9, 3] = np.nan
    found = findings(values, treated=4, start=[10, 10, 16, 16], missing="available")
    assert "bacon_forbidden_weight" not in found
    assert "staggered_starts" in found


@pytest.mark.parametrize("method", ["did", "synthetic_control", "synthetic_did", "staggered"])
def test_comparisons_tell_how_alike_units_were_before(method):
    income = np.full((UNITS, PERIODS), 1.0) + np.arange(UNITS)[::-1, None]
    found = findings(noise(UNITS, PERIODS), method=method, covariates={"income": income})
    assert found["balance"].level != "ok"
    assert "income" in found["balance"].sentence_en


@pytest.mark.parametrize("method", COMPARISONS)
@pytest.mark.parametrize("reached", [0.0, 1.0])
def test_neighbours_that_the_pilot_reached_are_found(method, reached):
    values = noise(UNITS, PERIODS) / 10
    values[0, START:] += 3.0
    values[1:3, START:] += reached * 3.0
    found = findings(values, method=method, neighbours=labels("u", UNITS)[1:3])["spill_over"]
    assert (found.number > 0.5) == (reached == 1.0)


def test_neighbours_are_looked_at_with_predictors_too():
    values = noise(UNITS, PERIODS) / 10
    values[:3, START:] += 3.0
    found = findings(
        values, method="synthetic_control", predictors=(EARLY,), neighbours=labels("u", UNITS)[1:3]
    )
    assert found["spill_over"].number > 0.5
    assert "leave_one_out" in found


@pytest.mark.parametrize("method", COMPARISONS)
@pytest.mark.parametrize("early", [False, True])
def test_districts_that_reacted_early_are_found(method, early):
    values = noise(UNITS, PERIODS) / 10
    values[0, START - (4 if early else 0) :] += 3.0
    found = findings(values, method=method, anticipation=4)["anticipation"]
    told = 0.25 if method == "did" else 0.02
    assert (found.number > told) == early


def test_what_the_design_does_not_ask_is_not_looked_at():
    assert not {"spill_over", "anticipation"} & set(findings(noise(UNITS, PERIODS)))


@pytest.mark.parametrize("method", COMPARISONS)
def test_one_treated_unit_is_a_caution_with_the_least_p_value(method):
    found = findings(noise(UNITS, PERIODS), method=method)["treated_clusters"]
    assert found.level == "caution"
    assert f"{1 / UNITS:.3f}" in found.sentence_en


def test_the_event_study_keeps_its_covariance():
    panel = Panel(treated_by(5.0), labels("u", UNITS), labels("", PERIODS))
    design = create_design(treated=8, units=UNITS, start=START)
    study = evaluate(panel, design, np.random.default_rng(0)).event_study
    errors = [each.estimate.inference.standard_error for each in study.coefficients]
    np.testing.assert_allclose(np.sqrt(np.diag(study.matrix)), errors, rtol=1e-6)
    np.testing.assert_array_equal(study.matrix, study.matrix.T)


def test_one_treated_unit_has_no_covariance():
    panel = create_panel(noise(UNITS, PERIODS))
    study = evaluate(panel, create_design(units=UNITS, start=START), np.random.default_rng(0)).event_study
    assert isinstance(study.covariance, NotComputable)
    assert study.matrix is None
