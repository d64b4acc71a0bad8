"""The committee of the demonstration: four members, one of whom comes from the city and is recused."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from sandbox.accounts import Person
from sandbox.committee import meetings, seats, voting
from sandbox.demo import texts
from sandbox.demo.cast import Cast
from sandbox.exemptions.models import Exemption, Resolution
from sandbox.regimes import Regime
from sandbox.regimes.committees import Mode

CHAIR = "member"
FROM_THE_CITY = "member4"
MEMBERS = (CHAIR, "member2", "member3", FROM_THE_CITY)


def hold(session: Session, at: datetime, *, cast: Cast, exemption: Exemption) -> None:
    """Call a meeting on one case, declare, vote, resolve, write the minutes and sign them."""
    law = exemption.regime
    day = at.astimezone(ZoneInfo(law.zone)).date()
    secretary = cast.actor(session, "secretary")
    _seat(session, at, cast=cast, law=law)
    meeting = meetings.plan(session, law, mode=Mode.ORAL, begins_on=day, ends_on=None, by=secretary, at=at)
    item = meetings.add_item(session, meeting, exemption, by=secretary, at=at)
    meetings.call(session, meeting, by=secretary, at=at)
    members = [cast.actor(session, key) for key in MEMBERS]
    present = [member.person_id for member in members if member.person_id is not None]
    meetings.note_attendance(session, meeting, present, by=secretary, at=at)
    barred = voting.recused(item)
    for member in members:
        if member.person_id not in barred:
            voting.declare(session, item, has_conflict=False, reason="", by=member, at=at)
            voting.vote(session, item, Resolution.APPROVE_WITH_CONDITIONS, by=member, at=at)
    voting.resolve(session, item, by=secretary, at=at)
    meetings.write_minutes(session, meeting, texts.MINUTES, by=secretary, at=at)
    meetings.close(session, meeting, by=secretary, at=at)
    meetings.sign(session, meeting, by=cast.actor(session, CHAIR), at=at)


def _seat(session: Session, at: datetime, *, cast: Cast, law: Regime) -> None:
    """Give the members their seats before the first meeting."""
    rules = law.committee
    assert rules is not None  # only a case under a law with a committee comes here
    if seats.seats(session, rules.id):
        return
    for key in MEMBERS:
        person = session.get_one(Person, cast.actor(session, key).person_id)
        seats.appoint(
            session,
            law,
            person=person,
            affiliation=cast.office(session, "gaon") if key == FROM_THE_CITY else None,
            is_chair=key == CHAIR,
            from_on=at.astimezone(ZoneInfo(law.zone)).date(),
            until_on=None,
            by=cast.actor(session, "admin"),
            at=at,
        )
