"""Who sits on a committee, from when and until when; the secretariat or an administrator keeps the list."""

from __future__ import annotations

from datetime import date, datetime

from marshmallow import Schema, fields
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.fields import Whole
from experiments.lifecycle import Actor
from sandbox import access, ledger
from sandbox.accounts import Person
from sandbox.committee.models import Seat
from sandbox.committee.table import keeps
from sandbox.organisations import Organisation
from sandbox.regimes import Regime
from sandbox.regimes.committees import CommitteeRules
from sandbox.roles import Role


class SeatSchema(Schema):
    """A seat: the person, the office they come from if any, and the days."""

    person = Whole(required=True)
    affiliation = Whole(load_default=None, allow_none=True)
    is_chair = fields.Boolean(load_default=False)
    from_on = fields.Date(required=True)
    until_on = fields.Date(load_default=None, allow_none=True)


def appoint(
    session: Session,
    regime: Regime,
    *,
    person: Person,
    affiliation: Organisation | None,
    is_chair: bool,
    from_on: date,
    until_on: date | None,
    by: Actor,
    at: datetime,
) -> Seat:
    """Give a committee member a seat; one seat at a time."""
    rules = _must_keep(regime, by, "seat.appoint")
    errors: dict[str, list[str]] = {}
    if person.role != Role.COMMITTEE_MEMBER or person.disabled_at is not None:
        errors["person"] = ["Only somebody with the role of a committee member has a seat."]
    if until_on is not None and until_on < from_on:
        errors["until_on"] = ["The seat ends before it begins."]
    if any(_overlap(seat, from_on, until_on) for seat in _seats_of(session, rules.id, person.id)):
        errors["from_on"] = ["This person has a seat in that time."]
    if errors:
        raise Invalid(errors)
    seat = Seat(
        committee=rules.id,
        person_id=person.id,
        affiliation_id=affiliation.id if affiliation else None,
        is_chair=is_chair,
        from_on=from_on,
        until_on=until_on,
    )
    session.add(seat)
    session.flush()
    details = {
        "person": person.id,
        "affiliation": affiliation.name_en if affiliation else None,
        "chair": is_chair,
        "from": from_on.isoformat(),
        "until": until_on and until_on.isoformat(),
    }
    ledger.append(session, act="seat.appoint", subject=f"seat:{seat.id}", by=by, at=at, details=details)
    return seat


def end_seat(
    session: Session, regime: Regime, seat: Seat, *, until_on: date, by: Actor, at: datetime
) -> None:
    """The last day on which this person sits on the committee; a called meeting keeps whom it called."""
    _must_keep(regime, by, "seat.end")
    if until_on < seat.from_on:
        raise Invalid({"until_on": ["The seat ends before it begins."]})
    if seat.until_on is not None and seat.until_on <= until_on:
        raise WrongMoment("seat.end", "ended")
    seat.until_on = until_on
    details = {"until": until_on.isoformat()}
    ledger.append(session, act="seat.end", subject=f"seat:{seat.id}", by=by, at=at, details=details)


def seats_on(session: Session, committee: str, day: date) -> list[Seat]:
    """Everybody with a seat on that day and an open account, chairs first."""
    rows = (
        select(Seat)
        .join(Person, Person.id == Seat.person_id)
        .where(Seat.committee == committee, Seat.from_on <= day, Person.disabled_at.is_(None))
        .where(or_(Seat.until_on.is_(None), Seat.until_on >= day))
        .where(Person.role == Role.COMMITTEE_MEMBER)
    )
    return list(session.scalars(rows.order_by(Seat.is_chair.desc(), Seat.id)))


def seats(session: Session, committee: str) -> list[Seat]:
    """Every seat there ever was, the current ones first."""
    rows = select(Seat).where(Seat.committee == committee)
    return list(session.scalars(rows.order_by(Seat.until_on.is_not(None), Seat.is_chair.desc(), Seat.id)))


def _seats_of(session: Session, committee: str, person_id: int) -> list[Seat]:
    return list(session.scalars(select(Seat).where(Seat.committee == committee, Seat.person_id == person_id)))


def _overlap(seat: Seat, from_on: date, until_on: date | None) -> bool:
    return (until_on is None or seat.from_on <= until_on) and (
        seat.until_on is None or seat.until_on >= from_on
    )


def _must_keep(regime: Regime, by: Actor, verb: str) -> CommitteeRules:
    if regime.committee is None:
        raise WrongMoment(verb, "no_committee", needs="regime_has_a_committee")
    if not (access.administrator_or_service(by) or keeps(by, regime)):
        raise Refused(verb, "keeper_of_the_committee")
    return regime.committee
