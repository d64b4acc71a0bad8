"""Certificates and notices come with the act, complete or not at all, and are never edited."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from experiments.canonical import canonical, digest
from experiments.errors import BrokenRecord, Invalid, NotFound
from sandbox.documents import find, issue, standing
from sandbox.documents.gazette import gazette
from sandbox.documents.issue import lacking
from sandbox.documents.standing import documents_of
from sandbox.ledger import LedgerEntry
from tests.factories import FILED, GRANTED, create_case, grant

TODAY = date(2026, 8, 1)
REVOKED = {"reason": "Fraud.", "restoration": "The signs are removed.", "compensation": "None is due."}


@pytest.fixture
def case(session):
    return create_case(session, GRANTED)


def of(case, kind):
    return next(each for each in documents_of(case.session, case.pilot) if each.kind == kind)


def test_an_approval_brings_a_certificate_and_a_notice_that_names_it(case):
    certificate, notice = documents_of(case.session, case.pilot)
    assert (certificate.kind, notice.kind) == ("approval_certificate", "approval_notice")
    values = {field["id"]: field["value"] for field in notice.contents()["fields"]}
    assert values["approval_certificate"]["ko"] == certificate.number
    assert values["operator_name"]["ko"] == case.pilot.company.name_ko
    assert values["period"] == {"ko": "2026-07-01부터 2027-06-30까지", "en": "2026-07-01 to 2027-06-30"}
    assert values["articles"]["en"] == ["Road Traffic Act Art. 4"]


def test_imposed_conditions_stand_on_the_certificate(case):
    values = {field["id"]: field["value"] for field in of(case, "approval_certificate").contents()["fields"]}
    text = "A guard stands at every crossing in the first month."
    assert values["conditions"] == {"ko": [f"{text} (법 제49조제6항)"], "en": [f"{text} (Art. 49(6))"]}


def test_its_hash_is_over_canonical_json_and_stands_in_the_ledger(case):
    certificate = of(case, "approval_certificate")
    assert certificate.document == canonical(json.loads(certificate.document))
    assert certificate.sha256 == digest(certificate.document)
    rows = case.session.scalars(select(LedgerEntry).where(LedgerEntry.act == "document.issue"))
    recorded = [json.loads(row.details) for row in rows]
    assert {"kind": certificate.kind, "number": certificate.number, "sha256": certificate.sha256} in recorded


@pytest.mark.parametrize("blank", [None, ""])
def test_a_missing_field_blocks_the_approval_and_is_named(session, blank):
    case = create_case(session, GRANTED[:-1])
    case.pilot.company.address = blank
    assert [field.id for field in lacking(case.pilot, "approve", at=case.at)] == ["operator_address"]
    with pytest.raises(Invalid) as refused:
        grant(case)
    assert set(refused.value.errors) == {"document.operator_address"}
    assert "D52(6)" in refused.value.errors["document.operator_address"][0]


def test_documents_are_numbered_by_series_and_year(session):
    first, second = create_case(session, GRANTED), create_case(session, GRANTED)
    numbers = [
        (each.series, each.number) for case in (first, second) for each in documents_of(session, case.pilot)
    ]
    assert numbers == [
        ("certificate", "2026-1"),
        ("notice", "2026-1"),
        ("certificate", "2026-2"),
        ("notice", "2026-2"),
    ]


def test_the_year_is_that_of_the_place(case):
    # Half past midnight on New Year's Day in Seoul is still the old year in UTC.
    new_year = case.at.replace(year=2026, month=12, day=31, hour=15, minute=30)
    issued = issue(case.session, case.pilot, "revoke", by=case.actor("decider"), at=new_year, facts=REVOKED)
    assert [each.number for each in issued] == ["2027-1"]


def test_a_revocation_needs_its_duties_and_ends_the_certificate(case):
    by, at = case.actor("decider"), case.at + timedelta(days=30)
    with pytest.raises(Invalid) as refused:
        issue(case.session, case.pilot, "revoke", by=by, at=at, facts=REVOKED | {"restoration": ""})
    assert set(refused.value.errors) == {"document.restoration"}
    (notice,) = issue(case.session, case.pilot, "revoke", by=by, at=at, facts=REVOKED)
    found = standing(case.session, of(case, "approval_certificate"), today=TODAY)
    assert (found.status, found.by) == ("revoked", notice)


def test_an_extension_takes_the_place_of_the_certificate(case):
    case.pilot.exemption.granted_to = date(2028, 6, 30)
    longer, _ = issue(case.session, case.pilot, "extend", by=case.actor("decider"), at=case.at)
    assert longer.valid_to == date(2028, 6, 30)
    assert standing(case.session, of(case, "approval_certificate"), today=TODAY).by is longer
    assert standing(case.session, longer, today=TODAY).status == "in_force"


def test_a_certificate_ends_with_its_period_unless_that_is_deemed_extended(case):
    certificate, after = of(case, "approval_certificate"), date(2027, 7, 1)
    assert standing(case.session, certificate, today=date(2027, 6, 30)).status == "in_force"
    assert standing(case.session, certificate, today=after).status == "expired"
    facts = {"requested_on": "2027-04-01", "deemed_until": "the notice of the ministry"}
    issue(case.session, case.pilot, "deem_extended", by=case.actor("decider"), at=case.at, facts=facts)
    assert standing(case.session, certificate, today=after).status == "prolonged"


def test_a_document_is_found_by_its_hash_however_it_was_pasted(case):
    certificate = of(case, "approval_certificate")
    assert find(case.session, f" {certificate.sha256.upper()}\n") is certificate
    for wrong in ("", "x", certificate.sha256[:-1], "0" * 64, "\x00" * 64):
        with pytest.raises(NotFound):
            find(case.session, wrong)


def test_an_edited_document_is_not_handed_out(case):
    certificate = of(case, "approval_certificate")
    certificate.document = certificate.document.replace("2027-06-30", "2037-06-30")
    with pytest.raises(BrokenRecord):
        certificate.contents()


def test_the_gazette_shows_one_year_newest_first(session):
    cases = [create_case(session, GRANTED) for _ in range(2)]
    listing = gazette(session, year=1999)
    assert (listing.year, listing.years, listing.total) == (2026, (2026,), 2)
    assert [each.pilot.number for each in listing.notices] == [case.pilot.number for case in reversed(cases)]


def test_nothing_was_ever_published(session):
    assert gazette(session).year is None


def test_before_the_approval_there_is_none(session):
    assert documents_of(session, create_case(session, FILED).pilot) == []
