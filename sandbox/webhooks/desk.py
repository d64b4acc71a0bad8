"""Who keeps the addresses of an office, and what they do with them: open, test, send again, remove."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from marshmallow import Schema, fields, validate
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from experiments.collection import addresses
from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import Line
from experiments.lifecycle import Actor
from sandbox import access, ledger
from sandbox.notices.texts import TEXTS
from sandbox.sealing import Seal
from sandbox.webhooks.models import Delivery, DeliveryStatus, Endpoint, EndReason
from sandbox.webhooks.queue import TEST_EVENT, deliver

MOST_ENDPOINTS = 10
SHOWN_DELIVERIES = 100
EVENTS = tuple(sorted(set(TEXTS) - {"clock.due", "clock.due_today"}))
"""What an address may be told of; reminders come to people at distances of their own."""


class EndpointSchema(Schema):
    """An address over TLS and the events that it is told of, each named once."""

    url = Line(required=True, longest=500)
    events = fields.List(
        fields.String(validate=validate.OneOf(EVENTS, error="No such event.")),
        required=True,
        validate=validate.Length(min=1, error="Choose at least one event."),
    )


@dataclass(frozen=True)
class Opened:
    """A new address with its secret, which is told once."""

    endpoint: Endpoint
    secret: str


def endpoints(session: Session, actor: Actor) -> list[Endpoint]:
    """The addresses of the actor's office, open ones first."""
    mine = select(Endpoint).where(Endpoint.organisation_id == actor.organisation_id)
    return list(session.scalars(mine.order_by(Endpoint.ended_at.is_not(None), Endpoint.id)))


def find(session: Session, endpoint_id: int, actor: Actor) -> Endpoint:
    """The address of that key; NotFound where it is another office's."""
    endpoint = session.get(Endpoint, endpoint_id)
    if endpoint is None or endpoint.organisation_id != actor.organisation_id:
        raise NotFound("webhook", endpoint_id)
    return endpoint


def open_endpoint(
    session: Session,
    *,
    url: str,
    events: Sequence[str],
    private_hubs: Sequence[str],
    seal: Seal,
    by: Actor,
    at: datetime,
) -> Opened:
    """Begin to tell this address; Invalid where it may not be called."""
    _check_may_keep(by, "webhook.open")
    # Only people keep addresses.
    assert by.organisation_id is not None
    assert by.person_id is not None
    open_ones = select(func.count()).where(
        Endpoint.organisation_id == by.organisation_id, Endpoint.ended_at.is_(None)
    )
    ledger.hold(session)
    if (session.scalar(open_ones) or 0) >= MOST_ENDPOINTS:
        raise WrongMoment("webhook.open", "open", needs="fewer_webhooks")
    check_url(url, private_hubs)
    secret = f"whsec_{secrets.token_urlsafe(32)}"
    endpoint = Endpoint(
        organisation_id=by.organisation_id,
        url=url,
        events=sorted(set(events)),
        secret=seal.close(secret),
        made_at=at,
        made_by_id=by.person_id,
        made_by_name=by.name,
    )
    session.add(endpoint)
    session.flush()
    host = url.split("/")[2]
    details = {"host": host, "events": endpoint.events}
    ledger.append(session, act="webhook.open", subject=endpoint.key, by=by, at=at, details=details)
    return Opened(endpoint, secret)


def remove(session: Session, endpoint: Endpoint, *, by: Actor, at: datetime) -> None:
    """Tell this address nothing any more; its log stays."""
    _check_open(endpoint, by, "webhook.remove")
    end(session, endpoint, EndReason.REMOVED, at=at)
    ledger.append(session, act="webhook.remove", subject=endpoint.key, by=by, at=at)


def end(session: Session, endpoint: Endpoint, why: EndReason, *, at: datetime) -> None:
    """Close the address and give up what waits for it."""
    endpoint.ended_at, endpoint.end_reason = at, why
    waiting = select(Delivery).where(
        Delivery.endpoint_id == endpoint.id, Delivery.status == DeliveryStatus.QUEUED
    )
    for delivery in session.scalars(waiting):
        delivery.status = DeliveryStatus.GIVEN_UP
    session.flush()


def send_test(session: Session, endpoint: Endpoint, *, by: Actor, at: datetime) -> None:
    """Send an event that says nothing."""
    _check_open(endpoint, by, "webhook.test")
    deliver(session, endpoint, TEST_EVENT, subject=endpoint.key, at=at)


def resend(session: Session, delivery: Delivery, *, by: Actor, at: datetime) -> None:
    """Send once more what was taken or given up, under the same id."""
    _check_open(delivery.endpoint, by, "webhook.resend")
    if delivery.status not in (DeliveryStatus.TAKEN, DeliveryStatus.GIVEN_UP):
        raise WrongMoment("webhook.resend", delivery.status, needs="delivery_is_over")
    delivery.status, delivery.next_at = DeliveryStatus.QUEUED, at
    session.flush()


def deliveries(session: Session, endpoint: Endpoint) -> list[Delivery]:
    """The latest deliveries to this address, newest first."""
    mine = select(Delivery).where(Delivery.endpoint_id == endpoint.id)
    return list(session.scalars(mine.order_by(Delivery.id.desc()).limit(SHOWN_DELIVERIES)).unique())


def delivery_of(session: Session, endpoint: Endpoint, delivery_id: int) -> Delivery:
    delivery = session.get(Delivery, delivery_id)
    if delivery is None or delivery.endpoint_id != endpoint.id:
        raise NotFound("delivery", delivery_id)
    return delivery


def check_url(url: str, private_hubs: Sequence[str]) -> None:
    """Invalid unless `url` is an address over TLS that may be called as far as its text tells."""
    try:
        address = addresses.parse(url, private_hubs)
    except addresses.AddressRefused as error:
        raise Invalid({"url": [str(error)]}) from None
    if address.scheme != "https":
        raise Invalid({"url": ["The address must begin with https."]})


def _check_may_keep(by: Actor, act: str) -> None:
    if not access.keepers_of_webhooks(by):
        raise Refused(act, "keepers_of_webhooks")


def _check_open(endpoint: Endpoint, by: Actor, act: str) -> None:
    _check_may_keep(by, act)
    if by.organisation_id != endpoint.organisation_id:
        raise Refused(act, "keepers_of_webhooks")
    if endpoint.ended_at is not None:
        raise WrongMoment(act, str(endpoint.end_reason), needs="webhook_is_open")
