"""Rapid confirmation by clicks: from the company's draft to the ministry's answer and an application."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy.orm import sessionmaker

from sandbox.serving import note_lapses
from tests.factories import BEGINNING
from tests.web.office import wrong_fields
from tests.web.visitors import Clock

REQUEST = {
    "title": "배송 로봇",
    "technology": "delivery robot",
    "description": "보도에서 소포를 배송한다.",
    "articles": "Road Traffic Act Art. 2\n",
}
NEEDED = {
    "reply": "permit_needed",
    "text": "It is a vehicle.",
    "requirements": "A type approval.",
    "procedure": "File form 7.",
}


def home(office, who):
    return office.case.people[who].organisation_id


@pytest.fixture
def asking(office):
    """A company with a request in draft, and the request's number."""
    office = office()
    answer = office.send("author", "confirmations/new", lead=str(home(office, "reviewer")), **REQUEST)
    assert answer.status_code == 303
    return office, answer.location.rpartition("/")[2]


def routed(asking):
    office, number = asking
    office.send("signatory", f"confirmations/{number}/moves/submit")
    office.send(
        "reviewer",
        f"confirmations/{number}/route",
        agencies=[str(home(office, "other_reviewer")), str(home(office, "city_reviewer"))],
    )
    return office, number


def test_from_draft_to_answer(asking, service):
    office, number = routed(asking)
    assert "Your turn" in office.read("other_reviewer", "confirmations")
    assert office.send("other_reviewer", f"confirmations/{number}/reply", **NEEDED).status_code == 303
    page = office.read("author", f"confirmations/{number}")
    assert "A type approval." in page
    assert "No reply yet" in page
    free = {"reply": "no_permit", "text": "Pavements are ours, parcels are not."}
    office.send("city_reviewer", f"confirmations/{number}/reply", **free)
    office.send("reviewer", f"confirmations/{number}/answer", **free)
    page = office.read("author", f"confirmations/{number}")
    assert "Permit needed in part" in page
    assert "Apply for an exemption with this request" in page
    form = office.open("author", f"company/pilots/new?confirmation={number}").text
    assert 'value="배송 로봇"' in form
    assert "보도에서 소포를 배송한다." in form


def test_silence_reads_as_the_law_has_it(asking, service, served_engine):
    clock = Clock(service)
    office, number = routed(asking)
    clock.now = BEGINNING + timedelta(days=40)
    office.case.session.commit()
    note_lapses(sessionmaker(served_engine), lambda: clock.now)
    page = office.read("author", f"confirmations/{number}")
    assert page.count("Deemed not required") == 2
    assert "By law, silence means that no permit is needed (Art. 49-2(4))." in page
    answer = office.open("city_reviewer", f"confirmations/{number}/reply")
    assert answer.status_code == 409


def test_a_permit_without_its_requirements_is_refused_by_field(asking):
    office, number = routed(asking)
    answer = office.send("other_reviewer", f"confirmations/{number}/reply", **NEEDED | {"requirements": " "})
    assert answer.status_code == 422
    assert wrong_fields(answer) == {"requirements"}


def test_a_request_without_ministry_and_title_names_both(office):
    office = office()
    answer = office.send("author", "confirmations/new", lead="x", **REQUEST | {"title": ""})
    assert answer.status_code == 422
    assert wrong_fields(answer) == {"lead", "title"}


@pytest.mark.parametrize("page", ["", "/edit", "/route", "/reply", "/answer"])
@pytest.mark.parametrize("who", ["other_author", "other_signatory", "other_city_reviewer", "evaluator"])
def test_strangers_learn_nothing(asking, who, page):
    office, number = asking
    assert office.open(who, f"confirmations/{number}{page}").status_code in (403, 404)


def test_its_clocks_stand_among_the_due_dates(asking):
    office, number = routed(asking)
    page = office.open("other_reviewer", "due-dates").text
    address = re.search(rf'href="(/confirmations/{number}/clocks/\d+)"', page)[1]
    assert "Days 1 to 30 count" in office.read("other_reviewer", address.lstrip("/"))
    assert office.open("other_author", address.lstrip("/")).status_code == 404


def test_a_refused_reason_comes_back(asking):
    office, number = asking
    office.send("signatory", f"confirmations/{number}/moves/submit")
    answer = office.send("reviewer", f"confirmations/{number}/moves/take_alone", reason=" ")
    assert answer.status_code == 422
    assert "a reason is needed" in answer.text
