"""How long collection takes beside waiting alone: run as `python -m tests.bench.collection_speed`.

200 sources with 10 pages each on a loopback hub that answers after 20 ms, in a process of its own. The
ideal time is pages x latency over the sources that are read at once; medians over --times runs, with the
processor time of the collector, which says what a busy machine adds. Then one source sends readings by the
million (--millions 1 5 10) in a single window, each count to a process of its own, and the most memory that
this process ever held is told beside what it held before.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from statistics import median
from urllib.parse import parse_qs, urlsplit

import numpy as np
import orjson

from experiments.collection.engine import collect_due
from experiments.collection.sources import register_source
from tests.bench._databases import AT, KINDS, fresh
from tests.experiments.collection.build import (
    SETTINGS,
    create_hub,
    create_metric,
    create_territory,
    source_data,
)

PAGES, LATENCY, PER_PAGE = 10, 0.02, 5_000
HEADERS = "NGSILD-Results-Count"


def _page_of_many(params: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    """One entity of the source that asks (its type names it), one of ten."""
    number = int(params["offset"])
    name = f"{params['type']}:{number}"
    entity = {
        "id": name,
        "type": params["type"],
        "v": {"type": "Property", "values": [[1.0, params["timeAt"]]]},
    }
    return orjson.dumps([entity]), {HEADERS: str(PAGES)}


def _page_of_millions(params: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    """The next 5,000 readings of one entity, one a microsecond, cut off as 206 with Content-Range."""
    start, end = (np.datetime64(params[name].rstrip("Z"), "us") for name in ("timeAt", "endTimeAt"))
    last = min(end, start + np.timedelta64(PER_PAGE, "us"))
    instants = np.datetime_as_string(np.arange(start, last), unit="us")
    values = [[float(n), f"{at}Z"] for n, at in enumerate(instants.tolist())]
    entity = {"id": "many:0", "type": "many", "v": {"type": "Property", "values": values}}
    headers = {HEADERS: "1"}
    if last < end:
        headers["Content-Range"] = f"date-time {start}Z-{last}Z/*"
    return orjson.dumps([entity]), headers


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        params = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
        is_many = params["type"] == "many"
        time.sleep(0 if is_many else LATENCY)
        body, headers = (_page_of_millions if is_many else _page_of_many)(params)
        self.send_response(206 if "Content-Range" in headers else 200)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        pass


def _serve(told: Connection) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    told.send(server.server_port)
    server.serve_forever()


def many_sources(kind: str, url: str, sources: int, at_once: int, times: int) -> None:
    ideal = sources * PAGES * LATENCY / at_once
    runs = [_one_run(kind, url, sources, at_once) for _ in range(times)]
    took, busy = (median(run[way] for run in runs) for way in (0, 1))
    ratios = ", ".join(f"{run[0] / ideal:.2f}" for run in runs)
    print(
        f"{kind:10}  {sources} sources x {PAGES} pages, {at_once} at once: {took:.2f} s of {ideal:.2f} s, "
        f"ratio {took / ideal:.2f} ({ratios}); processor {busy / sources / PAGES * 1e3:.2f} ms a page",
        flush=True,
    )


def _one_run(kind: str, url: str, sources: int, at_once: int) -> tuple[float, float]:
    """Seconds by the clock and of the processor."""
    with fresh(kind) as sessions:
        with sessions.begin() as session:
            create_territory(session, count=PAGES)
            create_hub(session, url)
            for number in range(sources):
                create_metric(session, code=f"m{number}", aggregation="mean")
                data = source_data(
                    name=f"s{number}",
                    entity_type=f"t{number}",
                    page_size=1,
                    starts_at=AT.isoformat(),
                    attributes=[{"attribute": "v", "metric": f"m{number}", "unit": "vehicles"}],
                    entities=[{"entity": f"t{number}:{n}", "district": f"D{n + 1}"} for n in range(PAGES)],
                )
                register_source(session, data, at=AT)
        settings = replace(SETTINGS, sources_at_once=at_once, sources_per_hub=at_once, read_seconds=30)
        begin, begin_busy = time.perf_counter(), time.process_time()
        summaries = collect_due(sessions, AT + timedelta(days=1), holder="bench", settings=settings)
        took, busy = time.perf_counter() - begin, time.process_time() - begin_busy
    assert sum(summary.inserted for summary in summaries) == sources * PAGES
    return took, busy


def many_readings(kind: str, url: str, count: int) -> None:
    with fresh(kind) as sessions:
        with sessions.begin() as session:
            create_territory(session)
            create_metric(session, aggregation="mean")
            create_hub(session, url)
            data = source_data(
                entity_type="many",
                starts_at=AT.isoformat(),
                attributes=[{"attribute": "v", "metric": "intensity", "unit": "vehicles"}],
                entities=[{"entity": "many:0", "district": "D1"}],
            )
            register_source(session, data, at=AT)
        before = _most_resident()
        # The window ends with the whole second: so many microseconds are as many readings.
        until = AT + timedelta(microseconds=count)
        begin = time.perf_counter()
        summaries = collect_due(sessions, until, holder="bench", settings=replace(SETTINGS, read_seconds=30))
        took = time.perf_counter() - begin
        most = _most_resident()
    stored = sum(summary.inserted for summary in summaries)
    print(
        f"{kind:10}  {stored:11,} readings in one window: {took:.1f} s; memory {before} MB before, "
        f"{most} MB at most",
        flush=True,
    )


def _most_resident() -> int:
    """The most memory that this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--millions", type=int, nargs="+", default=[1])
    given = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    hub = spawn.Process(target=_serve, args=(theirs,), daemon=True)
    hub.start()
    url = f"http://127.0.0.1:{ours.recv()}"
    try:
        for kind in KINDS:
            many_sources(kind, url, given.sources, given.at_once, given.times)
        for kind in KINDS:
            for millions in given.millions:
                reader = spawn.Process(target=many_readings, args=(kind, url, millions * 1_000_000))
                reader.start()
                reader.join()
                if reader.exitcode:
                    raise SystemExit(f"the reader of {millions} million ended with {reader.exitcode}")
    finally:
        hub.terminate()
        hub.join()


if __name__ == "__main__":
    main()
