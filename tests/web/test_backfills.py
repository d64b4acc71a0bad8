"""Days of a source read again: asked for by its city's officer, refused by field, listed with their state."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from experiments.collection.models import Backfill
from sandbox.accounts import Role
from tests.factories import create_person, create_source
from tests.web.office import wrong_fields
from tests.web.visitors import Visitor, remembering, stored

START, READ_TO = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 20, tzinfo=UTC)


@pytest.fixture
def page(rows, site):
    """The address of the days of one source of the site, which was read up to 20 February."""
    source = create_source(remembering(rows), site)
    source.starts_at, source.watermark = START, READ_TO
    rows.commit()
    return f"/sources/{source.id}/backfills"


def ask(officer, page, first, last):
    return officer.send(page, first=first, last=last)


def test_days_are_read_again_whole(officer, page, rows):
    assert ask(officer, page, "2026-02-03", "2026-02-05").status_code == 303
    (asked,) = stored(rows, select(Backfill))
    # Whole days in Seoul, which is nine hours ahead.
    assert asked.starts_at == datetime(2026, 2, 2, 15, tzinfo=UTC)
    assert asked.ends_at == datetime(2026, 2, 5, 15, tzinfo=UTC)
    assert "Being read" in officer.read(page)


def test_the_edges_of_what_was_read_are_kept(officer, page, rows):
    assert ask(officer, page, "2025-12-30", "2026-03-30").status_code == 303
    (asked,) = stored(rows, select(Backfill))
    assert (asked.starts_at, asked.ends_at) == (START, READ_TO)


@pytest.mark.parametrize(
    ("first", "last", "wrong"),
    [
        ("", "2026-02-05", {"first"}),
        ("2026-02-05", "soon", {"last"}),
        ("2026-02-05", "2026-02-01", {"last"}),
        (date(2026, 3, 1).isoformat(), date(2026, 3, 2).isoformat(), {"last"}),
    ],
)
def test_wrong_days_name_their_field(officer, page, rows, first, last, wrong):
    answer = ask(officer, page, first, last)
    assert answer.status_code == 422
    assert wrong_fields(answer) == wrong
    assert stored(rows, select(Backfill)) == []


def test_who_may_not_ask_sees_the_list_alone(rows, client, site, page):
    evaluator = create_person(remembering(rows), Role.EVALUATOR)
    rows.commit()
    visitor = Visitor(client)
    visitor.sign_in(evaluator)
    assert visitor.open(page).status_code in (200, 404)
    assert "Read these days again" not in visitor.open(page).text
