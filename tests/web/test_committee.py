"""The committee's rooms."""

from __future__ import annotations

import pytest

from tests.committee.sittings import call_meeting, resolve, seat_members, vote
from tests.factories import CONSULTED, RESOLVED

CASE = "cases/{}/committee"


def called(case):
    case.members = seat_members(case, 3)
    case.meeting = call_meeting(case, case.members)
    case.people["sitting"] = case.members[1]


def test_the_secretariat_plans_a_meeting_and_members_find_their_papers(office):
    office = office((*CONSULTED, lambda case: case.people.update(sitting=seat_members(case, 3)[0])))
    days = {"begins_on": "2026-05-01", "ends_on": ""}
    answer = office.send("secretary", "committee/meetings", mode="oral", **days)
    place = answer.headers["Location"].lstrip("/")
    assert office.number in office.read("secretary", place)
    assert office.open("sitting", CASE).status_code == 404
    office.send("secretary", f"{place}/add_item", case=office.number)
    assert office.send("secretary", f"{place}/call").status_code == 303
    assert office.number in office.read("sitting", place)
    assert office.open("sitting", CASE).status_code == 200
    assert office.open("sitting", "cases/{}").status_code == 200


def test_a_member_declares_and_votes(office):
    office = office((*CONSULTED, called))
    place = f"committee/meetings/{office.case.meeting.id}"
    item = office.case.meeting.items[0].id
    assert office.send("sitting", f"{place}/vote", item=item, choice="approve").status_code == 409
    answer = office.send("sitting", f"{place}/declare", item=item, has_conflict="true", reason="")
    assert answer.status_code == 422
    assert "Say what the conflict is." in answer.text
    office.send("sitting", f"{place}/declare", item=item, has_conflict="false", reason="")
    assert office.send("sitting", f"{place}/vote", item=item, choice="approve").status_code == 303
    assert office.send("secretary", f"{place}/vote", item=item, choice="approve").status_code == 403


def test_votes_are_secret_until_the_resolution(office):
    office = office((*CONSULTED, called, one_votes))
    place = f"committee/meetings/{office.case.meeting.id}"
    page = office.read("secretary", place)
    assert "Has voted" in page
    assert "No exemption needed" not in page
    resolve(office.case, office.case.meeting.items[0])
    office.case.session.commit()
    assert "No exemption needed" in office.read("secretary", place)


def one_votes(case):
    item = case.meeting.items[0]
    vote(case, item, case.members[1], "not_required")
    for person in (case.members[0], case.members[2]):
        vote(case, item, person, "not_required")


def test_a_resolution_is_shown_with_its_arithmetic(office):
    def voted(case):
        called(case)
        for person in case.members:
            vote(case, case.meeting.items[0], person, "approve_with_conditions")

    office = office((*CONSULTED, voted))
    place = f"committee/meetings/{office.case.meeting.id}"
    item = office.case.meeting.items[0].id
    assert office.send("secretary", f"{place}/resolve", item=item).status_code == 303
    page = office.read("author", CASE)
    assert "Approve with conditions 3" in page
    assert "Resolved by majority" in page


@pytest.mark.parametrize(
    ("who", "status"),
    [
        *(("author", 403), ("city_reviewer", 403), ("expert", 403), ("member", 404)),
        *(("decider", 200), ("auditor", 200)),
    ],
)
def test_who_reads_a_meeting(office, who, status):
    office = office((*CONSULTED, called))
    assert office.open(who, f"committee/meetings/{office.case.meeting.id}").status_code == status


def test_other_companies_find_nothing(office):
    assert office(RESOLVED).open("other_author", CASE).status_code == 404
