"""Time limits on pages: the arithmetic for whoever reads the file, supplements, and the holidays."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select

from sandbox.clocks.models import Clock as ClockRow
from sandbox.clocks.models import HolidayChange
from sandbox.exemptions.models import Supplement
from tests.factories import BEGINNING, CONSULTING, GRANTED
from tests.web.visitors import Clock

ITEM = "The braking distance in rain"
SUPPLEMENT = {"items.0": ITEM, "items.1": "", "reason": "The safety plan gives none."}
HOLIDAY = {
    "day": "2026-04-01",
    "is_holiday": "yes",
    "name_ko": "임시공휴일",
    "name_en": "Temporary holiday",
    "reason": "Proclaimed by decree.",
}


@pytest.fixture
def consulting(office, service):
    """A case whose ministries were asked yesterday."""
    consulting = office(CONSULTING)
    Clock(service).now = BEGINNING + timedelta(days=1)
    return consulting


def ask(office):
    return office.send("other_reviewer", "cases/{}/supplement", **SUPPLEMENT)


def clocks(office):
    return office.stored(select(ClockRow).order_by(ClockRow.id))


def own_clock(office):
    ministry = office.case.people["other_reviewer"].organisation_id
    return next(clock for clock in clocks(office) if clock.owed_by_id == ministry)


def test_the_file_lists_its_time_limits(consulting):
    page = consulting.read("author", "cases/{}")
    assert "Statutory time limits" in page
    assert "Ministry's reply to an application Art. 49(4), 49(5)" in page


def test_a_clock_shows_its_arithmetic(consulting):
    page = consulting.read("author", f"cases/{{}}/clocks/{own_clock(consulting).id}")
    assert "Days 1 to 30 count" in page
    assert "First day, left out" in page
    assert "Longest period, standstills included 90 days" in page
    assert "Silence is not consent." in page


def test_an_extended_clock_says_so(consulting):
    assert (
        consulting.send("other_reviewer", "cases/{}/extension", reason="A test drive is needed.").status_code
        == 303
    )
    page = consulting.read("author", f"cases/{{}}/clocks/{own_clock(consulting).id}")
    assert "Extended by 30 days, 1 time(s)" in page


def test_a_year_is_no_table_of_days(office):
    office = office(GRANTED)
    (clock,) = (each for each in clocks(office) if each.rule_id == "K05")
    page = office.read("author", f"cases/{{}}/clocks/{clock.id}")
    assert "Length 1 year" in page
    assert "Day by day" not in page


def test_a_clock_of_another_case_is_not_shown(office):
    first, second = office(CONSULTING), office(CONSULTING)
    assert first.open("author", f"cases/{{}}/clocks/{own_clock(second).id}").status_code == 404


def test_outsiders_see_no_clock(consulting):
    assert (
        consulting.open("other_city_reviewer", f"cases/{{}}/clocks/{own_clock(consulting).id}").status_code
        == 404
    )


def test_a_ministry_asks_for_a_supplement(consulting):
    assert ask(consulting).status_code == 303
    assert [each.items for each in consulting.stored(select(Supplement))] == [[ITEM]]
    page = consulting.read("author", "cases/{}")
    assert ITEM in page
    assert "Answer the request for a supplement" in page


def test_a_clock_that_stands_still_says_so(consulting):
    ask(consulting)
    page = consulting.read("author", f"cases/{{}}/clocks/{own_clock(consulting).id}")
    assert "The clock stands still; the longest period allowed ends on" in page


@pytest.mark.parametrize(
    ("missing", "label"), [("items.0", "What has to be supplemented"), ("reason", "Reasons")]
)
def test_a_supplement_names_what_is_missing(consulting, missing, label):
    page = consulting.send("other_reviewer", "cases/{}/supplement", **(SUPPLEMENT | {missing: ""}))
    assert page.status_code == 422
    assert label in page.text
    assert consulting.stored(select(Supplement)) == []


def test_the_applicant_answers(consulting, service):
    ask(consulting)
    due = own_clock(consulting).due_on
    Clock(service).now = BEGINNING + timedelta(days=4)
    sent = consulting.send("author", "cases/{}/supplement-answer", answer="Twelve metres.")
    assert sent.status_code == 303
    assert own_clock(consulting).due_on < due
    assert "Twelve metres." in consulting.read("reviewer", "cases/{}")


def test_the_applicant_may_decline(consulting):
    ask(consulting)
    consulting.send("author", "cases/{}/supplement-answer", answer="Nothing to add.", declines="on")
    assert [each.is_declined for each in consulting.stored(select(Supplement))] == [True]
    assert "Declined" in consulting.read("other_reviewer", "cases/{}")


def test_there_is_nothing_to_answer_before_it_is_asked(consulting):
    assert consulting.open("author", "cases/{}/supplement-answer").status_code == 404


def test_the_extension_is_offered_once(consulting):
    assert "Extend the period for the reply" in consulting.read("other_reviewer", "cases/{}")
    consulting.send("other_reviewer", "cases/{}/extension", reason="A test drive is needed.")
    assert "Extend the period for the reply" not in consulting.read("other_reviewer", "cases/{}")
    again = consulting.send("other_reviewer", "cases/{}/extension", reason="Once more.")
    assert again.status_code == 409


def test_the_administrator_reads_the_holidays(consulting):
    page = consulting.read("administrator", "holidays?year=2026")
    assert "2026-10-05 (Mon) Alternative holiday for National Foundation Day" in page


def test_a_new_holiday_moves_due_dates(consulting):
    day = own_clock(consulting).due_on
    consulting.send("administrator", "holidays", **(HOLIDAY | {"day": day.isoformat()}))
    assert own_clock(consulting).due_on > day
    assert "Proclaimed by decree." in consulting.read("administrator", f"holidays?year={day.year}")


def test_a_holiday_needs_its_reason(consulting):
    page = consulting.send("administrator", "holidays", **(HOLIDAY | {"reason": ""}))
    assert page.status_code == 422
    assert consulting.stored(select(HolidayChange)) == []


@pytest.mark.parametrize("who", ["author", "reviewer", "decider", "auditor"])
def test_only_the_administrator_changes_holidays(consulting, who):
    assert consulting.send(who, "holidays", **HOLIDAY).status_code == 403


# -- calendars --------------------------------------------------------------------------------


def address(page):
    return re.search(r"/calendar/[\w-]+\.ics", page.text)[0]


def read_calendar(answer):
    return Calendar.from_ical(answer.data).walk("VEVENT")


def test_a_case_is_read_into_a_calendar(consulting):
    first, second, agenda = read_calendar(consulting.open("author", "cases/{}/clocks.ics"))
    assert [first.decoded("dtstart"), second.decoded("dtstart")] == [own_clock(consulting).due_on] * 2
    assert consulting.number in first["summary"]
    assert "on the committee's agenda" in agenda["summary"]


def test_an_office_reads_what_is_due_there(consulting):
    page = consulting.read("other_reviewer", "due-dates")
    assert "Ministry's reply to an application" in page
    assert consulting.number in page
    assert "Nothing is due" in consulting.read("other_city_reviewer", "due-dates")


def test_a_secret_address_needs_no_sign_in(consulting):
    page = consulting.send("other_reviewer", "due-dates/feed")
    (entry,) = read_calendar(consulting.browser().open(address(page)))
    assert entry.decoded("dtstart") == own_clock(consulting).due_on


def test_a_new_address_closes_the_old_one(consulting):
    old = address(consulting.send("other_reviewer", "due-dates/feed"))
    new = address(consulting.send("other_reviewer", "due-dates/feed"))
    assert consulting.browser().open(old).status_code == 404
    assert consulting.browser().open(new).status_code == 200


def test_a_closed_address_tells_nothing(consulting):
    path = address(consulting.send("other_reviewer", "due-dates/feed"))
    consulting.send("other_reviewer", "due-dates/feed/revoke")
    assert consulting.browser().open(path).status_code == 404


def test_the_address_is_shown_once(consulting):
    page = consulting.send("other_reviewer", "due-dates/feed")
    assert address(page) not in consulting.open("other_reviewer", "due-dates").text


def test_an_ended_clock_leaves_the_calendar(consulting):
    entries = read_calendar(consulting.open("author", "cases/{}/clocks.ics"))
    consulting.send("other_reviewer", "cases/{}/reply", reply="agree", text="No objection.")
    assert len(read_calendar(consulting.open("author", "cases/{}/clocks.ics"))) == len(entries) - 1
