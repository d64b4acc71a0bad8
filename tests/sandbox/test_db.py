"""One way to begin a transaction, on both databases: no update is lost, and reading never writes."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from experiments.lifecycle import touch
from sandbox import db
from sandbox.organisations import Organisation
from sandbox.pilots.models import Pilot
from tests.factories import create_organisation, create_pilot

THREADS, TURNS = 4, 5

on_sqlite = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


@pytest.fixture
def engine(committed_database):
    engine = db.engine_for(committed_database)
    yield engine
    engine.dispose()


@pytest.fixture
def organisation(engine):
    with Session(engine) as session, session.begin():
        return create_organisation(session, name_en="Before").id


def in_threads(act):
    """`act(number)` in each of four threads; what went wrong there goes wrong here."""
    wrong = []

    def run(number):
        try:
            act(number)
        except Exception as error:  # noqa: BLE001 - handed to the test
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# -- lost updates -------------------------------------------------------------------------------------


def test_of_what_is_read_changed_and_written_back_nothing_is_lost(engine):
    """Every thread reads a number, thinks, and writes one more; a stale one reads again."""
    with Session(engine) as session, session.begin():
        pilot_id = create_pilot(session, technology="0").id

    def count_up(_number):
        for _ in range(TURNS):
            while not counted(engine, pilot_id):
                pass

    in_threads(count_up)
    with Session(engine) as session:
        assert session.get_one(Pilot, pilot_id).technology == str(THREADS * TURNS)


def counted(engine, pilot_id):
    with Session(engine) as session, session.begin() as transaction:
        pilot = session.get_one(Pilot, pilot_id)
        pilot.technology = str(int(pilot.technology) + 1)
        time.sleep(0.005)
        try:
            session.flush()
        except StaleDataError:
            transaction.rollback()
            return False
    return True


def test_an_act_that_rests_on_a_subject_is_refused_where_the_subject_moved(engine):
    with Session(engine) as session, session.begin():
        pilot_id = create_pilot(session).id
    done = []

    def act(_number):
        with Session(engine) as session, session.begin():
            pilot = session.get_one(Pilot, pilot_id)
            version = pilot.version
            time.sleep(0.05)
            touch(pilot)
            try:
                session.flush()
            except StaleDataError:
                session.rollback()
                return
        done.append(version)

    in_threads(act)
    assert len(done) == len(set(done))


@on_sqlite
def test_a_writing_transaction_of_sqlite_takes_the_lock_first(engine):
    """Deferred, a second transaction would read what the first is about to change."""
    order = []

    def second():
        with engine.begin():
            order.append("second")

    with engine.begin():
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


# -- reading only -------------------------------------------------------------------------------------


def test_a_reading_transaction_cannot_write(engine, organisation):
    with db.reading_only(), Session(engine) as session, pytest.raises(DBAPIError):
        session.execute(update(Organisation).values(name_en="After"))
    with Session(engine) as session:
        assert session.scalars(select(Organisation.name_en)).all() == ["Before"]


@pytest.mark.parametrize("statement", ["DELETE FROM organisation", "CREATE TABLE extra (id integer)"])
def test_a_reading_transaction_refuses_every_kind_of_change(engine, organisation, statement):
    with db.reading_only(), engine.connect() as connection, pytest.raises(DBAPIError):
        connection.execute(text(statement))


def test_a_connection_that_only_read_may_write_the_next_time(engine, organisation):
    """The pool gives the same connection out again; what was forbidden before must not stick to it."""
    with db.reading_only(), Session(engine) as session:
        session.scalars(select(Organisation)).all()
    with Session(engine) as session, session.begin():
        session.execute(update(Organisation).values(name_en="After"))
    with Session(engine) as session:
        assert session.scalars(select(Organisation.name_en)).all() == ["After"]


def test_reading_only_is_for_this_thread_alone(engine, organisation):
    with db.reading_only():

        def write(_number):
            with engine.begin() as connection:
                connection.execute(update(Organisation).values(name_en="After"))

        in_threads(write)


def test_a_reader_does_not_wait_for_a_writer(engine, organisation):
    with Session(engine) as writer, writer.begin():
        writer.execute(update(Organisation).values(name_en="After"))
        with db.reading_only(), Session(engine) as reader:
            assert reader.scalars(select(Organisation.name_en)).all() == ["Before"]


# -- what SQLite needs to be told ---------------------------------------------------------------------


def test_both_databases_refuse_a_row_without_its_parent(engine):
    with pytest.raises(DBAPIError), engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO person (email, name, role, organisation_id, password_hash)"
                " VALUES ('a@example.org', 'A', 'auditor', 4711, 'x')"
            )
        )


@on_sqlite
def test_sqlite_keeps_its_log_ahead(engine):
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30000
