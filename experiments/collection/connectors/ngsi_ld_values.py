"""Values that a hub has put together itself: aggregatedValues, and KeyPerformanceIndicator.

A bucket is `[value, begin, end]` (ETSI GS CIM 009, clause 4.5.19); buckets begin with the first reading in
the window, so their instants are taken as they come. The time of an indicator is the beginning of its
calculationPeriod; its observedAt only says when somebody calculated it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from experiments.collection.connectors.readings import NoValue, Reading

Instance = tuple[Reading | NoValue, str]
Fault = Callable[[str, str], Exception]
ToInstant = Callable[[Any, str], int]

METHODS = ("avg", "min", "max", "sum", "stddev", "sumsq", "totalCount", "distinctCount")


def buckets(
    entity: str, attribute: str, found: dict[str, Any], method: str, path: str, at: ToInstant, fault: Fault
) -> Iterator[Instance]:
    """Every bucket of `method`, at the instant at which it begins."""
    rows = found.get(method)
    if not isinstance(rows, list):
        raise fault(f"aggregatedValues of {method} were expected", path)
    for index, row in enumerate(rows):
        here = f"{path}.{method}[{index}]"
        if type(row) is not list or len(row) != 3:
            raise fault("[value, begin, end] was expected", here)
        begin, end = at(row[1], here), at(row[2], here)
        if end < begin:
            raise fault("the bucket ends before it begins", here)
        yield (
            (NoValue("null_value", begin) if row[0] is None else Reading(entity, attribute, begin, row[0])),
            here,
        )


def indicator(
    entity: str, attribute: str, found: dict[str, Any], path: str, at: ToInstant, fault: Fault
) -> Iterator[Instance]:
    """The indicator's value at the beginning of its calculationPeriod (`from`, `to`; smart data models)."""
    period = _plain(found.get("calculationPeriod"))
    where = f"{path}.calculationPeriod"
    if not isinstance(period, dict) or "from" not in period or "to" not in period:
        raise fault("a calculationPeriod with from and to was expected", where)
    begin, end = at(_plain(period["from"]), f"{where}.from"), at(_plain(period["to"]), f"{where}.to")
    if end < begin:
        raise fault("the calculationPeriod ends before it begins", where)
    held = found[attribute]
    unit = held.get("unitCode") if isinstance(held, dict) else None
    value = _plain(held)
    here = f"{path}.{attribute}"
    if value is None:
        yield NoValue("null_value", begin), here
    else:
        yield Reading(entity, attribute, begin, value, unit if isinstance(unit, str) else None), here


def _plain(found: Any) -> Any:
    """What an attribute holds, written out (`{"type": "Property", "value": ..}`) or as keyValues."""
    if isinstance(found, dict) and found.get("type") in ("Property", "DateTime"):
        return found.get("value", found.get("@value"))
    if isinstance(found, dict) and "@value" in found:
        return found["@value"]
    return found
