"""How long a page of 1,000 NGSI-LD values takes from bytes to readings, beside orjson alone.

python -m tests.bench.parse_speed
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median

import httpx
import orjson

from experiments.collection.connectors.ngsi_ld import read_window
from experiments.collection.connectors.readings import Harvest
from experiments.collection.http import Answer
from tests.experiments.collection.build import NOW, START, create_query, entity

ENTITIES, PER_ENTITY, ROUNDS = 10, 100, 300


def page(*, normalized: bool) -> bytes:
    """One page of 10 entities with 100 values each."""
    instants = [f"{START + timedelta(hours=n):%Y-%m-%dT%H:%M:%SZ}" for n in range(PER_ENTITY)]
    entities = []
    for number in range(1, ENTITIES + 1):
        pairs = [[100.5 + number + n, at] for n, at in enumerate(instants)]
        instances = [
            {
                "type": "Property",
                "value": value,
                "observedAt": at,
                "instanceId": f"urn:ngsi-ld:Instance:{number}-{at}",
            }
            for value, at in pairs
        ]
        found = instances if normalized else {"type": "Property", "values": pairs}
        entities.append({"id": entity(number), "type": "TrafficFlowObserved", "intensity": found})
    return orjson.dumps(entities)


def seconds(act: Callable[[], object]) -> float:
    """The median of many rounds."""
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return median(taken)


def main() -> None:
    print("shape            orjson us   whole us   ratio")
    for normalized in (True, False):
        body = page(normalized=normalized)
        answer = Answer("http://hub.example", 200, httpx.Headers(), body)
        query = create_query(end=NOW, entities=frozenset(entity(n) for n in range(1, ENTITIES + 1)))
        harvest = read_window(lambda *_, answer=answer: answer, query, Harvest())
        assert len(harvest.readings) == ENTITIES * PER_ENTITY
        alone = seconds(lambda body=body: orjson.loads(body))
        whole = seconds(lambda answer=answer, query=query: read_window(lambda *_: answer, query, Harvest()))
        name = "normalized" if normalized else "temporalValues"
        print(f"{name:<15} {alone * 1e6:10.0f} {whole * 1e6:10.0f} {whole / alone:7.2f}")


if __name__ == "__main__":
    main()
