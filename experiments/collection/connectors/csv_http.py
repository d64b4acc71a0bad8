"""Separated values over HTTP: a file with a header, for the window where its address says so.

Files of Korean offices are UTF-8, with or without a mark at the beginning, or CP949.
"""

from __future__ import annotations

import csv
import io
import unicodedata

from experiments.collection.connectors.documents import Page, Trail
from experiments.collection.connectors.ngsi_ld import Query
from experiments.collection.connectors.readings import Harvest
from experiments.collection.connectors.tables import Table, requests
from experiments.collection.faults import quote
from experiments.collection.http import Get


def read_window(get: Get, query: Query, into: Harvest | None = None) -> Harvest:
    """Every reading of the file, or of the file of each entity, with `start <= t < end`.

    HubFault where a file is no table: another encoding, a missing column, a line with other cells.
    """
    harvest = into or Harvest()
    trail = Trail(harvest)
    table = Table(query, harvest)
    for entity, address, parameters in requests(query):
        page = trail.page(get(address, parameters, {"Accept": "text/csv, */*;q=0.1"}))
        _read(page, query, table, entity)
    table.note_absences()
    return harvest


def _read(page: Page, query: Query, table: Table, entity: str | None) -> None:
    text = _decoded(page)
    if text.lstrip()[:1] == "<":
        raise page.fault(f"a page of HTML or XML where a table was expected: {quote(text[:120])}")
    delimiter = query.options.get("delimiter", ",").replace("tab", "\t")
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    try:
        for cells in lines:
            path = f"line {lines.line_num}"
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = _header(page, query, cells)
            elif len(cells) != len(header):
                raise page.fault(f"{len(header)} cells were expected, not {len(cells)}", path)
            else:
                table.take(page, dict(zip(header, cells, strict=True)), path, entity)
    except csv.Error as error:
        raise page.fault(f"not separated values: {quote(error)}", f"line {lines.line_num}") from None
    if header is None:
        raise page.fault("the file is empty", "line 1")


def _header(page: Page, query: Query, cells: list[str]) -> list[str]:
    # As the names in the mapping are: files made on a Mac have Hangul taken apart.
    header = [unicodedata.normalize("NFC", cell.strip()) for cell in cells]
    options = query.options
    for column in filter(None, (options["time_field"], options.get("entity_field"))):
        if column not in header:
            raise page.fault(f"there is no column {quote(column)}", "line 1")
    if len({*filter(None, header)}) != len([*filter(None, header)]):
        raise page.fault("two columns have the same name", "line 1")
    return header


def _decoded(page: Page) -> str:
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return page.body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise page.fault("neither UTF-8 nor CP949")
