"""Plain JSON: the source says by JSONPath (RFC 9535) where the rows lie, and where in a row what is.

Pages are linked (`next`), or counted (`page_parameter`) until the total is reached, or until a page is
empty where no total is told. Without either there is one page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import takewhile
from typing import Any

import jsonpath
from jsonpath.selectors import NameSelector

from experiments.collection.connectors.documents import Page, Trail, kind_of, next_address
from experiments.collection.connectors.ngsi_ld import Query
from experiments.collection.connectors.readings import Harvest
from experiments.collection.connectors.tables import Table, requests
from experiments.collection.http import Get

Find = Callable[[Any], list[object]]


def read_window(get: Get, query: Query, into: Harvest | None = None) -> Harvest:
    """Every reading of the document, or of the document of each entity, with `start <= t < end`.

    HubFault where a row lacks its entity or its instant, where a path leads to several values, and for
    anything that leaves doubt whether the pages are complete.
    """
    harvest = into or Harvest()
    walk = _Walk(get, query, Trail(harvest))
    for entity, address, parameters in requests(query):
        walk.read(entity, address, parameters)
    walk.table.note_absences()
    return harvest


class Layout:
    """Where the rows of a document lie and where in a row what is, as the options of a source say."""

    def __init__(self, query: Query) -> None:
        self._written = query.options.get("rows") or "$[*]"
        self.rows: Find = _compiled(self._written)
        self._holders: Find = _leading_names(self._written)
        self._columns = _columns(query)

    def refuse_absence(self, page: Page, document: Any) -> None:
        """A fault where a document without rows lacks what they would lie in: an empty list is an end, an
        absent one is not."""
        if not document and isinstance(document, dict):
            raise page.fault("the document is empty", self._written)
        if not any(isinstance(each, dict | list) for each in self._holders(document)):
            raise page.fault("the rows are not even an empty list", self._written)

    def flat(self, page: Page, row: object, path: str) -> Mapping[str, object]:
        """A row with its columns by the names that the source gives them."""
        # A text would be taken for a document of its own.
        if not isinstance(row, dict | list):
            raise page.fault(f"an object or a list was expected, not {kind_of(row)}", path)
        flat: dict[str, object] = {}
        for name, find in self._columns.items():
            values = find(row)
            if values:
                flat[name] = _single(page, values, f"{path} {name}")
        return flat


class _Walk:
    def __init__(self, get: Get, query: Query, trail: Trail) -> None:
        options = query.options
        self._get = get
        self._query = query
        self._trail = trail
        self.table = Table(query, trail.harvest)
        self._layout = Layout(query)
        self._next = _compiled(options["next"]) if options.get("next") else None
        self._total = _compiled(options["total"]) if options.get("total") else None

    def read(self, entity: str | None, address: str, parameters: dict[str, str]) -> None:
        """All pages of one document."""
        seen, number = 0, int(self._query.options.get("first_page", 1))
        total: int | None = None
        while True:
            page = self._trail.page(self._get(address, parameters | self._paging(number), _HEADERS))
            document = page.json()
            if not isinstance(document, dict | list):
                raise page.fault(f"an object or a list was expected, not {kind_of(document)}")
            rows = self._layout.rows(document)
            if not rows:
                page.refuse_report(document)
                self._layout.refuse_absence(page, document)
            self._trail.note_rows(page, [entity, rows] if rows else None)
            for position, row in enumerate(rows):
                path = f"row {position}"
                self.table.take(page, self._layout.flat(page, row, path), path, entity)
            seen += len(rows)
            total = self._count(page, document, total)
            if self._next is not None:
                link = _single(page, self._next(document), "next")
                if link in (None, ""):
                    break
                address, parameters = next_address(page, link, self._query.base_url, "next")
                self._trail.note_link(page, str(link))
            elif not self._query.options.get("page_parameter") or not rows or seen == total:
                break
            number += 1
        if total is not None and seen != total:
            raise page.fault(f"the hub counts {total} rows but sent {seen}", "total")

    def _paging(self, number: int) -> dict[str, str]:
        options = self._query.options
        paging: dict[str, str] = {}
        if options.get("page_parameter"):
            paging[options["page_parameter"]] = str(number)
        if options.get("size_parameter"):
            paging[options["size_parameter"]] = str(self._query.page_size)
        return paging

    def _count(self, page: Page, document: Any, before: int | None) -> int | None:
        if self._total is None:
            return None
        found = _single(page, self._total(document), "total")
        if type(found) is not int:
            raise page.fault(f"a number of rows was expected, not {kind_of(found)}", "total")
        if before is not None and found != before:
            raise page.fault(f"the total changed from {before} to {found}", "total")
        return found


_HEADERS = {"Accept": "application/json"}


def _columns(query: Query) -> dict[str, Find]:
    """Name -> how it is found in a row: entity and time by their paths, attributes by theirs or by name."""
    options = query.options
    values: Mapping[str, str] = options.get("values", {})
    columns = {name: _compiled(values[name]) if name in values else _key(name) for name in query.attributes}
    for field in ("time_field", "entity_field"):
        if path := options.get(field):
            columns[path] = _compiled(path)
    return columns


def _compiled(path: str) -> Find:
    return jsonpath.compile(path).findall


def _leading_names(path: str) -> Find:
    """Where `path` leads by names alone: what lies behind a wildcard, a filter or a position may be missing
    for want of anything that fits."""
    whole = jsonpath.compile(path)
    if not isinstance(whole, jsonpath.JSONPath):
        # Several paths in one: any of them may lead nowhere.
        return lambda document: [document]
    names = list(takewhile(lambda step: type(step.selectors[0]) is NameSelector, whole.segments))
    return jsonpath.JSONPath(env=whole.env, segments=names).findall


def _key(name: str) -> Find:
    def find(row: Any) -> list[object]:
        return [row[name]] if isinstance(row, dict) and name in row else []

    return find


def _single(page: Page, values: list[object], path: str) -> object:
    """The one value that a path leads to; None where it leads nowhere."""
    if len(values) > 1:
        raise page.fault(f"the path leads to {len(values)} values", path)
    return values[0] if values else None
