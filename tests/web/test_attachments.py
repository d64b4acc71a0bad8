"""The files of an application on pages: sent, listed, downloaded as they are, and nobody else's business."""

from __future__ import annotations

from io import BytesIO

import pytest

from tests.factories import ANSWERED, DRAFTED, FILED
from tests.web.office import wrong_fields

PDF = b"%PDF-1.7\nA safety case."
PAGE = "cases/{}/files"


def send(office, who="author", body=PDF, name="안전.pdf", kind="other"):
    return office.send(who, PAGE, kind=kind, file=(BytesIO(body), name))


def address(office):
    kept = office.pilot.exemption.attachments
    return f"{PAGE}/{kept[0].id}"


def test_a_file_goes_in_and_comes_out_as_it_was(office):
    office = office(DRAFTED)
    assert send(office).status_code == 303
    assert "안전.pdf" in office.read("author", PAGE)
    answer = office.open("author", address(office))
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_wrong_file_is_told_at_its_field(office):
    office = office(DRAFTED)
    answer = send(office, body=b"<html>", name="a.pdf")
    assert answer.status_code == 422
    assert wrong_fields(answer) == {"file"}
    assert send(office, kind="nonsense").status_code == 422


def test_a_form_without_a_file_says_so(office):
    office = office(DRAFTED)
    answer = office.send("author", PAGE, kind="other")
    assert answer.status_code == 422
    assert wrong_fields(answer) == {"file"}


@pytest.mark.parametrize("who", ["other_author", "other_signatory", "other_city_reviewer", "administrator"])
def test_strangers_reach_no_file(office, who):
    office = office(ANSWERED)
    send(office)
    for page in (PAGE, address(office)):
        assert office.open(who, page).status_code in (403, 404)


def test_parties_read_and_only_the_author_writes(office):
    office = office(ANSWERED)
    send(office)
    assert office.open("city_reviewer", address(office)).data == PDF
    assert send(office, who="signatory").status_code == 403


def test_a_file_is_taken_back_with_a_reason(office):
    office = office(DRAFTED)
    send(office)
    assert office.send("author", address(office) + "/remove", reason=" ").status_code == 422
    assert office.send("author", address(office) + "/remove", reason="Outdated.").status_code == 303
    assert "Taken back on" in office.read("author", PAGE)
    assert office.open("author", address(office)).status_code == 404


def test_another_cases_file_is_not_reached_through_ones_own(office):
    office = office(FILED)
    assert office.open("author", f"{PAGE}/999999").status_code == 404
