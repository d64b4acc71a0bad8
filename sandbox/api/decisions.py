"""Decisions: propose one, decide, confirm one against the finding, send one back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from experiments.errors import NotFound
from experiments.evaluation.models import Evaluation
from sandbox import decisions
from sandbox.api.pages import party_pilot
from sandbox.api.room import Room
from sandbox.api.shapes import DecisionSchema
from sandbox.api.values import ReasonSchema
from sandbox.db import db
from sandbox.decisions.decide import ProposalSchema
from sandbox.decisions.models import Decision
from sandbox.web.rim import actor, now

resources = Room(
    "api-decisions",
    __name__,
    url_prefix="/pilots/<number>/decisions",
    description="Decisions on a signed result; one against the finding needs a reason and a second decider.",
)

KEY = "<int(max=2147483647):decision_id>"


@resources.post("", endpoint="propose")
@resources.arguments(ProposalSchema)
@resources.response(201, DecisionSchema)
def propose(sent: dict[str, Any], number: str) -> Decision:
    """Propose what to decide on a signed result."""
    pilot = party_pilot(number)
    evaluation = db.session.get(Evaluation, sent.pop("evaluation_id"))
    if evaluation is None:
        raise NotFound("evaluation", number)
    return decisions.propose(db.session, pilot, evaluation, **sent, by=actor(), at=now())


@resources.post(f"/{KEY}/decide", endpoint="decide")
@resources.arguments(ReasonSchema)
@resources.response(200, DecisionSchema)
def decide(sent: dict[str, Any], number: str, decision_id: int) -> Decision:
    """Decide as proposed; against the finding this opens the way for a second decider."""
    return _act(decisions.decide, number, decision_id, sent)


@resources.post(f"/{KEY}/confirm", endpoint="confirm")
@resources.arguments(ReasonSchema)
@resources.response(200, DecisionSchema)
def confirm(sent: dict[str, Any], number: str, decision_id: int) -> Decision:
    """The second decider's word on a decision against the finding."""
    return _act(decisions.confirm, number, decision_id, sent)


@resources.post(f"/{KEY}/send_back", endpoint="send_back")
@resources.arguments(ReasonSchema)
@resources.response(200, DecisionSchema)
def send_back(sent: dict[str, Any], number: str, decision_id: int) -> Decision:
    """Refuse the proposal; another may follow."""
    return _act(decisions.send_back, number, decision_id, sent)


def _act(use_case: Callable[..., None], number: str, key: int, sent: dict[str, Any]) -> Decision:
    pilot = party_pilot(number)
    decision = db.session.get(Decision, key)
    if decision is None or decision.pilot_id != pilot.id:
        raise NotFound("decision", key)
    use_case(db.session, decision, **sent, by=actor(), at=now())
    return decision
