"""Decisions (결정): expand, extend, modify or stop, on a signed evaluation.

Promises that nobody decides on a proposal of their own and that a decision against the finding
carries a written reason and the name of a second decider.
"""

from sandbox.decisions.decide import confirm, decide, propose, send_back
from sandbox.decisions.models import Decision, DecisionStatus, Outcome
from sandbox.decisions.table import DECISION

__all__ = [
    "DECISION",
    "Decision",
    "DecisionStatus",
    "Outcome",
    "confirm",
    "decide",
    "propose",
    "send_back",
]
