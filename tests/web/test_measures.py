"""The start and the measures of a case on pages: what is missing, and who may do what."""

from __future__ import annotations

import re

from tests.factories import GRANTED, LOCKED, READY, RUNNING, SUSPENDED
from tests.web.office import wrong_fields

START = "cases/{}/start"
PAGE = "cases/{}/measures"
INCIDENT = {
    "severity": "severe",
    "happened_at": "2026-03-02T10:00",
    "place": "Crossing 3",
    "what": "A pedestrian was hit.",
    "deaths": "0",
    "injured": "1",
    "damage_won": "1,000,000",
    "done": "The signal was switched off.",
}
TOLD = {"informed_on": "2026-03-02", "how": "Letters", "text": "From July on.", "link": ""}
STRANGERS = ("other_author", "other_signatory", "other_city_reviewer", "other_evaluator", "administrator")


def test_the_start_page_says_what_is_missing_by_metric_and_district(office):
    office = office(LOCKED)
    page = office.read("signatory", START)
    assert "0 of 72 cells hold readings; 80 per cent are needed." in page
    assert "District 3 (12)" in page
    assert "No insurance and no compensation plan is filed" in page
    assert "Start the pilot" not in page


def test_residents_are_put_on_record_from_there(office):
    office = office(GRANTED)
    assert wrong_fields(office.send("author", START + "/residents", **TOLD | {"link": "javascript:1"})) == {
        "link"
    }
    assert office.send("city_reviewer", START + "/residents", **TOLD).status_code == 303
    assert "Confirmed by the city" in office.read("author", START)


def test_what_is_ready_starts_from_there(office):
    office = office(READY)
    assert "Start the pilot" in office.read("signatory", START)
    assert office.move("signatory", "pilot", "start").status_code == 303


def test_a_severe_incident_leads_to_a_suspension_that_anyone_sees_at_once(office):
    office = office(RUNNING)
    assert office.send("author", PAGE + "/incident/new", **INCIDENT).status_code == 303
    page = office.open("decider", PAGE).text
    assert "Reported late" in page
    link = re.search(r"measures/suspension/new\?proposal=(\d+)", page)
    values = {"code": "safety", "reason": "A pedestrian was hit.", "proposal": link.group(1)}
    assert office.send("decider", PAGE + "/suspension/new", **values).status_code == 303
    assert "Suspended" in office.read(None, "pilots/{}")


def test_a_suspension_without_its_ground_is_told_at_the_field(office):
    answer = office(RUNNING).send("decider", PAGE + "/suspension/new", reason="Because.")
    assert (answer.status_code, wrong_fields(answer)) == (422, {"code"})


def test_parties_do_only_what_is_theirs(office):
    office = office(RUNNING)
    for who in ("author", "city_reviewer", "reviewer", "auditor", "other_decider"):
        assert office.send(who, PAGE + "/suspension/new", code="safety", reason="R").status_code == 403, who
    for who in ("signatory", "decider", "auditor", "evaluator"):
        assert office.send(who, PAGE + "/incident/new", **INCIDENT).status_code == 403, who


def test_strangers_reach_no_page_and_do_nothing(office):
    office = office(SUSPENDED)
    for who in STRANGERS:
        answers = [office.open(who, page) for page in (PAGE, START, PAGE + "/incident/new")]
        answers.append(office.send(who, PAGE + "/incident/new", **INCIDENT))
        answers.append(office.send(who, START + "/residents", **TOLD))
        answers.append(office.send(who, PAGE + "/suspension/1/accept_measures"))
        assert {answer.status_code for answer in answers} <= {403, 404}, who


def test_an_empty_reason_is_told_beside_its_button(office):
    office = office(SUSPENDED)
    answer = office.send("reviewer", PAGE + "/suspension/1/close_without_measures", reason=" ")
    assert answer.status_code == 422
    assert wrong_fields(answer) == {"reason-suspension-1-close_without_measures"}
