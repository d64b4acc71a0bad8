"""How long a page of 1,000 NGSI-LD values takes from bytes to rows fit to be stored, beside orjson alone.

Run as `python -m tests.bench.parse_speed`. The whole is everything up to the database: the page is decoded,
its digest taken, instants read, values held against the window, mapped to series, and checked for type,
range, unit and future. Values come as hubs send them: in one place for many entities or few, at instants
that entities share or of their own, with a unit or without. Times are of the processor: others who use
the machine at the same moment do not count.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median
from typing import Any

import httpx
import numpy as np
import orjson

from experiments.collection.connectors import ngsi_ld_instants
from experiments.collection.connectors.ngsi_ld import Query, read_window
from experiments.collection.connectors.readings import Harvest
from experiments.collection.http import Answer
from experiments.collection.intake import Arrivals, Target, Targets
from experiments.collection.models import to_microseconds
from tests.experiments.collection.build import NOW, START, create_query, entity

VALUES, TEN_MINUTES, COUNT = 1_000, 600_000_000, "NGSILD-Results-Count"
# name: entities, whether they share their instants, whether those were read before, unit
SHAPES: dict[str, tuple[int, bool, bool, str | None]] = {
    "10 entities": (10, True, True, None),
    "10 entities, with units": (10, True, True, "vehicles"),
    "10 entities, new instants": (10, True, False, None),
    "10 entities, instants of their own": (10, False, False, None),
    "1 entity, new instants": (1, True, False, None),
    "1000 entities": (1_000, True, True, None),
}


def page(shape: str, *, normalized: bool, seed: int) -> bytes:
    """One page of 1,000 values."""
    entities, is_shared, _, unit = SHAPES[shape]
    rng = np.random.default_rng(seed)
    found = []
    for number in range(1, entities + 1):
        ahead = 0 if is_shared else int(rng.integers(1, 3_600_000_000))
        pairs = [
            [round(float(rng.normal(100, 20)), 2), _written(n * TEN_MINUTES + ahead, is_shared)]
            for n in range(VALUES // entities)
        ]
        held = _instances(pairs, number, unit) if normalized else {"type": "Property", "values": pairs}
        found.append({"id": entity(number), "type": "TrafficFlowObserved", "intensity": held})
    return orjson.dumps(found)


def _written(after: int, is_whole: bool) -> str:
    at = START + timedelta(microseconds=after)
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if is_whole else f"{at:%Y-%m-%dT%H:%M:%S.%fZ}"


def _instances(pairs: list[list[Any]], number: int, unit: str | None) -> list[dict[str, Any]]:
    stated = {} if unit is None else {"unitCode": unit}
    return [
        {"type": "Property", "value": value, "observedAt": at, **stated}
        | {"instanceId": f"urn:ngsi-ld:Instance:{number}-{at}"}
        for value, at in pairs
    ]


def seconds(act: Callable[[], object], rounds: int, *, is_known: bool) -> float:
    """Processor time, the median of many rounds; where instants are not known, each begins without any."""
    taken = []
    for _ in range(rounds):
        if not is_known:
            ngsi_ld_instants._known_instants.cache_clear()
        began = time.process_time()
        act()
        taken.append(time.process_time() - began)
    return median(taken)


def whole(answer: Answer, query: Query, targets: Targets) -> int:
    """How many rows of the page are fit to be stored."""
    with Arrivals(targets, until=to_microseconds(NOW)) as arrivals:
        harvest = Harvest(on_batch=arrivals.add)
        read_window(lambda *_: answer, query, harvest)
        harvest.flush()
        return sum(map(len, arrivals.chunks()))


def compare(shape: str, *, normalized: bool, rounds: int, seed: int) -> None:
    entities, _, is_known, _ = SHAPES[shape]
    body = page(shape, normalized=normalized, seed=seed)
    names = [entity(number) for number in range(1, entities + 1)]
    query = create_query(end=NOW, entities=frozenset(names), page_size=VALUES)
    answer = Answer("http://hub.example", 200, httpx.Headers({COUNT: str(entities)}), body)
    targets = {
        (name, "intensity"): Target(number, "vehicles", "vehicles", 0, 10_000)
        for number, name in enumerate(names)
    }
    assert whole(answer, query, targets) == VALUES
    alone = seconds(lambda: orjson.loads(body), rounds, is_known=True)
    ours = seconds(lambda: whole(answer, query, targets), rounds, is_known=is_known)
    name = f"{'normalized' if normalized else 'temporalValues'}, {shape}"
    print(f"{name:52} {alone * 1e6:9.0f} {ours * 1e6:10.0f} {ours / alone:7.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=20261123)
    given = parser.parse_args()
    print(f"pages of {VALUES:,} values, seed {given.seed}, medians of {given.rounds} rounds")
    print(f"{'shape':52} orjson us   whole us   ratio")
    for normalized in (False, True):
        for shape in SHAPES:
            if normalized or SHAPES[shape][3] is None:
                compare(shape, normalized=normalized, rounds=given.rounds, seed=given.seed)


if __name__ == "__main__":
    main()
