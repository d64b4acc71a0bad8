"""The lifecycle of an order (Art. 52(4), D55(4)-(6)), and how acts on it are recorded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from experiments.lifecycle import Actor, Lifecycle, Transition
from sandbox import access, ledger
from sandbox.notices.outbox import CITY, COMPANY, DECIDERS, REVIEWERS, Office, tell
from sandbox.orders.models import Order, OrderHistory, OrderStatus

S = OrderStatus


def decider_of_the_lead_ministry(actor: Actor, order: Order) -> bool:
    return access.decider_at(actor, order.pilot.exemption.lead_id)


def reviewer_of_the_lead_ministry(actor: Actor, order: Order) -> bool:
    return access.ministry_reviewer(actor) and actor.organisation_id == order.pilot.exemption.lead_id


def author_of_the_company(actor: Actor, order: Order) -> bool:
    return access.company_author(actor) and actor.organisation_id == order.pilot.company_id


def the_service(actor: Actor, _order: Order) -> bool:
    """What follows from a day that has passed."""
    return actor.is_service


def not_extended_yet(order: Order) -> bool:
    """The law knows one extension (D55(5))."""
    return order.extended_from is None


ORDER: Lifecycle[OrderStatus] = Lifecycle(
    "order",
    OrderStatus,
    OrderHistory,
    [
        Transition("state_position", (S.ANNOUNCED,), S.HEARD, author_of_the_company, source="D55(6)"),
        Transition("record_hearing", (S.ANNOUNCED,), S.HEARD, reviewer_of_the_lead_ministry, source="D55(6)"),
        Transition("issue", (S.HEARD,), S.ISSUED, decider_of_the_lead_ministry, source="Art. 52(4), D55(4)"),
        Transition(
            "extend",
            (S.ISSUED,),
            S.ISSUED,
            decider_of_the_lead_ministry,
            (not_extended_yet,),
            needs_reason=True,
            source="D55(5)",
        ),
        Transition("report", (S.ISSUED, S.MISSED), S.REPORTED, author_of_the_company, source="D55(4)"),
        Transition("accept", (S.REPORTED,), S.DONE, reviewer_of_the_lead_ministry, source="D55(4)"),
        Transition(
            "send_back",
            (S.REPORTED,),
            S.ISSUED,
            reviewer_of_the_lead_ministry,
            needs_reason=True,
            source="D55(4)",
        ),
        Transition("miss", (S.ISSUED,), S.MISSED, the_service, source="D55(4), Art. 52(4)"),
        Transition(
            "withdraw",
            (S.ANNOUNCED, S.HEARD),
            S.WITHDRAWN,
            reviewer_of_the_lead_ministry,
            needs_reason=True,
        ),
    ],
)


def record(session: Session, order: Order, verb: str, by: Actor, at: datetime, **details: Any) -> None:
    """Put one act on `order` into the ledger, and tell those who have to know."""
    pilot = order.pilot
    facts = {"order": order.id, "kind": order.kind} | details
    ledger.append(session, act=f"order.{verb}", subject=pilot.key, by=by, at=at, details=facts)
    exemption = pilot.exemption
    offices = (
        Office(pilot.company_id, COMPANY),
        Office(exemption.city_id, CITY),
        Office(exemption.lead_id, REVIEWERS | DECIDERS),
    )
    tell(session, f"order.{verb}", subject=pilot.key, to=offices, by=by, at=at)
