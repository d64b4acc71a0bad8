"""What offices are told of becomes deliveries to their addresses, in the transaction of the act itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.webhooks.models import Delivery, DeliveryStatus, Endpoint

CARRIED = frozenset({"due_on", "days"})
"""The facts of a notice that go out; everything else stays in the registry."""

TEST_EVENT = "webhook.test"


def enqueue(
    session: Session,
    event: str,
    *,
    subject: str,
    to: Iterable[int],
    at: datetime,
    facts: Mapping[str, Any] | None = None,
    once: str | None = None,
) -> None:
    """Queue `event` for every open address, of the offices `to`, that asked for it; `once` as in `tell`."""
    wanted = select(Endpoint).where(Endpoint.organisation_id.in_(set(to)), Endpoint.ended_at.is_(None))
    for endpoint in session.scalars(wanted.order_by(Endpoint.id)):
        if event in endpoint.events:
            deliver(session, endpoint, event, subject=subject, at=at, facts=facts, once=once)


def deliver(
    session: Session,
    endpoint: Endpoint,
    event: str,
    *,
    subject: str,
    at: datetime,
    facts: Mapping[str, Any] | None = None,
    once: str | None = None,
) -> Delivery | None:
    """Queue one delivery; None where `once` says that it was told already."""
    key = f"{event}:{subject}:{once or uuid4().hex}"
    told = select(Delivery.id).where(Delivery.endpoint_id == endpoint.id, Delivery.key == key)
    if once and session.scalar(told) is not None:
        return None
    delivery = Delivery(
        endpoint=endpoint,
        key=key,
        event=event,
        subject=subject,
        facts={name: value for name, value in (facts or {}).items() if name in CARRIED},
        at=at,
        status=DeliveryStatus.QUEUED,
        next_at=at,
    )
    session.add(delivery)
    session.flush()
    return delivery
