import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.checks import sensitivity, sensitivity_findings
from stats.checks.sensitivity import SpillOver, Variation
from stats.cohorts import NEVER
from stats.errors import EstimationError
from stats.inference import silent, student_t
from stats.reasons import one_treated_cluster
from stats.results import Estimate
from stats.words import figure, percent

UNITS = ("a", "b", "c", "d", "e")


def did(outcomes, first_treated):
    """Difference of differences of means, for one common start; gaps are left out."""
    treated = first_treated < NEVER
    start = int(first_treated.min())
    change = np.nanmean(outcomes[:, start:], axis=1) - np.nanmean(outcomes[:, :start], axis=1)
    return float(change[treated].mean() - change[~treated].mean())


def create_panel(*, units=5, periods=8, start=4, effect=3.0, seed=0, scale=0.1):
    outcomes = np.random.default_rng(seed).normal(scale=scale, size=(units, periods))
    outcomes[0, start:] += effect
    return outcomes, np.array([start] + [NEVER] * (units - 1))


def test_pretended_starts_see_earlier_periods_alone():
    outcomes, starts = create_panel()
    found = sensitivity.placebo_dates(did, outcomes, starts)
    assert found.labels == ("-1", "-2")
    own = outcomes[0, 2:4].mean() - outcomes[0, :2].mean()
    others = (outcomes[1:, 2:4].mean(axis=1) - outcomes[1:, :2].mean(axis=1)).mean()
    assert found.effects[1] == pytest.approx(own - others)


def test_a_drift_before_the_start_fails_the_placebo_dates():
    outcomes, starts = create_panel(effect=-2.0)
    outcomes[0] += np.arange(8)
    found = sensitivity_findings.placebo_dates_finding(sensitivity.placebo_dates(did, outcomes, starts))
    assert (found.level, found.code) == ("fail", "placebo_dates")
    calm = sensitivity_findings.placebo_dates_finding(sensitivity.placebo_dates(did, *create_panel()))
    assert calm.level == "ok"
    assert percent(calm.number) in calm.sentence_ko
    assert percent(calm.number) in calm.sentence_en


def test_every_control_is_left_out_once():
    outcomes, starts = create_panel()
    found = sensitivity.leave_one_control_out(did, outcomes, starts, units=UNITS)
    assert found.labels == UNITS[1:]
    kept = [0, 1, 3, 4]
    assert found.effects[1] == pytest.approx(did(outcomes[kept], starts[kept]))


def test_a_control_that_carries_the_effect_is_named():
    outcomes, starts = create_panel(effect=0.5)
    outcomes[2, 4:] -= 8
    found = sensitivity_findings.leave_one_control_out_finding(
        sensitivity.leave_one_control_out(did, outcomes, starts, units=UNITS)
    )
    assert found.level == "fail"
    assert "control c" in found.sentence_en
    assert "대조 구역 c" in found.sentence_ko


def test_an_effect_that_changes_its_sign_fails_however_small_the_change():
    found = sensitivity_findings.leave_one_control_out_finding(Variation(1.0, ("a",), (-0.01,)))
    turned = sensitivity_findings.leave_one_period_out_finding(Variation(1.0, ("a",), (1.1,)))
    assert (found.level, turned.level) == ("fail", "ok")


def test_periods_are_left_out_with_the_start_moved_along():
    outcomes, starts = create_panel()
    found = sensitivity.leave_one_period_out(did, outcomes, starts)
    assert found.labels == tuple("01234567")
    without = np.delete(outcomes, 1, axis=1)
    assert found.effects[1] == pytest.approx(did(without, np.where(starts < NEVER, 3, NEVER)))
    last = np.delete(outcomes, 4, axis=1)
    assert found.effects[4] == pytest.approx(did(last, starts))


def test_the_only_period_on_a_side_stays():
    outcomes, starts = create_panel(periods=4, start=1)
    assert sensitivity.leave_one_period_out(did, outcomes, starts).labels == ("1", "2", "3")
    outcomes, starts = create_panel(periods=4, start=3)
    assert sensitivity.leave_one_period_out(did, outcomes, starts).labels == ("0", "1", "2")


def test_one_wild_period_is_named():
    outcomes, starts = create_panel(effect=0.0)
    outcomes[0, 6] += 20
    found = sensitivity_findings.leave_one_period_out_finding(
        sensitivity.leave_one_period_out(did, outcomes, starts)
    )
    assert found.level == "fail"
    assert "period 6" in found.sentence_en


def test_anticipated_periods_are_taken_out():
    outcomes, starts = create_panel()
    outcomes[0, 3] += 3  # word was out one period early
    found = sensitivity.without_anticipation(did, outcomes, starts, periods=2)
    assert found.labels == ("-1", "-2")
    assert found.effect == pytest.approx(3 * 0.75, abs=0.3)
    assert found.effects[0] == pytest.approx(3, abs=0.3)
    finding = sensitivity_findings.anticipation_finding(found)
    assert finding.level == "caution"
    assert finding.number == pytest.approx(max(abs(np.array(found.effects) / found.effect - 1)))


def test_with_several_starts_the_treated_cells_go_missing_alone():
    seen = []

    def spy(outcomes, first_treated):
        seen.append(np.isnan(outcomes))
        return 1.0

    outcomes = np.arange(18.0).reshape(3, 6)
    sensitivity.without_anticipation(spy, outcomes, [2, 4, NEVER], periods=1)
    gone = np.argwhere(seen[1]).tolist()
    assert gone == [[0, 1], [1, 3]]


