import numpy as np
import pytest

from stats.errors import PanelError
from stats.evaluate import evaluate
from stats.panel import Panel
from stats.recommend import HARDLY_WORSE, recommend
from stats.words import figure
from tests.stats.build import create_panel, noise

START = "024"


def factors(units, periods, *, treated_loading=2.0):
    """A common wave that moves the first unit and some controls twice as much as the others."""
    rng = np.random.default_rng(1)
    loading = np.where(np.arange(units) % 3 == 0, treated_loading, 0.5)[:, None]
    return noise(units, periods, seed=2) / 5 + loading * np.cumsum(rng.normal(size=periods))


def test_parallel_units_are_compared_as_they_are():
    found = recommend(create_panel(noise(25, 36)), ("u000",), START)
    assert found.design.method == "did"
    assert found.why[0].code in ("forecasts_best", "forecasts_simplest")


def test_units_that_move_differently_need_a_mix():
    found = recommend(create_panel(factors(25, 36)), ("u000",), START)
    assert found.design.method in ("synthetic_control", "synthetic_did")
    assert found.errors[found.design.method] < found.errors["did"] / 2
    assert ("did", "forecasts_worse") in {(ground.method, ground.code) for ground in found.ruled_out}


def test_several_starts_are_estimated_by_cohort():
    found = recommend(create_panel(noise(25, 36)), ("u000", "u001"), {"u000": "020", "u001": "026"})
    assert found.design.method == "staggered"


def test_without_controls_only_the_past_is_left_and_that_is_said():
    found = recommend(create_panel(noise(1, 36)), ("u000",), START)
    assert found.design.method == "interrupted"
    assert "lower level" in found.sentence_en
    assert "근거 수준이 낮습니다" in found.sentence_ko


def test_where_nothing_can_be_carried_none_is_recommended():
    found = recommend(create_panel(noise(1, 36)), ("u000",), "005")
    assert found.design is None
    assert ("interrupted", "few_periods") in {(ground.method, ground.code) for ground in found.ruled_out}


def test_a_gap_in_the_treated_series_rules_mixes_out():
    values = noise(25, 36)
    values[0, 3] = np.nan
    found = recommend(create_panel(values), ("u000",), START)
    assert (found.design.method, found.design.missing) == ("did", "available")
    assert {ground.code for ground in found.ruled_out if ground.method == "synthetic_control"} == {
        "treated_gaps"
    }


def test_too_few_controls_for_the_level_are_told_of():
    found = recommend(create_panel(noise(12, 36)), ("u000",), START)
    assert "ranks_too_coarse" in {ground.code for ground in found.why}
    assert "0.083" in found.sentence_en


def test_what_came_after_the_start_does_not_matter():
    before, after = noise(25, 36), noise(25, 36)
    after[:, 24:] = 1e6 * np.random.default_rng(3).normal(size=(25, 12))
    assert recommend(create_panel(before), ("u000",), START) == recommend(
        create_panel(after), ("u000",), START
    )


@pytest.mark.parametrize("values", [noise(25, 36), factors(25, 36), noise(1, 36)])
def test_every_method_is_recommended_or_ruled_out_once_and_the_design_runs(values):
    panel = create_panel(values)
    found = recommend(panel, ("u000",), START)
    methods = [found.design.method, *(ground.method for ground in found.ruled_out)]
    assert len(methods) == len(set(methods)) == 7
    assert evaluate(panel, found.design, np.random.default_rng(0)).effect.unit == ""


@pytest.mark.parametrize(
    ("treated", "start"),
    [((), START), (("nowhere",), START), (("u000",), "999"), (("u000",), "000"), (("u000",), {})],
)
def test_what_is_not_in_the_panel_is_refused(treated, start):
    with pytest.raises(PanelError):
        recommend(create_panel(noise(5, 36)), treated, start)


def test_a_start_beyond_what_was_read_is_planned_from_all_of_it():
    values, periods = noise(25, 36), create_panel(noise(25, 36)).periods
    read = create_panel(values[:, :24])
    later = recommend(read, ("u000",), START, upcoming=periods[24:])
    whole = recommend(create_panel(values), ("u000",), START)
    assert (later.design, later.why, later.errors) == (whole.design, whole.why, whole.errors)


