"""The room "Risk" of a case: its parties, its moments, and nobody else."""

from __future__ import annotations

import pytest

from tests.factories import CONSULTING, DRAFTED
from tests.web.office import wrong_fields

ROOM = "cases/{}/risks"


def said_of(kind, text):
    return {f"statement.{kind}": text}


def why(text):
    return {"reason.privacy": text}


def test_the_company_answers_and_the_page_says_what_that_calls_for(office):
    opened = office(DRAFTED)
    blank = {"is_yes.personal_data": "true", "explanation.personal_data": " "}
    assert wrong_fields(opened.send("author", ROOM, **blank)) == {"explanation-personal_data"}
    typed = blank | {"explanation.personal_data": "Cameras see faces.", "is_yes.bodily_harm": "false"}
    assert opened.send("author", ROOM, **typed).status_code == 303
    page = opened.read("author", ROOM)
    assert "Privacy Sign-off missing" in page
    assert "Safety" not in page.split("Sign-offs that the answers call for")[1]


def test_the_office_that_is_named_signs_and_takes_back(office):
    opened = office(CONSULTING)
    said = {"is_yes.personal_data": "true", "explanation.personal_data": "Cameras see faces."}
    assert opened.send("reviewer", ROOM, **said).status_code == 303
    assert wrong_fields(opened.send("reviewer", f"{ROOM}/privacy", **said_of("privacy", ""))) == {
        "statement-privacy"
    }
    assert opened.send("city_reviewer", f"{ROOM}/privacy", **said_of("privacy", "Fine.")).status_code == 403
    assert (
        opened.send("reviewer", f"{ROOM}/privacy", **said_of("privacy", "Faces are blurred.")).status_code
        == 303
    )
    assert "Faces are blurred." in opened.read("author", ROOM)
    assert wrong_fields(opened.send("reviewer", f"{ROOM}/privacy/take-back", **why(""))) == {"reason-privacy"}
    assert opened.send("reviewer", f"{ROOM}/privacy/take-back", **why("Blurred badly.")).status_code == 303
    assert "Blurred badly." in opened.read("city_reviewer", ROOM)


@pytest.mark.parametrize("who", ["other_author", "other_city_reviewer"])
def test_strangers_find_nothing(office, who):
    opened = office(CONSULTING)
    assert opened.open(who, ROOM).status_code == 404
    if who == "other_author":
        assert opened.send(who, ROOM).status_code == 404
