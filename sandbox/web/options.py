"""Lists of choices for forms, as the field macros take them: (value, label) or with a hint."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sandbox.web.filters import language, pick, provision


def named(subjects: Iterable[Any]) -> list[tuple[int, str]]:
    """Organisations and other things with an id and names."""
    return [(subject.id, pick(subject, "name")) for subject in subjects]


def sites(rows: Iterable[Any]) -> list[tuple[int, str]]:
    return [(site.id, pick(site.territory, "name")) for site in rows]


def districts(
    rows: Iterable[Any], *, only: Collection[str] | None = None, without: Collection[str] = ()
) -> list[tuple[str, str]]:
    """Districts by code, some left out."""
    return [
        (district.code, pick(district, "name"))
        for district in rows
        if district.code not in without and (only is None or district.code in only)
    ]


def law(items: Iterable[Any]) -> list[tuple[str, str, str]]:
    """Kinds and grounds of a regime with their provisions."""
    return [(item.id, pick(item, "name"), provision(item.source)) for item in items]


def conditions(rows: Iterable[Any]) -> list[tuple[int, str, str]]:
    return [(condition.id, condition.text, condition.legal_basis) for condition in rows]


def ids(subjects: Iterable[Any]) -> list[int]:
    return [subject.id for subject in subjects]


def pairs(names: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(code, str(label)) for code, label in names.items()]


def metrics(rows: Iterable[Any]) -> list[tuple[str, str]]:
    """Metrics as code@version, with unit."""
    return [(f"{each.code}@{each.version}", f"{pick(each, 'name')} ({unit(each)})") for each in rows]


def unit(metric: Any) -> str:
    """The unit's name in the reader's language."""
    return str(metric.unit_ko if language() == "ko" else metric.unit)


def metric_key(reference: Mapping[str, Any], name: str = "code") -> str:
    """The value of a metric choice for a reference in a plan."""
    return f"{reference[name]}@{reference.get('version', 1)}" if reference.get(name) else ""
