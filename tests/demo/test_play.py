"""Parts of the demonstration: its clock, its stories, its patience, and the table that it prints."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from experiments.registrations.plan import parse_plan
from sandbox.demo import play, results
from sandbox.demo.city import city
from sandbox.demo.history import prop99
from sandbox.demo.plans import city_plan, history_plan
from sandbox.demo.play import (
    SEED,
    Demonstration,
    DemonstrationClock,
    DemonstrationFailed,
    city_story,
    history_story,
)
from sandbox.demo.results import Outcome, table
from sandbox.regimes import regime

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
TOWN = city(SEED, NOW.date())


# -- the clock ----------------------------------------------------------------------------------------


def test_the_clock_stands_until_it_is_moved():
    clock = DemonstrationClock(NOW)
    assert clock() == clock() == NOW
    clock.move(NOW + timedelta(days=1))
    assert clock() == NOW + timedelta(days=1)


def test_the_clock_never_runs_backwards():
    clock = DemonstrationClock(NOW)
    with pytest.raises(DemonstrationFailed, match="backwards"):
        clock.move(NOW - timedelta(microseconds=1))


# -- stories and plans --------------------------------------------------------------------------------


STORIES = [*(city_story(pilot.key, pilot) for pilot in TOWN.pilots), history_story(prop99())]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.key)
def test_every_story_fits_its_regime(story):
    kind = regime(story.regime).kind(story.kind)
    assert story.months <= kind.longest_months
    assert story.first_day < story.last_day
    assert story.words.ground in {ground.id for ground in regime(story.regime).grounds}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.key)
def test_a_second_person_signs(story):
    assert story.author != story.signatory


@pytest.mark.parametrize("pilot", TOWN.pilots, ids=lambda pilot: pilot.key)
def test_plans_of_the_city_may_be_locked(pilot):
    plan = city_plan(TOWN, pilot, SEED)
    assert parse_plan(plan)["districts"]["treated"] == list(pilot.treated)


def test_the_controls_of_the_city_are_districts_without_a_pilot():
    treated = {code for pilot in TOWN.pilots for code in pilot.treated}
    for pilot in TOWN.pilots:
        assert set(city_plan(TOWN, pilot, SEED)["districts"]["control"]).isdisjoint(treated)


def test_the_plan_of_history_uses_the_published_predictors():
    """Abadie, Diamond and Hainmueller (2010), section 3.2."""
    plan = parse_plan(history_plan(prop99(), SEED))
    found = [(each["metric"], each["first"], each["last"]) for each in plan["design"]["predictors"]]
    assert found == [
        ("lnincome", "1980", "1988"),
        ("retprice", "1980", "1988"),
        ("age15to24", "1980", "1988"),
        ("beer", "1984", "1988"),
        ("cigsale", "1975", "1975"),
        ("cigsale", "1980", "1980"),
        ("cigsale", "1988", "1988"),
    ]
    assert len(plan["districts"]["control"]) == 38


# -- waiting ------------------------------------------------------------------------------------------


@pytest.fixture
def demonstration(sessions):
    reports = []
    with ThreadPoolExecutor(1) as executor:
        played = Demonstration(sessions, executor, now=NOW, report=lambda *each: reports.append(each))
        played.reports = reports
        yield played


on_sqlite = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


@on_sqlite
def test_progress_is_reported_until_it_is_complete(demonstration):
    steps = iter([(0, 3), (1, 3), (3, 3)])
    demonstration._wait("collecting", lambda: next(steps))
    assert demonstration.reports == [("collecting", 0, 3), ("collecting", 1, 3), ("collecting", 3, 3)]


@on_sqlite
def test_patience_has_an_end(demonstration, monkeypatch):
    monkeypatch.setattr(play, "LONGEST_WAIT_SECONDS", 0.0)
    with pytest.raises(DemonstrationFailed, match="collecting: not done after 0 s"):
        demonstration._wait("collecting", lambda: (1, 2))


@on_sqlite
def test_the_past_ends_in_the_present(demonstration):
    assert demonstration.clock() < NOW - timedelta(days=590)
    assert demonstration._moment(0).date() == NOW.date()


# -- the table ----------------------------------------------------------------------------------------


def outcome(**changes):
    facts = {
        "number": "RS-2026-0001",
        "title": "California's Proposition 99 (1988), replayed",
        "status": "concluded",
        "effect": "-18.98",
        "unit": "packs",
        "interval": "-25.80 to -12.33",
        "p_value": "0.026",
        "guardrails": "unclear",
        "finding": "expand_conditional",
        "repeats": True,
    }
    return Outcome(**facts | changes)


def printed(*rows, width=80):
    console = Console(file=io.StringIO(), width=width)
    console.print(table(list(rows)))
    return console.file.getvalue()


SILENT = {"interval": "not computable", "p_value": "none", "finding": "extend_pilot"}


@pytest.mark.parametrize("changes", [{}, SILENT])
def test_numbers_and_findings_stay_whole_in_a_narrow_terminal(changes):
    row = outcome(**changes)
    text = printed(row)
    assert max(map(len, text.splitlines())) <= 80
    for words in (row.effect, row.interval, row.finding, "same bytes again"):
        assert words in text


def test_a_repetition_that_differs_cannot_be_overlooked():
    assert "DIFFERENT bytes" in printed(outcome(repeats=False))


def test_a_pilot_without_a_result_has_its_row():
    text = printed(outcome(effect="–", unit="", interval="–", p_value="–", finding="–", repeats=None))
    assert "RS-2026-0001" in text
    assert "bytes" not in text


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        ({"low": -3.1, "high": -0.925}, "-3.10 to -0.93"),
        ({"low": -3.1, "high": None}, "-3.10 to unbounded"),
        ({"not_computable": "too_few_controls"}, "not computable"),
    ],
)
def test_intervals_are_said_in_words_where_they_have_no_end(interval, text):
    assert results._interval(interval) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(1 / 39, "0.026"), (0.0004, "< 0.001"), (0.0, "< 0.001"), ({"not_computable": "x"}, "none")],
)
def test_chances_are_never_said_to_be_none(value, text):
    assert results._chance(value) == text
