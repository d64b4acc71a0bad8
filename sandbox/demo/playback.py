"""A hub that plays data sets back over HTTP: the NGSI-LD temporal API as two kinds of hubs speak it.

It has a clock of its own. A reading is served only once it was known at that clock's instant, so late
readings arrive late and a retro-edited week changes under the collector's eyes.

| | ETSI | City Data Hub |
|---|---|---|
| path | /ngsi-ld/v1/temporal/entities | /temporal/entities, /temporal/entitycount |
| window | [timeAt, endTimeAt) | both ends in; a day's row comes whole if any attribute of it matches |
| instants | UTC, Z | +09:00 of its zone, comma before the fraction |
| entities | limit, offset, Link next, NGSILD-Results-Count | limit, offset (default 10000), nothing else |
| instances | 206 and Content-Range past `most_instances` | all |
| Accept | optional | required |
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit
from zoneinfo import ZoneInfo

from sandbox.demo.dataset import DataSet, Played

ERRORS = "https://uri.etsi.org/ngsi-ld/errors/"
FAR_PAST = datetime(1, 1, 2, tzinfo=UTC)
FAR_FUTURE = datetime(9999, 12, 30, tzinfo=UTC)

Clock = Callable[[], datetime]
Found = dict[str, dict[str, list[Played]]]


class BadRequest(Exception):
    """The request breaks the API; `title` is what the hub says."""

    def __init__(self, title: str, status: int = 400, kind: str = "BadRequestData") -> None:
        super().__init__(title)
        self.title = title
        self.status = status
        self.kind = kind


@dataclass(frozen=True)
class Reply:
    status: int
    document: Any
    headers: Mapping[str, str]


class PlaybackHub:
    """Serves `data_sets` on a loopback port until `stop`; also a context manager.

    `clock` says what the hub's now is; `most_instances` is how many instances one page may hold.
    """

    def __init__(
        self,
        data_sets: Sequence[DataSet],
        *,
        dialect: str,
        clock: Clock,
        zone: str = "Asia/Seoul",
        most_instances: int = 1000,
        port: int = 0,
    ) -> None:
        speak = {"etsi": EtsiApi, "city_data_hub": CityDataHubApi}[dialect]
        self.api: Api = speak({s.entity_type: s for s in data_sets}, clock, ZoneInfo(zone), most_instances)
        self._port = port
        self._server: ThreadingHTTPServer | None = None

    @property
    def base_url(self) -> str:
        """The address of the started hub."""
        if self._server is None:
            raise RuntimeError("the hub has not been started")
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> Self:
        self._server = _Server(("127.0.0.1", self._port), _handler(self.api))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Api:
    """What both dialects share: parameters in, a reply out. Dialects say how times and pages look."""

    prefix = ""
    default_limit = 100
    most_limit = 1000
    normalized = "normalized"

    def __init__(
        self, data_sets: Mapping[str, DataSet], clock: Clock, zone: ZoneInfo, most_instances: int
    ) -> None:
        self.data_sets = data_sets
        self.clock = clock
        self.zone = zone
        self.most_instances = most_instances

    def reply(self, target: str, headers: Mapping[str, str]) -> Reply:
        """The answer to GET `target`; `headers` in lower case."""
        address = urlsplit(target)
        params = {
            name: values[-1] for name, values in parse_qs(address.query, keep_blank_values=True).items()
        }
        self.check_headers(headers)
        path = address.path.removeprefix(f"{self.prefix}/temporal/")
        if path == address.path:
            raise BadRequest("No such path", 404, "ResourceNotFound")
        if path == "entities":
            return self.query(params, address.path)
        if path.startswith("entities/"):
            return self.retrieve(path.removeprefix("entities/"), params)
        return self.other(path, params)

    def check_headers(self, headers: Mapping[str, str]) -> None:
        """BadRequest where the dialect asks for more than these."""

    def other(self, path: str, params: Mapping[str, str]) -> Reply:
        raise BadRequest("No such path", 404, "ResourceNotFound")

    def query(self, params: Mapping[str, str], path: str) -> Reply:
        matching = self.matching(params)
        limit = self._number(params, "limit", self.default_limit, self.most_limit)
        offset = self._number(params, "offset", 0, 10**9)
        page = dict(list(matching.items())[offset : offset + limit])
        return self.answer(page, params, self._paging(params, path, len(matching), limit, offset))

    def retrieve(self, entity: str, params: Mapping[str, str]) -> Reply:
        for data_set in self.data_sets.values():
            if entity in data_set.entities:
                found = self.matching({"timerel": "after", "timeAt": self.written(FAR_PAST)} | dict(params))
                return self.answer({entity: found.get(entity, {})}, params, {}, single=True)
        raise BadRequest(f"Entity {entity} was not found", 404, "ResourceNotFound")

    def matching(self, params: Mapping[str, str]) -> Found:
        """Entities with an instance in the window, and their instances there, as known now."""
        data_set = self.data_sets.get(params.get("type", next(iter(self.data_sets))))
        if data_set is None:
            return {}
        wanted = [name for name in params.get("attrs", "").split(",") if name]
        ids = {name for name in params.get("id", "").split(",") if name}
        window = self.window(params)
        found: Found = {}
        for entity, attributes in data_set.entities.items():
            if ids and entity not in ids:
                continue
            instances = self.select(
                data_set, entity, [n for n in attributes if not wanted or n in wanted], window
            )
            if any(instances.values()):
                found[entity] = {name: played for name, played in instances.items() if played}
        return found

    def select(
        self, data_set: DataSet, entity: str, attributes: list[str], window: tuple[datetime, datetime]
    ) -> dict[str, list[Played]]:
        raise NotImplementedError

    def window(self, params: Mapping[str, str]) -> tuple[datetime, datetime]:
        """The bounds that `timerel`, `timeAt` and `endTimeAt` name; BadRequest where they do not."""
        relation = params.get("timerel", "")
        if relation not in {"after", "before", "between"}:
            raise BadRequest(f"timerel {relation!r} is unknown")
        at = self.parsed(params.get("timeAt", ""), "timeAt")
        if relation == "between":
            return at, self.parsed(params.get("endTimeAt", ""), "endTimeAt")
        return (at, FAR_FUTURE) if relation == "after" else (FAR_PAST, at)

    def answer(
        self, page: Found, params: Mapping[str, str], headers: Mapping[str, str], *, single: bool = False
    ) -> Reply:
        type_of = {e: s.entity_type for s in self.data_sets.values() for e in s.entities}
        options = params.get("options", self.normalized)
        if options not in {"temporalValues", self.normalized}:
            raise BadRequest(f"options {options!r} are not supported")
        write = self._values if options == "temporalValues" else self._instances
        document = [
            {"id": entity, "type": type_of[entity]} | {name: write(played) for name, played in found.items()}
            for entity, found in page.items()
        ]
        return Reply(200, document[0] if single else document, headers)

    def parsed(self, text: str, name: str) -> datetime:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise BadRequest(f"{name} {text!r} is not an instant") from None
        if "T" not in text or moment.tzinfo is None:
            raise BadRequest(f"{name} {text!r} is not an instant with an offset")
        return moment

    def written(self, moment: datetime) -> str:
        raise NotImplementedError

    def _values(self, played: Sequence[Played]) -> dict[str, Any]:
        return {"type": "Property", "values": [[p.value, self.written(p.at)] for p in played]}

    def _instances(self, played: Sequence[Played]) -> list[dict[str, Any]]:
        return [{"type": "Property", "value": p.value, "observedAt": self.written(p.at)} for p in played]

    def _paging(
        self, params: Mapping[str, str], path: str, total: int, limit: int, offset: int
    ) -> dict[str, str]:
        return {}

    def _number(self, params: Mapping[str, str], name: str, default: int, most: int) -> int:
        text = params.get(name, str(default))
        if not text.isdecimal():
            raise BadRequest(f"{name} {text!r} is not a number")
        return min(int(text), most)


class EtsiApi(Api):
    """ETSI GS CIM 009, as its conformance tests have it."""

    prefix = "/ngsi-ld/v1"

    def select(
        self, data_set: DataSet, entity: str, attributes: list[str], window: tuple[datetime, datetime]
    ) -> dict[str, list[Played]]:
        start, end = window
        now = self.clock()
        return {n: [p for p in data_set.known(entity, n, now, start, end) if p.at < end] for n in attributes}

    def answer(
        self, page: Found, params: Mapping[str, str], headers: Mapping[str, str], *, single: bool = False
    ) -> Reply:
        """The page, cut at an instant where it would hold too many instances."""
        instants = sorted(p.at for found in page.values() for played in found.values() for p in played)
        if len(instants) <= self.most_instances:
            return super().answer(page, params, headers, single=single)
        last = instants[self.most_instances - 1]
        if instants[self.most_instances] == last:
            # Instances of one instant are not torn apart, unless there is no other.
            last = max((at for at in instants if at < last), default=last)
        cut = {e: {n: [p for p in s if p.at <= last] for n, s in found.items()} for e, found in page.items()}
        content_range = f"date-time {self.written(instants[0])}-{self.written(last)}/*"
        whole = super().answer(cut, params, headers, single=single)
        return Reply(206, whole.document, {**headers, "Content-Range": content_range})

    def written(self, moment: datetime) -> str:
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def _paging(
        self, params: Mapping[str, str], path: str, total: int, limit: int, offset: int
    ) -> dict[str, str]:
        links = []
        for relation, start in (("next", offset + limit), ("prev", offset - limit)):
            if 0 <= start < total:
                query = urlencode(dict(params) | {"limit": limit, "offset": start})
                links.append(f'<{path}?{query}>; rel="{relation}";type="application/json"')
        headers = {"Link": ", ".join(links)} if links else {}
        return headers | ({"NGSILD-Results-Count": str(total)} if params.get("count") == "true" else {})


class CityDataHubApi(Api):
    """The Korean City Data Hub core: local times, inclusive ends, whole rows, a count of its own."""

    default_limit = 10_000
    most_limit = 10_000
    normalized = "normalizedHistory"

    def check_headers(self, headers: Mapping[str, str]) -> None:
        if not headers.get("accept"):
            raise BadRequest("Accept header is required")

    def other(self, path: str, params: Mapping[str, str]) -> Reply:
        if path != "entitycount":
            return super().other(path, params)
        return Reply(200, {"totalCount": len(self.matching(params)), "type": params.get("type")}, {})

    def select(
        self, data_set: DataSet, entity: str, attributes: list[str], window: tuple[datetime, datetime]
    ) -> dict[str, list[Played]]:
        start, end = window
        now = self.clock()
        first, last = self._day(start)[0], self._day(end)[1]
        days = {n: data_set.known(entity, n, now, first, last) for n in attributes}
        met = {self._day(p.at) for played in days.values() for p in played if start <= p.at <= end}
        return {n: [p for p in played if self._day(p.at) in met] for n, played in days.items()}

    def window(self, params: Mapping[str, str]) -> tuple[datetime, datetime]:
        start, end = super().window(params)
        # "After" leaves its instant out here, while "between" has both of its ends in.
        return (start + timedelta(microseconds=1), end) if params["timerel"] == "after" else (start, end)

    def _day(self, moment: datetime) -> tuple[datetime, datetime]:
        """First and last instant of the local day: the hub keeps one row per entity and day."""
        local = moment.astimezone(self.zone)
        return (
            local.replace(hour=0, minute=0, second=0, microsecond=0),
            local.replace(hour=23, minute=59, second=59, microsecond=999_999),
        )

    def written(self, moment: datetime) -> str:
        return moment.astimezone(self.zone).isoformat(timespec="milliseconds").replace(".", ",")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A collector that was stopped in the middle of an answer is no error of the hub."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _handler(api: Api) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body leave in two writes; without this the second waits for the peer.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                reply = api.reply(self.path, headers)
            except BadRequest as bad:
                document = {"type": ERRORS + bad.kind, "title": bad.title, "detail": bad.title}
                reply = Reply(bad.status, document, {})
            self._send(reply, headers.get("ngsild-tenant"))

        def _send(self, reply: Reply, tenant: str | None) -> None:
            body = json.dumps(reply.document, ensure_ascii=False, separators=(",", ":")).encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if tenant is not None:
                self.send_header("NGSILD-Tenant", tenant)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Silent: the collector's own record tells what was asked."""

    return Handler
