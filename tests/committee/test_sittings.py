"""Meetings from their plan to the signed minutes, and who votes on what."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from experiments.errors import Invalid, Refused, WrongMoment
from sandbox.committee import meetings, seats, voting
from sandbox.committee.table import MEETING
from sandbox.exemptions import deliberation
from sandbox.exemptions.table import EXEMPTION
from sandbox.risks.models import SignOff
from tests.committee.sittings import (
    LAW,
    call_meeting,
    declare,
    plan_meeting,
    resolve,
    seat_members,
    today,
    vote,
)
from tests.factories import CONSULTED, CONSULTING, WITHDRAWN, create_case, grant, withdraw


def sitting(session, number=3, **changes):
    case = create_case(session, CONSULTED)
    people = seat_members(case, number)
    meeting = call_meeting(case, people, **changes)
    return case, people, meeting.items[0]


def test_a_meeting_resolves_and_its_minutes_are_signed(session):
    case, people, item = sitting(session)
    assert case.pilot.exemption.status == "tabled"
    for person in people:
        vote(case, item, person, "approve_with_conditions")
    tally = resolve(case, item)
    assert (case.pilot.exemption.status, case.pilot.exemption.resolution) == ("resolved", tally.resolution)
    assert item.arithmetic["votes"] == {"approve_with_conditions": 3}
    by = case.actor("secretary")
    meetings.close(session, item.meeting, by=by, at=case.tick())
    with pytest.raises(WrongMoment) as refusal:
        meetings.sign(session, item.meeting, by=people[0].actor, at=case.tick())
    assert refusal.value.needs == "minutes_are_written"
    meetings.write_minutes(session, item.meeting, "It was discussed.", by=by, at=case.tick())
    with pytest.raises(Refused):
        meetings.sign(session, item.meeting, by=people[1].actor, at=case.tick())
    meetings.sign(session, item.meeting, by=people[0].actor, at=case.tick())
    assert item.meeting.status == "signed"
    grant(case)
    assert case.pilot.exemption.status == "approved"


def test_the_clock_of_the_agenda_runs_until_the_case_is_tabled(session):
    case, _, _ = sitting(session)
    clocks = [clock for clock in case.pilot.exemption.clocks if clock.rule_id == "K04"]
    session.refresh(clocks[0])
    assert [clock.is_running for clock in clocks] == [False]


def test_whoever_has_not_declared_does_not_vote(session):
    case, people, item = sitting(session)
    with pytest.raises(WrongMoment) as refusal:
        cast(case, item, people[0])
    assert refusal.value.needs == "interest_is_declared"


def cast(case, item, person, choice="approve"):
    voting.vote(case.session, item, choice, by=person.actor, at=case.tick())


def test_a_conflict_recuses_and_takes_the_vote_back(session):
    case, people, item = sitting(session)
    vote(case, item, people[0])
    declare(case, item, people[0], "I own shares.")
    with pytest.raises(Refused):
        cast(case, item, people[0])
    for person in people[1:]:
        vote(case, item, person, "reject")
    tally = resolve(case, item)
    assert (tally.recused, tally.members, tally.votes) == (1, 2, {"reject": 2})


def test_a_declared_conflict_stands(session):
    case, people, item = sitting(session)
    declare(case, item, people[0], "I own shares.")
    for again in ("", "It is nothing."):
        with pytest.raises(WrongMoment) as refusal:
            declare(case, item, people[0], again)
        assert refusal.value.needs == "no_conflict_is_declared"
    assert [each.reason for each in item.interests] == ["I own shares."]


@pytest.mark.parametrize("who", ["author", "signatory", "city_reviewer", "other_reviewer", "reviewer"])
def test_whoever_had_a_hand_in_the_file_is_recused_as_a_member(session, who):
    case, _people, item = sitting(session)
    item.meeting.called[0].person = case.people[who]
    session.flush()
    assert voting.recused(item) == {case.people[who].id}


def test_whoever_gave_a_sign_off_neither_votes_nor_decides(session):
    case, people, item = sitting(session)
    giver, home = people[0], case.people["reviewer"].organisation
    signed = SignOff(kind="legal", statement="Read.", given_at=case.tick(), given_by_name=giver.name)
    signed.exemption_id, signed.given_by_id, signed.office_id = item.exemption_id, giver.id, home.id
    session.add(signed)
    session.flush()
    assert voting.recused(item) == {giver.id}
    for person in people[1:]:
        vote(case, item, person)
    resolve(case, item)
    giver.role, giver.organisation = "decider", home
    with pytest.raises(Refused):
        EXEMPTION.check(case.pilot.exemption, "grant", by=giver.actor, reason="Because.")


def test_whoever_was_recused_never_decides(session):
    case, people, item = sitting(session)
    declare(case, item, people[0], "I own shares.")
    for person in people[1:]:
        vote(case, item, person, "approve_with_conditions")
    resolve(case, item)
    people[0].role, people[0].organisation = "decider", case.people["decider"].organisation
    case.people["decider"] = people[0]
    with pytest.raises(Refused):
        grant(case)


@pytest.mark.parametrize("who", ["author", "city_reviewer", "other_reviewer"])
def test_members_from_a_party_to_the_case_are_recused(session, who):
    case = create_case(session, CONSULTED)
    tied = seat_members(case, 1, affiliation=case.people[who].organisation)
    meeting = call_meeting(case, [*tied, *seat_members(case, 2)])
    declare(case, meeting.items[0], tied[0])
    with pytest.raises(Refused) as refusal:
        cast(case, meeting.items[0], tied[0])
    assert refusal.value.rule == "member_who_is_not_recused"


def test_a_recusal_that_breaks_the_quorum_puts_the_case_off_and_it_is_tabled_again(session):
    case = create_case(session, CONSULTED)
    people = seat_members(case, 3)
    item = call_meeting(case, people[:2]).items[0]
    vote(case, item, people[0])
    declare(case, item, people[1], "My brother works there.")
    assert resolve(case, item).why == "no_quorum"
    assert case.pilot.exemption.resolution == "defer"
    with pytest.raises(WrongMoment) as refusal:
        grant(case)
    assert refusal.value.needs == "committee_has_resolved"
    meetings.close(session, item.meeting, by=case.actor("secretary"), at=case.tick())
    again = call_meeting(case, people).items[0]
    for person in people:
        vote(case, again, person, "approve_with_conditions")
    resolve(case, again)
    grant(case)
    assert case.pilot.exemption.status == "approved"


def test_a_member_appointed_after_the_call_takes_no_part(session):
    case, people, item = sitting(session)
    (late,) = seat_members(case, 1)
    with pytest.raises(Refused) as refusal:
        declare(case, item, late)
    assert refusal.value.rule == "member_called_to_the_meeting"
    for person in people:
        vote(case, item, person)
    assert resolve(case, item).called == 3


def test_an_absent_member_does_not_vote(session):
    case = create_case(session, CONSULTED)
    people = seat_members(case, 3)
    item = call_meeting(case, people[:2]).items[0]
    declare(case, item, people[2])
    with pytest.raises(WrongMoment) as refusal:
        cast(case, item, people[2])
    assert refusal.value.needs == "attendance_is_noted"


def test_written_votes_are_counted_once_all_are_in_or_the_window_is_over(session):
    case = create_case(session, CONSULTED)
    people = seat_members(case, 3)
    meeting = call_meeting(case, [], mode="written", until=today(case) + timedelta(days=5))
    item = meeting.items[0]
    for person in people[:2]:
        vote(case, item, person)
    with pytest.raises(WrongMoment) as refusal:
        resolve(case, item)
    assert refusal.value.needs == "written_window_is_over_or_all_voted"
    case.at += timedelta(days=6)
    with pytest.raises(WrongMoment):
        vote(case, item, people[2])
    assert resolve(case, item).took_part == 2


def test_nobody_votes_after_the_resolution(session):
    case, people, item = sitting(session)
    for person in people:
        vote(case, item, person)
    resolve(case, item)
    with pytest.raises(WrongMoment):
        cast(case, item, people[0], "reject")
    with pytest.raises(WrongMoment):
        resolve(case, item)


def test_a_voter_never_decides(session):
    case, people, item = sitting(session)
    for person in people:
        vote(case, item, person)
    resolve(case, item)
    people[0].role, people[0].organisation = "decider", case.people["decider"].organisation
    case.people["decider"] = people[0]
    with pytest.raises(Refused):
        grant(case)


def test_a_withdrawn_case_holds_no_meeting_open(session):
    case, _people, item = sitting(session)
    withdraw(case)
    with pytest.raises(WrongMoment):
        resolve(case, item)
    meetings.close(session, item.meeting, by=case.actor("secretary"), at=case.tick())
    assert item.meeting.status == "closed"


@pytest.mark.parametrize("history", [CONSULTING, WITHDRAWN])
def test_only_cases_whose_consultation_is_closed_come_on_an_agenda(session, history):
    case = create_case(session, history)
    meeting = plan_meeting(case)
    with pytest.raises(WrongMoment):
        meetings.add_item(session, meeting, case.pilot.exemption, by=case.actor("secretary"), at=case.tick())


def test_a_case_is_on_one_agenda_in_preparation(session):
    case = create_case(session, CONSULTED)
    first, second = plan_meeting(case), plan_meeting(case)
    by = case.actor("secretary")
    meetings.add_item(session, first, case.pilot.exemption, by=by, at=case.tick())
    with pytest.raises(Invalid):
        meetings.add_item(session, second, case.pilot.exemption, by=by, at=case.tick())
    meetings.remove_item(session, first, first.items[0], by=by, at=case.tick())
    meetings.add_item(session, second, case.pilot.exemption, by=by, at=case.tick())
    assert second.number == first.number + 1


def test_a_meeting_is_neither_planned_nor_moved_nor_called_in_arrears(session):
    case = create_case(session, CONSULTED)
    seat_members(case, 1)
    meeting, by = plan_meeting(case), case.actor("secretary")
    meetings.add_item(session, meeting, case.pilot.exemption, by=by, at=case.tick())
    past = {"begins_on": today(case) - timedelta(days=1), "ends_on": None}
    for act in (
        lambda: meetings.plan(session, LAW, mode="oral", **past, by=by, at=case.at),
        lambda: meetings.redate(session, meeting, **past, by=by, at=case.at),
    ):
        with pytest.raises(Invalid) as refusal:
            act()
        assert set(refusal.value.errors) == {"begins_on"}
    case.at += timedelta(days=1)
    with pytest.raises(WrongMoment) as late:
        meetings.call(session, meeting, by=by, at=case.at)
    assert late.value.needs == "meeting_lies_ahead"
    meetings.redate(session, meeting, begins_on=today(case), ends_on=None, by=by, at=case.at)
    meetings.call(session, meeting, by=by, at=case.at)
    assert (meeting.status, meeting.ends_on) == ("called", today(case))


def test_a_cancelled_meeting_frees_its_cases(session):
    case = create_case(session, CONSULTED)
    meeting, by = plan_meeting(case), case.actor("secretary")
    meetings.add_item(session, meeting, case.pilot.exemption, by=by, at=case.tick())
    with pytest.raises(Invalid):
        meetings.cancel(session, meeting, reason=" ", by=by, at=case.tick())
    meetings.cancel(session, meeting, reason="Nobody can come.", by=by, at=case.tick())
    assert (meeting.status, meeting.items) == ("cancelled", [])
    assert MEETING.past(meeting)[-1].reason == "Nobody can come."
    meetings.add_item(session, plan_meeting(case), case.pilot.exemption, by=by, at=case.tick())


def test_nobody_seated_nobody_called(session):
    case = create_case(session, CONSULTED)
    meeting = plan_meeting(case)
    by = case.actor("secretary")
    with pytest.raises(WrongMoment) as refusal:
        meetings.call(session, meeting, by=by, at=case.tick())
    assert refusal.value.needs == "a_case_is_on_the_agenda"
    meetings.add_item(session, meeting, case.pilot.exemption, by=by, at=case.tick())
    with pytest.raises(WrongMoment) as refusal:
        meetings.call(session, meeting, by=by, at=case.tick())
    assert refusal.value.needs == "members_are_seated"


@pytest.mark.parametrize("who", ["reviewer", "decider", "member", "author", "auditor", "administrator"])
def test_only_the_secretariat_keeps_meetings(session, who):
    case = create_case(session, CONSULTED)
    meeting = plan_meeting(case)
    with pytest.raises(Refused):
        MEETING.check(meeting, "edit", by=case.actor(who))
    with pytest.raises(Refused):
        meetings.plan(
            session, LAW, mode="oral", begins_on=today(case), ends_on=None, by=case.actor(who), at=case.at
        )


def test_seats_do_not_overlap_and_belong_to_members(session):
    case = create_case(session, CONSULTED)
    (person,) = seat_members(case, 1)
    facts = {
        "affiliation": None,
        "is_chair": False,
        "from_on": date(2026, 1, 1),
        "until_on": date(2025, 1, 1),
    }
    by = case.actor("administrator")
    with pytest.raises(Invalid) as refusal:
        seats.appoint(session, LAW, person=person, **facts, by=by, at=case.at)
    assert set(refusal.value.errors) >= {"until_on"}
    facts["until_on"] = None
    with pytest.raises(Invalid) as refusal:
        seats.appoint(session, LAW, person=person, **facts, by=by, at=case.at)
    assert set(refusal.value.errors) == {"from_on"}
    with pytest.raises(Invalid) as refusal:
        seats.appoint(session, LAW, person=case.people["decider"], **facts, by=by, at=case.at)
    assert set(refusal.value.errors) == {"person"}
    with pytest.raises(Refused):
        seats.appoint(session, LAW, person=person, **facts, by=case.actor("decider"), at=case.at)


def test_an_ended_seat_is_not_called(session):
    case = create_case(session, CONSULTED)
    people = seat_members(case, 2)
    seat = next(s for s in seats.seats(session, LAW.committee.id) if s.person_id == people[0].id)
    seats.end_seat(session, LAW, seat, until_on=date(2026, 1, 1), by=case.actor("secretary"), at=case.at)
    meeting = call_meeting(case, [people[1]])
    assert [each.person_id for each in meeting.called] == [people[1].id]


def test_the_file_is_resolved_on_as_it_was_seen(session):
    """Whatever changes after the resolution resets it."""
    case, people, item = sitting(session)
    for person in people:
        vote(case, item, person, "approve_with_conditions")
    resolve(case, item)
    exemption = case.pilot.exemption
    exemption.contents = exemption.contents | {"safety": "None at all."}
    with pytest.raises(WrongMoment) as refusal:
        grant(case)
    assert refusal.value.needs == "file_is_as_resolved"
    with pytest.raises(WrongMoment):
        deliberation.table(session, exemption, meeting="m", by=case.actor("secretary"), at=case.tick())
