"""Territories, metrics, sources and hubs with everything defaulted; a test names what it is about."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from experiments import districts, metrics
from experiments.collection.connectors.ngsi_ld import Query
from experiments.collection.engine import collect_due
from experiments.collection.http import Answer
from experiments.collection.hubs import register_hub
from experiments.collection.models import (
    DataSource,
    Dialect,
    Observation,
    Representation,
    from_microseconds,
)
from experiments.collection.settings import CollectionSettings
from experiments.collection.sources import register_source
from experiments.collection.windows import AttemptSummary
from sandbox.demo.dataset import DataSet
from sandbox.demo.playback import PlaybackHub

START = datetime(2026, 3, 1, tzinfo=UTC)
NOW = START + timedelta(days=10)
# Patient, however busy the machine is: no test waits for these to pass.
SETTINGS = CollectionSettings(private_hubs=("127.0.0.1:*",), tries=1, connect_seconds=60, read_seconds=60)


def day(number: float) -> datetime:
    """That many days after START."""
    return START + timedelta(days=number)


def entity(number: int) -> str:
    return f"urn:ngsi-ld:TrafficFlowObserved:{number}"


def create_data_set(
    series: Mapping[int, Mapping[str, Iterable[tuple[Any, ...]]]] | None = None,
    *,
    entities: int = 3,
    days: int = 10,
) -> DataSet:
    """Entity number -> attribute -> (day, value[, known from day]); by default a value a day."""
    if series is None:
        series = {n: {"intensity": [(d, 100.0 * n + d) for d in range(days)]} for n in range(1, entities + 1)}
    return DataSet.of(
        "TrafficFlowObserved",
        {
            entity(number): {
                attribute: [(day(at), value, day(known[0] if known else at)) for at, value, *known in rows]
                for attribute, rows in attributes.items()
            }
            for number, attributes in series.items()
        },
    )


def create_query(**changes: Any) -> Query:
    given: dict[str, Any] = {
        "base_url": "http://hub.example",
        "dialect": Dialect.ETSI,
        "zone": "Asia/Seoul",
        "entity_type": "TrafficFlowObserved",
        "attributes": ("intensity",),
        "entities": frozenset(entity(n) for n in range(1, 100)),
        "page_size": 100,
        "start": START,
        "end": NOW,
        "representation": Representation.TEMPORAL_VALUES,
    }
    return Query(**given | changes)


def asking(hub: PlaybackHub, asked: list[str] | None = None) -> Callable[..., Answer]:
    """A `Get` that asks the hub's API without a network; addresses asked go to `asked`."""

    def get(url: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        address = httpx.URL(url, params=dict(params))
        if asked is not None:
            asked.append(str(address))
        low = {name.lower(): value for name, value in headers.items()}
        reply = hub.api.reply(address.raw_path.decode(), low)
        return Answer(str(address), reply.status, httpx.Headers(dict(reply.headers)), _json(reply.document))

    return get


def answering(*answers: tuple[Any, ...]) -> Callable[..., Answer]:
    """A `Get` that gives these (body[, status[, headers]]) one after another."""
    rest = iter(answers)

    def get(url: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        body, status, answer_headers = _whole(*next(rest))
        return Answer(str(httpx.URL(url, params=dict(params))), status, httpx.Headers(answer_headers), body)

    return get


def _whole(
    body: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> tuple[bytes, int, Mapping[str, str]]:
    return body if isinstance(body, bytes) else _json(body), status, headers or {}


def _json(document: Any) -> bytes:
    return json.dumps(document).encode()


def create_territory(
    session: Session, *, code: str = "gaon", zone: str = "Asia/Seoul", count: int = 3
) -> Any:
    territory = districts.create_territory(session, code=code, name_ko="가온", name_en="Gaon", zone=zone)
    rows = [{"code": f"D{n}", "name_ko": f"{n}동", "name_en": f"District {n}"} for n in range(1, count + 1)]
    districts.add_districts(session, territory, rows)
    session.refresh(territory)
    return territory


def create_metric(session: Session, **changes: Any) -> metrics.Metric:
    given = {
        "code": "intensity",
        "name_ko": "교통량",
        "name_en": "Traffic",
        "definition_ko": "하루 차량 수",
        "definition_en": "Vehicles of a day",
        "unit": "vehicles",
        "direction": "decrease",
        "aggregation": "sum",
    }
    return metrics.define(session, **given | changes)


def source_data(*, count: int = 3, **changes: Any) -> dict[str, Any]:
    return {
        "hub": "hub",
        "territory": "gaon",
        "name": "traffic",
        "entity_type": "TrafficFlowObserved",
        "interval_seconds": 3600,
        "overlap_seconds": 2 * 86_400,
        "lag_seconds": 0,
        "window_seconds": 5 * 86_400,
        "page_size": 2,
        "starts_at": START.isoformat(),
        "attributes": [
            {"attribute": "intensity", "metric": "intensity", "unit": "vehicles", "cadence": "day"}
        ],
        "entities": [{"entity": entity(n), "district": f"D{n}"} for n in range(1, count + 1)],
    } | changes


def create_hub(session: Session, base_url: str = "http://hub.example", **changes: Any) -> Any:
    given = {"name": "hub", "base_url": base_url, "dialect": "etsi", "zone": "Asia/Seoul"}
    return register_hub(session, given | changes, private_hubs=SETTINGS.private_hubs)


def create_source(session: Session, base_url: str = "http://hub.example", **changes: Any) -> DataSource:
    """Territory, metric, hub and source, due at START."""
    create_territory(session)
    create_metric(session)
    create_hub(session, base_url, dialect=changes.pop("dialect", "etsi"))
    return register_source(session, source_data(**changes), at=START)


def collect(
    sessions: sessionmaker[Session], now: datetime = NOW, *, holder: str = "first"
) -> list[AttemptSummary]:
    return collect_due(sessions, now, holder=holder, settings=SETTINGS)


def stored(sessions: sessionmaker[Session]) -> dict[tuple[int, datetime], tuple[float, int]]:
    """(series, instant) -> (value, revision) of every observation."""
    with sessions() as session:
        rows = session.scalars(select(Observation))
        return {(r.series_id, from_microseconds(r.observed_at)): (r.value, r.revision) for r in rows}


def the_source(sessions: sessionmaker[Session]) -> DataSource:
    with sessions() as session:
        return session.scalars(select(DataSource)).one()


@contextmanager
def scripted_hub(answer: Callable[[str], tuple[int, Mapping[str, str], bytes]]) -> Iterator[str]:
    """A real server whose answers a function of the target makes; yields its address.

    A Content-Length among the headers replaces the true one.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, body = answer(self.path)
            self.send_response(status)
            for name, value in (
                {"Content-Length": str(len(body)), "Connection": "close"} | dict(headers)
            ).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def playing(data_set: DataSet, now: datetime = NOW, **options: Any) -> PlaybackHub:
    """A hub whose clock stands at `now`, not started."""
    return PlaybackHub([data_set], **{"dialect": "etsi", "clock": lambda: now} | options)
