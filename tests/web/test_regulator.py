"""The regulator's desk: what waits for this person, soonest due first, and nobody else's cases."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.factories import CONSULTING, DRAFTED, FILED, SENT
from tests.web.visitors import Clock, said


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("city_reviewer", 200),
        ("reviewer", 200),
        ("decider", 200),
        ("auditor", 200),
        ("author", 403),
        ("evaluator", 403),
        ("data_officer", 403),
        ("administrator", 403),
        (None, 302),
    ],
)
def test_the_desk_is_for_regulators(office, who, status):
    assert office().open(who, "cases-desk").status_code == status


@pytest.mark.parametrize(
    ("history", "readers"),
    [
        (DRAFTED, {"auditor"}),
        (SENT, {"auditor", "city_reviewer"}),
        (FILED, {"auditor", "city_reviewer", "reviewer", "decider"}),
    ],
)
def test_a_case_appears_when_the_office_has_to_do_with_it(office, history, readers):
    office = office(history)
    people = ("auditor", "city_reviewer", "other_city_reviewer", "reviewer", "decider", "other_reviewer")
    assert {who for who in people if office.number in office.open(who, "cases-desk").text} == readers


def test_what_waits_is_marked(office):
    page = office(FILED).read("reviewer", "cases-desk")
    assert "Your turn Open the consultation" in page


def test_another_ministrys_case_can_be_looked_up_and_waits_for_nobody_here(office):
    office = office(FILED)
    page = office.read("other_reviewer", "cases-desk?whose=all")
    assert office.number in page
    assert "Your turn" not in page


def test_ticked_cases_are_given_to_somebody_and_the_question_is_kept(office):
    office = office(FILED)
    pilot, reviewer = office.pilot, office.case.people["reviewer"]
    answer = office.send(
        "reviewer", "cases-desk/assign", cases=pilot.id, person=reviewer.id, back="/cases-desk?q=smart"
    )
    assert answer.headers["Location"] == "/cases-desk?q=smart"
    assert f"Taken by {reviewer.name}" in office.read("reviewer", "cases-desk?whose=mine")


@pytest.mark.parametrize(
    ("who", "status"), [("decider", 403), ("author", 403), ("other_city_reviewer", 404), ("reviewer", 422)]
)
def test_who_may_not_give_cases_away(office, who, status):
    office = office(FILED)
    sent = {"cases": office.pilot.id, "person": 10**6 if who == "reviewer" else ""}
    assert office.send(who, "cases-desk/assign", **sent).status_code == status


@pytest.mark.parametrize(
    ("passed", "told", "tone"),
    [
        (timedelta(days=0), "days left", "neutral"),
        (timedelta(days=300), "days overdue", "danger"),
    ],
)
def test_the_days_to_a_reply_are_counted(office, service, passed, told, tone):
    office = office(CONSULTING)
    due = office.case.pilot.exemption.consultations[0].due_on
    now = office.case.at + passed
    Clock(service).now = now
    left = (due - now.date()).days
    page = office.open("other_reviewer", "cases-desk")
    assert f"{due} {abs(left)} {told}" in said(page)
    assert re.search(rf"tag-{tone}[^>]*>[^<]*{abs(left)} {told}", page.text)


@pytest.mark.parametrize(
    ("query", "is_found"),
    [("q=crossings", True), ("q=%25", False), ("status=in_review", True), ("status=running", False)],
)
def test_the_desk_is_searched_and_filtered(office, query, is_found):
    office = office(FILED)
    assert (office.number in office.open("reviewer", f"cases-desk?{query}").text) is is_found


def test_the_question_stays_in_the_form(office):
    page = office(FILED).open("reviewer", "cases-desk?q=%22%3E%3Cb%3E&status=running").text
    assert 'value="&#34;&gt;&lt;b&gt;"' in page
    assert re.search(r'<option value="running" selected>', page)


def test_drafts_are_no_state_to_ask_for(office):
    assert '<option value="draft"' not in office().open("auditor", "cases-desk").text


def test_the_desk_is_korean_where_korean_is_spoken(office):
    page = office(FILED, language="ko").open("reviewer", "cases-desk")
    assert '<html lang="ko">' in page.text
    assert "Your turn" not in page.text
