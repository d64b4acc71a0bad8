"""A result stays what it was: nothing that is agreed, mended or withdrawn later moves a byte of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from experiments.collection import terms
from experiments.collection.models import (
    CollectionAttempt,
    DataSource,
    Observation,
    Series,
    SourceAttribute,
    to_microseconds,
)
from experiments.evaluation import runs
from experiments.evaluation.job import job_of
from tests.experiments.evaluation.build import AFTER, REQUESTED, InThisProcess
from tests.factories import create_case

LATER = AFTER + timedelta(days=30)


@pytest.fixture
def done(session):
    """A run that was carried out and stored."""
    create_case(session, REQUESTED)
    evaluation = runs.claim(session, holder="test", now=AFTER)
    text = runs.repeat(session, evaluation, InThisProcess())
    assert runs.finish(session, evaluation.id, evaluation.fence, text, at=AFTER)
    session.refresh(evaluation)
    return evaluation


def agree_on(session, **terms_of_mapping):
    """What somebody agrees anew with every hub, a month after the run."""
    session.execute(update(SourceAttribute).values(**terms_of_mapping))
    session.expire_all()
    for source in session.scalars(select(DataSource)).all():
        terms.note(session, source, at=LATER)


def repeated(session, evaluation):
    return runs.repeat(session, evaluation, InThisProcess())


@pytest.mark.parametrize("change", [{"cadence": "day"}, {"across": "sum"}, {"attribute": "renamed"}])
def test_terms_agreed_later_change_no_byte(session, done, change):
    agree_on(session, **change)
    assert repeated(session, done) == done.document


def test_a_later_run_goes_by_the_terms_of_its_own_moment(session, done):
    agree_on(session, cadence="day")
    before = job_of(session, done).primary.coverage
    done.as_of = LATER
    assert (before, job_of(session, done).primary.coverage < 0.1) == (1.0, True)


def test_a_source_and_a_series_of_later_are_not_expected(session, done):
    known = session.scalars(select(Series).order_by(Series.id)).first()
    facts = {"metric_id": known.metric_id, "district_id": known.district_id, "source_id": known.source_id}
    session.add(Series(**facts, entity="a second counter", known_from=LATER))
    session.flush()
    assert repeated(session, done) == done.document


def _window(source_id, *, finished):
    return {
        "source_id": source_id,
        "holder": "test",
        "fence": 1,
        "started_at": finished,
        "finished_at": finished,
        "window_start": datetime(2025, 6, 1, tzinfo=UTC),
        "window_end": AFTER,
        "status": "done",
    }


def test_the_late_share_is_that_of_the_moment(session, done):
    """A window that was read without a reading, which then came: late from then on, not before."""
    series = session.scalars(select(Series).order_by(Series.id)).first()
    # Everything had come, and a window been read, half a day before one reading of June 2026 came.
    early = AFTER - timedelta(hours=12)
    session.execute(update(Observation).values(received_at=to_microseconds(early)))
    session.execute(insert(CollectionAttempt), [_window(series.source_id, finished=early)])
    row = session.scalars(
        select(Observation).where(Observation.series_id == series.id).order_by(Observation.observed_at)
    ).all()[11]
    session.execute(
        update(Observation)
        .where(Observation.series_id == row.series_id, Observation.observed_at == row.observed_at)
        .values(received_at=to_microseconds(AFTER - timedelta(hours=1)))
    )
    assert job_of(session, done).primary.health["late"] == {
        "treated": pytest.approx(1 / 48),
        "control": 0.0,
    }
    done.as_of = AFTER - timedelta(hours=6)
    assert job_of(session, done).primary.health["late"] == {"treated": 0.0, "control": 0.0}
