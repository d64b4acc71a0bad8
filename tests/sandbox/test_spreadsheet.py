"""CSV that no spreadsheet runs as a programme."""

from __future__ import annotations

import csv
import io

import pytest

from sandbox.spreadsheet import csv_bytes


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝", "＠"])
def test_text_that_would_run_is_made_harmless(start):
    cell = f"{start}HYPERLINK(1)"
    assert read(csv_bytes(["name"], [[cell]]))[1] == [f"'{cell}"]


def test_header_is_made_harmless_too():
    assert read(csv_bytes(["=1+1"], []))[0] == ["'=1+1"]


@pytest.mark.parametrize(
    ("value", "written"), [(-1.5, "-1.5"), (0.1 + 0.2, "0.30000000000000004"), (-3, "-3")]
)
def test_numbers_stay_numbers(value, written):
    assert read(csv_bytes(["value"], [[value]]))[1] == [written]


def test_nothing_is_an_empty_cell():
    assert read(csv_bytes(["a", "b"], [[None, "x"]]))[1] == ["", "x"]


def test_file_begins_with_the_byte_order_mark():
    assert csv_bytes(["구역"], []).startswith(b"\xef\xbb\xbf")


def test_quotes_commas_and_lines_survive():
    assert read(csv_bytes(["name"], [['솔샘, "새" 동\n둘째 줄']]))[1] == ['솔샘, "새" 동\n둘째 줄']
