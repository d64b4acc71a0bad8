"""The commands about hubs: credentials go in and never come out; a hub's habits are told with evidence."""

from __future__ import annotations

import base64

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.collection.credentials import Vault
from experiments.collection.models import Hub
from sandbox import db
from sandbox.cli import main
from sandbox.ledger import LedgerEntry
from tests.experiments.collection.build import create_source, scripted_hub

OLD, NEW = (base64.urlsafe_b64encode(bytes([n]) * 32).decode() for n in (1, 2))
NAMED = (
    "hub",
    "credentials",
    "hub",
    "--kind",
    "key_in_query",
    "--as",
    "serviceKey",
    "--secret",
    "s3cret-key",
)


@pytest.fixture
def rows(tmp_path, monkeypatch, committed_database):
    monkeypatch.setenv("SANDBOX_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("SANDBOX_DATABASE_URL", committed_database)
    monkeypatch.setenv("SANDBOX_CREDENTIAL_KEYS", OLD)
    monkeypatch.setenv("SANDBOX_PRIVATE_HUBS", "127.0.0.1:*")
    engine = db.engine_for(committed_database)
    with Session(engine) as session:
        yield session
    engine.dispose()


def run(*words):
    return CliRunner().invoke(main, words)


def sealed(session):
    session.expire_all()
    held = session.scalars(select(Hub.credentials)).one()
    session.rollback()
    return held


def test_credentials_are_sealed_and_sealed_again_under_a_new_key(rows, monkeypatch):
    create_source(rows)
    rows.commit()
    told = run(*NAMED)
    assert told.exit_code == 0, told.output
    assert "s3cret-key" not in told.output + sealed(rows)
    entry = rows.scalars(select(LedgerEntry)).one()
    done = (entry.act, entry.actor_name, entry.actor_role)
    assert done == ("hub.store_credentials", "command line", "service")
    assert "s3cret-key" not in entry.details
    rows.rollback()
    monkeypatch.setenv("SANDBOX_CREDENTIAL_KEYS", f"{NEW},{OLD}")
    assert run("hub", "seal-again").output == "Sealed again: 1.\n"
    assert Vault([NEW]).open(sealed(rows)).secret == "s3cret-key"
    acts = rows.scalars(select(LedgerEntry.act).order_by(LedgerEntry.number)).all()
    assert acts == ["hub.store_credentials", "hub.seal_again"]


def test_credentials_for_an_unknown_hub_are_refused(rows):
    assert "there is no hub" in run(*NAMED).output


def test_credentials_that_cannot_be_sent_are_refused_with_the_reason(rows):
    create_source(rows)
    rows.commit()
    told = run(*NAMED, "--token-url", "https://hub.example.org/token")
    assert told.exit_code == 1
    assert "Client credentials, and only they, have a token address." in told.output
    assert sealed(rows) is None


def test_a_hub_is_examined_with_its_credentials_and_they_are_not_shown(rows):
    asked = []

    def answer(target):
        asked.append(target)
        return 200, {}, b"[]"

    with scripted_hub(answer) as url:
        source_id = create_source(rows, url).id
        rows.commit()
        run(*NAMED)
        told = run("hub", "check", str(source_id))
    assert told.exit_code == 0, told.output
    assert "count: departs. The hub gives no count" in told.output
    assert all("serviceKey=s3cret-key" in target for target in asked)
    assert "s3cret-key" not in told.output
