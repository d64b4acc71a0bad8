"""The record of a case on a page, on paper and as an archive; and the annual report."""

from __future__ import annotations

import io
import zipfile

import pytest
from pypdf import PdfReader

from sandbox.documents import pdf as paper
from tests.factories import DRAFTED, GRANTED, SIGNED, WITHDRAWN

NEEDS_PANGO = pytest.mark.skipif(not paper.is_available(), reason="Pango is not installed")


def text_of(answer):
    assert answer.mimetype == "application/pdf"
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages).split())


def test_the_auditor_reads_the_whole_case_with_its_acts_in_the_ledger(office):
    page = office(SIGNED).read("auditor", "cases/{}/record")
    for part in (
        "Put up signs.",
        "A guard stands at every crossing",
        "Certificate of exemption",
        "exemption_history",
    ):
        assert part in page


def test_parties_read_it_without_the_ledger_and_nobody_else_does(office):
    office = office(GRANTED)
    for who in ("author", "city_reviewer", "reviewer", "decider", "evaluator"):
        assert "exemption_history" not in office.read(who, "cases/{}/record"), who
    for who in ("other_author", "other_city_reviewer", "other_evaluator", "administrator"):
        for form in ("", ".pdf", ".zip"):
            assert office.open(who, "cases/{}/record" + form).status_code == 404, (who, form)
    assert office.open(None, "cases/{}/record.zip").status_code == 302


def test_the_archive_is_whole_for_the_auditor(office):
    office = office(GRANTED)
    for who, has_ledger in (("auditor", True), ("author", False)):
        with zipfile.ZipFile(io.BytesIO(office.open(who, "cases/{}/record.zip").data)) as made:
            assert made.testzip() is None
            assert ("ledger.jsonl" in made.namelist()) == has_ledger


@NEEDS_PANGO
def test_it_goes_on_paper_in_korean(office):
    text = text_of(office(GRANTED, language="ko").open("auditor", "cases/{}/record.pdf"))
    assert "사건기록" in text
    assert "PutupSigns".lower() in text.lower()


def test_a_draft_has_a_record_for_its_company_alone(office):
    office = office(DRAFTED)
    assert office.open("author", "cases/{}/record").status_code == 200
    assert office.open("reviewer", "cases/{}/record").status_code == 404


def test_the_annual_report_is_for_everyone(office):
    office = office(GRANTED)
    assert "Annual report 2026" in office.read(None, "annual-report/2026")
    assert office.open(None, "annual-report").headers["Location"].endswith("/annual-report/2026")
    assert office.open(None, "annual-report/2026.json").json["results"]["due"] == 0
    assert "steps,approve,1" in office.open(None, "annual-report/2026.csv").text
    assert office.open(None, "annual-report/1999").status_code == 404


@NEEDS_PANGO
def test_the_annual_report_goes_on_paper(office):
    assert "Annualreport2026" in text_of(office(GRANTED).open(None, "annual-report/2026.pdf"))


def test_what_was_withdrawn_stays_as_a_stub_with_its_reason(office):
    office = office(WITHDRAWN)
    page = office.read(None, "pilots/{}")
    assert "The funding fell through." in page
    assert "steps,withdraw,1" in office.open(None, "annual-report/2026.csv").text
    assert "Smart crossings" in office.read("auditor", "cases/{}/record")
