"""What the database itself refuses, on both kinds."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError

from experiments.collection.models import Series, to_microseconds
from tests.experiments.collection.build import NOW, START, create_source


@pytest.fixture
def attempt_and_series(session):
    source = create_source(session)
    session.execute(
        text(
            "INSERT INTO collection_attempt (source_id, holder, fence, started_at, finished_at, window_start,"
            " window_end, status, pages, readings, inserted, revised, unchanged, dropped,"
            " quarantined, way)"
            " VALUES (:source, 'h', 1, :at, :at, :at, :at, 'done', 0, 0, 0, 0, 0, '{}', 0, 'pull')"
        ),
        {"source": source.id, "at": NOW.replace(tzinfo=None).isoformat(" ")},
    )
    attempt = session.execute(text("SELECT max(id) FROM collection_attempt")).scalar_one()
    return attempt, session.query(Series.id).first()[0]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), "abc", None])
def test_a_value_that_is_no_finite_number_never_enters(session, attempt_and_series, value):
    attempt, series = attempt_and_series
    row = {"series": series, "at": to_microseconds(NOW), "value": value, "attempt": attempt}
    statement = text("INSERT INTO observation VALUES (:series, :at, :value, 1, 0, :attempt)")
    with pytest.raises((IntegrityError, DataError, ProgrammingError)):
        session.execute(statement, row)


@pytest.mark.parametrize(
    "change",
    [
        {"interval_seconds": -1},
        {"overlap_seconds": -1},
        {"page_size": 0},
        {"watermark": START.replace(year=2025)},
        {"lease_holder": "somebody"},
        {"representation": "aggregated"},
    ],
)
def test_the_database_repeats_the_rules_of_a_source(session, change):
    source = create_source(session)
    for name, value in change.items():
        setattr(source, name, value)
    with pytest.raises(IntegrityError):
        session.flush()
