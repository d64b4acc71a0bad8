"""Certificates, notices and their verification on pages."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import pytest
from pypdf import PdfReader

from experiments.canonical import digest
from sandbox.documents import pdf as paper
from sandbox.documents.standing import documents_of
from tests.documents.test_zones import TYPED
from tests.factories import GRANTED
from tests.web.office import wrong_fields

TERMS = {
    "granted_from": "2026-07-01",
    "granted_to": "2027-06-30",
    "reason": "The benefit outweighs the risk.",
}


def certificate_of(office):
    return documents_of(office.case.session, office.case.pilot)[0]


def verified(office, pasted):
    return office.browser().send("/documents/verify", content=pasted).text


def test_anyone_reads_verifies_and_takes_a_certificate(office):
    office = office(GRANTED)
    issued = certificate_of(office)
    page = office.read(None, f"documents/{issued.sha256}")
    assert "Certificate of exemption No. 2026-1" in page
    assert "stands as it was issued" in page
    assert office.open(None, f"documents/{issued.sha256}.json").text == issued.document
    for pasted in (issued.sha256, issued.document):
        assert "as it was issued" in verified(office, pasted)
    changed = issued.document.replace("2027-06-30", "2037-06-30")
    assert "No document with this content was issued here" in verified(office, changed)
    assert office.open(None, f"documents/{'0' * 64}").status_code == 404


@pytest.mark.parametrize("with_its_hash", [False, True])
def test_a_document_changed_in_the_database_is_said_to_be_changed(office, with_its_hash):
    office = office(GRANTED)
    issued = certificate_of(office)
    issued.document = issued.document.replace("2027-06-30", "2037-06-30")
    if with_its_hash:
        issued.sha256 = digest(issued.document)
    office.case.session.commit()
    for ending in ("", ".json"):
        answer = office.open(None, f"documents/{issued.sha256}{ending}")
        assert answer.status_code == 409
        assert "This document was changed after it was issued" in answer.text
    assert "was changed after it was issued" in verified(office, issued.sha256)
    assert office.open(None, "gazette").status_code == 200
    assert office.open(None, f"api/v1/documents/{issued.sha256}").json["standing"] == "changed"


@pytest.mark.skipif(not paper.is_available(), reason="Pango is not installed")
def test_the_certificate_on_paper_says_all_of_it(office):
    office = office(GRANTED, language="ko")
    issued = certificate_of(office)
    answer = office.open(None, f"documents/{issued.sha256}.pdf")
    assert answer.mimetype == "application/pdf"
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
    squeezed = "".join(text.split())
    for field in issued.contents()["fields"]:
        value = field["value"]["ko"]
        for each in [value] if isinstance(value, str) else value:
            assert "".join(each.split()) in squeezed, field["id"]
    assert issued.sha256 in squeezed


def test_without_pango_the_page_says_so_and_the_file_is_there(office, monkeypatch):
    monkeypatch.setattr("sandbox.web.documents.is_available", lambda: False)
    monkeypatch.setattr(paper, "is_available", lambda: False)
    paper.pdf.cache_clear()
    office = office(GRANTED)
    issued = certificate_of(office)
    assert "Print this page instead" in office.read(None, f"documents/{issued.sha256}")
    assert office.open(None, f"documents/{issued.sha256}.pdf").status_code == 503


def test_a_missing_address_is_told_in_the_form_and_in_the_room(office):
    office = office(GRANTED[:-1])
    office.case.pilot.company.address = None
    assert "Address of the operator" in office.read("decider", "cases/{}/documents")
    answer = office.send("decider", "cases/{}/grant", **TERMS)
    assert answer.status_code == 422
    assert wrong_fields(answer) == {"document-operator_address"}


def test_the_room_is_for_the_parties(office):
    office = office(GRANTED)
    for who in ("author", "city_reviewer", "reviewer", "decider", "auditor"):
        assert "Certificate of exemption" in office.read(who, "cases/{}/documents")
    for who in ("other_author", "other_city_reviewer", "other_evaluator"):
        assert office.open(who, "cases/{}/documents").status_code == 404, who


def test_the_gazette_and_its_feed(office):
    office = office(GRANTED)
    assert "Notice of an approved exemption" in office.read(None, "gazette")
    feed = ET.fromstring(office.open(None, "gazette.atom").data)
    atom = "{http://www.w3.org/2005/Atom}"
    (entry,) = feed.findall(f"{atom}entry")
    assert (
        entry.find(f"{atom}id").text
        == f"urn:sha256:{documents_of(office.case.session, office.case.pilot)[1].sha256}"
    )


def test_a_decider_publishes_a_zone_and_others_do_not(office):
    office = office(GRANTED)
    site = office.case.site.territory.code
    typed = {f"document.{name}": value for name, value in TYPED.items()} | {"site": site}
    later = {"document.papers_from": "2026-06-01", "document.papers_to": "2026-06-30"}
    assert wrong_fields(office.send("decider", "gazette/zone", **typed)) == {"document-papers_from"}
    published = office.send("decider", "gazette/zone", **typed | later)
    assert TYPED["name"] in office.read(None, published.headers["Location"].lstrip("/"))
    assert "Notice of a designated growth zone" in office.read(None, "gazette")
    for who in ("reviewer", "author", "city_reviewer"):
        assert office.send(who, "gazette/zone", **typed | later).status_code == 403, who
