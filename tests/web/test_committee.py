"""The committee's rooms."""

from __future__ import annotations

import pytest

from tests.committee.sittings import call_meeting, seat_members
from tests.factories import CONSULTED, RESOLVED

CASE = "cases/{}/committee"


def called(case):
    case.meeting = call_meeting(case, seat_members(case, 3))


def test_a_meeting_is_walked_from_its_plan_to_the_signed_minutes(office):
    members = []
    office = office((*CONSULTED, lambda case: members.extend(seat_members(case, 3))))
    office.case.people |= {f"member{i}": person for i, person in enumerate(members)}
    secretary = office.browser("secretary")
    days = {"begins_on": "2026-05-01", "ends_on": "2026-05-01"}
    answer = secretary.post("/committee/meetings", mode="oral", **days)
    assert answer.status_code == 303
    place = answer.headers["Location"]
    assert office.number in secretary.get(place).text
    secretary.post(f"{place}/add_item", case=office.number)
    assert secretary.post(f"{place}/call").status_code == 303
    for i in range(3):
        member = office.browser(f"member{i}")
        assert office.number in member.get("/committee/meetings/1").text


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("author", 403),
        ("city_reviewer", 403),
        ("expert", 403),
        ("member", 404),
        ("decider", 200),
        ("auditor", 200),
    ],
)
def test_who_reads_a_meeting(office, who, status):
    office = office((*CONSULTED, called))
    assert office.open(who, f"committee/meetings/{office.case.meeting.id}").status_code == status


def test_a_case_shows_replies_and_resolutions_to_its_parties(office):
    page = office(RESOLVED).open("author", CASE).text
    assert "Agree" in page


def test_other_companies_find_nothing(office):
    assert office(RESOLVED).open("other_author", CASE).status_code == 404
