"""Sources of MQTT brokers with everything defaulted, and workers that listen to them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from experiments.collection.models import CollectionAttempt, DataSource, QuarantinedReading
from experiments.collection.mqtt import Listeners
from experiments.collection.mqtt_models import MqttSession
from experiments.collection.sources import register_source
from tests.experiments.collection.build import (
    NOW,
    SETTINGS,
    START,
    create_hub,
    create_metric,
    create_territory,
    day,
    source_data,
    stored,
)

LONGEST_SECONDS = 30
PATIENT = replace(SETTINGS, batch_seconds=0.2)
OPTIONS = {"entity_level": 2, "time_field": "$.at"}


def create_mqtt_source(session: Session, url: str, **changes: Any) -> DataSource:
    """Territory, metric, broker and a source of `city/N/traffic` in the districts D1 to D3."""
    create_territory(session)
    create_metric(session, lowest=0.0, highest=10_000.0)
    create_hub(session, url, kind="mqtt")
    entities = [{"entity": str(n), "district": f"D{n}"} for n in (1, 2, 3)]
    given = {"entity_type": "city/+/traffic", "options": OPTIONS, "entities": entities}
    return register_source(session, source_data(**given | changes), at=START)


def said(number: int, at: float, value: Any) -> tuple[str, str]:
    """A message of district `number`, `at` days after the start."""
    payload = json.dumps({"at": day(at).isoformat(), "intensity": value})
    return f"city/{number}/traffic", payload


def listeners(sessions: sessionmaker[Session], *, holder: str = "first", now: Any = NOW) -> Listeners:
    return Listeners(sessions, PATIENT, now if callable(now) else lambda: now, holder)


@contextmanager
def listening(sessions: sessionmaker[Session], **options: Any) -> Iterator[Listeners]:
    """A worker that has looked once for what to listen to, stopped gracefully in the end."""
    worker = listeners(sessions, **options)
    worker.look_after()
    try:
        yield worker
    finally:
        worker.stop()


def until(condition: Callable[[], Any]) -> Any:
    """What `condition` says once it says anything; it fails after half a minute."""
    end = time.monotonic() + LONGEST_SECONDS
    while not (found := condition()):
        assert time.monotonic() < end, "this never came"
        time.sleep(0.02)
    return found


def is_connected(sessions: sessionmaker[Session]) -> bool:
    with sessions() as session:
        known = session.scalars(select(MqttSession)).first()
        return known is not None and known.connected_since is not None


def values(sessions: sessionmaker[Session]) -> list[float]:
    """The latest values, smallest first."""
    return sorted(value for value, _ in stored(sessions).values())


def attempts(sessions: sessionmaker[Session]) -> list[CollectionAttempt]:
    with sessions() as session:
        return list(session.scalars(select(CollectionAttempt).order_by(CollectionAttempt.id)))


def kept_aside(sessions: sessionmaker[Session]) -> list[QuarantinedReading]:
    with sessions() as session:
        return list(session.scalars(select(QuarantinedReading).order_by(QuarantinedReading.id)))


def after_the_lease() -> Any:
    """When a claim that was made at NOW has run out."""
    return NOW + timedelta(seconds=PATIENT.lease_seconds + 1)
