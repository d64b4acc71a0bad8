"""Arrivals and corrections as they were known at a moment; files that were taken back count as never sent."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select

from experiments.collection import history, ingest, upload
from experiments.collection.connectors.readings import Reading
from experiments.collection.models import Series, Way, from_microseconds, to_microseconds
from experiments.collection.readout import readout
from tests.experiments.collection.test_upload import LONG_ROWS, ONE, source, stored, table
from tests.factories import BEGINNING

__all__ = ["source"]
HOUR = timedelta(hours=1)
# Inside the span of the source, which starts ten days before.
AT = to_microseconds(BEGINNING) - 9 * 24 * 3_600_000_000


def came(session, source, value, hours):
    reading = Reading(ONE, "wait", AT, value)
    ingest.receive(session, source, [reading], way=Way.PUSH, holder="test", at=BEGINNING + hours * HOUR)


def sent(session, source, value, hours):
    """A file with another value for the same instant."""
    day = from_microseconds(AT).isoformat()
    return stored(session, source, table(LONG_ROWS[0], (day, ONE, value)), at=BEGINNING + hours * HOUR)


def span(session, hours):
    ids = sorted(session.scalars(select(Series.id)))
    moment = to_microseconds(BEGINNING + hours * HOUR)
    return ids, {"first": 0, "end": 2**60, "as_of": moment}


def corrected(session, hours):
    ids, when = span(session, hours)
    return sum(history.corrected(session, ids, **when).values())


def first_received(session, hours):
    """Hours after the beginning."""
    ids, when = span(session, hours)
    found = history.first_received(session, ids, **when)
    assert len(found) == len(readout(session.connection(), ids, **when))
    return ((found - to_microseconds(BEGINNING)) / 3_600_000_000).tolist()


def test_a_correction_counts_from_when_it_came(session, source):
    came(session, source, 1.0, 0)
    came(session, source, 2.0, 2)
    assert [corrected(session, hours) for hours in (0, 1, 2, 3)] == [0, 0, 1, 1]
    assert first_received(session, 1) == first_received(session, 3) == [0.0]


def test_a_file_that_was_taken_back_is_no_correction(session, source):
    came(session, source, 1.0, 0)
    kept = sent(session, source, 9.0, 1)
    upload.undo(session, kept, holder="a person", at=BEGINNING + 3 * HOUR)
    # While the file stood it was a correction; since it was taken back it is none.
    assert [corrected(session, hours) for hours in (0, 2, 3, 4)] == [0, 1, 0, 0]


def test_a_correction_beside_a_file_that_was_taken_back_still_counts(session, source):
    came(session, source, 1.0, 0)
    came(session, source, 2.0, 1)
    kept = sent(session, source, 9.0, 2)
    upload.undo(session, kept, holder="a person", at=BEGINNING + 3 * HOUR)
    assert corrected(session, 4) == 1


@pytest.mark.parametrize("later", [3.0, 9.0])
def test_what_the_hub_says_after_the_withdrawal_counts_once(session, source, later):
    came(session, source, 1.0, 0)
    kept = sent(session, source, 9.0, 1)
    upload.undo(session, kept, holder="a person", at=BEGINNING + 2 * HOUR)
    came(session, source, later, 3)
    assert corrected(session, 4) == 1


def test_a_withdrawn_reading_arrived_while_it_stood_and_anew_when_it_came_again(session, source):
    kept = sent(session, source, 9.0, 1)
    upload.undo(session, kept, holder="a person", at=BEGINNING + 2 * HOUR)
    came(session, source, 9.0, 5)
    assert [first_received(session, hours) for hours in (0, 1, 3, 6)] == [[], [1.0], [], [5.0]]
    assert corrected(session, 6) == 0


def test_arrivals_stand_in_the_order_of_the_readings(session, source):
    for hours, value in ((0, 1.0), (1, 2.0)):
        late = Reading(ONE, "wait", AT - hours * 10**6, value)
        ingest.receive(session, source, [late], way=Way.PUSH, holder="test", at=BEGINNING + hours * HOUR)
    assert np.array_equal(first_received(session, 2), [1.0, 0.0])
