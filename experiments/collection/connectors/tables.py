"""Rows of named columns to readings: one column names the entity, one the instant, the rest are attributes.

Such rows come from CKAN, from Korean public-data APIs, from files, and out of plain JSON. There numbers are
often written as text, with commas between the thousands; a blank or a dash means that there is none.
What is neither goes on as it came, and the intake keeps it aside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote as percent

from experiments.collection.connectors.documents import Page, kind_of
from experiments.collection.connectors.instants import instant_of, local
from experiments.collection.connectors.ngsi_ld import Query
from experiments.collection.connectors.options import PLACEHOLDER
from experiments.collection.connectors.readings import Harvest, Reading
from experiments.collection.models import from_microseconds, to_microseconds

_NUMBER = re.compile(r"[+-]?(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_NOTHING = frozenset({"", "-", "--"})


class Table:
    """The rows of one window as they come, page after page; of any instant where it is not `is_bounded`."""

    def __init__(self, query: Query, harvest: Harvest, *, is_bounded: bool = True) -> None:
        self._query = query
        self._harvest = harvest
        self._begins = to_microseconds(query.start)
        self._ends = to_microseconds(query.end)
        self._is_bounded = is_bounded
        self._entity_column: str | None = query.options.get("entity_field")
        self._time_column: str = query.options["time_field"]
        self._time_format: str | None = query.options.get("time_format")
        self._met: set[str] = set()
        self._present: set[tuple[str, str]] = set()
        self._strangers: set[str] = set()

    def take(self, page: Page, row: Mapping[str, Any], path: str, entity: str | None = None) -> int | None:
        """Take the readings of one row, of `entity` or the one that it names; returns its instant, None
        where it has none."""
        if row.get(self._time_column) in (None, ""):
            self._harvest.dropped.note("no_instant", path)
            return None
        at = self._instant(page, row, path)
        entity = self._entity(page, row, path) if entity is None or self._entity_column else entity
        if entity not in self._query.entities:
            if entity not in self._strangers:
                self._strangers.add(entity)
                self._harvest.dropped.note("entity_not_mapped", entity)
            return at
        self._met.add(entity)
        is_inside = not self._is_bounded or self._begins <= at < self._ends
        for attribute in self._query.attributes:
            if attribute in row:
                self._present.add((entity, attribute))
                if is_inside:
                    self._add(entity, attribute, at, row[attribute], path)
        if not is_inside:
            self._harvest.dropped.note("out_of_window", f"{entity} {path} {from_microseconds(at)}")
        return at

    def note_absences(self) -> None:
        """Account for what is mapped and did not come."""
        for entity in sorted(self._query.entities):
            if entity not in self._met:
                self._harvest.dropped.note("entity_absent", entity)
                continue
            for attribute in self._query.attributes:
                if (entity, attribute) not in self._present:
                    self._harvest.dropped.note("attribute_missing", f"{entity} {attribute}")

    def _add(self, entity: str, attribute: str, at: int, found: Any, path: str) -> None:
        value = number(found)
        if value is None:
            self._harvest.dropped.note("null_value", f"{entity} {path}.{attribute}")
        else:
            self._harvest.add(Reading(entity, attribute, at, value))

    def _instant(self, page: Page, row: Mapping[str, Any], path: str) -> int:
        found = row.get(self._time_column)
        try:
            if type(found) not in (str, int):
                raise ValueError(found)
            return instant_of(str(found), self._query.zone, self._time_format)
        except (ValueError, OverflowError):
            here = f"{path}.{self._time_column}"
            raise page.fault(f"an instant was expected, not {kind_of(found)}", here) from None

    def _entity(self, page: Page, row: Mapping[str, Any], path: str) -> str:
        found = row.get(self._entity_column or "")
        if type(found) not in (str, int) or not str(found).strip():
            here = f"{path}.{self._entity_column}"
            raise page.fault(f"the name of an entity was expected, not {kind_of(found)}", here)
        return str(found).strip()


def number(found: object) -> object:
    """A number where text writes one, None where it says that there is none, else what came."""
    if not isinstance(found, str):
        return found
    text = found.strip()
    if text in _NOTHING:
        return None
    return float(text.replace(",", "")) if _NUMBER.fullmatch(text) else found


def requests(query: Query) -> Iterator[tuple[str | None, str, dict[str, str]]]:
    """(entity, address, parameters) of what has to be asked: once, or once for every entity where the
    address or a parameter names {entity}. The entity is None where the rows name it."""
    parameters: Mapping[str, str] = query.options.get("parameters", {})
    texts = (query.entity_type, *parameters.values())
    is_by_entity = any("{entity}" in text for text in texts)
    for entity in sorted(query.entities) if is_by_entity else [None]:
        address = query.base_url + filled(query.entity_type, query, entity, escaped=True)
        yield entity, address, {name: filled(text, query, entity) for name, text in parameters.items()}


def filled(template: str, query: Query, entity: str | None, *, escaped: bool = False) -> str:
    """`template` with the entity and the edges of the window, in the hub's local time, in its braces."""
    moments = {
        "start": to_microseconds(query.start),
        "end": to_microseconds(query.end),
        "last": to_microseconds(query.end) - 1,
    }

    def fill(found: re.Match[str]) -> str:
        if found[1]:
            text = entity or ""
        else:
            moment = local(moments[found[2]], query.zone)
            text = moment.strftime(found[3]) if found[3] else moment.isoformat()
        return percent(text, safe="") if escaped else text

    return PLACEHOLDER.sub(fill, template)
