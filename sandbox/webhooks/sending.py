"""Sending: signed, to checked addresses, tried again later and later, given up in the end."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session, sessionmaker

from experiments.canonical import canonical
from experiments.collection import addresses
from experiments.collection.pinned import PinnedTransport
from sandbox.accounts import HOME_OF_ROLE
from sandbox.clocks.running import SERVICE
from sandbox.ledger import append
from sandbox.notices.cases import named
from sandbox.notices.outbox import Office, tell
from sandbox.sealing import Seal
from sandbox.webhooks import desk
from sandbox.webhooks.models import Attempt, Delivery, DeliveryStatus, EndReason

MOST_ATTEMPTS = 24
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=12)
FAILING_FOR = timedelta(days=5)
HELD = timedelta(minutes=5)
MOST_AT_ONCE = 50
SECONDS = 10.0
SIGNATURE = "Sandbox-Signature"

Post = Callable[[str, Mapping[str, str], bytes], int]
"""(address, headers, body) -> status of the answer; NotTaken where there was none."""


class NotTaken(Exception):
    """A delivery met no answer; the message says why."""


@dataclass(frozen=True)
class Way:
    """How deliveries go out: by what, opened with which seal, with links below which address."""

    post: Post
    seal: Seal
    public_url: str = ""


def https_post(private_hubs: Sequence[str]) -> Post:
    """POST over TLS to addresses that were checked when they were connected to; no redirect is followed."""
    transport = PinnedTransport(private_hubs)
    timeout = httpx.Timeout(SECONDS).as_dict()

    def post(url: str, headers: Mapping[str, str], body: bytes) -> int:
        try:
            address = addresses.parse(url, private_hubs)
            request = httpx.Request(
                "POST", address, headers=dict(headers), content=body, extensions={"timeout": timeout}
            )
            response = transport.handle_request(request)
            # What the other side says beside its status is nobody's to read.
            response.close()
        except (addresses.AddressRefused, httpx.HTTPError) as error:
            raise NotTaken(f"{type(error).__name__}: {error}"[:300]) from error
        return response.status_code

    return post


def send_due(sessions: sessionmaker[Session], way: Way, clock: Callable[[], datetime]) -> int:
    """Send what is due; how many deliveries were taken."""
    taken = 0
    for _ in range(MOST_AT_ONCE):
        with sessions() as session:
            delivery = claim(session, at=clock())
            session.commit()
            if delivery is None:
                break
            taken += _send(session, delivery, delivery.fence, way, clock)
    return taken


def claim(session: Session, *, at: datetime) -> Delivery | None:
    """Take the next delivery that is due, so that nobody else sends it; a holder that died loses its hold."""
    due = or_(
        and_(Delivery.status == DeliveryStatus.QUEUED, Delivery.next_at <= at),
        and_(Delivery.status == DeliveryStatus.SENDING, Delivery.held_until < at),
    )
    found = session.execute(
        select(Delivery.id, Delivery.fence).where(due).order_by(Delivery.next_at, Delivery.id).limit(1)
    ).first()
    if found is None:
        return None
    taken = session.execute(
        update(Delivery)
        .where(Delivery.id == found.id, Delivery.fence == found.fence)
        .values(status=DeliveryStatus.SENDING, held_until=at + HELD, fence=found.fence + 1)
        .returning(Delivery.id)
    ).scalar()
    return session.get_one(Delivery, found.id) if taken else None


def body_of(session: Session, delivery: Delivery, public_url: str) -> bytes:
    """The event as it goes out: identifiers, instants and a link, in canonical JSON."""
    case = named(session, [delivery.subject]).get(delivery.subject)
    event = {
        "id": f"delivery-{delivery.id}",
        "event": delivery.event,
        "at": delivery.at.isoformat(),
        "subject": delivery.subject,
        "number": case.number if case else None,
        "href": f"{public_url}{case.path}" if case else None,
    }
    return canonical(event | delivery.facts).encode()


def signature(secret: str, body: bytes, at: datetime) -> str:
    """`t=` seconds since 1970, `v1=` HMAC-SHA256 of `t.body` under the secret, in hexadecimal digits."""
    stamp = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


def _send(session: Session, delivery: Delivery, fence: int, way: Way, clock: Callable[[], datetime]) -> int:
    """Send one claimed delivery and write down what came of it, unless somebody else holds it by then."""
    endpoint = delivery.endpoint
    body = body_of(session, delivery, way.public_url)
    secret = way.seal.open(endpoint.secret, where=endpoint.key)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "living-sandbox",
        SIGNATURE: signature(secret, body, clock()),
    }
    url = endpoint.url
    # Nobody waits for the other side with a transaction open.
    session.commit()
    status, error = None, None
    try:
        status = way.post(url, headers, body)
        if not 200 <= status < 300:
            error = f"HTTP {status}"
    except NotTaken as failure:
        error = str(failure)
    session.refresh(delivery)
    if delivery.fence != fence:
        return 0
    at = clock()
    session.add(Attempt(delivery_id=delivery.id, at=at, status=status, error=error))
    session.flush()
    session.refresh(delivery)
    delivery.held_until = None
    if error is None:
        delivery.status, endpoint.failing_since = DeliveryStatus.TAKEN, None
    else:
        _failed(session, delivery, at)
    session.commit()
    return int(error is None)


def _failed(session: Session, delivery: Delivery, at: datetime) -> None:
    endpoint, tries = delivery.endpoint, len(delivery.attempts)
    endpoint.failing_since = endpoint.failing_since or at
    delivery.status = DeliveryStatus.QUEUED
    # Exponents stay small: what was sent again by hand has more tries than the pause has steps.
    delivery.next_at = at + min(FIRST_PAUSE * 2 ** min(tries - 1, 20), LONGEST_PAUSE)
    if endpoint.ended_at is not None or tries >= MOST_ATTEMPTS:
        delivery.status = DeliveryStatus.GIVEN_UP
    if endpoint.ended_at is None and at - endpoint.failing_since >= FAILING_FOR:
        desk.end(session, endpoint, EndReason.FAILING, at=at)
        append(session, act="webhook.give_up", subject=endpoint.key, by=SERVICE, at=at)
        office = Office(endpoint.organisation_id, frozenset(HOME_OF_ROLE))
        tell(session, "webhook.give_up", subject=endpoint.key, to=[office], at=at)
