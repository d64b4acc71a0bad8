"""Listening to MQTT brokers: one thread for each source, by whoever holds the lease of it.

The broker keeps what is sent while nobody listens, and every message is acknowledged only after the
transaction that stores it. So a worker may die at any moment: what was not committed is sent again, and what
was committed and is sent again is known by its key.
"""

from __future__ import annotations

import logging
import ssl
import threading
import time
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session, sessionmaker

from experiments.collection.claims import Claim, StaleFence, claim_next
from experiments.collection.connectors.options import topics_of
from experiments.collection.faults import HubFault
from experiments.collection.mqtt_batches import Book, batches
from experiments.collection.mqtt_broker import Broker, Message
from experiments.collection.mqtt_payloads import Payloads
from experiments.collection.rests import OnRest, tell_nobody
from experiments.collection.settings import CollectionSettings
from experiments.collection.windows import Clock

log = logging.getLogger(__name__)

QUIET_SECONDS = 0.1
LONGEST_LEASE_SECONDS = 60
# Brokers hold back what follows a few messages that were not acknowledged: so many are worth a commit as
# soon as no more come; fewer wait for company.
ENOUGH_MESSAGES = 10


@dataclass
class Listeners:
    """The subscriptions of one worker; `holder` names it, `trust` is whose certificates are believed,
    `on_rest` is told of brokers that begin to be left alone."""

    session_factory: sessionmaker[Session]
    settings: CollectionSettings
    clock: Clock
    holder: str
    trust: ssl.SSLContext | None = None
    on_rest: OnRest = tell_nobody
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: dict[int, threading.Thread] = field(default_factory=dict)

    def look_after(self) -> None:
        """Begin to listen wherever somebody should and nobody does; called again and again."""
        # A dead worker's subscription is taken over soon; the broker keeps what comes until then.
        lease_seconds = min(self.settings.lease_seconds, LONGEST_LEASE_SECONDS)
        settings = replace(self.settings, lease_seconds=lease_seconds)
        self._threads = {key: thread for key, thread in self._threads.items() if thread.is_alive()}
        while len(self._threads) < self.settings.subscriptions_at_once and not self._stopping.is_set():
            now = self.clock()
            claim = claim_next(
                self.session_factory,
                now,
                holder=self.holder,
                settings=settings,
                but=self._threads.keys(),
                subscribed=True,
            )
            if claim is None:
                return
            thread = threading.Thread(
                target=self._listen,
                args=(claim, settings),
                name=f"subscription-{claim.source_id}",
                daemon=True,
            )
            self._threads[claim.source_id] = thread
            thread.start()

    def stop(self) -> None:
        """Store what has come, take leave of the brokers, and give every lease back."""
        self._stopping.set()
        for thread in self._threads.values():
            thread.join()

    def _listen(self, claim: Claim, settings: CollectionSettings) -> None:
        book = Book(self.session_factory, settings, self.clock, claim, self.on_rest)
        try:
            Subscription(book, self._stopping, self.trust).run()
        except Exception:
            # The database is away: the lease runs out by itself, and the broker keeps what comes.
            log.exception("a subscription broke off", extra={"source_id": claim.source_id})


@dataclass
class Subscription:
    """One source of a broker for as long as its claim holds."""

    book: Book
    stopping: threading.Event
    trust: ssl.SSLContext | None = None

    def run(self) -> None:
        """Listen until the worker stops, the source is taken away, or the broker is lost."""
        started_at = self.book.clock()
        try:
            self._listen()
            self.book.end()
        except HubFault as fault:
            self.book.fail(fault, started_at=started_at)
        except StaleFence:
            log.info("a subscription was taken over", extra={"source_id": self.book.claim.source_id})
        except Exception as error:
            log.exception("messages could not be stored", extra={"source_id": self.book.claim.source_id})
            broken = HubFault(f"the collector broke off: {type(error).__name__}", url="")
            self.book.fail(broken, started_at=started_at)

    def _listen(self) -> None:
        topics = topics_of(self.book.claim.query.entity_type)
        payloads = Payloads(self.book.claim.query_from_start)
        terms, before, heard_until = self.book.begin(topics)
        with Broker(terms, self.book.settings, trust=self.trust) as broker:
            had_session = broker.connect()
            if not had_session or set(before) != set(topics):
                broker.subscribe(topics, instead_of=before if had_session else ())
            is_lost = bool(before) and not had_session
            self.book.note_connected(topics, lost_since=heard_until if is_lost else None)
            renew_at = time.monotonic()
            while not self.stopping.is_set():
                messages = self._together(broker)
                for batch in batches(messages, payloads):
                    self.book.store(batch)
                    broker.acknowledge(batch.messages)
                if not messages and time.monotonic() > renew_at:
                    self.book.renew()
                    renew_at = time.monotonic() + self.book.lease.total_seconds() / 3

    def _together(self, broker: Broker) -> list[Message]:
        """The messages of one transaction: until there are enough of them, or the first has waited long."""
        until = time.monotonic() + self.book.settings.batch_seconds
        messages: list[Message] = []
        while not self.stopping.is_set():
            left = until - time.monotonic()
            messages += broker.receive(quiet_seconds=QUIET_SECONDS, longest_seconds=left)
            if not messages or len(messages) >= ENOUGH_MESSAGES or left < 0:
                break
        return messages
