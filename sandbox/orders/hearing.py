"""Before an order: it is announced, and the operator is heard (D55(6))."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.lifecycle import Actor
from sandbox.orders.models import Heard, Order, OrderStatus
from sandbox.orders.table import ORDER, record
from sandbox.pilots.models import GOING_ON, Pilot
from sandbox.pilots.table import reviewer_of_the_lead_ministry

LATEST_ANSWER = timedelta(days=366)
MOST_ORDERS = 200


def announce(session: Session, pilot: Pilot, values: Mapping[str, Any], *, by: Actor, at: datetime) -> Order:
    """Tell the operator what is to be ordered, as `OrderAnnouncementSchema` gives it, before anything is."""
    if not reviewer_of_the_lead_ministry(by, pilot):
        raise Refused("order.announce", "reviewer_of_the_lead_ministry")
    if pilot.status not in GOING_ON:
        raise WrongMoment("order.announce", pilot.status, needs="pilot_goes_on")
    _check(session, pilot, values, at)
    order = Order(pilot=pilot, announced_at=at, status=OrderStatus.ANNOUNCED, **values)
    ORDER.begin(session, order, by=by, at=at)
    record(session, order, "create", by, at, answer_by=order.answer_by.isoformat())
    return order


def state_position(session: Session, order: Order, *, text: str, by: Actor, at: datetime) -> None:
    """The operator's own statement, in writing."""
    ORDER.perform(session, order, "state_position", by=by, at=at)
    order.heard_as, order.heard_on, order.heard_text = Heard.STATEMENT, today(order.pilot, at), text
    record(session, order, "state_position", by, at)


def record_hearing(
    session: Session, order: Order, *, heard_as: str, heard_on: date, text: str, by: Actor, at: datetime
) -> None:
    """A hearing that was held, a waiver, or silence past the day to answer."""
    ORDER.check(order, "record_hearing", by=by)
    _check_hearing(order, heard_as, heard_on, today(order.pilot, at))
    ORDER.perform(session, order, "record_hearing", by=by, at=at)
    order.heard_as, order.heard_on, order.heard_text = heard_as, heard_on, text
    record(session, order, "record_hearing", by, at, heard_as=heard_as, heard_on=heard_on.isoformat())


def withdraw(session: Session, order: Order, *, by: Actor, at: datetime, reason: str) -> None:
    """Give up an order that was only announced."""
    ORDER.perform(session, order, "withdraw", by=by, at=at, reason=reason)
    record(session, order, "withdraw", by, at, reason=reason)


def orders_of(session: Session, pilot: Pilot) -> list[Order]:
    """Every order on this pilot, latest first."""
    query = select(Order).where(Order.pilot_id == pilot.id).order_by(Order.id.desc())
    return list(session.scalars(query))


def find(session: Session, pilot: Pilot, key: int) -> Order:
    """The order of this pilot; NotFound for one of another."""
    order = session.get(Order, key)
    if order is None or order.pilot_id != pilot.id:
        raise NotFound("order", key)
    return order


def today(pilot: Pilot, at: datetime) -> date:
    """The day of `at` where the law of this pilot is at home."""
    return at.astimezone(ZoneInfo(pilot.exemption.regime.zone)).date()


def _check(session: Session, pilot: Pilot, values: Mapping[str, Any], at: datetime) -> None:
    errors: dict[str, list[str]] = {}
    measures = pilot.exemption.regime.measures
    if values["kind"] not in {kind.id for kind in (measures.orders if measures else ())}:
        errors["kind"] = ["The regime knows no such order."]
    day = today(pilot, at)
    if not day < values["answer_by"] <= day + LATEST_ANSWER:
        errors["answer_by"] = ["The day to answer lies after today, and within a year."]
    announced = select(func.count()).select_from(Order).where(Order.pilot_id == pilot.id)
    if (session.scalar(announced) or 0) >= MOST_ORDERS:
        errors["content"] = [f"At most {MOST_ORDERS} records."]
    if errors:
        raise Invalid(errors)


def _check_hearing(order: Order, heard_as: str, heard_on: date, day: date) -> None:
    if heard_as == Heard.SILENCE and day <= order.answer_by:
        raise Invalid({"heard_as": [f"The operator may answer until {order.answer_by}."]})
    if not today(order.pilot, order.announced_at) <= heard_on <= day:
        raise Invalid({"heard_on": ["The hearing lies between the announcement and today."]})
