"""Orders in force: issued, extended once, reported on, accepted, missed (D55(4)-(5), clock K12)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, WrongMoment
from experiments.lifecycle import Actor
from sandbox.clocks import running
from sandbox.clocks.models import Clock
from sandbox.clocks.running import SERVICE
from sandbox.orders.hearing import today
from sandbox.orders.models import Order, OrderStatus
from sandbox.orders.table import ORDER, record
from sandbox.pilots.models import GOING_ON


def issue(session: Session, order: Order, values: Mapping[str, Any], *, by: Actor, at: datetime) -> None:
    """The Minister orders; the period ends no later than the law's longest (D55(4))."""
    ORDER.check(order, "issue", by=by)
    if order.pilot.status not in GOING_ON:
        raise WrongMoment("order.issue", order.pilot.status, needs="pilot_goes_on")
    _check_bases(order, values)
    clock = _start_clock(session, order, by, at)
    _check_day(values["due_on"], after=today(order.pilot, at), latest=clock.due_on)
    order.content, order.appeal, order.due_on = values["content"], values["appeal"], values["due_on"]
    order.city_opinion = values["city_opinion"] or None
    order.committee_reference = values["committee_reference"] or None
    ORDER.perform(session, order, "issue", by=by, at=at)
    record(session, order, "issue", by, at, due_on=values["due_on"].isoformat(), content=order.content)


def extend(session: Session, order: Order, *, due_on: date, by: Actor, at: datetime, reason: str) -> None:
    """Lengthen the period once, within what the law leaves (D55(5))."""
    ORDER.check(order, "extend", by=by, reason=reason)
    clock = _clock(session, order)
    running.extend(session, clock, by=by, at=at, reason=reason)
    before = order.due_on
    assert before is not None  # an issued order has a last day
    _check_day(due_on, after=max(before, today(order.pilot, at)), latest=clock.due_on)
    ORDER.perform(session, order, "extend", by=by, at=at, reason=reason)
    order.extended_from, order.due_on = before, due_on
    record(session, order, "extend", by, at, due_on=due_on.isoformat(), reason=reason)


def report(session: Session, order: Order, *, report: str, by: Actor, at: datetime) -> None:
    """The company says that it has done what was ordered; late is better than never."""
    ORDER.perform(session, order, "report", by=by, at=at)
    order.report = report
    record(session, order, "report", by, at)


def accept(session: Session, order: Order, *, by: Actor, at: datetime) -> None:
    """The ministry finds the order carried out; its clock ends."""
    ORDER.perform(session, order, "accept", by=by, at=at)
    running.end(session, order.pilot.exemption.case, "order_done", subject=_subject(order), by=by, at=at)
    record(session, order, "accept", by, at)


def send_back(session: Session, order: Order, *, by: Actor, at: datetime, reason: str) -> None:
    """What was done is not what was ordered; the period goes on, or is found missed at the next look."""
    ORDER.perform(session, order, "send_back", by=by, at=at, reason=reason)
    record(session, order, "send_back", by, at, reason=reason)


def note_missed(session: Session, *, at: datetime) -> list[Order]:
    """Note every order whose last day is over without a report; a further measure may follow."""
    late = select(Order).where(Order.status == OrderStatus.ISSUED, Order.due_on < at.date())
    missed = []
    for order in session.scalars(late.order_by(Order.id)):
        if order.due_on is None or order.due_on >= today(order.pilot, at):
            continue
        ORDER.perform(session, order, "miss", by=SERVICE, at=at)
        record(session, order, "miss", SERVICE, at, due_on=order.due_on.isoformat())
        missed.append(order)
    return missed


def _check_bases(order: Order, values: Mapping[str, Any]) -> None:
    measures = order.pilot.exemption.regime.measures
    kind = measures.order(order.kind) if measures else None
    errors = {}
    if kind and kind.needs_city and not values["city_opinion"]:
        errors["city_opinion"] = ["This order needs the city's opinion."]
    if kind and kind.needs_committee and not values["committee_reference"]:
        errors["committee_reference"] = ["This order needs the committee's deliberation."]
    if errors:
        raise Invalid(errors)


def _check_day(due_on: date, *, after: date, latest: date | None) -> None:
    if due_on <= after:
        raise Invalid({"due_on": [f"The period ends after {after}."]})
    if latest is not None and due_on > latest:
        raise Invalid({"due_on": [f"The law's period ends on {latest} (D55(4), D55(5))."]})


def _start_clock(session: Session, order: Order, by: Actor, at: datetime) -> Clock:
    pilot = order.pilot
    (clock,) = running.start(
        session,
        pilot.exemption.regime,
        "order_issued",
        case=pilot.exemption.case,
        subject=_subject(order),
        owed_by_id=pilot.company_id,
        by=by,
        at=at,
    )
    return clock


def _clock(session: Session, order: Order) -> Clock:
    for clock in running.running(session, order.pilot.exemption.case, subject=_subject(order)):
        return clock
    raise WrongMoment("order.extend", order.status, needs="pilot_goes_on")


def _subject(order: Order) -> str:
    """What the clock of this order is about."""
    return f"order:{order.id}"
