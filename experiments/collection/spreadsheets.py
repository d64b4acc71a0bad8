"""Files that people upload, as tables of cells: CSV as offices save it, and XLSX.

Korean Excel saves CSV in cp949; semicolons and tabs are met as often as commas. Of a workbook the first
sheet is read. A formula counts with the value that was stored beside it; without one it is an error.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from experiments.errors import Invalid

MOST_ROWS = 100_000
MOST_COLUMNS = 500
MOST_UNPACKED_BYTES = 64 * 1024 * 1024
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    SyntaxError,
    NotImplementedError,
    RuntimeError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    EOFError,
    OSError,
)
_DELIMITERS = ",;\t"

Cell = object
"""None, text, a number, a truth value, a `datetime`, `time` or `timedelta`, or `FORMULA` where only a
formula is there."""


class _Formula:
    def __str__(self) -> str:
        return "="


FORMULA = _Formula()


@dataclass(frozen=True)
class Sheet:
    """A header of distinct names, and the rows under it with their number in the file, from 1."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[Cell, ...]], ...]


def read_sheet(body: bytes) -> Sheet:
    """The table in `body`; Invalid under `file` where there is none."""
    lines = _workbook(body) if is_workbook(body) else _text(body)
    filled = [(number, cells) for number, cells in lines if any(cell not in (None, "") for cell in cells)]
    if len(filled) < 2:
        raise _wrong("There is no row under the header.")
    header = tuple("" if cell is None else str(cell).strip() for cell in filled[0][1])
    while header and not header[-1]:
        header = header[:-1]
    if not all(header) or len(set(header)) != len(header):
        raise _wrong("Every column needs a name of its own in the first row.")
    if len(header) > MOST_COLUMNS:
        raise _wrong("The file has too many columns.")
    return Sheet(header, tuple((number, _fitted(number, cells, len(header))) for number, cells in filled[1:]))


def is_workbook(body: bytes) -> bool:
    """Whether `body` is read as XLSX, and not as text."""
    return body.startswith(b"PK\x03\x04")


def place(row: int, column: int) -> str:
    """A cell as spreadsheets name it: row from 1 and column from 0 to `B5`."""
    letters, left = "", column + 1
    while left:
        left, letter = divmod(left - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row}"


def _fitted(number: int, cells: tuple[Cell, ...], width: int) -> tuple[Cell, ...]:
    """`cells` under a header of this width; one beyond it may be half of a number such as 1,234."""
    if any(cell not in (None, "") for cell in cells[width:]):
        raise Invalid({place(number, width): ["There is a cell beyond the last column."]})
    return (*cells[:width], *([None] * (width - len(cells))))


def _text(body: bytes) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    text = _decoded(body)
    first = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, cells in enumerate(table, start=1):
            _count(number)
            yield number, tuple(cell.strip() for cell in cells)
    except csv.Error:
        raise _wrong("This is neither CSV nor XLSX.") from None


def _decoded(body: bytes) -> str:
    for encoding in ("utf-8-sig", "cp949"):
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise _wrong("This is neither CSV nor XLSX.")


def _workbook(body: bytes) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    # Imported where a workbook is read: most processes never do.
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            if sum(member.file_size for member in archive.infolist()) > MOST_UNPACKED_BYTES:
                raise _wrong("The workbook is too large.")
        # Twice: once what was calculated, once whether there is a formula.
        values, formulas = (
            load_workbook(io.BytesIO(body), read_only=True, data_only=is_value).worksheets[0]
            for is_value in (True, False)
        )
        pairs = zip(values.iter_rows(values_only=True), formulas.iter_rows(values_only=True), strict=True)
        for number, (calculated, written) in enumerate(pairs, start=1):
            _count(number)
            yield number, tuple(map(_cell, calculated, written))
    # A part that is cut off or is not what it should be: XML raises SyntaxError whoever parses it.
    except (*_BROKEN, InvalidFileException):
        raise _wrong("This is neither CSV nor XLSX.") from None


def _cell(calculated: Cell, written: Cell) -> Cell:
    if calculated is None and isinstance(written, str) and written.startswith("="):
        return FORMULA
    if isinstance(calculated, str):
        return calculated.strip()
    return calculated if isinstance(calculated, datetime | time | timedelta | int | float) else None


def _count(number: int) -> None:
    if number > MOST_ROWS + 1:
        raise _wrong("The file has too many rows.")


def _wrong(message: str) -> Invalid:
    return Invalid({"file": [message]})
