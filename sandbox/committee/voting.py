"""Declare interests, vote, and resolve one item by counting the votes of those who may."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.fields import Prose
from experiments.lifecycle import Actor, touch
from sandbox import access
from sandbox.committee.counting import Tally, count
from sandbox.committee.models import AgendaItem, Ballot, Called, Interest, MeetingStatus
from sandbox.committee.table import keeper_of_the_committee, record
from sandbox.exemptions import deliberation
from sandbox.exemptions.models import Exemption, ExemptionStatus, Resolution
from sandbox.exemptions.table import hands_in
from sandbox.regimes.committees import Mode

# What nobody learns before the item is resolved: members vote without knowing the others' votes.
OPENED = ("votes", "resolution", "why")


class InterestSchema(Schema):
    """A declaration; a conflict says what it is."""

    has_conflict = fields.Boolean(required=True)
    reason = Prose(load_default="", blank=True, longest=2000)


class BallotSchema(Schema):
    choice = fields.String(required=True, validate=validate.OneOf([each.value for each in Resolution]))


def declare(
    session: Session, item: AgendaItem, *, has_conflict: bool, reason: str, by: Actor, at: datetime
) -> None:
    """A called member says whether anything ties them to the case; a conflict takes their vote back.

    A declared conflict stands for this item: nobody withdraws it in order to vote.
    """
    _must_be_called(item, by, "declare")
    _must_be_open(item, "declare")
    if has_conflict != bool(reason.strip()):
        raise Invalid({"reason": ["Say what the conflict is." if has_conflict else "Leave this empty."]})
    mine = _interest_of(item, by.person_id)
    if mine is not None and mine.has_conflict:
        raise WrongMoment("meeting.declare", "recused", needs="no_conflict_is_declared")
    touch(item.meeting)
    if mine is None:
        assert by.person_id is not None  # a called member is a person
        mine = Interest(person_id=by.person_id)
        item.interests.append(mine)
    mine.has_conflict, mine.reason, mine.declared_at = has_conflict, reason.strip(), at
    if has_conflict:
        item.ballots = [ballot for ballot in item.ballots if ballot.person_id != by.person_id]
    session.flush()
    record(session, item.meeting, "declare", by, at, case=item.exemption.case.key, conflict=has_conflict)


def vote(session: Session, item: AgendaItem, choice: str, *, by: Actor, at: datetime) -> None:
    """A member's vote, which may be changed until the item is resolved."""
    called = _must_be_called(item, by, "vote")
    _must_be_open(item, "vote")
    today = at.astimezone(ZoneInfo(item.meeting.regime.zone)).date()
    if today < item.meeting.begins_on:
        raise WrongMoment("meeting.vote", "before_the_meeting", needs="deliberation_has_begun")
    if item.meeting.mode == Mode.WRITTEN and today > item.meeting.ends_on:
        raise WrongMoment("meeting.vote", "after_the_window", needs="written_window_is_open")
    if item.meeting.mode == Mode.ORAL and not called.attended:
        raise WrongMoment("meeting.vote", "absent", needs="attendance_is_noted")
    if _interest_of(item, by.person_id) is None:
        raise WrongMoment("meeting.vote", "undeclared", needs="interest_is_declared")
    if called.person_id in recused(item):
        raise Refused("meeting.vote", "member_who_is_not_recused")
    touch(item.meeting)
    ballot = next((each for each in item.ballots if each.person_id == by.person_id), None)
    if ballot is None:
        ballot = Ballot(person_id=called.person_id)
        item.ballots.append(ballot)
    ballot.choice, ballot.cast_at = Resolution(choice), at
    session.flush()
    record(session, item.meeting, "vote", by, at, case=item.exemption.case.key, choice=str(choice))


def recused(item: AgendaItem) -> set[int]:
    """Ids of called members who declared a conflict, come from a party to the case, or had a hand in it."""
    tied, hands = offices_of(item.exemption), hands_in(item.exemption)
    declared = {each.person_id for each in item.interests if each.has_conflict}
    return declared | {
        each.person_id
        for each in item.meeting.called
        if each.affiliation_id in tied or each.person_id in hands
    }


