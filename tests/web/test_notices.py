"""The inbox on pages: what is new, settings that name what is wrong, and a log for the administrator."""

from __future__ import annotations

from sqlalchemy import select

from sandbox.notices.models import NoticeSetting
from tests.factories import CONSULTING, SENT
from tests.web.office import wrong_fields


def test_a_notice_is_new_until_it_is_seen(office):
    office = office(SENT)
    page = office.read("city_reviewer", "inbox")
    assert "your opinion is asked for." in page
    assert "Inbox (1)" in page
    assert office.send("city_reviewer", "inbox/seen").status_code == 303
    page = office.read("city_reviewer", "inbox")
    assert "your opinion is asked for." in page
    assert "Inbox (1)" not in page


def test_nobody_sees_or_marks_anothers_notices(office):
    office = office(SENT)
    assert "Nothing yet" in office.read("other_city_reviewer", "inbox")
    office.send("other_city_reviewer", "inbox/seen", notice="1")
    assert "Inbox (1)" in office.read("city_reviewer", "inbox")


def test_settings_are_kept(office):
    office = office(CONSULTING)
    answer = office.send(
        "reviewer", "inbox/settings", mail="daily", language="en", reminder_days="30, 7, 7, 1"
    )
    assert answer.status_code == 303
    (setting,) = office.stored(select(NoticeSetting))
    assert (setting.mail, setting.language, setting.reminder_days) == ("daily", "en", [30, 7, 1])
    assert 'value="30, 7, 1"' in office.open("reviewer", "inbox").text


def test_wrong_settings_name_their_field(office):
    office = office(CONSULTING)
    answer = office.send("reviewer", "inbox/settings", mail="often", language="ko", reminder_days="3, soon")
    assert answer.status_code == 422
    assert wrong_fields(answer) == {"mail", "reminder_days"}
    assert "3, soon" in answer.text


def test_the_log_is_the_administrators(office):
    office = office(SENT)
    assert "No mail yet" in office.read("administrator", "inbox/deliveries")
    assert office.open("reviewer", "inbox/deliveries").status_code == 403
