"""Claims for damage on pages: filed by anybody, answered by the company, counted for everybody."""

from __future__ import annotations

import re

from tests.claims.filed import claim_values
from tests.factories import GRANTED, RUNNING
from tests.web.office import wrong_fields

FORM = "pilots/{}/claim"


def file_claim(office, **changes):
    """What the claimant's browser is shown after filing, and the secret address."""
    visitor = office.browser(None)
    answer = visitor.send(office.path(FORM), **claim_values(**changes))
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def number_of(page):
    return re.search(r"CL-\d{4}-\d{4}", page)[0]


def test_a_resident_claims_and_the_company_answers(office):
    office = office(RUNNING)
    link = file_claim(office)
    page = office.browser(None).read(link)
    number = number_of(page)
    assert "Hangang Insurance" in page
    address = f"cases/{{}}/claims/{number}"
    assert "Hong Gil-dong" in office.read("author", address)
    assert office.send("author", address + "/inform", information="Call Hangang.").status_code == 303
    refused = office.send("signatory", address + "/refuse", refusal="A storm.", proof=" ")
    assert refused.status_code == 422
    assert wrong_fields(refused) == {"proof"}
    assert office.send("signatory", address + "/refuse", refusal="A storm.", proof="Photo").status_code == 303
    page = office.browser(None).read(link)
    assert "Call Hangang." in page
    assert "Photo" in page


def test_the_receipt_is_checked_by_anybody(office):
    office = office(RUNNING)
    visitor = office.browser(None)
    link = file_claim(office)
    receipt = re.search(r"[0-9a-f]{64}", visitor.read(link))[0]
    assert "This receipt stands in the ledger" in visitor.read(f"/receipts?hash={receipt}")
    assert visitor.open(f"/receipts?hash={'0' * 64}").status_code == 404
    assert b"Hong Gil-dong" in visitor.open(f"{link}/receipt.json").data


def test_the_public_sees_counts_alone(office):
    office = office(RUNNING)
    file_claim(office)
    page = office.read(None, "pilots/{}")
    assert "Filed: 1. Waiting for an answer: 1. Paid: 0. Refused: 0." in page
    assert "Hong" not in page


def test_before_the_start_there_is_no_form(office):
    office = office(GRANTED)
    assert office.open(None, FORM).status_code == 404
    assert "Claim damages" not in office.read(None, "pilots/{}")


def test_blank_fields_are_named_at_their_places(office):
    office = office(RUNNING)
    answer = office.browser(None).send(office.path(FORM), name="Kim", amount="much")
    assert answer.status_code == 422
    assert wrong_fields(answer) == {"contact", "relation", "damage", "amount", "basis"}


def test_nobody_else_reads(office):
    office = office(RUNNING)
    number = number_of(office.browser(None).read(file_claim(office)))
    address = f"cases/{{}}/claims/{number}"
    for who in ("other_author", "other_city_reviewer", "other_reviewer", "other_signatory"):
        assert office.open(who, address).status_code == 404, who
    assert office.open("evaluator", address).status_code == 403
    assert "CL-" not in office.read("other_reviewer", "cases/{}/claims")
