"""The lifecycle of a decision."""

from __future__ import annotations

from experiments.lifecycle import Actor, Lifecycle, Transition
from experiments.registrations.models import EXPERIMENT
from sandbox import access
from sandbox.decisions.models import Decision, DecisionHistory, DecisionStatus
from sandbox.exemptions.table import EXEMPTION, WRITING_AND_REVIEWING

S = DecisionStatus


def decider_who_neither_wrote_nor_reviewed(actor: Actor, decision: Decision) -> bool:
    """The lead ministry's decider, with no hand in the proposal or in what it rests on (four eyes)."""
    return access.decider_at(actor, decision.pilot.exemption.lead_id) and actor.person_id not in _hands_in(
        decision
    )


def second_decider(actor: Actor, decision: Decision) -> bool:
    """Another decider of the lead ministry, who did not take the first decision either."""
    return decider_who_neither_wrote_nor_reviewed(
        actor, decision
    ) and actor.person_id not in DECISION.actors_of(decision, {"decide_against"})


def _hands_in(decision: Decision) -> set[int | None]:
    """Who proposed it, wrote or reviewed the application, planned, ran or signed the evaluation."""
    pilot, evaluation = decision.pilot, decision.evaluation
    return {
        *DECISION.actors_of(decision, {"create"}),
        *EXEMPTION.actors_of(pilot.exemption, WRITING_AND_REVIEWING),
        *(consultation.replied_by_id for consultation in pilot.exemption.consultations),
        *EXPERIMENT.actors_of(pilot.experiment, {"save_draft", "lock", "amend"}),
        evaluation.requested_by_id,
        evaluation.signed_by_id,
    }


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
            "decide",
            (S.PROPOSED,),
            S.DECIDED,
            decider_who_neither_wrote_nor_reviewed,
            (agrees_with_the_finding,),
        ),
        Transition(
            "decide_against",
            (S.PROPOSED,),
            S.AWAITING_SECOND,
            decider_who_neither_wrote_nor_reviewed,
            (goes_against_the_finding,),
            needs_reason=True,
        ),
        Transition("confirm", (S.AWAITING_SECOND,), S.DECIDED, second_decider, needs_reason=True),
        Transition(
            "send_back",
            (S.PROPOSED, S.AWAITING_SECOND),
            S.SENT_BACK,
            decider_who_neither_wrote_nor_reviewed,
            needs_reason=True,
        ),
    ],
)
