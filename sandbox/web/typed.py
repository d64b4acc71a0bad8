"""What people type into the plan's form, as values: numbers, metrics, rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import count
from typing import Any

LARGEST_NUMBER = 2**53  # what canonical JSON holds exactly

_WHOLE = re.compile(r"[+-]?[0-9]{1,20}")
_NUMBER = re.compile(r"[+-]?([0-9]{1,20}(\.[0-9]{0,20})?|\.[0-9]{1,20})([eE][+-]?[0-9]{1,3})?")


def metric(typed: str, name: str = "code") -> dict[str, Any]:
    """`code@version` as a reference; nothing where nothing was chosen."""
    code, _, version = typed.partition("@")
    if not code:
        return {}
    return {name: code, "version": number(version)}


def number(typed: str | None) -> Any:
    """A number where one was typed; otherwise the text itself, for the schema to refuse by name."""
    text = (typed or "").strip()
    # Not what int() and float() would take besides: 1_000, full-width digits, nan.
    if not _NUMBER.fullmatch(text):
        return text
    value = int(text) if _WHOLE.fullmatch(text) else float(text)
    return value if abs(value) <= LARGEST_NUMBER else text


def rows(form: Mapping[str, str], name: str, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Rows `name.0.column` and so on as far as the form goes; rows that are blank throughout are left out."""
    rows = []
    for i in count():
        row = {column: form.get(f"{name}.{i}.{column}") for column in columns}
        if all(value is None for value in row.values()):
            break
        rows.append({column: (value or "").strip() for column, value in row.items()})
    return [row for row in rows if any(row.values())]
