"""oneM2M (TS-0001, TS-0004): content instances of containers, by their time of creation.

An entity is a container below the path that the source names. The content of an instance is a text: one
number, whose attribute is `con`, or an object in JSON, whose members are the attributes. Both edges of
`createdAfter` and `createdBefore` are exclusive and platforms keep whole seconds, so a second more is
asked for on either side. An offset (`ofst`) that is ignored shows by instances that came before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote as percent

import orjson

from experiments.collection import decoding
from experiments.collection.connectors.documents import Page, Trail, for_each_entity, kind_of
from experiments.collection.connectors.instants import instant_of
from experiments.collection.connectors.ngsi_ld import Query
from experiments.collection.connectors.readings import Harvest, Reading
from experiments.collection.connectors.tables import number
from experiments.collection.faults import quote
from experiments.collection.http import Answer, Get
from experiments.collection.models import from_microseconds, to_microseconds

CONTENT = "con"
_SECOND = 1_000_000
_OK = "2000"
_PARTIAL = "1"
_INSTANCES = "m2m:cin"


def read_window(get: Get, query: Query, into: Harvest | None = None) -> Harvest:
    """Every instance of the mapped containers created in `start <= ct < end`.

    HubFault for a status code (X-M2M-RSC) other than OK, and for anything that leaves doubt whether the
    window is complete.
    """
    harvest = into or Harvest()
    walk = _Walk(get, query, Trail(harvest))
    for_each_entity(query.entities, walk.container, harvest)
    return harvest


class _Walk:
    def __init__(self, get: Get, query: Query, trail: Trail) -> None:
        self._get = get
        self._query = query
        self._trail = trail
        self._begins = to_microseconds(query.start)
        self._ends = to_microseconds(query.end)

    def container(self, entity: str) -> None:
        """All instances of one container inside the window."""
        known: set[str] = set()
        present: set[str] = set()
        offset = 0
        while True:
            answer = self._ask(entity, offset)
            page = self._trail.page(answer)
            if (status := answer.headers.get("X-M2M-RSC", _OK)) != _OK:
                raise page.fault(f"the hub reports X-M2M-RSC {quote(status)}")
            found = _instances(page)
            fresh = [each for each in found if each[0] not in known]
            known.update(name for name, _, _ in fresh)
            for _, instance, path in fresh:
                self._take(page, entity, instance, path, present)
            is_partial = answer.headers.get("X-M2M-CTS") == _PARTIAL
            if not fresh:
                # Where a full page came again there is no way to the rest.
                if is_partial or len(found) >= self._query.page_size:
                    raise page.fault("the page repeats instances of earlier pages")
                break
            if "X-M2M-CTS" in answer.headers and not is_partial:
                break
            offset += len(found)
        for attribute in self._query.attributes:
            if known and attribute not in present:
                self._trail.harvest.dropped.note("attribute_missing", f"{entity} {attribute}")

    def _ask(self, entity: str, offset: int) -> Answer:
        query = self._query
        params = {
            "rcn": "4",
            "ty": "4",
            "cra": _written(self._begins - _SECOND),
            "crb": _written(self._ends + 2 * _SECOND - 1),
            "lim": str(query.page_size),
            "ofst": str(offset),
        }
        headers = {
            "Accept": "application/json",
            "X-M2M-Origin": query.options["origin"],
            "X-M2M-RI": f"{self._trail.harvest.pages + 1}",
        }
        path = f"{query.entity_type.rstrip('/')}/{percent(entity.strip('/'), safe='/')}"
        return self._get(f"{query.base_url}{path}", params, headers)

    def _take(
        self, page: Page, entity: str, instance: Mapping[str, Any], path: str, present: set[str]
    ) -> None:
        at = _created(page, instance, path)
        if not self._begins <= at < self._ends:
            self._trail.harvest.dropped.note("out_of_window", f"{entity} {path} {from_microseconds(at)}")
            return
        for attribute, value in _values(instance.get("con"), self._query.attributes).items():
            present.add(attribute)
            if value is None:
                self._trail.harvest.dropped.note("null_value", f"{entity} {path}.con.{attribute}")
            else:
                self._trail.harvest.add(Reading(entity, attribute, at, value))


def _instances(page: Page) -> list[tuple[str, Mapping[str, Any], str]]:
    """(resource id, instance, path) of a page, whichever resource it is wrapped in."""
    document = page.object()
    path = "$"
    while _INSTANCES not in document and len(document) == 1:
        name, inner = next(iter(document.items()))
        if not name.startswith("m2m:"):
            if path != "$":
                break
            raise page.fault(f"a oneM2M resource was expected, not {quote(name)}", path)
        path = f"{path}.{name}"
        if inner is None or inner == []:
            return []
        if not isinstance(inner, dict):
            raise page.fault(f"an object was expected, not {kind_of(inner)}", path)
        document = inner
    if _INSTANCES not in document:
        page.refuse_report(document)
        if path == "$":
            raise page.fault("a oneM2M resource was expected, not an object without one", path)
    rows = document.get(_INSTANCES, [])
    rows = rows if isinstance(rows, list) else [rows]
    return [_named(page, row, f"{path}.{_INSTANCES}[{position}]") for position, row in enumerate(rows)]


def _named(page: Page, row: Any, path: str) -> tuple[str, Mapping[str, Any], str]:
    if not isinstance(row, dict) or not isinstance(row.get("ri"), str):
        raise page.fault(f"an instance with its ri was expected, not {kind_of(row)}", path)
    return row["ri"], row, path


def _created(page: Page, instance: Mapping[str, Any], path: str) -> int:
    """The time of creation: basic format, which the standard means in UTC."""
    try:
        return instant_of(instance["ct"], "UTC")
    except (KeyError, AttributeError, TypeError, ValueError):
        found = kind_of(instance.get("ct"))
        raise page.fault(f"a time of creation was expected, not {found}", f"{path}.ct") from None


def _values(content: Any, attributes: tuple[str, ...]) -> dict[str, object]:
    """Attribute -> value of a content; one that cannot be read goes on as it came, under each of them."""
    found = content
    if isinstance(content, str) and content.lstrip()[:1] == "{":
        try:
            found = decoding.loads(content.encode())
        except orjson.JSONDecodeError:
            return dict.fromkeys(attributes, content)
    if isinstance(found, dict):
        return {name: number(found[name]) for name in attributes if name in found}
    return {CONTENT: number(found)} if CONTENT in attributes else dict.fromkeys(attributes, found)


def _written(at: int) -> str:
    return f"{from_microseconds(at):%Y%m%dT%H%M%S}"
