"""The rooms "Period" and "Report" of a case, and the public report."""

from __future__ import annotations

import pytest

from sandbox.period.acts import ACTS
from tests.factories import FINISHED, GRANTED, RUNNING
from tests.web.office import wrong_fields

PERIOD, REPORT = "cases/{}/period", "cases/{}/report"
SAFETY = {"field": "contents.safety", "nature": "substance", "after": "Two guards.", "reason": "A near miss."}
CONTENTS = {f"contents.{name}": "As promised." for name in ("goals", "conditions", "damage", "results")}


def test_a_change_is_filed_and_shown_with_its_class(office):
    office = office(RUNNING)
    assert office.send("author", PERIOD + "/change/file", **SAFETY).status_code == 303
    page = office.read("reviewer", PERIOD)
    assert "Two guards." in page
    assert "Major" in page
    assert "Consult the ministries on the change" in page
    assert "Consult the ministries on the change" not in office.read("author", PERIOD)


def test_what_is_wrong_is_told_at_its_field(office):
    answer = office(RUNNING).send(
        "author", PERIOD + "/change/file", **SAFETY | {"nature": "typo", "after": "x" * 60}
    )
    assert answer.status_code == 422
    assert wrong_fields(answer) == {"after"}
    assert "at most 20 letters change" in answer.text


def test_the_form_of_an_extension_names_its_documents(office):
    office = office(RUNNING)
    page = office.read("signatory", PERIOD + "/extension/file")
    assert "Results so far" in page
    blank = {
        f"documents.{name}": "" for name in ("reason", "plan", "results", "conditions", "damage", "cover")
    }
    answer = office.send("signatory", PERIOD + "/extension/file", months="x", **blank)
    assert answer.status_code == 422
    assert wrong_fields(answer) == {"months", *(name.replace(".", "-") for name in blank)}


def test_the_report_begins_with_what_the_registry_knows(office):
    office = office(FINISHED)
    page = office.read("author", PERIOD + "/report/save")
    assert office.case.pilot.exemption.contents["purpose"] in page
    assert office.send("author", PERIOD + "/report/save", **CONTENTS).status_code == 303
    assert "As promised." not in office.read("reviewer", REPORT)
    assert office.send("signatory", PERIOD + "/report/file").status_code == 303
    assert "As promised." in office.read("reviewer", REPORT)
    assert office.open(None, "pilots/{}/report").status_code == 404
    for who in ("signatory", "decider"):
        assert office.send(who, PERIOD + "/report/consent").status_code == 303
    assert "As promised." in office.read(None, "pilots/{}/report")


def test_the_rooms_speak_korean(office):
    office = office(GRANTED, language="ko")
    assert "기간 연장" in office.read("author", PERIOD)
    assert "결과보고서" in office.read("city_reviewer", REPORT)


@pytest.mark.parametrize("who", ["other_author", "other_city_reviewer", "other_evaluator"])
def test_neighbours_find_nothing(office, who):
    office = office(RUNNING)
    for page in (PERIOD, REPORT, PERIOD + "/change/file"):
        assert office.open(who, page).status_code == 404
    assert office.send(who, PERIOD + "/change/file", **SAFETY).status_code == 404


def test_the_wrong_moment_and_the_wrong_act_are_told(office):
    office = office(RUNNING)
    assert office.open("decider", PERIOD + "/revocation/revoke").status_code == 409
    assert office.open("decider", PERIOD + "/change/burn").status_code == 404
    assert office.send("decider", PERIOD + "/change/file", **SAFETY).status_code == 403


def test_every_act_has_its_words():
    from sandbox.web import period_words

    assert all(act.verb in period_words.VERBS[act.kind] for act in ACTS)


def test_the_room_says_what_an_extension_lacks(office):
    page = office(RUNNING).read("signatory", "cases/{}/period")
    assert "What an extension needs" in page
    assert "cover ends on" in page
