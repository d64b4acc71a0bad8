"""Tokens on the page: shown once, by the own city's data officer alone, every act in the ledger."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from experiments.collection.tokens import SourceToken
from sandbox.ledger import LedgerEntry
from tests.factories import create_site, create_source
from tests.web.visitors import remembering, said, stored

SECRET = re.compile(r"src_[\w-]{40,}")


@pytest.fixture
def address(rows, site):
    source = create_source(remembering(rows), site)
    rows.commit()
    return f"/sources/{source.id}/tokens"


def make(officer, address, **changes):
    return officer.send(address, **{"label": "Bus company", "days": "90"} | changes)


def test_a_token_is_shown_once(officer, address):
    answer = make(officer, address)
    assert len(SECRET.findall(answer.text)) == 1
    assert "Bus company" in officer.read(address)
    assert not SECRET.findall(officer.read(address))


def test_a_renewed_token_has_another_secret(officer, address, rows):
    first = SECRET.findall(make(officer, address).text)
    answer = officer.send(f"{address}/1/rotate")
    assert SECRET.findall(answer.text) not in ([], first)
    assert len(stored(rows, select(SourceToken.id))) == 2


def test_every_act_stands_in_the_ledger_without_the_secret(officer, address, rows):
    secret = SECRET.findall(make(officer, address).text)[0]
    officer.send(f"{address}/1/rotate")
    officer.send(f"{address}/1/revoke")
    acts = stored(
        rows, select(LedgerEntry.act).where(LedgerEntry.act.like("source.%")).order_by(LedgerEntry.number)
    )
    assert acts == ["source.make_token", "source.rotate_token", "source.revoke_token"]
    assert not any(secret in details for details in stored(rows, select(LedgerEntry.details)))


@pytest.mark.parametrize("changes", [{"label": ""}, {"days": "0"}, {"days": "401"}, {"days": "many"}])
def test_a_token_needs_a_label_and_an_end(officer, address, changes):
    answer = make(officer, address, **changes)
    assert answer.status_code == 422
    assert not SECRET.findall(answer.text)


def test_a_revoked_token_is_not_renewed(officer, address):
    make(officer, address)
    officer.send(f"{address}/1/revoke")
    answer = officer.send(f"{address}/1/rotate")
    assert answer.status_code == 409
    assert "The token has ended or was revoked already." in said(answer)


def test_another_citys_source_is_not_found(officer, rows, site):
    other = create_source(remembering(rows), create_site(rows))
    rows.commit()
    assert make(officer, f"/sources/{other.id}/tokens").status_code == 404


def test_a_token_of_another_source_is_not_found(officer, address, rows, site):
    other = create_source(remembering(rows), site, entities=[{"entity": "urn:x", "district": "D01"}])
    rows.commit()
    make(officer, address)
    assert officer.send(f"/sources/{other.id}/tokens/1/revoke").status_code == 404
