"""Files that people hand over: read as offices save them, checked by cell, stored whole, undone openly."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import UTC, datetime, time, timedelta

import pytest
from openpyxl import Workbook
from sqlalchemy import select

from experiments.collection import spreadsheets, upload
from experiments.collection.models import Observation, ObservationRevision, Series, to_microseconds
from experiments.collection.readout import readout
from experiments.collection.spreadsheets import place, read_sheet
from experiments.collection.upload import Layout, Upload
from experiments.errors import Invalid, WrongMoment
from tests.factories import BEGINNING, create_metric, create_source

ONE, TWO = (f"urn:ngsi-ld:District:{i}" for i in (1, 2))
LONG = Layout("when", entity="who", value="much", only_attribute="wait")
WIDE = Layout("when", only_attribute="wait")
HOUR = timedelta(hours=1)


@pytest.fixture
def source(session):
    metric = create_metric(session, lowest=0)
    attributes = [{"attribute": "wait", "metric": metric.code, "unit": metric.unit}]
    return create_source(session, attributes=attributes)


def workbook(*rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    body = io.BytesIO()
    book.save(body)
    return body.getvalue()


def table(*rows, encoding="utf-8", delimiter=","):
    return "".join(delimiter.join(map(str, row)) + "\r\n" for row in rows).encode(encoding)


def check(session, source, body, layout=LONG):
    return upload.checked(session, source, read_sheet(body), layout, at=BEGINNING).readings


def stored(session, source, body, layout=LONG, at=BEGINNING):
    kept = Upload(source=source, name="a.csv", sha256=hashlib.sha256(body).hexdigest(), sent_at=at, body=body)
    session.add(kept)
    session.flush()
    upload.store_upload(session, kept, check(session, source, body, layout), holder="a person", at=at)
    return kept


def values(session):
    return session.scalars(select(Observation.value).order_by(Observation.observed_at)).all()


def known_at(session, at):
    ids = session.scalars(select(Series.id)).all()
    found = readout(session.connection(), ids, first=0, end=2**60, as_of=to_microseconds(at))
    return found.values.tolist()


# -- reading -------------------------------------------------------------------------------------

LONG_ROWS = (("when", "who", "much"), ("2026-02-01", ONE, 5), ("2026-02-01", TWO, 6.5))


@pytest.mark.parametrize(
    "body",
    [
        table(*LONG_ROWS),
        table(*LONG_ROWS, encoding="utf-8-sig"),
        table(*LONG_ROWS, delimiter=";"),
        table(*LONG_ROWS, delimiter="\t"),
        workbook(*LONG_ROWS),
        workbook(LONG_ROWS[0], *((datetime.fromisoformat("2026-02-01"), *row[1:]) for row in LONG_ROWS[1:])),
    ],
)
def test_files_are_read_as_offices_save_them(session, source, body):
    readings = check(session, source, body)
    midnight_in_seoul = to_microseconds(datetime(2026, 1, 31, 15, tzinfo=UTC))
    assert [(r.entity, r.at, r.value) for r in readings] == [
        (ONE, midnight_in_seoul, 5.0),
        (TWO, midnight_in_seoul, 6.5),
    ]


def test_korean_excels_encoding_is_read(session, source):
    body = table(("일시", "구역", "대기"), ("2026-02-01 09:00", "D01", '"1,234.5"'), encoding="cp949")
    (reading,) = check(session, source, body, Layout("일시", "구역", "", "대기", "wait"))
    assert (reading.entity, reading.value) == (ONE, 1234.5)
    assert reading.at == to_microseconds(datetime(2026, 2, 1, tzinfo=UTC))


def test_a_wide_file_has_entities_or_attributes_across(session, source):
    across = table(("when", ONE, "D02"), ("2026-02-01", 5, 6), ("2026-02-02", "", 7))
    of_entity = table(("when", "who", "wait"), ("2026-02-01", ONE, 5))
    assert [(r.entity, r.value) for r in check(session, source, across, WIDE)] == [
        (ONE, 5),
        (TWO, 6),
        (TWO, 7),
    ]
    assert [r.attribute for r in check(session, source, of_entity, Layout("when", entity="who"))] == ["wait"]


def test_a_formula_counts_with_its_stored_value_only(session, source):
    body = workbook(("when", "who", "much"), ("2026-02-01", ONE, "=2+3"))
    with pytest.raises(Invalid) as refused:
        check(session, source, body)
    assert list(refused.value.errors) == ["C2"]
    assert "formula" in refused.value.errors["C2"][0]


@pytest.mark.parametrize(
    ("row", "cell"),
    [
        (("yesterday", ONE, 5), "A3"),
        (("2026-02-30", ONE, 5), "A3"),
        (("2026-02-02", "urn:other", 5), "C3"),
        (("2026-02-02", ONE, "many"), "C3"),
        (("2026-02-02", ONE, -5), "C3"),
        (("2036-02-02", ONE, 5), "C3"),
        (("2026-02-02", ONE, "1,234"), "D3"),
    ],
)
def test_what_is_wrong_is_named_by_its_cell(session, source, row, cell):
    with pytest.raises(Invalid) as refused:
        check(session, source, table(*LONG_ROWS[:2], row))
    assert list(refused.value.errors) == [cell]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"when,who,much\n",
        b"when,when\n1,2\n",
        b"when,,much\n1,2,3\n",
        b"PK\x03\x04 nonsense",
        b"\x00\x01\x02\x03",
        b"\xff\xff\xff\n\xff",
        b'when,"who\n1,2',
    ],
)
def test_what_is_no_table_is_refused(body):
    with pytest.raises(Invalid) as refused:
        read_sheet(body)
    assert list(refused.value.errors) == ["file"]


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(spreadsheets, "MOST_UNPACKED_BYTES", 1_000)
    with pytest.raises(Invalid, match="too large"):
        read_sheet(workbook(*LONG_ROWS))


def test_an_archive_that_is_no_workbook_is_refused():
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("readme", "no workbook")
    with pytest.raises(Invalid):
        read_sheet(body.getvalue())


@pytest.mark.parametrize(
    ("column", "name"), [(0, "A5"), (25, "Z5"), (26, "AA5"), (701, "ZZ5"), (702, "AAA5")]
)
def test_cells_are_named_as_in_spreadsheets(column, name):
    assert place(5, column) == name


@pytest.mark.parametrize(
    ("layout", "field"),
    [
        (Layout(""), "observed_at"),
        (Layout("never", only_attribute="wait"), "observed_at"),
        (Layout("when"), "only_attribute"),
        (Layout("when", value="much", only_attribute="wait"), "entity"),
    ],
)
def test_a_layout_that_says_too_little_is_refused(session, source, layout, field):
    with pytest.raises(Invalid) as refused:
        check(session, source, table(*LONG_ROWS), layout)
    assert field in refused.value.errors


# -- units ---------------------------------------------------------------------------------------


def speeds(session):
    metric = create_metric(session, unit="km/h", lowest=0)
    attributes = [{"attribute": "wait", "metric": metric.code, "unit": "km/h"}]
    return create_source(session, attributes=attributes)


OF_UNITS = Layout("when", entity="who", value="much", only_attribute="wait", unit="in")
WITH_UNITS = ("when", "who", "much", "in")


def test_a_column_of_units_is_converted(session):
    rows = (("2026-02-01", ONE, 36, "HM"), ("2026-02-02", ONE, 10, "m/s"), ("2026-02-03", ONE, 7, ""))
    stored(session, speeds(session), table(WITH_UNITS, *rows), OF_UNITS)
    assert values(session) == pytest.approx([57.936384, 36, 7])


@pytest.mark.parametrize("unit", ["kg", "leagues per moon"])
def test_a_unit_that_does_not_fit_is_named_by_its_cell(session, unit):
    with pytest.raises(Invalid) as refused:
        check(session, speeds(session), table(WITH_UNITS, ("2026-02-01", ONE, 44, unit)), OF_UNITS)
    assert list(refused.value.errors) == ["D2"]


def test_a_column_of_units_is_no_entity_of_a_wide_file(session):
    body = table(("when", ONE, "in"), ("2026-02-01", 10, "m/s"))
    (reading,) = check(session, speeds(session), body, Layout("when", only_attribute="wait", unit="in"))
    assert (reading.entity, reading.value, reading.unit) == (ONE, 10, "m/s")


def test_columns_that_say_nothing_are_named():
    assert LONG.ignored(WITH_UNITS) == ["in"]
    assert OF_UNITS.ignored(WITH_UNITS) == WIDE.ignored(WITH_UNITS) == []


# -- storing and undoing -------------------------------------------------------------------------


def test_a_file_is_stored_once(session, source):
    kept = stored(session, source, table(*LONG_ROWS))
    assert (kept.attempt.way, kept.attempt.inserted, values(session)) == ("upload", 2, [5.0, 6.5])
    with pytest.raises(WrongMoment):
        upload.store_upload(session, kept, [], holder="a person", at=BEGINNING)


def test_undoing_restores_what_was_known_before(session, source):
    stored(session, source, table(LONG_ROWS[0], ("2026-02-01", ONE, 5)))
    kept = stored(
        session,
        source,
        table(LONG_ROWS[0], ("2026-02-01", ONE, 9), ("2026-02-02", ONE, 7)),
        at=BEGINNING + HOUR,
    )
    assert values(session) == [9.0, 7.0]
    attempt = upload.undo(session, kept, holder="a person", at=BEGINNING + 2 * HOUR)
    assert values(session) == [5.0]
    assert (attempt.revised, attempt.dropped["withdrawn"]["count"]) == (1, 1)


def test_what_was_undone_stays_in_the_history(session, source):
    kept = stored(session, source, table(*LONG_ROWS))
    upload.undo(session, kept, holder="a person", at=BEGINNING + HOUR)
    assert known_at(session, BEGINNING) == [5.0, 6.5]
    assert known_at(session, BEGINNING + HOUR) == []
    assert len(session.scalars(select(ObservationRevision)).all()) == 2


def test_a_file_is_undone_once_and_may_come_again(session, source):
    body = table(*LONG_ROWS)
    for number in range(3):
        kept = stored(session, source, body, at=BEGINNING + 2 * number * HOUR)
        assert kept.attempt.inserted == 2
        upload.undo(session, kept, holder="a person", at=BEGINNING + (2 * number + 1) * HOUR)
        with pytest.raises(WrongMoment):
            upload.undo(session, kept, holder="a person", at=BEGINNING + (2 * number + 1) * HOUR)
    assert known_at(session, BEGINNING + 4 * HOUR) == [5.0, 6.5]
    assert values(session) == []


def test_what_came_later_is_not_undone(session, source):
    kept = stored(session, source, table(*LONG_ROWS))
    stored(session, source, table(LONG_ROWS[0], ("2026-02-01", ONE, 8)), at=BEGINNING + HOUR)
    upload.undo(session, kept, holder="a person", at=BEGINNING + 2 * HOUR)
    assert values(session) == [8.0]


@pytest.mark.parametrize("name", ["xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/workbook.xml"])
def test_a_workbook_with_a_part_cut_in_half_is_refused(name):
    whole, cut = zipfile.ZipFile(io.BytesIO(workbook(*LONG_ROWS))), io.BytesIO()
    with zipfile.ZipFile(cut, "w") as archive:
        for part in whole.namelist():
            body = whole.read(part)
            archive.writestr(part, body[: len(body) // 2] if part == name else body)
    with pytest.raises(Invalid) as refused:
        read_sheet(cut.getvalue())
    assert list(refused.value.errors) == ["file"]


@pytest.mark.parametrize("value", [time(3), timedelta(hours=27), datetime.fromisoformat("2026-02-01")])
def test_a_cell_with_a_time_is_no_blank(session, source, value):
    with pytest.raises(Invalid) as refused:
        check(session, source, workbook(LONG_ROWS[0], ("2026-02-01", ONE, value)))
    assert list(refused.value.errors) == ["C2"]
    assert "duration" in refused.value.errors["C2"][0]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "0000-01-01"])
def test_days_beyond_all_calendars_are_refused(session, source, day):
    with pytest.raises(Invalid) as refused:
        check(session, source, table(LONG_ROWS[0], (day, ONE, 5)))
    assert list(refused.value.errors) == ["A2"]


@pytest.mark.parametrize("day", ["1899-12-31", "2200-01-02", "9999-12-31 24:00", "0001-01-01"])
def test_an_instant_beyond_all_readings_is_refused_by_cell(session, source, day):
    with pytest.raises(Invalid) as refused:
        check(session, source, table(LONG_ROWS[0], (day, ONE, 5)))
    assert refused.value.errors == {"A2": ["This instant lies outside the years 1900 to 2199."]}


def test_rows_before_the_start_of_the_source_are_named(session, source):
    first, early = (f"{source.starts_at - timedelta(days=days):%Y-%m-%dT12:00:00Z}" for days in (0, 1))
    body = table(LONG_ROWS[0], (first, ONE, 5), (early, ONE, 4), (early, TWO, 4))
    found = upload.checked(session, source, read_sheet(body), LONG, at=BEGINNING)
    assert (len(found.readings), found.early_rows) == (3, (3, 4))


def test_two_values_of_one_instant_are_named_both(session, source):
    rows = (("2026-02-01", ONE, 5), ("2026-02-01 00:00", "D01", 6), ("2026-02-01", ONE, 5))
    with pytest.raises(Invalid) as refused:
        check(session, source, table(LONG_ROWS[0], *rows))
    assert refused.value.errors == {"C3": ["another value of the same instant stands in C2"]}


def test_errors_come_row_by_row_then_column_by_column(session, source):
    body = table(("when", ONE, TWO), ("2026-02-01", -1, "x"), ("never", 1, 1), ("2026-02-03", "y", -1))
    with pytest.raises(Invalid) as refused:
        check(session, source, body, WIDE)
    assert list(refused.value.errors) == ["B2", "C2", "A3", "B4", "C4"]


@pytest.mark.parametrize("written", ["2026-02-01 24:00", "2026-02-01T24:00:00", "2026-02-01 24:00:00+09:00"])
def test_the_end_of_a_day_is_midnight_of_the_next(session, source, written):
    (reading,) = check(session, source, table(LONG_ROWS[0], (written, ONE, 5)))
    assert reading.at == to_microseconds(datetime(2026, 2, 1, 15, tzinfo=UTC))


def test_no_other_time_lies_after_the_end_of_a_day(session, source):
    with pytest.raises(Invalid) as refused:
        check(session, source, table(LONG_ROWS[0], ("2026-02-01 24:01", ONE, 5)))
    assert list(refused.value.errors) == ["A2"]


def test_a_file_that_was_discarded_is_not_stored(session, source):
    body = table(*LONG_ROWS)
    kept = Upload(source=source, name="a.csv", sha256="", sent_at=BEGINNING, body=body)
    session.add(kept)
    session.flush()
    upload.discard(session, kept, at=BEGINNING)
    for act in (
        lambda: upload.store_upload(session, kept, [], holder="a person", at=BEGINNING),
        lambda: upload.discard(session, kept, at=BEGINNING),
    ):
        with pytest.raises(WrongMoment) as refused:
            act()
        assert refused.value.needs == "upload_is_not_discarded"


def test_a_stored_file_is_undone_not_discarded(session, source):
    kept = stored(session, source, table(*LONG_ROWS))
    with pytest.raises(WrongMoment):
        upload.discard(session, kept, at=BEGINNING)
