"""A `Get` over a hub that is a function of the target, and queries with everything defaulted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx

from experiments.collection.connectors.ngsi_ld import Query
from experiments.collection.connectors.options import check_options
from experiments.collection.connectors.readings import Harvest
from experiments.collection.faults import HubFault
from experiments.collection.http import Answer
from experiments.collection.models import from_microseconds
from tests.experiments.collection.build import create_query


def asking(hub: Callable[[str], tuple[int, Mapping[str, str], bytes]]) -> Callable[..., Answer]:
    """A `Get` that asks without a network; what is not 200 is a fault, as it is with the client."""

    def get(url: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        address = httpx.URL(url, params=dict(params))
        status, answered, body = hub(address.raw_path.decode())
        if status != httpx.codes.OK:
            raise HubFault(f"HTTP {status}", url=str(address), status=status)
        return Answer(str(address), status, httpx.Headers(dict(answered)), body)

    return get


def query_for(kind: str, entity_type: str, *, options: Mapping[str, Any], **changes: Any) -> Query:
    """A query as a source with these options makes it."""
    checked = check_options(kind, entity_type, options)
    return create_query(entity_type=entity_type, options=checked, **changes)


def found(harvest: Harvest) -> list[tuple[str, str, str, object]]:
    """(entity, attribute, instant, value) of every reading, in order."""
    return sorted(
        (r.entity, r.attribute, f"{from_microseconds(r.at):%Y-%m-%dT%H:%M}", r.value)
        for r in harvest.readings
    )


def dropped(harvest: Harvest) -> dict[str, int]:
    """Reason -> how often."""
    return {reason: entry["count"] for reason, entry in harvest.dropped.reasons.items()}
