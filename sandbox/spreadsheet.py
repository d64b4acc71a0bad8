"""CSV that spreadsheet programs open as it is meant."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

BYTE_ORDER_MARK = "\ufeff"
# A cell that begins so is run as a formula; full-width forms are read as their ASCII twins.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Cell = str | float | int | None


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """`rows` under `header` in UTF-8 with a byte order mark; None is an empty cell.

    A text that a spreadsheet would run as a formula gets an apostrophe before it. Numbers stay as
    they are, in the shortest form that reads back as the same number.
    """
    return b"".join(csv_lines(header, rows))


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """The same line by line, for more rows than one wants to hold."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    yield BYTE_ORDER_MARK.encode()
    for row in chain([header], rows):
        writer.writerow([_harmless(cell) for cell in row])
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()


def _harmless(cell: Cell) -> Cell:
    if isinstance(cell, str) and cell.lstrip(" ").startswith(FORMULA_STARTS):
        return f"'{cell}"
    return cell
