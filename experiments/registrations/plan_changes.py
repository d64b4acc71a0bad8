"""What an amendment changed: every field whose value differs between two plans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

VERSION_FIELD = "schema_version"
"""Follows from the other fields and tells a reader nothing besides."""


@dataclass(frozen=True)
class Change:
    """One value of the plan, by its dotted path; None where it did not stand or no longer stands.

    Lists of codes are one value, for their order says nothing.
    """

    field: str
    before: Any
    after: Any


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Every change from one plan to the next, in the order of the paths."""
    old, new = dict(_values("", before)), dict(_values("", after))
    return tuple(
        Change(field, old.get(field), new.get(field))
        for field in sorted(old.keys() | new.keys())
        if old.get(field) != new.get(field) and field != VERSION_FIELD
    )


def _values(path: str, part: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(part, Mapping):
        named = part.items()
    elif isinstance(part, list) and any(isinstance(each, Mapping) for each in part):
        named = {str(place): each for place, each in enumerate(part)}.items()
    else:
        yield path, sorted(part) if isinstance(part, list) else part
        return
    for name, each in named:
        yield from _values(f"{path}.{name}" if path else name, each)
