"""Due dates by hand, row by row of the clock table, and what no stop or holiday may change."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.clocks.arithmetic import Standstill, Why, derive
from sandbox.clocks.holidays import Holiday, WorkingDays
from sandbox.clocks.rules import ClockRuleSchema
from sandbox.regimes import regime

KOREA = WorkingDays("KR")


def rule(**changes):
    """A clock of thirty days that can stop, with a cap of ninety and one extension of thirty."""
    thirty = {"value": 30, "unit": "day"}
    return ClockRuleSchema().load(
        {
            "id": "T01",
            "name_ko": "시험",
            "name_en": "Test",
            "source": "Art. 1",
            "starts_on": "ministry_notified",
            "ends_on": ["ministry_replied"],
            "owed_by": "ministry",
            "length": thirty,
            "stops": True,
            "gross_cap": {"value": 90, "unit": "day"},
            "extension": {"length": thirty, "times": 1},
            "on_lapse": "escalate",
        }
        | changes
    )


def day(text):
    return date.fromisoformat(text)


# Each date was counted on a wall calendar. 2026: Lunar New Year 16-18 February (Monday to Wednesday),
# Chuseok 24-26 September (Thursday to Saturday), National Foundation Day on Saturday 3 October with
# its substitute on Monday 5 October, Hangul Day on Friday 9 October.
@pytest.mark.parametrize(
    ("key", "started", "due"),
    [
        # Thirty days from 18 January end on Tuesday 17 February, Lunar New Year itself: on to Thursday.
        ("K01", "2026-01-18", "2026-02-19"),
        ("K02", "2026-03-02", "2026-04-01"),
        # From 26 August: Friday 25 September is Chuseok, Saturday its second day, Sunday: Monday.
        ("K03", "2026-08-26", "2026-09-28"),
        # From 5 July: ninety days end on Saturday 3 October, whose substitute is Monday: Tuesday.
        ("K04", "2026-07-05", "2026-10-06"),
        # A year from 28 February ends on Sunday 28 February 2027; Monday is 1 March, a holiday: Tuesday.
        ("K05", "2026-02-28", "2027-03-02"),
        # Two months before the end, the end not counted: filed by 30 October, the day before the 31st.
        ("K06", "2026-12-31", "2026-10-30"),
        ("K07", "2027-04-30", "2027-02-27"),
        ("K08", "2026-12-31", "2027-02-01"),
        ("K09", "2026-04-10", "2026-05-11"),
        ("K10", "2026-05-25", "2026-06-24"),
        ("K11", "2026-09-09", "2026-09-28"),
        # Six months from 31 August: counted from 1 September to the last of February, a Sunday; then 1 March.
        ("K12", "2026-08-31", "2027-03-02"),
        ("K13", "2026-06-30", "2026-09-30"),
        # A notice that must have stood for fourteen days: a holiday does not lengthen it.
        ("K14", "2026-09-11", "2026-09-25"),
        ("K15", "2026-02-03", "2026-02-17"),
        ("K16", "2026-12-05", "2026-12-28"),
        ("K17", "2026-09-01", "2026-10-01"),
        # Fourteen whole days lie between the notice and the hearing.
        ("K18", "2026-11-30", "2026-11-15"),
        # Over Chuseok: the fifteenth day is a Saturday and a holiday, and a Sunday follows.
        ("K19", "2026-09-11", "2026-09-28"),
    ],
)
def test_each_clock_of_the_smart_city_act_by_hand(key, started, due):
    assert derive(regime("kr-smart-city", "2026-09").clock(key), day(started), KOREA).due_on == day(due)


def test_every_clock_of_the_smart_city_act_is_counted_above():
    mark = next(each for each in test_each_clock_of_the_smart_city_act_by_hand.pytestmark)
    counted = [row[0] for row in mark.args[1]]
    assert counted == [clock.id for clock in regime("kr-smart-city", "2026-09").clocks]


@pytest.mark.parametrize(
    ("law", "key", "started", "extensions", "due"),
    [
        # Fifteen days from 11 September end on Saturday the 26th, in Chuseok; after Sunday, Monday.
        ("kr-ict", "K19", "2026-09-11", 0, "2026-09-28"),
        # 26 days of January, 28, 31 and 30 of the months after it and 5 of May, Children's Day: the 6th.
        ("kr-financial", "K20a", "2026-01-05", 0, "2026-05-06"),
        # Three whole months lie between the request and the end on 31 December.
        ("kr-financial", "K20b", "2026-12-31", 0, "2026-09-29"),
        # From 1 April: six months end with September; with two more times six, with the next one.
        ("kr-financial", "K20c", "2026-03-31", 0, "2026-09-30"),
        ("kr-financial", "K20c", "2026-03-31", 2, "2027-09-30"),
    ],
)
def test_clocks_of_other_regimes_by_hand(law, key, started, extensions, due):
    found = derive(regime(law).clock(key), day(started), KOREA, extensions=extensions)
    assert found.due_on == day(due)


@pytest.mark.parametrize(
    ("key", "started", "due"),
    [
        ("K12", "2026-01-15", "2026-10-15"),
        # Sixty days from 20 January are Saturday 21 March.
        ("K03", "2026-01-20", "2026-03-23"),
    ],
)
def test_an_extension_lengthens_the_clock(key, started, due):
    found = derive(regime("kr-smart-city", "2026-09").clock(key), day(started), KOREA, extensions=1)
    assert found.due_on == day(due)


def test_a_supplement_across_the_new_year():
    # Counted 11-19 December (9 days), stands still 20 December to 9 January, then 21 days from the
    # 10th to Saturday 30 January: Monday 1 February.
    standstill = Standstill(day("2026-12-20"), day("2027-01-10"))
    found = derive(rule(), day("2026-12-10"), KOREA, standstills=[standstill])
    assert (found.nominal_on, found.due_on) == (day("2027-01-30"), day("2027-02-01"))


def test_a_clock_that_stands_still_has_its_cap_alone():
    found = derive(rule(), day("2026-12-10"), KOREA, standstills=[Standstill(day("2026-12-20"), None)])
    assert (found.net_due_on, found.due_on, found.is_capped) == (None, day("2027-03-10"), True)


def test_the_cap_wins_over_a_long_supplement():
    standstill = Standstill(day("2026-03-10"), day("2026-06-20"))
    found = derive(rule(), day("2026-03-03"), KOREA, standstills=[standstill])
    assert found.net_due_on == day("2026-07-13")
    # Ninety days from 3 March: Monday 1 June.
    assert (found.due_on, found.is_capped) == (day("2026-06-01"), True)


def test_the_other_way_of_counting_leaves_out_saturdays_and_holidays():
    petition = rule(
        count="petition", length={"value": 10, "unit": "day"}, stops=False, gross_cap=None, extension=None
    )
    # From Friday 13 February, itself the first: 13, 19, 20, 23-27, then 1 and 2 March are holidays: 3, 4.
    found = derive(petition, day("2026-02-13"), KOREA)
    assert found.due_on == day("2026-03-04")
    assert [each.number for each in found.days if each.number] == list(range(1, 11))
    assert {each.why for each in found.days} == {Why.COUNTED, Why.SATURDAY, Why.SUNDAY, Why.HOLIDAY}


def test_the_same_case_differs_under_the_two_ways_of_counting():
    plain = {"length": {"value": 15, "unit": "day"}, "stops": False, "gross_cap": None, "extension": None}
    civil, petition = (rule(**plain, count=way) for way in ("civil", "petition"))
    assert derive(civil, day("2026-09-14"), KOREA).due_on == day("2026-09-29")
    # The 14th counts, weekends and Chuseok do not: fifteen working days end on 7 October.
    assert derive(petition, day("2026-09-14"), KOREA).due_on == day("2026-10-07")


def test_a_proclaimed_holiday_moves_the_last_day():
    proclaimed = WorkingDays("KR", {day("2026-04-01"): Holiday("임시공휴일", "Temporary holiday")})
    assert derive(rule(), day("2026-03-02"), proclaimed).due_on == day("2026-04-02")


def test_a_holiday_can_be_taken_out():
    without = WorkingDays("KR", {day("2026-09-25"): None})
    assert derive(rule(), day("2026-08-26"), without).due_on == day("2026-09-25")


@pytest.mark.parametrize(
    "wrong",
    [
        {"standstills": [Standstill(day("2026-01-01"), None)]},
        {"extensions": 1},
    ],
)
def test_what_the_rule_does_not_know_is_refused(wrong):
    with pytest.raises(ValueError, match="K01"):
        derive(regime("kr-smart-city", "2026-09").clock("K01"), day("2026-01-01"), KOREA, **wrong)


# -- properties -------------------------------------------------------------------------------

starts = st.dates(date(2024, 1, 1), date(2030, 12, 31))
stops = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 40)), max_size=4)


def standing_still(started, pieces):
    return [
        Standstill(started + timedelta(after), started + timedelta(after + length))
        for after, length in pieces
    ]


@given(starts, stops)
def test_no_stop_shortens_or_lengthens_the_days_that_count(started, pieces):
    found = derive(rule(gross_cap=None), started, KOREA, standstills=standing_still(started, pieces))
    counted = [each for each in found.days if each.number]
    assert [each.number for each in counted] == list(range(1, 31))
    assert not any(each.covers(day.on) for day in counted for each in found.standstills)


@given(starts, stops)
def test_the_last_day_moves_by_exactly_the_days_that_stood_still(started, pieces):
    free = rule(gross_cap=None)
    still = standing_still(started, pieces)
    plain, stopped = derive(free, started, KOREA), derive(free, started, KOREA, standstills=still)
    lost = sum(each.why == Why.STANDING_STILL for each in stopped.days)
    assert stopped.nominal_on - plain.nominal_on == timedelta(lost)


@given(starts, stops)
def test_the_cap_always_wins(started, pieces):
    found = derive(rule(), started, KOREA, standstills=standing_still(started, pieces))
    assert found.due_on <= found.cap_due_on
    assert found.cap_due_on == derive(rule(), started, KOREA).cap_due_on


@given(starts, stops)
def test_a_due_date_is_a_working_day(started, pieces):
    assert KOREA.works(derive(rule(), started, KOREA, standstills=standing_still(started, pieces)).due_on)


@given(starts, st.permutations(range(3)))
def test_the_order_in_which_stops_are_told_means_nothing(started, order):
    still = standing_still(started, [(3, 4), (5, 9), (30, 2)])
    told = derive(rule(), started, KOREA, standstills=[still[place] for place in order])
    assert told.due_on == derive(rule(), started, KOREA, standstills=still).due_on


@given(starts, st.integers(1, 24))
def test_months_end_where_the_calendar_says(started, months):
    monthly = rule(
        length={"value": months, "unit": "month"},
        stops=False,
        gross_cap=None,
        extension=None,
        bound="earliest",
    )
    due = derive(monthly, started, KOREA).due_on
    passed = (due.year - started.year) * 12 + due.month - started.month
    last_of_month = (due + timedelta(1)).month != due.month
    assert passed == months
    assert due.day == started.day or last_of_month
