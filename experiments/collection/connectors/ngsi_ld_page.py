"""One page of the NGSI-LD temporal API: bytes to readings (ETSI GS CIM 009, clauses 4.5.6 to 4.5.8).

Normalized instances and temporalValues are told apart by what is there, not by what was asked for:
some hubs ignore the asking.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from itertools import repeat
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from experiments.collection.connectors.ngsi_ld_values import METHODS, Instance, buckets, indicator
from experiments.collection.connectors.readings import NoValue, Reading
from experiments.collection.faults import HubFault, quote
from experiments.collection.models import Representation, to_microseconds

INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
_INSTANT = re.compile(INSTANT)
_AGGREGATES = frozenset(METHODS)
_VALUE, _OBSERVED_AT = itemgetter("value"), itemgetter("observedAt")
_MOST_INSTANTS = 65_536


class Page:
    """A decoded page. Errors name its address, its number and the path inside it.

    `shape` says whether readings are expected, or what the hub has put together (of the aggregates
    those by `method`).
    """

    def __init__(
        self,
        body: bytes,
        *,
        url: str,
        number: int,
        zone: str | None,
        shape: Representation = Representation.TEMPORAL_VALUES,
        method: str = "avg",
    ) -> None:
        self._shape = shape
        self._method = method
        self._url = url
        self._number = number
        self._zone = zone
        self.entities = self._decode(body)
        self.ids = [self._id(entity, position) for position, entity in enumerate(self.entities)]

    def fault(self, reason: str, path: str) -> HubFault:
        return HubFault(reason, url=self._url, page=self._number, path=path)

    def instances(self, position: int, attribute: str) -> Iterator[Instance]:
        """Every instance of `attribute` with its path: a reading, or the reason why it is none."""
        entity, found = self.ids[position], self.entities[position][attribute]
        if self._shape is Representation.KEY_PERFORMANCE_INDICATOR:
            whole = self.entities[position]
            yield from indicator(entity, attribute, whole, f"[{position}]", self._instant, self.fault)
            return
        path = f"[{position}].{attribute}"
        if not isinstance(found, list):
            yield from self._series(entity, attribute, found, path)
            return
        for index, instance in enumerate(found):
            yield from self._series(entity, attribute, instance, f"{path}[{index}]")

    def plain(self, position: int, attribute: str, start: int, end: int) -> list[Reading] | None:
        """All readings of `attribute` where nothing about them is unusual and all lie in [start, end);
        None where they want a closer look, which `instances` takes."""
        if not self._shape.is_raw:
            return None
        found = self.entities[position][attribute]
        units: Iterable[Any] = repeat(None)
        texts: Iterable[Any]
        try:
            if type(found) is dict:
                pairs = found["values"]
                if found.get("datasetId") is not None or set(map(type, pairs)) != {list}:
                    return None
                if set(map(len, pairs)) != {2}:
                    return None
                values, texts = map(list, zip(*pairs, strict=True))
            else:
                names = set().union(*found)
                if not names.isdisjoint(("datasetId", "values")):
                    return None
                values, texts = list(map(_VALUE, found)), map(_OBSERVED_AT, found)
                if "unitCode" in names:
                    units = [each.get("unitCode") for each in found]
                    if not set(map(type, units)) <= {str, type(None)}:
                        return None
            at = list(map(_known_instants(self._zone).__getitem__, texts))
        except (KeyError, ValueError, TypeError, AttributeError):
            return None
        if not at or None in values or min(at) < start or max(at) >= end:
            return None
        rows = zip(repeat(self.ids[position]), repeat(attribute), at, values, units, strict=False)
        # A named tuple's own constructor is a function of Python; this is what it calls.
        return list(map(tuple.__new__, repeat(Reading), rows))

    def _series(self, entity: str, attribute: str, found: Any, path: str) -> Iterator[Instance]:
        """An attribute or one of its instances: `values` with pairs, or `value` with `observedAt`."""
        if not isinstance(found, dict):
            raise self.fault(f"an attribute was expected, not {_kind(found)}", path)
        if found.get("datasetId") is not None:
            yield NoValue("other_dataset", None), path
        elif self._shape is Representation.AGGREGATED_VALUES:
            yield from buckets(entity, attribute, found, self._method, path, self._instant, self.fault)
        elif "values" in found:
            yield from self._pairs(entity, attribute, found["values"], f"{path}.values")
        elif "value" in found:
            if "observedAt" not in found:
                raise self.fault("observedAt is missing", path)
            at = self._instant(found["observedAt"], f"{path}.observedAt")
            yield _reading(entity, attribute, at, found["value"], found.get("unitCode")), path
        elif aggregates := sorted(_AGGREGATES & found.keys()):
            raise self.fault(f"aggregatedValues ({', '.join(aggregates)}) are no readings", path)
        else:
            raise self.fault("neither values nor value is there", path)

    def _pairs(self, entity: str, attribute: str, pairs: Any, path: str) -> Iterator[Instance]:
        if not isinstance(pairs, list):
            raise self.fault(f"a list of [value, instant] was expected, not {_kind(pairs)}", path)
        for index, pair in enumerate(pairs):
            here = f"{path}[{index}]"
            if type(pair) is not list or len(pair) != 2:
                raise self.fault("[value, instant] was expected", here)
            yield _reading(entity, attribute, self._instant(pair[1], here), pair[0], None), here

    def _instant(self, text: Any, path: str) -> int:
        try:
            return instant(text, self._zone)
        except (ValueError, TypeError):
            raise self.fault(f"an instant was expected, not {_kind(text)}", path) from None

    def _decode(self, body: bytes) -> list[dict[str, Any]]:
        if body.lstrip()[:1] == b"<":
            begins = quote(body[:120].decode("utf-8", "replace"))
            raise self.fault(f"XML where JSON was expected: {begins}", "$")
        try:
            decoded = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise self.fault(f"not valid JSON: {quote(error)}", "$") from None
        if isinstance(decoded, dict) and "title" in decoded:
            words = f"{decoded['title']} {decoded.get('detail', '')}"
            raise self.fault(f"the hub reports: {quote(words)}", "$")
        if not isinstance(decoded, list):
            raise self.fault(f"a list of entities was expected, not {_kind(decoded)}", "$")
        for position, entity in enumerate(decoded):
            if not isinstance(entity, dict):
                raise self.fault(f"an entity was expected, not {_kind(entity)}", f"[{position}]")
        return decoded

    def _id(self, entity: dict[str, Any], position: int) -> str:
        found = entity.get("id")
        if not isinstance(found, str):
            raise self.fault(f"the id of an entity was expected, not {_kind(found)}", f"[{position}].id")
        return found


def _reading(entity: str, attribute: str, at: int, value: Any, unit: Any) -> Reading | NoValue:
    """Whatever the value is: the intake decides whether it can be stored."""
    if value is None:
        return NoValue("null_value", at)
    return Reading(entity, attribute, at, value, unit if isinstance(unit, str) else None)


class _Instants(dict[str, int]):
    """Written instant -> microseconds in one zone. Districts share their instants, so that most are known."""

    def __init__(self, zone: str | None) -> None:
        super().__init__()
        self._zone = zone

    def __missing__(self, text: str) -> int:
        if len(self) >= _MOST_INSTANTS:
            self.clear()
        at = self[text] = _parsed(text, self._zone)
        return at


@cache
def _known_instants(zone: str | None) -> _Instants:
    return _Instants(zone)


def instant(text: str, zone: str | None) -> int:
    """Microseconds since the epoch. Without an offset `zone` is meant; ValueError where there is none."""
    return _known_instants(zone)[text]


def _parsed(text: str, zone: str | None) -> int:
    if not _INSTANT.fullmatch(text):
        raise ValueError(text)
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        if zone is None:
            raise ValueError(f"{text} has no offset")
        parsed = parsed.replace(tzinfo=ZoneInfo(zone))
    return to_microseconds(parsed)


def _kind(value: Any) -> str:
    """A JSON value in words, shortened."""
    names = {dict: "an object", list: "a list", type(None): "null", bool: "a truth value"}
    return names.get(type(value)) or repr(quote(value))
