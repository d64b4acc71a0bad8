"""The decision's lifecycle, cell by cell, for proposals with and against the finding."""

from __future__ import annotations

import pytest

from experiments.evaluation.models import Evaluation
from experiments.evaluation.rule import Finding
from experiments.registrations.models import Experiment
from sandbox.decisions.models import OUTCOMES_IN_LINE, Decision, Outcome
from sandbox.decisions.table import DECISION
from sandbox.exemptions.models import Exemption
from sandbox.pilots.models import Pilot
from tests.cells import HOMES, Move, cells, expected_rows, row_expected, row_found, rows

TABLE = {
    "decide": Move("proposed", "decided", "decider"),
    "decide_against": Move("proposed", "awaiting_second", "decider", needs_reason=True),
    "confirm": Move("awaiting_second", "decided", "decider", needs_reason=True),
    "send_back": Move("proposed awaiting_second", "sent_back", "decider", needs_reason=True),
}
CLOSED = {True: "decide_against", False: "decide"}


def create_decision(status: str, outcome: str, finding: str | None = "expand_conditional") -> Decision:
    """A proposal in which nobody of the test had a hand; nothing of it is stored."""
    pilot = Pilot(exemption=Exemption(lead_id=HOMES["ministry"]), experiment=Experiment())
    return Decision(status=status, outcome=outcome, pilot=pilot, evaluation=Evaluation(finding=finding))


def test_the_table_is_the_expected_one():
    assert rows(DECISION) == expected_rows(TABLE)


@pytest.mark.parametrize("in_line", [True, False])
@pytest.mark.parametrize(("status", "verb"), cells(DECISION, TABLE))
def test_cells(status, verb, in_line):
    decision = create_decision(status, "expand_conditional" if in_line else "stop")
    answers = row_expected(TABLE, status, verb)
    if verb == CLOSED[in_line]:
        # Deciding with the finding and against it exclude each other.
        answers = {who: "wrong moment" if told == "yes" else told for who, told in answers.items()}
    assert row_found(DECISION, decision, verb) == answers


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("finding", list(Finding))
def test_an_outcome_is_in_line_with_its_own_finding_alone(finding, outcome):
    decision = create_decision("proposed", outcome.value, finding.value)
    another_try = {Outcome.EXTEND_PILOT, Outcome.REDESIGN_RERUN}
    in_line = outcome in another_try if finding is Finding.INVALID else outcome.value == finding.value
    assert decision.is_against_the_finding is not in_line


def test_without_a_finding_only_another_try_is_in_line():
    assert create_decision("proposed", "expand_conditional", None).is_against_the_finding


def test_every_finding_has_its_outcomes():
    assert set(OUTCOMES_IN_LINE) == {finding.value for finding in Finding}
