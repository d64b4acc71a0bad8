"""One page of the NGSI-LD temporal API: bytes to readings (ETSI GS CIM 009, clauses 4.5.6 to 4.5.8).

Normalized instances and temporalValues are told apart by what is there, not by what was asked for:
some hubs ignore the asking.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

import numpy as np
import orjson

from experiments.collection import decoding
from experiments.collection.connectors.ngsi_ld_instants import instant, instants
from experiments.collection.connectors.ngsi_ld_values import METHODS, Instance, buckets, indicator
from experiments.collection.connectors.readings import Block, IntArray, NoValue, Reading
from experiments.collection.faults import HubFault, quote
from experiments.collection.models import Representation

_AGGREGATES = frozenset(METHODS)
_VALUES, _VALUE, _OBSERVED_AT = itemgetter("values"), itemgetter("value"), itemgetter("observedAt")
_NUMBERS = frozenset((float, int))


class Page:
    """A page, as it came or decoded already. Errors name its address, its number and the path inside it.

    `shape` says whether readings are expected, or what the hub has put together (of the aggregates
    those by `method`).
    """

    def __init__(
        self,
        body: bytes | list[Any],
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
        self.entities = self._checked(self._decode(body) if isinstance(body, bytes) else body)
        self.ids = self._ids()

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

    def block(self, positions: Sequence[int], attribute: str, start: int, end: int) -> Block | None:
        """All readings of `attribute` of the entities at `positions`, where nothing about any of them is
        unusual and all lie in [start, end); None where one wants a closer look, which `instances` takes."""
        if not self._shape.is_raw:
            return None
        found = [self.entities[position][attribute] for position in positions]
        try:
            values, texts, counts, unit = _pairs(found) or _instances(found)
            if not values or not set(map(type, values)) <= _NUMBERS:
                return None
            at = _instants(texts, counts[0], self._zone)
        except (LookupError, ValueError, TypeError, AttributeError):
            return None
        if at.min() < start or at.max() >= end:
            return None
        entities = [self.ids[position] for position in positions]
        return Block(entities, [attribute] * len(entities), [unit] * len(entities), counts, at, values)

    def _series(self, entity: str, attribute: str, found: Any, path: str) -> Iterator[Instance]:
        """An attribute or one of its instances: `values` with pairs, or `value` with `observedAt`."""
        if not isinstance(found, dict):
            raise self.fault(f"an attribute was expected, not {_kind(found)}", path)
        if found.get("datasetId") is not None:
            yield NoValue("other_dataset", None), path
        elif self._shape is Representation.AGGREGATED_VALUES:
            yield from buckets(entity, attribute, found, self._method, path, self._instant, self.fault)
        elif "values" in found:
            unit = found.get("unitCode")
            yield from self._pairs(entity, attribute, found["values"], unit, f"{path}.values")
        elif "value" in found:
            if "observedAt" not in found:
                raise self.fault("observedAt is missing", path)
            at = self._instant(found["observedAt"], f"{path}.observedAt")
            yield _reading(entity, attribute, at, found["value"], found.get("unitCode")), path
        elif aggregates := sorted(_AGGREGATES & found.keys()):
            raise self.fault(f"aggregatedValues ({', '.join(aggregates)}) are no readings", path)
        else:
            raise self.fault("neither values nor value is there", path)

    def _pairs(self, entity: str, attribute: str, pairs: Any, unit: Any, path: str) -> Iterator[Instance]:
        if not isinstance(pairs, list):
            raise self.fault(f"a list of [value, instant] was expected, not {_kind(pairs)}", path)
        for index, pair in enumerate(pairs):
            here = f"{path}[{index}]"
            if type(pair) is not list or len(pair) != 2:
                raise self.fault("[value, instant] was expected", here)
            yield _reading(entity, attribute, self._instant(pair[1], here), pair[0], unit), here

    def _instant(self, text: Any, path: str) -> int:
        try:
            return instant(text, self._zone)
        except (ValueError, TypeError):
            raise self.fault(f"an instant was expected, not {_kind(text)}", path) from None

    def _decode(self, body: bytes) -> Any:
        if body.lstrip()[:1] == b"<":
            begins = quote(body[:120].decode("utf-8", "replace"))
            raise self.fault(f"XML where JSON was expected: {begins}", "$")
        try:
            return decoding.loads(body)
        except orjson.JSONDecodeError as error:
            raise self.fault(f"not valid JSON: {quote(error)}", "$") from None

    def _checked(self, decoded: Any) -> list[dict[str, Any]]:
        if isinstance(decoded, dict) and "title" in decoded:
            words = f"{decoded['title']} {decoded.get('detail', '')}"
            raise self.fault(f"the hub reports: {quote(words)}", "$")
        if not isinstance(decoded, list):
            raise self.fault(f"a list of entities was expected, not {_kind(decoded)}", "$")
        if not set(map(type, decoded)) <= {dict}:
            position, found = next((n, each) for n, each in enumerate(decoded) if type(each) is not dict)
            raise self.fault(f"an entity was expected, not {_kind(found)}", f"[{position}]")
        return decoded

    def _ids(self) -> list[str]:
        found: list[Any] = [entity.get("id") for entity in self.entities]
        if not set(map(type, found)) <= {str}:
            position, other = next((n, each) for n, each in enumerate(found) if type(each) is not str)
            raise self.fault(f"the id of an entity was expected, not {_kind(other)}", f"[{position}].id")
        return found


def _reading(entity: str, attribute: str, at: int, value: Any, unit: Any) -> Reading | NoValue:
    """Whatever the value is: the intake decides whether it can be stored."""
    if value is None:
        return NoValue("null_value", at)
    return Reading(entity, attribute, at, value, unit if isinstance(unit, str) else None)


_Columns = tuple[list[Any], list[Any], list[int], str | None]
"""Values, written instants, how many of them each entity has, and the unit of all."""


def _pairs(found: list[Any]) -> _Columns | None:
    """Attributes that are simplified, `values` with [value, instant]; None where the first is not.

    What is unusual about any of them is an error: ValueError, LookupError or TypeError.
    """
    if type(found[0]) is not dict or "values" not in found[0]:
        return None
    names = set().union(*found)
    if "datasetId" in names:
        raise ValueError("a data set")
    unit = _one_unit(found) if "unitCode" in names else None
    series = list(map(_VALUES, found))
    pairs = list(chain.from_iterable(series))
    if set(map(len, pairs)) != {2}:
        raise ValueError("no pairs")
    # What else is no list of lists shows in the types of its values and instants.
    flat = list(chain.from_iterable(pairs))
    return flat[::2], flat[1::2], list(map(len, series)), unit


def _instances(found: list[Any]) -> _Columns:
    """Attributes that are normalized, instances with `value` and `observedAt`; the same errors."""
    series = [[each] if type(each) is dict else each for each in found]
    instances = list(chain.from_iterable(series))
    names = set().union(*instances)
    if not names.isdisjoint(("datasetId", "values")):
        raise ValueError("a data set, or pairs among instances")
    unit = _one_unit(instances) if "unitCode" in names else None
    return list(map(_VALUE, instances)), list(map(_OBSERVED_AT, instances)), list(map(len, series)), unit


def _one_unit(found: list[Any]) -> str | None:
    """The unit that all of these state; ValueError where they differ, TypeError where it is no text."""
    (unit,) = {each.get("unitCode") for each in found}
    if not isinstance(unit, str | None):
        raise TypeError(unit)
    return unit


def _instants(texts: list[Any], first: int, zone: str | None) -> IntArray:
    """The instants in `texts`; those of the `first` entity are read once where all others have the same."""
    times = len(texts) // first if first else 0
    if times > 1 and texts == texts[:first] * times:
        return np.concatenate([instants(texts[:first], zone)] * times)
    return instants(texts, zone)


def _kind(value: Any) -> str:
    """A JSON value in words, shortened."""
    names = {dict: "an object", list: "a list", type(None): "null", bool: "a truth value"}
    return names.get(type(value)) or repr(quote(value))
