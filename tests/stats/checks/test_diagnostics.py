from dataclasses import replace

import numpy as np
import pytest

from stats import reasons
from stats.checks import diagnostics
from stats.cohorts import NEVER
from stats.errors import EstimationError
from stats.inference import placebo_difference, student_t
from stats.results import EventStudy, JointTest
from tests.stats.build import create_sample, noise


def levels(findings):
    return {finding.code: finding.level for finding in findings}


def study(p_value, leads=5, blocks=5):
    test = JointTest("htz", 1.0, float(blocks), 20.0, p_value, leads, blocks)
    return EventStudy(-1, -1, (), test)


@pytest.mark.parametrize(("p_value", "level"), [(0.01, "fail"), (0.07, "caution"), (0.5, "ok")])
def test_the_pre_trend_is_judged_by_its_p_value(p_value, level):
    assert levels(diagnostics.pre_trend(study(p_value))) == {"pre_trend": level}


def test_no_pre_trend_found_is_not_told_as_none_there():
    assert "does not prove" in diagnostics.pre_trend(study(0.5))[0].sentence_en


def test_pooled_leads_are_told_with_their_number():
    pooled = diagnostics.pre_trend(study(0.5, leads=9, blocks=2))[1]
    assert (pooled.code, pooled.number) == ("leads_pooled", 2.0)
    assert "9" in pooled.sentence_ko


def test_a_pre_trend_that_cannot_be_tested_is_a_caution_with_its_reason():
    finding = diagnostics.pre_trend(EventStudy(-1, -1, (), reasons.no_leads()))[0]
    assert (finding.level, finding.number) == ("caution", reasons.no_leads())


@pytest.mark.parametrize(("gaps", "level"), [(0, "ok"), (4, "caution"), (12, "fail")])
def test_coverage_is_judged_by_the_share_of_cells(gaps, level):
    values = noise(4, 10)
    values[3, 2 : 2 + min(gaps, 6)] = np.nan
    values[2, 2 : 2 + max(gaps - 6, 0)] = np.nan
    cells, _ = create_sample(values, missing="available")
    assert levels(diagnostics.coverage(cells))["coverage"] == level


def test_what_the_policy_left_out_is_told_by_name():
    values = noise(4, 10)
    values[3, 0] = np.nan
    cells, _ = create_sample(values, missing="drop_unit")
    assert "u003" in diagnostics.coverage(cells)[1].sentence_en
    cells, _ = create_sample(values, missing="drop_period")
    assert diagnostics.coverage(cells)[1].code == "dropped_periods"


INFERENCE = student_t(1.0, 1.0, 4.0, alpha=0.05, method="cr2_satterthwaite")


@pytest.mark.parametrize(("count", "level"), [(1, "caution"), (4, "caution"), (5, "ok")])
def test_few_treated_clusters_are_a_caution(count, level):
    assert diagnostics.treated_clusters(count, INFERENCE).level == level


def test_one_treated_unit_is_told_with_the_least_p_value_that_its_placebos_allow():
    ranked = placebo_difference(9.0, np.arange(12.0), alpha=0.05)
    found = diagnostics.treated_clusters(1, ranked)
    assert "no p-value falls below 0.077" in found.sentence_en
    assert "0.077" in found.sentence_ko


@pytest.mark.parametrize(("placebos", "level"), [(18, "caution"), (19, "ok")])
def test_placebos_are_enough_where_the_least_p_value_reaches_the_level(placebos, level):
    assert diagnostics.placebo_count(placebos, 0.05).level == level


def test_different_starts_are_a_caution():
    cells, _ = create_sample(noise(6, 6), treated=2, start=[2, 3])
    assert levels(diagnostics.staggered(cells)) == {"staggered_starts": "caution"}


def test_the_gravest_finding_stands_first():
    findings = [diagnostics.placebo_count(30, 0.05), *diagnostics.pre_trend(study(0.01))]
    assert [finding.level for finding in diagnostics.gravest_first(findings)] == ["fail", "ok"]


def test_the_finding_on_few_treated_clusters_names_the_inference_that_was_made():
    sentence = diagnostics.treated_clusters(3, replace(INFERENCE, method="reassignment")).sentence_en
    assert "re-assignments" in sentence
    assert "CR2" not in sentence


@pytest.mark.parametrize(("gaps", "level"), [(0, "ok"), (1, "caution"), (3, "fail")])
def test_gaps_that_come_with_treatment_are_told(gaps, level):
    outcomes = noise(8, 10)
    outcomes[0, 5 : 5 + gaps] = np.nan
    found = diagnostics.missing_asymmetry(outcomes, [5, 5, 5] + [NEVER] * 5)
    assert found.level == level
    assert found.number == pytest.approx(gaps / 15)


def test_gaps_on_both_sides_are_no_asymmetry():
    outcomes = noise(4, 10)
    outcomes[:, 7] = np.nan
    found = diagnostics.missing_asymmetry(outcomes, [5, 5, NEVER, NEVER])
    assert (found.level, found.number) == ("ok", 0)
    assert "20" in found.sentence_ko
    assert "20" in found.sentence_en


@pytest.mark.parametrize("starts", [[5, 5], [NEVER, NEVER], [0, NEVER], [5]])
def test_asymmetry_needs_both_sides_and_an_earlier_period(starts):
    with pytest.raises(EstimationError, match="first_treated"):
        diagnostics.missing_asymmetry(noise(2, 10), starts)