def test_neighbours_are_analysed_as_if_treated_without_the_treated():
    outcomes, starts = create_panel()
    outcomes[1, 4:] += 2
    found = sensitivity.spill_over(did, outcomes, starts, [False, True, False, False, False])
    assert found.on_ring == pytest.approx(2, abs=0.3)
    assert found.without_ring == pytest.approx(3, abs=0.3)
    assert found.effect == pytest.approx(2.5, abs=0.3)
    finding = sensitivity_findings.spill_over_finding(found)
    assert finding.level == "fail"
    assert figure(found.without_ring) in finding.sentence_en
    assert figure(found.without_ring) in finding.sentence_ko


def test_quiet_neighbours_are_fine():
    assert sensitivity_findings.spill_over_finding(SpillOver(3.0, 3.1, 0.2)).level == "ok"


def estimate(p_value_of):
    return Estimate(p_value_of, student_t(p_value_of, 1.0, 1e6, alpha=0.05, method="t"))


def test_placebo_outcomes_are_judged_together():
    found = sensitivity_findings.placebo_outcomes_finding({"rain": estimate(2.2), "births": estimate(0.1)})
    assert found.number == pytest.approx(2 * 0.0278, abs=1e-3)  # Holm doubles the smaller of two
    assert found.level == "caution"
    assert "rain" in found.sentence_en
    assert "rain" in found.sentence_ko
    assert sensitivity_findings.placebo_outcomes_finding({"rain": estimate(4.0)}).level == "fail"
    assert sensitivity_findings.placebo_outcomes_finding({"rain": estimate(0.4)}).level == "ok"


def test_placebo_outcomes_without_p_values_are_told_as_such():
    mute = Estimate(1.0, silent("cr2", 0.05, one_treated_cluster()))
    found = sensitivity_findings.placebo_outcomes_finding({"rain": mute})
    assert (found.level, found.number.reason_code) == ("caution", "no_placebo_outcome")


def test_analyses_that_are_refused_are_told_and_never_pass_as_ok():
    def picky(outcomes, first_treated):
        if len(outcomes) < 5 and outcomes[1, 0] < 0:
            raise EstimationError("controls", "too few")
        return 1.0

    outcomes, starts = create_panel()
    outcomes[1, 0], outcomes[2, 0] = -1.0, 1.0
    found = sensitivity.leave_one_control_out(picky, outcomes, starts, units=UNITS)
    assert found.refused == ("c", "d", "e")
    finding = sensitivity_findings.leave_one_control_out_finding(found)
    assert finding.level == "caution"
    assert "c, d, e" in finding.sentence_ko


def test_no_effect_leaves_nothing_to_compare_with():
    found = sensitivity_findings.placebo_dates_finding(Variation(0.0, ("-1",), (1.0,)))
    assert (found.level, found.number.reason_code) == ("caution", "nothing_to_compare")
    assert sensitivity_findings.anticipation_finding(Variation(1.0, (), ())).level == "caution"


@given(st.integers(0, 1_000), st.floats(0.01, 100), st.floats(-100, 100))
@settings(max_examples=20, deadline=None)
def test_shares_know_neither_units_nor_levels(seed, scale, constant):
    outcomes, starts = create_panel(seed=seed)
    for check, judge in (
        (sensitivity.placebo_dates, sensitivity_findings.placebo_dates_finding),
        (sensitivity.leave_one_control_out, sensitivity_findings.leave_one_control_out_finding),
        (sensitivity.leave_one_period_out, sensitivity_findings.leave_one_period_out_finding),
    ):
        one, other = (judge(check(did, values, starts)) for values in (outcomes, constant + scale * outcomes))
        assert other.number == pytest.approx(one.number, rel=1e-6)


@pytest.mark.parametrize(
    ("check", "change", "argument"),
    [
        ("placebo_dates", {"shifts": [4]}, "shifts"),
        ("placebo_dates", {"shifts": [0]}, "shifts"),
        ("placebo_dates", {"first_treated": [1, NEVER, NEVER, NEVER, NEVER]}, "shifts"),
        ("placebo_dates", {"first_treated": [0, NEVER, NEVER, NEVER, NEVER]}, "first_treated"),
        ("placebo_dates", {"first_treated": [NEVER] * 5}, "first_treated"),
        ("placebo_dates", {"first_treated": [4]}, "first_treated"),
        ("leave_one_control_out", {"first_treated": [4, 4, 4, 4, NEVER]}, "first_treated"),
        ("leave_one_control_out", {"units": ["a"]}, "labels"),
        ("without_anticipation", {"periods": 4}, "periods"),
        ("without_anticipation", {"periods": 0}, "periods"),
        ("spill_over", {"ring": [True, False, False, False, False]}, "ring"),
        ("spill_over", {"ring": [False] * 5}, "ring"),
        ("spill_over", {"ring": [False, True, True, True, True]}, "ring"),
    ],
)
def test_questions_are_refused_by_argument(check, change, argument):
    outcomes, starts = create_panel()
    with pytest.raises(EstimationError) as refused:
        getattr(sensitivity, check)(did, outcomes, **{"first_treated": starts, **change})
    assert refused.value.argument == argument
