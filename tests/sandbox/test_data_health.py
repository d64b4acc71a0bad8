"""The two sides of a running experiment are watched: uneven collection raises an alarm in time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from experiments.collection.models import DataSource
from experiments.collection.quality_models import HealthAlert
from sandbox import data_health
from tests import readings
from tests.experiments.evaluation.build import MONTHS, values
from tests.factories import RUNNING, create_case

NOW = datetime(2027, 3, 20, tzinfo=UTC)
CONTROLS = ("D03", "D04", "D05", "D06")


def measured(session, missing):
    """A running case with monthly readings up to NOW, but for the `missing` cells."""
    case = create_case(session, RUNNING)
    cells = {cell: value for cell, value in values().items() if cell[1] < NOW.date() and cell not in missing}
    readings.create_readings(
        session, case.site.territory, case.primary, cells, received_at=NOW - timedelta(days=1)
    )
    # Only the experiment is looked at here.
    for source in session.scalars(select(DataSource)):
        source.paused = True
    session.flush()
    return case


def raised(session):
    return session.scalars(select(HealthAlert).where(HealthAlert.closed_at.is_(None))).all()


def test_a_gap_on_one_side_raises_an_alarm(session):
    case = measured(session, {(code, day) for code in CONTROLS for day in MONTHS[14:16]})
    data_health.look_after(session, NOW)
    (alert,) = raised(session)
    assert (alert.trouble, alert.experiment_id) == ("asymmetry", case.pilot.experiment_id)
    # Two of the eight whole months since the start.
    assert alert.detail["difference"] == pytest.approx(2 / 8)


def test_even_gaps_raise_none(session):
    everywhere = ("D01", "D02", *CONTROLS)
    measured(session, {(code, day) for code in everywhere for day in MONTHS[14:16]})
    data_health.look_after(session, NOW)
    assert raised(session) == []


def test_the_alarm_ends_with_the_experiment(session):
    measured(session, {(code, day) for code in CONTROLS for day in MONTHS[14:16]})
    data_health.look_after(session, NOW)
    data_health.look_after(session, datetime(2027, 8, 1, tzinfo=UTC))
    assert raised(session) == []


def test_before_there_are_readings_there_is_no_alarm(session):
    create_case(session, RUNNING)
    data_health.look_after(session, datetime.combine(date(2026, 8, 3), datetime.min.time(), UTC))
    assert raised(session) == []
