"""A hub that knows what it said: NGSI-LD temporal queries over HTTP, truthful until told otherwise.

Readings can be added, edited and forgotten while it runs; `play` makes it commit a fault. It remembers
every value that it ever sent in an answer that was meant seriously, which is what a collector owes.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from experiments.collection.models import from_microseconds, to_microseconds
from tests.experiments.collection.build import day


@dataclass
class Reply:
    """What goes over the wire; `length` is what is declared, `cut` how many bytes are sent of the body.

    A hub that `is_silent` takes the question and never answers.
    """

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    cut: int | None = None
    is_silent: bool = False


@dataclass
class Asked:
    """One question: its number since the fault began (from 0), parameters, and the truthful reply."""

    number: int
    params: Mapping[str, str]
    entities: list[dict[str, Any]]
    truth: Reply
    hub: FaultHub

    def page(self, entities: list[dict[str, Any]] | None = None, **headers: str) -> Reply:
        """The truthful reply with other entities or further headers."""
        body = self.truth.body if entities is None else json.dumps(entities).encode()
        return Reply(body, headers=self.truth.headers | headers)


Fault = Callable[[Asked], Reply | None]
"""None where the answer stays truthful."""


class FaultHub:
    """Entities with readings of one attribute, `intensity`, on a loopback port."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.readings: dict[tuple[str, int], float] = {}
        self.sent: dict[tuple[str, int], list[float]] = {}
        self.tls = tls
        self.asked = 0
        self.is_over = threading.Event()
        self._fault: Fault | None = None
        self._since = 0
        self._lock = threading.Lock()

    def add(self, entity: str, at: float, value: float) -> None:
        """A reading `at` days after the start, new or in place of another value."""
        self.readings[entity, to_microseconds(day(at))] = value

    def forget(self, before: float) -> None:
        """Delete the history before so many days after the start."""
        edge = to_microseconds(day(before))
        self.readings = {key: value for key, value in self.readings.items() if key[1] >= edge}

    def play(self, fault: Fault | None) -> None:
        """Commit `fault` from now on, or none."""
        with self._lock:
            self._fault, self._since = fault, self.asked

    @property
    def base_url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self._server.server_port}"

    def reply(self, target: str) -> Reply:
        params = {name: values[-1] for name, values in parse_qs(urlsplit(target).query).items()}
        with self._lock:
            number, fault = self.asked - self._since, self._fault
            self.asked += 1
            entities, count = self.page(params)
            headers = {"NGSILD-Results-Count": str(count)}
            truth = Reply(json.dumps(entities).encode(), headers=headers)
            asked = Asked(number, params, entities, truth, self)
        made = fault(asked) if fault else None
        if made is None:
            self.remember(entities)
        return made or truth

    def page(self, params: Mapping[str, str]) -> tuple[list[dict[str, Any]], int]:
        """The entities that these parameters ask for, and how many there are on all pages."""
        start, end = (to_microseconds(_instant(params[name])) for name in ("timeAt", "endTimeAt"))
        found: dict[str, list[list[Any]]] = {}
        for (entity, at), value in sorted(self.readings.items()):
            if start <= at < end:
                found.setdefault(entity, []).append([value, _written(at)])
        offset, limit = int(params["offset"]), int(params["limit"])
        chosen = list(found.items())[offset : offset + limit]
        return [as_entity(name, values) for name, values in chosen], len(found)

    def remember(self, entities: list[dict[str, Any]]) -> None:
        """Note the values of `entities` as confirmed."""
        with self._lock:
            for entity in entities:
                for value, at in entity["intensity"]["values"]:
                    values = self.sent.setdefault((entity["id"], to_microseconds(_instant(at))), [])
                    if not values or values[-1] != value:
                        values.append(value)

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.is_over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def as_entity(name: str, values: list[list[Any]]) -> dict[str, Any]:
    return {
        "id": name,
        "type": "TrafficFlowObserved",
        "intensity": {"type": "Property", "values": values},
    }


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever breaks off does so on purpose here."""


def _handler(hub: FaultHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one packet, or each answer waits for the other side's acknowledgement.
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            reply = hub.reply(self.path)
            if reply.is_silent:
                hub.is_over.wait()
                self.close_connection = True
                return
            body = reply.body if reply.cut is None else reply.body[: reply.cut]
            declared = len(reply.body) if reply.length is None else reply.length
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(declared), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(body)
                self.wfile.flush()
            except ConnectionError:
                self.close_connection = True
            if len(body) != declared:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _written(at: int) -> str:
    return f"{from_microseconds(at):%Y-%m-%dT%H:%M:%S.%fZ}"