def test_a_start_that_no_period_is_named_for_is_refused():
    with pytest.raises(PanelError, match="first_treated"):
        recommend(create_panel(noise(25, 24)), ("u000",), "999", upcoming=("024", "025"))


def codes(found):
    return {ground.code for ground in found.why}


def test_one_period_before_the_start_is_said_to_show_no_trend():
    found = recommend(create_panel(noise(25, 36)), ("u000",), "001")
    assert found.design.method == "did"
    assert "one_before" in codes(found)
    assert "하나뿐" in found.sentence_ko


def test_few_periods_before_the_start_are_said_to_show_hardly_any_trend():
    assert "few_before" in codes(recommend(create_panel(noise(25, 36)), ("u000",), "003"))


@pytest.mark.parametrize("slope", [1.0, -1.0])
@pytest.mark.parametrize("starts", ["008", {"u000": "008", "u001": "009"}])
def test_a_steep_trend_of_the_treated_alone_is_told_with_its_figure(slope, starts):
    values = noise(25, 36) / 10
    values[:2] += slope * np.arange(36)
    treated = ("u000",) if isinstance(starts, str) else ("u000", "u001")
    values[len(treated) : 2] = noise(1, 36, seed=5) / 10
    found = recommend(create_panel(values), treated, starts)
    assert found.design.method == ("did" if isinstance(starts, str) else "staggered")
    assert "own_trend" in codes(found)
    told = next(ground for ground in found.why if ground.code == "own_trend")
    assert "p < 0.001" in told.sentence_ko
    assert ("−" in told.sentence_en) == (slope < 0)


def test_trends_that_all_share_are_no_caution():
    values = noise(25, 36) / 10 + np.arange(36)
    assert "own_trend" not in codes(recommend(create_panel(values), ("u000",), "008"))


def test_a_trend_among_few_controls_is_said_to_be_untold():
    assert "trend_untold" in codes(recommend(create_panel(noise(4, 36)), ("u000",), START))


def test_trends_of_gappy_units_are_compared_all_the_same():
    values = noise(25, 36) / 10
    values[0] += np.arange(36)
    values[0, 3] = values[5, 4] = np.nan
    values[7, 1:] = np.nan
    assert "own_trend" in codes(recommend(create_panel(values), ("u000",), "008"))


def test_fair_trends_are_doubted_one_time_in_twenty():
    doubted = [
        "own_trend" in codes(recommend(create_panel(noise(20, 12, seed=seed)), ("u000",), "008"))
        for seed in range(200)
    ]
    # Three binomial standard errors of 200 panels round one in twenty.
    assert abs(np.mean(doubted) - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 200)


@pytest.mark.parametrize("values", [noise(25, 36), factors(25, 36), factors(25, 36, treated_loading=0.6)])
def test_methods_ruled_out_by_their_forecasts_say_both_errors(values):
    found = recommend(create_panel(values), ("u000",), START)
    chosen = found.errors[found.design.method]
    for ground in found.ruled_out:
        if ground.code.startswith("forecasts"):
            other = found.errors[ground.method]
            assert (ground.code == "forecasts_alike") == (other < chosen)
            assert figure(other) in ground.sentence_en
            assert figure(other) in ground.sentence_ko
            assert figure(chosen) in ground.sentence_ko
    assert chosen <= HARDLY_WORSE * min(found.errors.values())
    assert (found.why[0].code == "forecasts_best") == (chosen == min(found.errors.values()))


def test_no_design_is_said_in_words_with_what_is_lacking():
    panel = Panel(np.arange(12.0)[None, :], ("a",), tuple(f"{month:02}" for month in range(12)))
    found = recommend(panel, ("a",), "08")
    assert found.design is None
    assert [ground.code for ground in found.why] == ["no_design", "few_periods"]
    assert "8 periods before the start" in found.sentence_en


@pytest.mark.parametrize("upcoming", [("a",), ("03",), ("12", "12"), "12", (" ",)])
def test_upcoming_labels_that_cannot_be_later_periods_are_refused(upcoming):
    panel = Panel(np.arange(12.0)[None, :], ("a",), tuple(f"{month:02}" for month in range(12)))
    with pytest.raises(PanelError) as refused:
        recommend(panel, ("a",), "08", upcoming=upcoming)
    assert refused.value.argument == "upcoming"
