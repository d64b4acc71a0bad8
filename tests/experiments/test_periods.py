from datetime import date

import pytest

from experiments.periods import calendar, label


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("day", "2027-01-02"), ("week", "2026-W53"), ("month", "2027-01"), ("year", "2027")],
)
def test_a_label_names_the_period_that_holds_the_day(kind, expected):
    assert label(kind, date(2027, 1, 2)) == expected


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        ("day", ("2026-02-27", "2026-02-28", "2026-03-01")),
        ("week", ("2026-W09",)),
        ("month", ("2026-02", "2026-03")),
        ("year", ("2026",)),
    ],
)
def test_periods_run_from_the_one_of_the_first_day_to_the_one_of_the_last(kind, labels):
    assert calendar(kind, date(2026, 2, 27), date(2026, 3, 1), "Asia/Seoul").labels == labels


def hours(first, last, zone):
    edges = calendar("day", first, last, zone).edges
    return [int(length) // 3_600_000_000 for length in edges[1:] - edges[:-1]]


def test_days_of_23_and_25_hours_are_whole_days():
    assert hours(date(2026, 3, 28), date(2026, 3, 30), "Europe/Tallinn") == [24, 23, 24]
    assert hours(date(2026, 10, 24), date(2026, 10, 26), "Europe/Tallinn") == [24, 25, 24]


@pytest.mark.parametrize(
    ("kind", "cadence", "expected"),
    [
        ("month", "hour", [744, 671 + 1, 743]),
        ("month", "day", [31, 28, 31]),
        ("month", "week", [4, 4, 5]),
        ("month", "month", [1, 1, 1]),
        ("year", "month", [12]),
        ("year", "year", [1]),
        ("day", "year", [1, 1]),
        ("year", None, [1]),
    ],
)
def test_expected_readings_follow_the_cadence(kind, cadence, expected):
    last = {"month": date(2026, 3, 31), "year": date(2026, 12, 31), "day": date(2026, 1, 2)}[kind]
    periods = calendar(kind, date(2026, 1, 1), last, "Europe/Tallinn")
    assert periods.expected(cadence).tolist() == expected


def test_a_calendar_that_ends_before_it_begins_is_refused():
    with pytest.raises(ValueError, match="before the first day"):
        calendar("day", date(2026, 3, 2), date(2026, 3, 1), "Asia/Seoul")
