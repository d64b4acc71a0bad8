"""The CKAN datastore: rows of one resource, `datastore_search` page by page.

The datastore can be asked for equal values only, not for a span. Where it knows that the time column
holds instants, the newest rows are asked for first, and reading ends before the window; else all rows
are read. A server may give fewer rows than asked for (32,000 is its usual limit): only the total ends
the paging.
"""

from __future__ import annotations

from typing import Any

import orjson

from experiments.collection.connectors.documents import Page, Trail, kind_of
from experiments.collection.connectors.ngsi_ld import Query
from experiments.collection.connectors.readings import Harvest
from experiments.collection.connectors.tables import Table, filled
from experiments.collection.faults import quote
from experiments.collection.http import Get
from experiments.collection.models import to_microseconds

_SORTED = ("timestamp", "timestamptz", "date")


def read_window(get: Get, query: Query, into: Harvest | None = None) -> Harvest:
    """Every reading of the resource with `start <= t < end`.

    HubFault for anything that leaves doubt whether the window is complete: `success` that is not true, a
    total that changes between pages or is not reached.
    """
    harvest = into or Harvest()
    walk = _Walk(get, query, Trail(harvest))
    walk.read()
    return harvest


class _Walk:
    def __init__(self, get: Get, query: Query, trail: Trail) -> None:
        self._get = get
        self._query = query
        self._trail = trail
        self._table = Table(query, trail.harvest)
        self._columns: list[str] | None = None

    def read(self) -> None:
        """All rows, or as many of the newest as reach back before the window."""
        page, result = self._ask("_id asc", limit=0, offset=0)
        sort, is_newest_first = self._order(page, result)
        begins = to_microseconds(self._query.start)
        seen, total = 0, self._total(page, result)
        while seen < total:
            page, result = self._ask(sort, limit=self._query.page_size, offset=seen)
            if (now := self._total(page, result)) != total:
                raise page.fault(f"the total changed from {total} to {now}", "$.result.total")
            rows = self._rows(page, result)
            if not rows:
                raise page.fault(f"the hub counts {total} rows but sent {seen}", "$.result.records")
            oldest = [self._take(page, row, position) for position, row in enumerate(rows)][-1]
            seen += len(rows)
            if is_newest_first and oldest is not None and oldest < begins:
                break
        self._table.note_absences()

    def _take(self, page: Page, row: Any, position: int) -> int | None:
        path = f"$.result.records[{position}]"
        if not isinstance(row, dict):
            raise page.fault(f"a row was expected, not {kind_of(row)}", path)
        return self._table.take(page, row, path)

    def _ask(self, sort: str, *, limit: int, offset: int) -> tuple[Page, dict[str, Any]]:
        options = self._query.options
        filters = {name: filled(text, self._query, None) for name, text in options.get("filters", {}).items()}
        params = {
            "resource_id": self._query.entity_type,
            "sort": sort,
            "limit": str(limit),
            "offset": str(offset),
        }
        if filters:
            params["filters"] = orjson.dumps(filters).decode()
        address = f"{self._query.base_url}/api/3/action/datastore_search"
        page = self._trail.page(self._get(address, params, {"Accept": "application/json"}))
        document = page.object()
        if document.get("success") is not True:
            raise page.fault(f"the hub reports: {quote(document.get('error'))}")
        result = document.get("result")
        if not isinstance(result, dict):
            raise page.fault(f"a result was expected, not {kind_of(result)}", "$.result")
        return page, result

    def _order(self, page: Page, result: dict[str, Any]) -> tuple[str, bool]:
        """How to sort, and whether the newest rows come first."""
        fields = result.get("fields")
        if not isinstance(fields, list):
            raise page.fault("the columns of the resource were expected", "$.result.fields")
        types = {each.get("id"): each.get("type") for each in fields if isinstance(each, dict)}
        column = self._query.options["time_field"]
        if column not in types:
            raise page.fault(f"the resource has no column {quote(column)}", "$.result.fields")
        if types[column] in _SORTED:
            return f'"{column}" desc, _id desc', True
        return "_id asc", False

    def _total(self, page: Page, result: dict[str, Any]) -> int:
        total = result.get("total")
        if type(total) is not int:
            raise page.fault(f"a total was expected, not {kind_of(total)}", "$.result.total")
        return total

    def _rows(self, page: Page, result: dict[str, Any]) -> list[Any]:
        rows = result.get("records")
        if not isinstance(rows, list):
            raise page.fault(f"a list of rows was expected, not {kind_of(rows)}", "$.result.records")
        self._trail.note_rows(page, rows)
        return rows
