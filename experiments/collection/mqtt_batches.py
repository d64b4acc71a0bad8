"""What a subscription writes: each batch of messages, and each failure, in one transaction of its own.

Every transaction begins by holding the claim, as those of windows do: whoever was overtaken, or whose source
was edited or paused meanwhile, writes nothing.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, insert, literal, select, update
from sqlalchemy.orm import Session, sessionmaker

from experiments.collection import ingest
from experiments.collection.claims import NO_LEASE, Claim, StaleFence, hold
from experiments.collection.connectors.readings import Dropped, Reading
from experiments.collection.faults import HubFault, PassingFault, quote
from experiments.collection.models import (
    AttemptStatus,
    CollectionAttempt,
    DataSource,
    Hub,
    QuarantinedReading,
    Way,
    to_microseconds,
)
from experiments.collection.mqtt_broker import Message, Terms
from experiments.collection.mqtt_models import MqttSession
from experiments.collection.mqtt_payloads import Payloads, Unreadable
from experiments.collection.rests import OnRest, note_failure, note_success, tell_nobody
from experiments.collection.settings import CollectionSettings
from experiments.collection.windows import Clock, postpone

log = logging.getLogger(__name__)

MOST_READINGS = 10_000
# Of a payload that cannot be read; what is longer is kept in part, and cannot be read again.
LONGEST_KEPT = 1024 * 1024


@dataclass
class Batch:
    """Messages that are stored together, as readings or as they came."""

    messages: list[Message] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    unreadable: list[tuple[Message, Unreadable]] = field(default_factory=list)
    dropped: Dropped = field(default_factory=Dropped)


def batches(messages: Sequence[Message], payloads: Payloads) -> Iterator[Batch]:
    """The messages in their order, as many together as make up to about 10,000 readings."""
    batch = Batch()
    for message in messages:
        if len(batch.readings) >= MOST_READINGS // 2:
            yield batch
            batch = Batch()
        batch.messages.append(message)
        try:
            read = payloads.read(message.topic, message.payload)
        except Unreadable as refusal:
            batch.unreadable.append((message, refusal))
            continue
        batch.readings += read.readings
        for reason, found in read.dropped.reasons.items():
            batch.dropped.note(reason, found["first"], found["count"])
    if batch.messages:
        yield batch


@dataclass(frozen=True)
class Book:
    """Where one worker writes down what its claim brings."""

    session_factory: sessionmaker[Session]
    settings: CollectionSettings
    clock: Clock
    claim: Claim
    on_rest: OnRest = tell_nobody

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.settings.lease_seconds)

    def begin(self, topics: Sequence[str]) -> tuple[Terms, list[str], datetime | None]:
        """The terms of the session, the topics that it may be subscribed to, and until when it was heard
        of; the topics to come are noted before the broker is told of them."""
        with self.session_factory.begin() as session:
            hold(session, self.claim)
            hub = session.get_one(Hub, self.claim.hub_id)
            known = session.scalar(select(MqttSession).where(MqttSession.source_id == self.claim.source_id))
            if known is None:
                client_id = f"sandbox-{secrets.token_hex(8)}"
                known = MqttSession(
                    source_id=self.claim.source_id, client_id=client_id, broker=hub.base_url, topics=[]
                )
                session.add(known)
            if known.broker != hub.base_url:
                known.broker, known.topics, known.heard_until = hub.base_url, [], None
            before, heard_until = list(known.topics), known.heard_until
            known.topics = [*before, *(topic for topic in topics if topic not in before)]
            known.connected_since = None
            protocol = self.claim.query.options.get("protocol", "3.1.1")
            return Terms(hub.base_url, known.client_id, protocol, hub.credentials), before, heard_until

    def note_connected(self, topics: Sequence[str], *, lost_since: datetime | None) -> None:
        """The subscription stands. `lost_since`: the broker had forgotten it, and what was sent since then
        may never come, which is told as a failed attempt."""
        with self.session_factory.begin() as session:
            now = self.clock()
            self._go_on(session, now)
            note_success(session, self.claim.hub_id)
            self._note_session(session, topics=list(topics), connected_since=now, heard_until=now)
            if lost_since is not None:
                attempt = self._attempt(AttemptStatus.FAILED, now, start=min(lost_since, now), end=now)
                attempt.error = "the broker no longer knew the subscription: what was sent may be missing"
                session.add(attempt)

    def renew(self) -> None:
        """The connection stands and nothing waits: everything that was sent before now has come."""
        with self.session_factory.begin() as session:
            now = self.clock()
            told = now - self.claim.lag
            told_at = literal(told, DataSource.watermark.type)
            watermark = case((DataSource.watermark < told_at, told_at), else_=DataSource.watermark)
            self._go_on(session, now, watermark=watermark)
            self._note_session(session, heard_until=now)

    def store(self, batch: Batch) -> None:
        """One batch: readings, what could not be read, the attempt and the watermark, or nothing of it."""
        with self.session_factory.begin() as session:
            self._go_on(session, self.clock())
            # Asked again now that the source is held: stamps must not lie before what others read.
            now = self.clock()
            source = session.get_one(DataSource, self.claim.source_id)
            attempt = ingest.receive(
                session, source, batch.readings, way=Way.PUSH, holder=self.claim.holder, at=now
            )
            attempt.pages = len(batch.messages)
            attempt.response_digest = _digest(batch.messages)
            attempt.dropped = attempt.dropped | batch.dropped.reasons
            attempt.quarantined += self._keep_aside(session, batch, attempt)
            self._note_session(session, heard_until=now)
            facts = {"source_id": source.id, "attempt_id": attempt.id, "messages": attempt.pages}
        log.info("messages were stored", extra=facts)

    def fail(self, fault: HubFault, *, started_at: datetime) -> None:
        """Note why the subscription ended, and leave the broker alone for a while."""
        at = max(self.clock(), started_at)
        with self.session_factory.begin() as session:
            attempt = self._attempt(AttemptStatus.FAILED, at, start=started_at, end=at)
            attempt.error, attempt.error_url = fault.sentence(), fault.url or None
            try:
                hold(session, self.claim, **NO_LEASE)
                self._note_session(session, connected_since=None)
                postpone(session, (DataSource, self.claim.source_id), at, self.settings)
            except StaleFence:
                attempt.status = AttemptStatus.STALE
            session.add(attempt)
            session.flush()
            if attempt.status == AttemptStatus.FAILED and isinstance(fault, PassingFault):
                hub_id, told = self.claim.hub_id, self.on_rest
                note_failure(session, hub_id, at=at, settings=self.settings, on_rest=told)
        log.warning(
            "a subscription ended", extra={"source_id": self.claim.source_id, "reason": fault.sentence()}
        )

    def end(self) -> None:
        """Give the subscription back, to whoever comes next."""
        with self.session_factory.begin() as session:
            try:
                hold(session, self.claim, **NO_LEASE | {"next_due_at": self.clock()})
                self._note_session(session, connected_since=None)
            except StaleFence:
                return

    def _go_on(self, session: Session, now: datetime, **progress: Any) -> None:
        """Hold the claim and prolong it. `claimed_at` moves along, because nothing that this claim will
        bring is stamped before now."""
        hold(
            session,
            self.claim,
            lease_until=now + self.lease,
            claimed_at=now,
            failures=0,
            **progress,
        )

    def _note_session(self, session: Session, **values: Any) -> None:
        session.execute(
            update(MqttSession)
            .where(MqttSession.source_id == self.claim.source_id)
            .values(values)
            .execution_options(synchronize_session=False)
        )

    def _keep_aside(self, session: Session, batch: Batch, attempt: CollectionAttempt) -> int:
        """Put messages that cannot be read into quarantine, those that were sent again only once."""
        received_at = to_microseconds(attempt.finished_at)
        rows: list[dict[str, Any]] = []
        for message, refusal in batch.unreadable:
            raw = json.dumps(message.payload[:LONGEST_KEPT].decode("utf-8", "backslashreplace"))
            topic = quote(message.topic)
            if message.is_repeated and self._is_kept(session, topic, raw):
                continue
            rows.append(
                {
                    "source_id": attempt.source_id,
                    "attempt_id": attempt.id,
                    "entity": topic,
                    "attribute": quote(refusal.path),
                    "observed_at": received_at,
                    "received_at": received_at,
                    "raw": raw,
                    "reason": refusal.reason.value,
                }
            )
        if rows:
            session.execute(insert(QuarantinedReading), rows)
        return len(rows)

    def _is_kept(self, session: Session, topic: str, raw: str) -> bool:
        kept = select(QuarantinedReading.id).where(
            QuarantinedReading.source_id == self.claim.source_id,
            QuarantinedReading.entity == topic,
            QuarantinedReading.raw == raw,
        )
        return session.scalars(kept.limit(1)).first() is not None

    def _attempt(
        self, status: AttemptStatus, finished_at: datetime, *, start: datetime, end: datetime
    ) -> CollectionAttempt:
        return CollectionAttempt(
            source_id=self.claim.source_id,
            way=Way.PUSH,
            holder=self.claim.holder,
            fence=self.claim.fence,
            started_at=start,
            finished_at=finished_at,
            window_start=start,
            window_end=end,
            status=status,
        )


def _digest(messages: Sequence[Message]) -> str:
    running = hashlib.sha256()
    for message in messages:
        running.update(message.payload)
    return running.hexdigest()
