"""The ledger: every row follows from the one before, and whatever was done to one is found."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from experiments.lifecycle import Actor
from sandbox import db, ledger
from sandbox.ledger import Broken, LedgerEntry
from sandbox.ledger.chain import GENESIS

SOMEBODY = Actor(7, "Kim Seo-yeon", "decider", 3)
AT = datetime(2026, 3, 2, 1, 0, 0, 123456, tzinfo=UTC)


def append(session, **changes):
    values = {"act": "pilot.start", "subject": "pilot:RS-1", "by": SOMEBODY, "at": AT, "details": {"n": 1}}
    return ledger.append(session, **values | changes)


@pytest.fixture
def five(session):
    """Five rows in a ledger whose guards are gone, as after somebody with all rights took them away."""
    for number in range(5):
        append(session, details={"n": number})
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("ALTER TABLE ledger_entry DISABLE TRIGGER USER"))
    else:
        named = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger_entry'"
        for trigger in session.scalars(text(named)).all():
            session.execute(text(f"DROP TRIGGER {trigger}"))
    return session


def test_an_empty_ledger_is_sound(session):
    verdict = ledger.verify(session)
    assert (verdict.is_sound, verdict.rows, verdict.head) == (True, 0, GENESIS)


def test_rows_are_numbered_and_linked(session):
    first, second = append(session), append(session)
    assert (first.number, first.previous_hash) == (1, GENESIS)
    assert (second.number, second.previous_hash) == (2, first.hash)


def test_a_walk_ends_at_the_head(session):
    rows = [append(session) for _ in range(3)]
    verdict = ledger.verify(session)
    assert (verdict.is_sound, verdict.rows, verdict.head) == (True, 3, rows[-1].hash)


def test_a_row_that_came_back_from_the_database_is_sound(session):
    seoul = timezone(timedelta(hours=9))
    append(session, at=AT.astimezone(seoul), details={"이름": "가온시", "effect": -0.1, "list": [1, None]})
    session.expire_all()
    assert ledger.verify(session).is_sound


def test_the_service_acts_without_a_person(session):
    entry = append(session, by=Actor(None, "the service", "service"))
    assert (entry.actor_id, entry.actor_role) == (None, "service")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", AT + timedelta(microseconds=1)),
        ("actor_id", 8),
        ("actor_name", "Somebody Else"),
        ("actor_role", "auditor"),
        ("act", "pilot.stop"),
        ("subject", "pilot:RS-2"),
        ("details", '{"n":9}'),
        ("hash", "f" * 64),
    ],
)
def test_a_changed_column_is_found_and_its_row_named(five, column, value):
    five.execute(update(LedgerEntry.__table__).where(LedgerEntry.number == 3).values({column: value}))
    broken = ledger.verify(five).broken
    assert broken == Broken(3, "its contents were changed after it was written")


def test_a_changed_link_is_found(five):
    five.execute(text("UPDATE ledger_entry SET previous_hash = :hash WHERE number = 3"), {"hash": "0" * 64})
    assert ledger.verify(five).broken == Broken(3, "it does not follow from the row before it")


@pytest.mark.parametrize("number", [1, 3])
def test_a_removed_row_is_found(five, number):
    five.execute(text("DELETE FROM ledger_entry WHERE number = :number"), {"number": number})
    assert ledger.verify(five).broken == Broken(number, "it is missing")


def test_swapped_rows_are_found(five):
    for old, new in ((3, 99), (4, 3), (99, 4)):
        five.execute(
            text("UPDATE ledger_entry SET number = :new WHERE number = :old"), {"old": old, "new": new}
        )
    assert ledger.verify(five).broken == Broken(3, "it does not follow from the row before it")


def test_a_row_rewritten_with_a_fitting_hash_breaks_the_next_one(five):
    five.execute(text("UPDATE ledger_entry SET act = 'pilot.stop' WHERE number = 3"))
    five.expire_all()
    forged = five.get(LedgerEntry, 3)
    fitting = ledger.chain.expected_hash(forged)
    five.execute(text("UPDATE ledger_entry SET hash = :hash WHERE number = 3"), {"hash": fitting})
    assert ledger.verify(five).broken == Broken(4, "it does not follow from the row before it")


def test_what_the_session_remembers_does_not_hide_a_change(five):
    remembered = five.get(LedgerEntry, 3)
    five.execute(text("UPDATE ledger_entry SET act = 'pilot.stop' WHERE number = 3"))
    assert remembered.act == "pilot.start"
    assert ledger.verify(five).broken is not None


def test_rows_before_the_break_are_counted_as_sound(five):
    five.execute(text("UPDATE ledger_entry SET act = 'x' WHERE number = 3"))
    verdict = ledger.verify(five)
    second = five.scalar(select(LedgerEntry.hash).where(LedgerEntry.number == 2))
    assert (verdict.rows, verdict.head, verdict.is_sound) == (2, second, False)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET act = 'x'",
        "DELETE FROM ledger_entry",
        "DELETE FROM ledger_entry WHERE number = 1",
    ],
)
def test_the_database_refuses_to_change_or_remove_a_row(session, statement):
    append(session)
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text(statement))


@pytest.mark.parametrize("verb", ["INSERT", "INSERT OR REPLACE"])
@pytest.mark.parametrize("number", [1, 2, 4])
def test_the_database_refuses_a_row_that_does_not_follow_the_head(session, verb, number):
    if "REPLACE" in verb and session.get_bind().dialect.name != "sqlite":
        verb = "INSERT"
    entry = append(session)
    append(session)
    columns = "at, actor_id, actor_name, actor_role, act, subject, details, previous_hash"
    chosen = f"SELECT :number, {columns}, 'forged' FROM ledger_entry WHERE number = :model"
    forged = f"{verb} INTO ledger_entry (number, {columns}, hash) {chosen}"
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text(forged), {"number": number, "model": entry.number})


def test_an_act_that_is_undone_leaves_no_row(session):
    with session.begin_nested() as act:
        append(session)
        act.rollback()
    assert ledger.verify(session).rows == 0


def test_acts_at_the_same_time_make_one_chain(committed_database):
    sessions = db.sessions_for(committed_database)

    def act(number):
        with sessions.begin() as session:
            append(session, details={"n": number})

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(act, range(40)))
    with sessions() as session:
        verdict = ledger.verify(session)
    sessions.kw["bind"].dispose()
    assert (verdict.rows, verdict.broken) == (40, None)
