"""OGC SensorThings 1.1 (OGC 18-088): observations of datastreams, one window at a time.

An entity is a Datastream, whose only attribute is `result`, or a Thing, whose attributes are the names of
the properties that its datastreams observe. Only a missing nextLink ends a listing: servers shorten
pages as they like, and their count may be an estimate. An observation over an interval stands at the
start of the interval; servers leave out those that reach over an edge of what was asked, which is why
the window is asked for with the longest interval added on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote as percent

import httpx

from experiments.collection.connectors.documents import (
    Page,
    Trail,
    for_each_entity,
    kind_of,
    next_address,
)
from experiments.collection.connectors.instants import instant_of
from experiments.collection.connectors.ngsi_ld import Query
from experiments.collection.connectors.readings import Harvest, Reading
from experiments.collection.faults import quote
from experiments.collection.http import Get
from experiments.collection.models import from_microseconds, to_microseconds

RESULT = "result"
_HEADERS = {"Accept": "application/json"}
_PLAIN = ("phenomenonTime", "result")


def read_window(get: Get, query: Query, into: Harvest | None = None) -> Harvest:
    """Every observation of the mapped entities whose phenomenon begins in `start <= t < end`.

    HubFault for anything that leaves doubt whether the window is complete: a body that does not decode, a
    link that leads away or in circles, an interval longer than the source allows for.
    """
    harvest = into or Harvest()
    walk = _Walk(get, query, Trail(harvest))
    for_each_entity(query.entities, walk.entity, harvest)
    return harvest


class _Walk:
    def __init__(self, get: Get, query: Query, trail: Trail) -> None:
        self._get = get
        self._query = query
        self._trail = trail
        self._begins = to_microseconds(query.start)
        self._ends = to_microseconds(query.end)
        self._margin = query.options.get("longest_interval_seconds", 0) * 1_000_000

    def entity(self, entity: str) -> None:
        """All datastreams of `entity` that carry a mapped attribute."""
        if self._query.entity_type == "Datastream":
            address = self._address("Datastreams", entity)
            found = self._ask(address, {"$select": "unitOfMeasurement"})
            self._observations(address, entity, RESULT, _unit(found.object()))
            return
        met: set[str] = set()
        for page, stream, path in self._streams(entity):
            attribute = _property(page, stream, path)
            if attribute not in self._query.attributes:
                continue
            if attribute in met:
                raise page.fault(f"a second datastream of {entity} observes {quote(attribute)}", path)
            met.add(attribute)
            address = self._address("Datastreams", _identifier(page, stream, path))
            self._observations(address, entity, attribute, _unit(stream))
        for attribute in self._query.attributes:
            if attribute not in met:
                self._trail.harvest.dropped.note("attribute_missing", f"{entity} {attribute}")

    def _streams(self, thing: str) -> Iterator[tuple[Page, dict[str, Any], str]]:
        # The datastreams of a Thing come inside it, so that their next link is a nested one.
        expand = "Datastreams($select=id,unitOfMeasurement;$expand=ObservedProperty($select=name))"
        page = self._ask(self._address("Things", thing), {"$select": "id", "$expand": expand})
        yield from self._listed(page, "Datastreams")

    def _observations(self, address: str, entity: str, attribute: str, unit: str | None) -> None:
        start, end = self._begins - self._margin, self._ends + self._margin
        params = {
            "$filter": f"phenomenonTime ge {_written(start)} and phenomenonTime lt {_written(end)}",
            "$orderby": "phenomenonTime asc",
            "$select": ",".join(_PLAIN),
            "$top": str(self._query.page_size),
        }
        if self._query.options.get("result_format") == "dataArray":
            params["$resultFormat"] = "dataArray"
        # The unit of the datastream goes with every reading: the intake converts or refuses it.
        if self._query.options.get("unit_from") == "mapping":
            unit = None
        page = self._ask(f"{address}/Observations", params)
        for seen, row, path in self._listed(page, "Observations"):
            for when, value, place in _flattened(seen, row, path):
                self._take(seen, entity, attribute, unit, when, value, place)

    def _take(
        self, page: Page, entity: str, attribute: str, unit: str | None, when: Any, value: Any, path: str
    ) -> None:
        at = self._start_of(page, when, path)
        if not self._begins <= at < self._ends:
            if not self._margin:
                self._trail.harvest.dropped.note("out_of_window", f"{entity} {from_microseconds(at)}")
        elif value is None:
            self._trail.harvest.dropped.note("null_value", f"{entity} {path}")
        else:
            self._trail.harvest.add(Reading(entity, attribute, at, value, unit))

    def _start_of(self, page: Page, when: Any, path: str) -> int:
        """Where an instant or an interval begins; a fault where its length could hide others like it."""
        try:
            first, slash, last = when.partition("/")
            start = instant_of(first, "UTC")
            length = instant_of(last, "UTC") - start if slash else 0
        except (AttributeError, ValueError, OverflowError):
            raise page.fault(f"a phenomenonTime was expected, not {kind_of(when)}", path) from None
        if length < 0:
            raise page.fault("an interval ends before it begins", path)
        if length > self._margin:
            seconds, allowed = length / 1e6, self._margin / 1e6
            raise page.fault(f"an interval of {seconds:g} s, where {allowed:g} s are allowed for", path)
        return start

    def _listed(self, page: Page, nested: str) -> Iterator[tuple[Page, dict[str, Any], str]]:
        """The objects of a listing, page by page: at the top, or nested in one entity."""
        while True:
            document = page.object()
            name, link = (
                (nested, f"{nested}@iot.nextLink") if nested in document else ("value", "@iot.nextLink")
            )
            rows = document.get(name)
            if not isinstance(rows, list):
                raise page.fault(f"a list of {nested} was expected, not {kind_of(rows)}", f"$.{name}")
            if not rows:
                page.refuse_report(document)
            self._trail.note_rows(page, [page.url.partition("?")[0], rows] if rows else None)
            for position, row in enumerate(rows):
                path = f"$.{name}[{position}]"
                if not isinstance(row, dict):
                    raise page.fault(f"an object was expected, not {kind_of(row)}", path)
                yield page, row, path
            if document.get(link) is None:
                return
            address, params = next_address(page, document[link], self._query.base_url, f"$.{link}")
            self._trail.note_link(page, str(httpx.URL(address, params=params)))
            page = self._ask(address, params)

    def _ask(self, address: str, params: Mapping[str, str]) -> Page:
        return self._trail.page(self._get(address, params, _HEADERS))

    def _address(self, entities: str, identifier: str) -> str:
        is_plain = identifier.isdecimal() or identifier.startswith("'")
        key = identifier if is_plain else "'" + identifier.replace("'", "''") + "'"
        return f"{self._query.base_url}/{entities}({percent(key, safe=chr(39))})"


def _flattened(page: Page, row: dict[str, Any], path: str) -> Iterator[tuple[Any, Any, str]]:
    """(phenomenonTime, result, path) of an observation, or of every row of a data array."""
    if "dataArray" not in row:
        if not row.keys() >= {*_PLAIN}:
            raise page.fault("an observation without phenomenonTime and result", path)
        yield row["phenomenonTime"], row["result"], path
        return
    components, rows = row.get("components"), row["dataArray"]
    if not isinstance(components, list) or not isinstance(rows, list):
        raise page.fault("a dataArray with its components was expected", path)
    try:
        when, value = (components.index(name) for name in _PLAIN)
    except ValueError:
        raise page.fault("components without phenomenonTime and result", f"{path}.components") from None
    for position, cells in enumerate(rows):
        here = f"{path}.dataArray[{position}]"
        if not isinstance(cells, list) or len(cells) != len(components):
            raise page.fault(f"{len(components)} cells were expected, not {kind_of(cells)}", here)
        yield cells[when], cells[value], here


def _property(page: Page, stream: dict[str, Any], path: str) -> str:
    observed = stream.get("ObservedProperty")
    name = observed.get("name") if isinstance(observed, dict) else None
    if not isinstance(name, str):
        raise page.fault("the name of an ObservedProperty was expected", f"{path}.ObservedProperty")
    return name


def _identifier(page: Page, stream: dict[str, Any], path: str) -> str:
    found = stream.get("@iot.id")
    if type(found) not in (int, str):
        raise page.fault(f"an @iot.id was expected, not {kind_of(found)}", path)
    return str(found)


def _unit(stream: dict[str, Any]) -> str | None:
    """The symbol of the datastream's unit; None where it has none."""
    unit = stream.get("unitOfMeasurement")
    symbol = unit.get("symbol") if isinstance(unit, dict) else None
    return symbol.strip() or None if isinstance(symbol, str) else None


def _written(at: int) -> str:
    return f"{from_microseconds(at):%Y-%m-%dT%H:%M:%S.%fZ}"
