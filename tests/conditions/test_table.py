"""The lifecycles of conditions, of evidence for them and of their breaches, cell by cell."""

from __future__ import annotations

import pytest

from sandbox.conditions.models import Breach, Duty, Evidence
from sandbox.conditions.table import BREACH, CONDITION, EVIDENCE
from sandbox.exemptions.models import Condition, Exemption
from sandbox.pilots.models import Pilot
from tests.cells import HOMES, Move, cells, expected_rows, found, row_expected, row_found, rows

IMPOSED = {
    "ask_change": Move("standing", "change_asked", "company_author"),
    "agree_change": Move("change_asked", "standing", "decider", needs_reason=True),
    "refuse_change": Move("change_asked", "standing", "decider", needs_reason=True),
    "lift": Move("standing change_asked", "lifted", "decider", needs_reason=True),
}
REBOUND = {"rebind": Move("standing", "standing", "ministry_reviewer")}
OF_EVIDENCE = {
    "accept": Move("filed", "accepted", "ministry_reviewer"),
    "return": Move("filed", "returned", "ministry_reviewer", needs_reason=True),
}
OF_BREACHES = {
    "explain": Move("open", "explained", "company_author"),
    "ask_again": Move("explained", "open", "ministry_reviewer", needs_reason=True),
    "close": Move("open explained", "closed", "ministry_reviewer", needs_reason=True),
}


def duty(status="standing", *, is_imposed=True):
    pilot = Pilot(
        company_id=HOMES["company"],
        exemption=Exemption(lead_id=HOMES["ministry"], status="approved" if is_imposed else "consulted"),
    )
    condition = Condition(requested_by_id=HOMES["ministry"], is_imposed=is_imposed)
    return Duty(status=status, pilot=pilot, condition=condition)


def test_the_tables_are_the_expected_ones():
    assert rows(CONDITION) == expected_rows(REBOUND | IMPOSED)
    assert rows(EVIDENCE) == expected_rows(OF_EVIDENCE)
    assert rows(BREACH) == expected_rows(OF_BREACHES)


@pytest.mark.parametrize(("status", "verb"), cells(CONDITION, REBOUND | IMPOSED))
def test_cell_of_a_condition(status, verb):
    subject = duty(status, is_imposed=verb != "rebind")
    assert row_found(CONDITION, subject, verb) == row_expected(REBOUND | IMPOSED, status, verb)


@pytest.mark.parametrize(("verb", "who"), [("rebind", "ministry_reviewer"), ("lift", "decider")])
def test_what_is_imposed_is_not_bound_anew_and_what_is_not_is_not_lifted(verb, who):
    assert found(CONDITION, duty(is_imposed=verb == "rebind"), verb, who) == "wrong moment"


@pytest.mark.parametrize(("status", "verb"), cells(EVIDENCE, OF_EVIDENCE))
def test_cell_of_evidence(status, verb):
    subject = Evidence(status=status, duty=duty())
    assert row_found(EVIDENCE, subject, verb) == row_expected(OF_EVIDENCE, status, verb)


@pytest.mark.parametrize(("status", "verb"), cells(BREACH, OF_BREACHES))
def test_cell_of_a_breach(status, verb):
    subject = Breach(status=status, duty=duty())
    assert row_found(BREACH, subject, verb) == row_expected(OF_BREACHES, status, verb)
