"""The rows of a case: its pilot, application and experiment, and every table that hangs on them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, or_, select, true
from sqlalchemy.orm import Session

from experiments.lifecycle import Actor
from experiments.orm import Base
from sandbox.pilots.models import Pilot
from sandbox.records.shares import shared

ROWS_AT_A_TIME = 500

_WITHHELD = re.compile(r"(^|_)(token|secret|sealed|password)(_|$)")


def tables_of(pilot: Pilot, reader: Actor) -> dict[str, Select[Any]]:
    """Table -> the rows of this case that `reader` gets, in the order of their keys.

    The auditor gets every table that refers to the case, step by step; parties get what their pages show.
    A column that holds a token, a secret or sealed personal data is never among them.
    """
    keys: dict[str, Select[Any]] = {}
    found: dict[str, Select[Any]] = {}
    roots = {"pilot": pilot.id, "exemption": pilot.exemption_id, "experiment": pilot.experiment_id}
    for table in Base.metadata.sorted_tables:
        own = roots.get(table.name)
        belongs = table.c.id == own if own is not None else _refers_to(table, keys)
        theirs = shared(table, pilot, reader)
        if belongs is None or (theirs is None and own is None):
            continue
        if "id" in table.c:
            keys[table.name] = select(table.c.id).where(belongs, true() if theirs is None else theirs)
        if theirs is not None:
            columns = [column for column in table.c if not _WITHHELD.search(column.name)]
            found[table.name] = select(*columns).where(belongs, theirs).order_by(*table.primary_key.columns)
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
