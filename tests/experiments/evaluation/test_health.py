"""How readings were collected is frozen into every evaluation, and flags it where the sides differ."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from experiments.collection.models import DataSource, Observation, ObservationRevision, SourceAttribute
from experiments.collection.quality_models import DeviceChange
from experiments.evaluation import runs
from experiments.evaluation.job import job_of
from tests.experiments.evaluation.build import AFTER, MONTHS, REQUESTED, InThisProcess, values
from tests.experiments.evaluation.test_job import WEEKLY, asked, seven_weeks
from tests.factories import create_case

AVAILABLE = {"method": "did", "alpha": 0.05, "missing": "available", "predictors": []}


def health(case):
    return job_of(case.session, case.evaluation).primary.health


def found(made, code):
    return next(each for each in made["findings"] if each["code"] == code)


def test_even_collection_is_said_to_be_even(session):
    made = health(create_case(session, REQUESTED))
    assert {each["level"] for each in made["findings"]} == {"ok"}
    assert made["coverage"]["treated_before"] == made["coverage"]["control_after"] == 1.0


def test_a_gap_injected_into_the_controls_flags_the_estimate(session):
    def with_gap():
        gone = {(unit, day) for unit in ("D03", "D04", "D05", "D06") for day in MONTHS[15:17]}
        return {cell: value for cell, value in values().items() if cell not in gone}

    case = asked(session, measured=with_gap, design=AVAILABLE)
    flagged = found(health(case), "coverage_asymmetry")
    assert flagged["level"] == "fail"
    assert flagged["number"] == pytest.approx(2 / 12)
    assert "control districts" in flagged["sentence_en"]
    text = runs.repeat(session, case.evaluation, InThisProcess())
    assert flagged in json.loads(text)["primary"]["health"]["findings"]


def test_the_result_says_how_many_readings_had_been_corrected_by_then(session):
    case = create_case(session, REQUESTED)
    row = session.scalars(select(Observation).order_by(Observation.series_id)).first()
    earlier = row.received_at - 10
    known = {name: getattr(row, name) for name in ("series_id", "observed_at", "attempt_id")}
    session.add(
        ObservationRevision(
            **known, revision=0, value=1.0, received_at=earlier, superseded_at=row.received_at
        )
    )
    session.flush()
    # One of the 48 readings of the two treated districts.
    assert health(case)["revised"] == {"treated": pytest.approx(1 / 48), "control": 0.0}


def test_a_correction_of_later_is_not_counted(session):
    case = create_case(session, REQUESTED)
    row = session.scalars(select(Observation).order_by(Observation.series_id)).first()
    known = {name: getattr(row, name) for name in ("series_id", "observed_at", "attempt_id")}
    first = row.received_at
    session.execute(
        update(Observation)
        .where(Observation.series_id == row.series_id, Observation.observed_at == row.observed_at)
        .values(received_at=first + 10**12, revision=1)
    )
    session.add(
        ObservationRevision(**known, revision=0, value=1.0, received_at=first, superseded_at=first + 10**12)
    )
    session.flush()
    assert health(case)["revised"] == {"treated": 0.0, "control": 0.0}


def test_a_known_change_of_devices_is_told(session):
    case = create_case(session, REQUESTED)
    source = session.scalars(select(DataSource).order_by(DataSource.id)).first()
    change = {"source_id": source.id, "recorded_by_name": "An officer", "description": "New counters."}
    changed = datetime(2026, 1, 10, tzinfo=UTC)
    session.add(DeviceChange(**change, changed_at=changed, recorded_at=AFTER - timedelta(days=1)))
    session.add(DeviceChange(**change, changed_at=changed, recorded_at=AFTER + timedelta(days=400)))
    session.flush()
    told = found(health(case), "device_change")
    assert (told["level"], told["number"]) == ("caution", 1.0)
    assert "2026-01-10" in told["sentence_en"]


def test_a_repetition_gives_the_same_bytes_although_the_attribute_was_renamed(session):
    create_case(session, REQUESTED)
    evaluation = runs.claim(session, holder="test", now=AFTER)
    text = runs.repeat(session, evaluation, InThisProcess())
    assert runs.finish(session, evaluation.id, evaluation.fence, text, at=AFTER)
    session.refresh(evaluation)
    session.execute(update(SourceAttribute).values(attribute="renamed"))
    assert runs.repeat(session, evaluation, InThisProcess()) == text


def test_devices_changed_on_one_side_alone_flag_the_estimate(session):
    case = create_case(session, REQUESTED)
    source = session.scalars(select(DataSource).order_by(DataSource.id)).first()
    change = {"source_id": source.id, "recorded_by_name": "An officer", "description": "New counters."}
    when = {"changed_at": datetime(2026, 1, 10, tzinfo=UTC), "recorded_at": AFTER - timedelta(days=1)}
    for district in case.site.territory.districts[:2]:
        session.add(DeviceChange(**change, **when, district_id=district.id))
    session.flush()
    made = health(case)
    assert made["devices_changed"] == {"treated": 1.0, "control": 0.0}
    assert found(made, "device_change")["level"] == "fail"
    inputs = json.loads(runs.repeat(session, case.evaluation, InThisProcess()))["inputs"]
    assert inputs["device_difference"] == 1.0


def many_days(unit_of):
    """Seven weeks of daily readings before and after 6 July; `unit_of` gives the factor of a cell."""
    return {cell: value * unit_of(*cell) for cell, value in seven_weeks().items()}


@pytest.mark.parametrize(
    ("unit", "place", "counted"), [("D04", 20, ["D04"]), ("D01", 20, ["D01"]), ("D01", 35, [])]
)
def test_a_unit_that_changes_is_told_from_an_effect_at_the_start(session, unit, place, counted):
    """The 35th day is the first treated one: there a jump may be what the pilot did."""

    def measured():
        first = min(day for _, day in seven_weeks())
        return many_days(lambda code, day: 60 if code == unit and (day - first).days >= place else 1)

    missing = {"method": "did", "alpha": 0.05, "missing": "available"}
    case = asked(session, measured=measured, cadence="day", **WEEKLY | {"period": "day", "design": missing})
    assert health(case)["unit_changes"] == counted


def test_a_stuck_instrument_is_named(session):
    def stuck():
        return values() | {("D04", day): 7.0 for day in MONTHS[2:20]}

    told = found(health(asked(session, measured=stuck)), "series_values")
    assert (told["level"], "D04" in told["sentence_en"]) == ("caution", True)
