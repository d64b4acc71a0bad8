"""The lifecycle of a decision."""

from __future__ import annotations

from experiments.lifecycle import Actor, Lifecycle, Transition
from sandbox import access
from sandbox.decisions.models import Decision, DecisionHistory, DecisionStatus

S = DecisionStatus


def decider_who_did_not_propose_it(actor: Actor, decision: Decision) -> bool:
    return access.decider_at(
        actor, decision.pilot.exemption.lead_id
    ) and actor.person_id not in DECISION.actors_of(decision, {"create"})


def second_decider(actor: Actor, decision: Decision) -> bool:
    """A decider of the lead ministry who neither proposed nor took the first decision."""
    return decider_who_did_not_propose_it(actor, decision) and actor.person_id not in DECISION.actors_of(
        decision, {"decide", "decide_against"}
    )


def agrees_with_the_finding(decision: Decision) -> bool:
    return not decision.is_against_the_finding


def goes_against_the_finding(decision: Decision) -> bool:
    return decision.is_against_the_finding


DECISION: Lifecycle[DecisionStatus] = Lifecycle(
    "decision",
    DecisionStatus,
    DecisionHistory,
    [
        Transition(
            "decide", (S.PROPOSED,), S.DECIDED, decider_who_did_not_propose_it, (agrees_with_the_finding,)
        ),
        Transition(
            "decide_against",
            (S.PROPOSED,),
            S.AWAITING_SECOND,
            decider_who_did_not_propose_it,
            (goes_against_the_finding,),
            needs_reason=True,
        ),
        Transition("confirm", (S.AWAITING_SECOND,), S.DECIDED, second_decider, needs_reason=True),
        Transition(
            "send_back",
            (S.PROPOSED, S.AWAITING_SECOND),
            S.SENT_BACK,
            decider_who_did_not_propose_it,
            needs_reason=True,
        ),
    ],
)
