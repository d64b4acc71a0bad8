"""The ledger's page: acts in order, filters in the address, and the verdict on the chain."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask_babel import force_locale
from sqlalchemy import select, text

from sandbox import audit, ledger
from sandbox.accounts import Role
from sandbox.web import ledger_words
from tests.factories import (
    AMENDED,
    BEGINNING,
    DECIDED,
    DECIDED_AGAINST,
    REFUSED,
    RETURNED,
    SUSPENDED,
    WITHDRAWN,
    create_case,
    create_person,
)
from tests.web.visitors import Clock, Visitor, remembering, said


@pytest.fixture
def auditor(service, client, rows):
    Clock(service)
    person = create_person(remembering(rows), Role.AUDITOR)
    rows.commit()
    visitor = Visitor(client)
    visitor.sign_in(person)
    return visitor


@pytest.fixture
def append(rows):
    by = create_person(remembering(rows), Role.DECIDER, name="Oh Si-woo").actor

    def append(act="pilot.start", subject="pilot:RS-1", **details):
        entry = ledger.append(
            rows, act=act, subject=subject, by=by, at=BEGINNING + timedelta(hours=2), details=details
        )
        rows.commit()
        return entry

    return append


def test_an_act_is_shown_with_everything_that_the_row_holds(auditor, append):
    entry = append(reason="tests were passed")
    page = auditor.read("/ledger")
    assert f"{entry.number} 2026-03-02 12:00 Pilot started pilot.start pilot:RS-1 Oh Si-woo Decider" in page
    assert '{"reason":"tests were passed"}' in page
    assert entry.hash in page


def test_the_newest_act_stands_first(auditor, append):
    append(subject="pilot:OLD")
    append(subject="pilot:NEW")
    page = auditor.read("/ledger")
    assert page.index("pilot:NEW") < page.index("pilot:OLD")


def test_a_sound_ledger_says_so_with_its_head(auditor, append):
    entry = append()
    page = auditor.read("/ledger")
    assert f"All {entry.number} rows are sound" in page
    assert f"Head: {entry.hash}" in page
    assert "sandbox ledger verify" in page


def test_a_broken_ledger_names_the_row(auditor, append, rows):
    number = append(n=1).number
    append(n=2)
    if rows.get_bind().dialect.name == "postgresql":
        rows.execute(text("ALTER TABLE ledger_entry DISABLE TRIGGER USER"))
    else:
        rows.execute(text("DROP TRIGGER ledger_entry_update_refused"))
    rows.execute(text("UPDATE ledger_entry SET act = 'pilot.stop' WHERE number = :n"), {"n": number})
    rows.commit()
    page = auditor.read("/ledger")
    assert f"Row {number} is broken Its contents were changed after it was written." in page
    assert f"The {number - 1} rows before it are sound." in page


def test_a_row_that_contradicts_its_record_is_named(auditor, rows):
    case = create_case(remembering(rows), DECIDED)
    rows.commit()
    assert "The register contradicts the ledger" not in auditor.read("/ledger")
    rows.execute(text("UPDATE evaluation SET finding = 'stop'"))
    rows.commit()
    signed = select(ledger.LedgerEntry.number).where(ledger.LedgerEntry.act == "pilot.sign_result")
    page = auditor.read("/ledger")
    assert "The register contradicts the ledger" in page
    where = f"{case.pilot.key}/evaluation/{case.evaluation.id} (record in row {rows.scalar(signed)})"
    assert f"{where}: Its finding is not the recorded one." in page


@pytest.mark.parametrize(
    "why", [value for name, value in vars(audit).items() if name.isupper() and name[0] != "_"]
)
def test_every_contradiction_is_a_sentence(auditor, service, why):
    with service.test_request_context(), force_locale("en"):
        assert ledger_words.fault(why) == f"{why[0].upper()}{why[1:]}."


def test_acts_are_filtered_by_the_beginning_of_the_subject(auditor, append):
    append(subject="pilot:RS-2026-0001")
    append(subject="exemption:1")
    page = auditor.read("/ledger?subject=pilot:RS-2026")
    assert "pilot:RS-2026-0001" in page
    assert "exemption:1" not in page


def test_acts_are_filtered_by_what_was_done(auditor, append):
    append("pilot.start", "pilot:STARTED")
    append("pilot.stop", "pilot:STOPPED")
    page = auditor.read("/ledger?act=pilot.stop")
    assert "pilot:STOPPED" in page
    assert "pilot:STARTED" not in page


def test_a_percent_sign_is_filtered_as_itself(auditor, append):
    append()
    assert "No act matches" in auditor.read("/ledger?subject=%25")


def test_pages_keep_the_filter_in_the_address(auditor, append, monkeypatch):
    monkeypatch.setattr("sandbox.ledger.pages.ROWS_PER_PAGE", 2)
    for number in range(5):
        append(subject=f"pilot:{number}")
    answer = auditor.open("/ledger?act=pilot.start&page=2")
    assert "5 in total, page 2 of 3" in said(answer)
    assert "/ledger?act=pilot.start&amp;page=3" in answer.text
    assert ["pilot:2" in said(answer), "pilot:4" in said(answer)] == [True, False]


@pytest.mark.parametrize("page", ["0", "-3", "999999999999999999999", "x"])
def test_a_page_that_is_not_there_leads_to_one_that_is(auditor, page):
    assert "Signed in" in auditor.read(f"/ledger?page={page}")


def test_what_people_wrote_cannot_become_markup(auditor, append):
    append(reason="<script>alert(1)</script>")
    assert "<script>alert" not in auditor.open("/ledger").text


@pytest.mark.parametrize("role", [role for role in Role if role != Role.AUDITOR])
def test_the_page_is_for_auditors(service, client, rows, role):
    Clock(service)
    person = create_person(remembering(rows), role)
    rows.commit()
    visitor = Visitor(client)
    visitor.sign_in(person)
    assert visitor.open("/ledger").status_code == 403


@pytest.mark.parametrize(
    "history", [DECIDED, DECIDED_AGAINST, AMENDED, REFUSED, RETURNED, SUSPENDED, WITHDRAWN]
)
def test_every_act_of_a_case_has_a_name(session, history):
    create_case(session, history)
    codes = ledger.acts(session)
    assert codes
    assert [code for code in codes if ledger_words.act(code) == code] == []
