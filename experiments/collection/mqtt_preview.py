"""Overhearing a broker for some seconds, beside the session of the source: nothing is stored or kept."""

from __future__ import annotations

import secrets
import ssl
import time
from dataclasses import replace

from experiments.collection.connectors.ngsi_ld import Query
from experiments.collection.connectors.options import topics_of
from experiments.collection.connectors.readings import Harvest
from experiments.collection.http import Access
from experiments.collection.mqtt_broker import Broker, Message, Terms
from experiments.collection.mqtt_payloads import Payloads, Unreadable
from experiments.collection.settings import CollectionSettings

LONGEST_SECONDS = 5.0
QUIET_SECONDS = 1.0
MOST_MESSAGES = 200


def overhear(
    query: Query,
    access: Access,
    settings: CollectionSettings,
    harvest: Harvest,
    *,
    trust: ssl.SSLContext | None = None,
) -> bool:
    """Put what the broker retains, or sends within five seconds, into `harvest`; whether that was all.

    HubFault where the broker cannot be reached, or refuses.
    """
    protocol = query.options.get("protocol", "3.1.1")
    client_id = f"sandbox-trial-{secrets.token_hex(6)}"
    terms = Terms(access.base_url, client_id, protocol, access.sealed, is_lasting=False)
    with Broker(terms, _hasty(settings), trust=trust) as broker:
        broker.connect()
        broker.subscribe(topics_of(query.entity_type))
        messages = _first(broker)
    payloads = Payloads(query)
    for message in messages[:MOST_MESSAGES]:
        harvest.count_page(message.payload)
        try:
            read = payloads.read(message.topic, message.payload)
        except Unreadable as refusal:
            harvest.dropped.note("unreadable_message", f"{message.topic}: {refusal}")
            continue
        for reading in read.readings:
            harvest.add(reading)
        for reason, found in read.dropped.reasons.items():
            harvest.dropped.note(reason, found["first"], found["count"])
    return len(messages) <= MOST_MESSAGES


def greet(access: Access, settings: CollectionSettings, *, trust: ssl.SSLContext | None = None) -> None:
    """Connect and take leave again; HubFault where the broker cannot be reached, or refuses."""
    client_id = f"sandbox-trial-{secrets.token_hex(6)}"
    terms = Terms(access.base_url, client_id, sealed=access.sealed, is_lasting=False)
    with Broker(terms, _hasty(settings), trust=trust) as broker:
        broker.connect()


def _hasty(settings: CollectionSettings) -> CollectionSettings:
    return replace(settings, read_seconds=min(settings.read_seconds, 10.0))


def _first(broker: Broker) -> list[Message]:
    """What comes until it is quiet after something came, there is enough of it, or time is over."""
    until = time.monotonic() + LONGEST_SECONDS
    messages: list[Message] = []
    while (left := until - time.monotonic()) > 0 and len(messages) <= MOST_MESSAGES:
        came = broker.receive(quiet_seconds=QUIET_SECONDS, longest_seconds=left)
        # Not acknowledged while more may come, a broker would wait for it.
        broker.acknowledge(came)
        messages += came
        if messages and not came:
            break
    return messages