def offices_of(exemption: Exemption) -> set[int]:
    """The company, the city, and every office that was consulted."""
    return {
        exemption.company_id,
        exemption.city_id,
        *(asked.ministry_id for asked in exemption.consultations),
    }


def tally(item: AgendaItem) -> Tally:
    """The count as it stands. In a meeting whoever sits there and has declared takes part; in writing,
    whoever has returned a ballot."""
    meeting = item.meeting
    voted = {ballot.person_id: ballot.choice for ballot in item.ballots}
    if meeting.mode == Mode.ORAL:
        declared = {each.person_id for each in item.interests}
        present = {each.person_id for each in meeting.called if each.attended} & declared
    else:
        present = set(voted)
    return count(
        meeting.rules,
        called=[each.person_id for each in meeting.called],
        recused=recused(item),
        present=present,
        ballots=voted,
    )


def secret(counted: Tally) -> dict[str, Any]:
    """The count without what was voted: how many took part is seen before the resolution, no more."""
    return {name: value for name, value in asdict(counted).items() if name not in OPENED}


def resolve(session: Session, item: AgendaItem, *, by: Actor, at: datetime) -> Tally:
    """Count and record the resolution; in writing once all have voted or the window is over."""
    meeting = item.meeting
    if not keeper_of_the_committee(by, meeting):
        raise Refused("meeting.resolve", "keeper_of_the_committee")
    _must_be_open(item, "resolve")
    today = at.astimezone(ZoneInfo(meeting.regime.zone)).date()
    if today < meeting.begins_on:
        raise WrongMoment("meeting.resolve", "before_the_meeting", needs="deliberation_has_begun")
    counted = tally(item)
    if meeting.mode == Mode.WRITTEN and today <= meeting.ends_on and counted.took_part < counted.members:
        raise WrongMoment("meeting.resolve", "window_is_open", needs="written_window_is_over_or_all_voted")
    touch(meeting)
    item.resolution, item.arithmetic, item.resolved_at = counted.resolution, asdict(counted), at
    deliberation.resolve(
        session,
        item.exemption,
        counted.resolution,
        voters={ballot.person_id for ballot in item.ballots} | recused(item),
        arithmetic=sentence(counted),
        by=by,
        at=at,
    )
    record(session, meeting, "resolve", by, at, case=item.exemption.case.key, **item.arithmetic)
    return counted


def sentence(counted: Tally) -> str:
    """The arithmetic in both languages, as the history keeps it."""
    votes = ", ".join(f"{choice} {number}" for choice, number in counted.votes.items()) or "-"
    return (
        f"재적 {counted.called}명 - 회피·제척 {counted.recused}명 = {counted.members}명, "
        f"의사정족수 {counted.quorum}명, 참여 {counted.took_part}명, "
        f"의결정족수 {counted.majority}명 ({votes}) / "
        f"{counted.called} called less {counted.recused} recused = {counted.members} members, "
        f"quorum {counted.quorum}, {counted.took_part} took part, majority {counted.majority} ({votes})"
    )


def _must_be_called(item: AgendaItem, by: Actor, verb: str) -> Called:
    called = next((each for each in item.meeting.called if each.person_id == by.person_id), None)
    if called is None or not access.committee_member(by):
        raise Refused(f"meeting.{verb}", "member_called_to_the_meeting")
    return called


def _must_be_open(item: AgendaItem, verb: str) -> None:
    if item.meeting.status != MeetingStatus.CALLED or item.resolution is not None:
        raise WrongMoment(f"meeting.{verb}", item.resolution or item.meeting.status)
    if item.exemption.status != ExemptionStatus.TABLED:
        raise WrongMoment(f"meeting.{verb}", item.exemption.status)


def _interest_of(item: AgendaItem, person_id: int | None) -> Interest | None:
    return next((each for each in item.interests if each.person_id == person_id), None)
