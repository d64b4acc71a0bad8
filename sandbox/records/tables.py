"""The rows of a case: its pilot, application and experiment, and every table that hangs on them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, or_, select
from sqlalchemy.orm import Session

from experiments.orm import Base
from sandbox.pilots.models import Pilot

ROWS_AT_A_TIME = 500

# What the pages of a case show to each of its parties; the auditor reads everything.
OF_THE_PARTIES = frozenset(
    {
        *("pilot", "pilot_history", "pilot_district", "exemption", "exemption_history", "experiment_history"),
        *("required_action", "consultation", "supplement", "condition", "attachment"),
        *("clock", "clock_event", "insurance_policy", "compensation_plan", "compensation_plan_history"),
        *("plan_version", "decision", "decision_history", "official_document", "resident_notice"),
    }
)
# Made from other rows for the sake of lists and search.
DERIVED = frozenset({"desk_line", "case_text", "case_article"})
_WITHHELD = re.compile(r"(^|_)(token|secret|sealed|password)(_|$)")


def tables_of(pilot: Pilot, *, whole: bool) -> dict[str, Select[Any]]:
    """Table -> its rows of this case, in the order of their keys.

    whole  every table that refers to the case, step by step; else those that its parties read

    A column that holds a token, a secret or sealed personal data is never among them.
    """
    keys: dict[str, Select[Any]] = {}
    found: dict[str, Select[Any]] = {}
    roots = {"pilot": pilot.id, "exemption": pilot.exemption_id, "experiment": pilot.experiment_id}
    for table in Base.metadata.sorted_tables:
        own = roots.get(table.name)
        belongs = table.c.id == own if own is not None else _refers_to(table, keys)
        if belongs is None or table.name in DERIVED or "draft" in table.name:
            continue
        if "id" in table.c:
            keys[table.name] = select(table.c.id).where(belongs)
        if whole or table.name in OF_THE_PARTIES:
            columns = [column for column in table.c if not _WITHHELD.search(column.name)]
            found[table.name] = select(*columns).where(belongs).order_by(*table.primary_key.columns)
    return dict(sorted(found.items()))


def rows(session: Session, query: Select[Any]) -> Iterator[dict[str, Any]]:
    """The rows as JSON can say them, read a few hundred at a time."""
    with session.execute(query.execution_options(yield_per=ROWS_AT_A_TIME)) as result:
        for row in result.mappings():
            yield {name: _said(value) for name, value in row.items()}


def as_cell(value: Any) -> str | int | float | None:
    """A value of a row as a cell of CSV: lists and objects as JSON."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return int(value) if isinstance(value, bool) else value


def _refers_to(table: Table, keys: Mapping[str, Select[Any]]) -> ColumnElement[bool] | None:
    """Rows that point at a known row of the case; None where the table has no such column."""
    pointing = [
        (column, key.column.table.name)
        for column in table.c
        for key in column.foreign_keys
        if key.column.name == "id" and key.column.table.name in keys and key.column.table is not table
    ]
    return or_(*(_points(column, keys[name]) for column, name in pointing)) if pointing else None


def _points(column: Column[Any], keys: Select[Any]) -> ColumnElement[bool]:
    return column.in_(keys)


def _said(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
