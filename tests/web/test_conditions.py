"""Conditions, law changes, uncertainties and guidance on pages: forms, parties, the public, strangers."""

from __future__ import annotations

from datetime import date
from io import BytesIO

from sqlalchemy import select

from sandbox.conditions import proof
from sandbox.conditions.models import Breach, Evidence, EvidenceFile
from tests.conditions.bound import bind, by_evidence, check, metric_terms, read_month
from tests.conditions.test_checking import RIPE
from tests.factories import CONSULTED, FILED, RUNNING
from tests.web.office import wrong_fields

ROOMS = ("cases/{}/conditions", "cases/{}/law-change", "cases/{}/uncertainties")


def break_a_condition(case):
    bind(case)
    read_month(case, 11.0)
    check(case, RIPE)


def send_terms(office, who="other_reviewer", **changes):
    (condition,) = office.pilot.exemption.conditions
    terms = metric_terms(office.case, as_text=True) | changes
    values = {name: "" if value is None else str(value) for name, value in terms.items()}
    return office.send(who, f"cases/{{}}/conditions/{condition.id}/terms", **values)


def test_the_ministry_that_asked_says_how_a_condition_is_checked(office):
    office = office(CONSULTED)
    wrong = send_terms(office, bound="")
    assert (wrong.status_code, wrong_fields(wrong)) == (422, {"bound"})
    assert send_terms(office).status_code == 303
    assert "at most 10.00 minutes in every treated district" in office.read("author", ROOMS[0])


def test_a_breach_is_read_by_everybody_and_worked_off_by_its_parties(office):
    office = office((*RUNNING, break_a_condition))
    assert "Collected readings" in office.read(None, "pilots/{}/conditions")
    assert "Breach open" in office.read("reviewer", "conditions")
    (breach,) = office.stored(select(Breach.id))
    path = f"cases/{{}}/breaches/{breach}"
    assert office.send("author", f"{path}/explanation", explanation="A signal failed.").status_code == 303
    assert wrong_fields(office.send("reviewer", f"{path}/close", reason=" ")) == {
        f"reason-condition_breach-close-{breach}"
    }
    assert office.send("reviewer", f"{path}/close", reason="Repaired.").status_code == 303
    assert "Repaired." not in office.read(None, "pilots/{}/conditions")


def test_evidence_of_an_article_and_the_board(office):
    office = office(FILED)
    wrong = office.send("author", "cases/{}/law-change/evidence", article="Road Traffic Act Art. 4")
    assert {"criterion", "shown_by", "would_show"} <= wrong_fields(wrong)
    board = office.read(None, "law-changes")
    assert "Road Traffic Act Art. 4" in board
    assert office.number in board


def test_uncertainties_and_guidance_are_recorded(office):
    office = office(RUNNING)
    wrong = office.send("reviewer", "cases/{}/uncertainties", **{"text.name": " "})
    assert {"text-name", "linked_to-name"} <= wrong_fields(wrong)
    said = {"text.name": "Do drivers yield?", "linked_to.name": "nothing_yet", "link.name": ""}
    assert office.send("reviewer", "cases/{}/uncertainties", **said).status_code == 303
    told = {"text.give": "Slow down.", "given_on.give": "2026-03-02"}
    assert office.send("city_reviewer", "cases/{}/guidance", **told).status_code == 303
    page = office.read("author", ROOMS[2])
    assert "Do drivers yield?" in page
    assert "State whether it was followed" in page
    assert "Uncertainties still open" in office.read("decider", "cases/{}")


def file_evidence(case):
    duty = by_evidence(case)
    acting = {"by": case.actor("author"), "at": case.tick()}
    proof.file_evidence(case.session, duty, due_on=date(2026, 7, 31), text="The roster.", **acting)


def test_a_file_of_evidence_is_read_by_the_parties_alone(office):
    office = office((*RUNNING, file_evidence))
    (evidence,) = office.stored(select(Evidence.id))
    path = f"cases/{{}}/evidence/{evidence}/files"

    def sent():
        return {"file": (BytesIO(b"%PDF-1.7 roster"), "roster.pdf")}

    assert office.send("author", path, **sent()).status_code == 303
    (key,) = office.stored(select(EvidenceFile.id))
    assert office.open("reviewer", f"{path}/{key}").data == b"%PDF-1.7 roster"
    assert office.open("other_author", f"{path}/{key}").status_code == 404
    assert office.open("reviewer", f"{path}/{key + 1}").status_code == 404
    assert office.send("reviewer", path, **sent()).status_code == 403


def test_parties_read_the_rooms_and_strangers_do_not(office):
    office = office((*RUNNING, break_a_condition))
    for room in ROOMS:
        assert {office.open(who, room).status_code for who in ("author", "decider", "auditor")} == {200}
        strangers = ("other_author", "other_city_reviewer", "administrator")
        assert {office.open(who, room).status_code for who in strangers} <= {403, 404}
        assert office.open(None, room).status_code == 302
