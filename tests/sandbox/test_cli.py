"""The command line: every command explains itself, and what is wrong is one sentence and a status."""

from __future__ import annotations

import hashlib

import click
import pytest
from click.testing import CliRunner
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from experiments.evaluation import runs
from experiments.evaluation.models import Evaluation
from experiments.registrations.models import PlanVersion
from sandbox import db
from sandbox.accounts import Person
from sandbox.cli import main
from sandbox.ledger import LedgerEntry
from tests.experiments.evaluation.build import AFTER, REQUESTED, InThisProcess
from tests.factories import FILED, PASSWORD, create_case, create_person

on_sqlite = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


def commands(command=main, path=()):
    """The words of every command and group."""
    yield path
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from commands(inner, (*path, name))


@pytest.fixture
def environ(tmp_path, monkeypatch):
    """An environment with no settings but a folder of its own."""
    monkeypatch.setenv("SANDBOX_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.delenv("SANDBOX_DATABASE_URL", raising=False)
    return monkeypatch


@pytest.fixture
def rows(environ, committed_database):
    """A session on the database that the commands work on."""
    environ.setenv("SANDBOX_DATABASE_URL", committed_database)
    engine = db.engine_for(committed_database)
    with Session(engine) as session:
        yield session
    engine.dispose()


def sandbox(*words, typed=None):
    return CliRunner().invoke(main, words, input=typed)


# -- help ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_every_command_explains_itself(path):
    answer = sandbox(*path, "--help")
    assert answer.exit_code == 0
    assert answer.output.splitlines()[2].startswith("  ")


def test_a_bad_setting_is_one_sentence(environ):
    environ.setenv("SANDBOX_PORT", "eighty")
    answer = sandbox("ledger", "verify")
    assert (answer.exit_code, answer.output) == (1, "Error: SANDBOX_PORT: 'eighty' is not a whole number\n")


# -- the database -------------------------------------------------------------------------------------


def test_a_database_is_made_from_nothing(environ, tmp_path):
    answer = sandbox("db", "upgrade")
    assert (answer.exit_code, answer.output) == (0, "The database is up to date.\n")
    assert sandbox("ledger", "verify").output.startswith("0 rows are sound.")


def test_a_second_upgrade_changes_nothing(environ):
    assert [sandbox("db", "upgrade").exit_code for _ in range(2)] == [0, 0]


@pytest.mark.parametrize("command", [("ledger", "verify"), ("evaluation", "verify", "1")])
def test_without_migrations_the_way_on_is_told(environ, tmp_path, command):
    (tmp_path / "var").mkdir()
    answer = sandbox(*command)
    assert answer.exit_code == 1
    assert "no such table" in answer.output
    assert "sandbox db upgrade" in answer.output


# -- the ledger ---------------------------------------------------------------------------------------


def test_a_sound_ledger_is_counted(rows):
    create_case(rows, FILED)
    rows.commit()
    head = rows.scalar(select(LedgerEntry.hash).order_by(LedgerEntry.number.desc()).limit(1))
    count = len(rows.scalars(select(LedgerEntry.number)).all())
    rows.commit()
    answer = sandbox("ledger", "verify")
    assert answer.exit_code == 0
    assert answer.output.startswith(f"{count} rows are sound. Head: {head}\n")
    assert answer.output.endswith("; 0 older ones are not witnessed.\n")


def test_a_row_that_was_changed_behind_the_guards_is_named(rows):
    create_case(rows, FILED)
    without_guards(rows)
    rows.execute(update(LedgerEntry).where(LedgerEntry.number == 3).values(actor_name="Nobody"))
    rows.commit()
    answer = sandbox("ledger", "verify")
    assert answer.exit_code == 1
    assert answer.output.startswith("Row 3 is broken: ")
    assert "Rows before it are sound." in answer.output


def without_guards(rows):
    """As somebody with all rights would take them away."""
    if rows.get_bind().dialect.name == "postgresql":
        rows.execute(text("ALTER TABLE ledger_entry DISABLE TRIGGER USER"))
    else:
        rows.execute(text("DROP TRIGGER ledger_entry_update_refused"))


# -- evaluations --------------------------------------------------------------------------------------


@pytest.fixture
def done(rows):
    """The id of a run that is finished, with the readings it read."""
    create_case(rows, REQUESTED)
    rows.commit()
    factory = db.sessions_for(rows.get_bind().url.render_as_string(hide_password=False))
    return runs.run_due(factory, InThisProcess(), holder="test", clock=lambda: AFTER)[0]


@on_sqlite
def test_a_run_is_repeated_byte_for_byte(rows, done):
    answer = sandbox("evaluation", "verify", str(done))
    assert (answer.exit_code, answer.output) == (0, f"Evaluation {done}: the same bytes again.\n")


@pytest.fixture
def here(monkeypatch):
    """Runs are repeated in this process, which starts no other."""
    monkeypatch.setattr("sandbox.executors.workers_of", lambda settings: InThisProcess())


def changed_result(rows, done):
    return rows.get_one(Evaluation, done).document.replace("expand_conditional", "expand_nationwide")


def test_a_result_that_was_changed_is_named(rows, done, here):
    rows.execute(update(Evaluation).where(Evaluation.id == done).values(document=changed_result(rows, done)))
    rows.commit()
    answer = sandbox("evaluation", "verify", str(done))
    assert (answer.exit_code, answer.output) == (
        1,
        f"Error: evaluation {done}: digest of the result differs\n",
    )


def test_a_result_that_was_changed_with_its_digest_differs_from_its_repetition(rows, done, here):
    changed = changed_result(rows, done)
    digest = hashlib.sha256(changed.encode()).hexdigest()
    rows.execute(
        update(Evaluation).where(Evaluation.id == done).values(document=changed, document_sha256=digest)
    )
    rows.commit()
    answer = sandbox("evaluation", "verify", str(done))
    assert (answer.exit_code, answer.output) == (1, f"Evaluation {done}: the repetition DIFFERS.\n")


def test_a_plan_that_was_changed_is_named(rows, done, here):
    rows.execute(update(PlanVersion).values(document="{}"))
    rows.commit()
    answer = sandbox("evaluation", "verify", str(done))
    assert answer.exit_code == 1
    assert answer.output.startswith("Error: plan version 1 of experiment ")


def test_there_has_to_be_a_finished_run(rows, here):
    answer = sandbox("evaluation", "verify", "4711")
    assert (answer.exit_code, answer.output) == (1, "Error: there is no finished evaluation 4711\n")


# -- the first account --------------------------------------------------------------------------------


def create_administrator(email="first@example.org", password=PASSWORD, name="Kim Seo-yeon"):
    options = ("--name", name, "--organisation", "The operator", "--password", password)
    return sandbox("person", "create-administrator", email, *options)


def test_the_first_administrator_may_sign_in(rows):
    answer = create_administrator()
    assert (answer.exit_code, answer.output) == (0, "first@example.org may sign in.\n")
    person = rows.scalars(select(Person)).one()
    assert (person.role, person.organisation.kind) == ("administrator", "operator")


def test_the_password_is_asked_for_twice_and_not_shown(rows):
    typed = f"Kim Seo-yeon\nThe operator\n{PASSWORD}\n{PASSWORD}\n"
    answer = sandbox("person", "create-administrator", "first@example.org", typed=typed)
    assert answer.exit_code == 0
    assert PASSWORD not in answer.output


def test_there_is_one_first_administrator(rows):
    create_person(rows)
    rows.commit()
    answer = create_administrator()
    assert answer.exit_code == 1
    assert answer.output.startswith("Error: there are accounts already")
    assert len(rows.scalars(select(Person)).all()) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"password": "short"}, "Error: password: at least 12 characters\n"),
        ({"email": "nonsense"}, "Error: email: Not a valid email address.\n"),
        ({"name": " "}, "Error: name: Missing data for required field.\n"),
    ],
)
def test_a_refused_first_account_says_why(rows, changes, sentence):
    answer = create_administrator(**changes)
    assert (answer.exit_code, answer.output) == (1, sentence)
    assert rows.scalars(select(Person)).all() == []
