"""The lifecycle of a pilot."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from experiments.lifecycle import Actor, Lifecycle, Transition
from sandbox import access, ledger
from sandbox.exemptions.table import secretariat_or_reviewer_of_the_lead as reviews
from sandbox.notices.outbox import CITY, COMPANY, DATA, DECIDERS, EVALUATORS, REVIEWERS, Office, tell
from sandbox.pilots import start_gate
from sandbox.pilots.models import LIVE, Pilot, PilotHistory, PilotStatus
from sandbox.pilots.start_gate import exemption_is_granted
from sandbox.suspensions.measures import measures_are_closed
from sandbox.uncertainties.settled import every_uncertainty_is_settled

S = PilotStatus
PUBLIC_FROM = frozenset(S) - {S.DRAFT}
OVER = frozenset(
    {S.CONCLUDED, S.STOPPED, S.REJECTED, S.NOT_REQUIRED, S.WITHDRAWN, S.REVOKED, S.REGULARISED, S.CONVERTED}
)


def author_of_the_company(actor: Actor, pilot: Pilot) -> bool:
    return access.company_author(actor) and actor.organisation_id == pilot.company_id


def signatory_of_the_company(actor: Actor, pilot: Pilot) -> bool:
    return access.company_signatory(actor) and actor.organisation_id == pilot.company_id


def people_of_the_company(actor: Actor, pilot: Pilot) -> bool:
    return access.company_people(actor) and actor.organisation_id == pilot.company_id


def decider_of_the_lead_ministry(actor: Actor, pilot: Pilot) -> bool:
    return access.decider_at(actor, pilot.exemption.lead_id)


def reviewer_of_the_lead_ministry(actor: Actor, pilot: Pilot) -> bool:
    return access.ministry_reviewer(actor) and actor.organisation_id == pilot.exemption.lead_id


def secretariat_or_reviewer_of_the_lead(actor: Actor, pilot: Pilot) -> bool:
    """Whoever returned the application; the pilot goes along."""
    return reviews(actor, pilot.exemption)


def signatory_of_the_company_or_the_service(actor: Actor, pilot: Pilot) -> bool:
    return signatory_of_the_company(actor, pilot) or the_service(actor, pilot)


def decider_of_the_lead_ministry_or_the_service(actor: Actor, pilot: Pilot) -> bool:
    return decider_of_the_lead_ministry(actor, pilot) or the_service(actor, pilot)


def the_service(actor: Actor, _pilot: Pilot) -> bool:
    """What the law ties to a day, and to nobody's will."""
    return actor.is_service


def due_report_is_filed(pilot: Pilot) -> bool:
    """Whose period has ended owes its report first, where the regime asks for one (Art. 53(3))."""
    exemption = pilot.exemption
    rules = exemption.regime.period
    is_asked = rules is not None and bool(rules.reported_of(exemption.kind))
    return pilot.status != S.REPORT_DUE or not is_asked


def is_over(pilot: Pilot) -> bool:
    """Nothing is planned or decided on this pilot any more."""
    return pilot.status in OVER


PILOT: Lifecycle[PilotStatus] = Lifecycle(
    "pilot",
    PilotStatus,
    PilotHistory,
    [
        Transition("edit", (S.DRAFT,), S.DRAFT, author_of_the_company, public=False),
        # A returned filing stays public while the company mends it.
        Transition("revise", (S.RETURNED,), S.RETURNED, author_of_the_company, public=False),
        Transition("file", (S.DRAFT, S.RETURNED), S.IN_REVIEW, signatory_of_the_company),
        Transition(
            "return", (S.IN_REVIEW,), S.RETURNED, secretariat_or_reviewer_of_the_lead, needs_reason=True
        ),
        Transition(
            "approve", (S.IN_REVIEW,), S.APPROVED, decider_of_the_lead_ministry, (exemption_is_granted,)
        ),
        Transition("reject", (S.IN_REVIEW,), S.REJECTED, decider_of_the_lead_ministry, needs_reason=True),
        Transition(
            "find_not_required",
            (S.IN_REVIEW,),
            S.NOT_REQUIRED,
            decider_of_the_lead_ministry,
            needs_reason=True,
        ),
        Transition(
            "start",
            (S.APPROVED,),
            S.RUNNING,
            signatory_of_the_company,
            start_gate.GUARDS,
            source="Art. 53(6)",
        ),
        Transition(
            "suspend",
            LIVE,
            S.SUSPENDED,
            decider_of_the_lead_ministry,
            needs_reason=True,
            source="Art. 52(4)1",
        ),
        Transition(
            "lift",
            (S.SUSPENDED,),
            S.RUNNING,
            decider_of_the_lead_ministry,
            (measures_are_closed,),
            needs_reason=True,
            source="Art. 52(4)",
        ),
        # Lifting leads back to the period in which the suspension found the pilot.
        Transition(
            "run_on_extended",
            (S.RUNNING,),
            S.EXTENDED,
            decider_of_the_lead_ministry_or_the_service,
            source="Art. 51(2), 53-3(1)",
            public=False,
        ),
        Transition(
            "run_on_deemed",
            (S.RUNNING,),
            S.DEEMED_EXTENDED,
            decider_of_the_lead_ministry,
            source="Art. 53-3(8), D58-3(9)",
            public=False,
        ),
        Transition(
            "extend",
            (S.RUNNING,),
            S.EXTENDED,
            decider_of_the_lead_ministry,
            source="Art. 51(2), 53-3(1), D54(2)",
        ),
        Transition(
            "deem_extended",
            (S.RUNNING, S.EXTENDED),
            S.DEEMED_EXTENDED,
            signatory_of_the_company_or_the_service,
            source="Art. 51(2), 53-3(3), D58-3(4)",
        ),
        Transition(
            "end_deemed",
            (S.DEEMED_EXTENDED,),
            S.RUNNING,
            decider_of_the_lead_ministry_or_the_service,
            source="Art. 53-3(8), D58-3(9)",
        ),
        Transition(
            "convert",
            (S.DEEMED_EXTENDED,),
            S.CONVERTED,
            decider_of_the_lead_ministry,
            source="Art. 53-3(7), D58-3(8)",
        ),
        Transition(
            "finish",
            (*LIVE, S.SUSPENDED),
            S.REPORT_DUE,
            signatory_of_the_company,
            source="Art. 53(3), 53-2(2)",
        ),
        Transition(
            "end_period",
            (*LIVE, S.SUSPENDED),
            S.REPORT_DUE,
            the_service,
            source="Art. 51(2), 53(3)",
        ),
        Transition(
            "report",
            (S.REPORT_DUE,),
            S.REPORTED,
            signatory_of_the_company,
            source="Art. 53(3), D56(5)",
        ),
        Transition(
            "conclude",
            (*LIVE, S.SUSPENDED, S.REPORT_DUE, S.REPORTED),
            S.CONCLUDED,
            decider_of_the_lead_ministry,
            (every_uncertainty_is_settled, due_report_is_filed),
        ),
        Transition(
            "stop",
            (*LIVE, S.SUSPENDED, S.REPORT_DUE, S.REPORTED),
            S.STOPPED,
            decider_of_the_lead_ministry,
            needs_reason=True,
            source="Art. 52(4)",
        ),
        Transition(
            "revoke",
            (S.APPROVED, *LIVE, S.SUSPENDED),
            S.REVOKED,
            decider_of_the_lead_ministry,
            needs_reason=True,
            source="Art. 52(5), D55(7), D59",
        ),
        Transition(
            "regularise",
            (*LIVE, S.SUSPENDED, S.REPORT_DUE, S.REPORTED, S.CONCLUDED),
            S.REGULARISED,
            reviewer_of_the_lead_ministry,
            source="Art. 53(4), 53-2(7)",
        ),
        Transition(
            "withdraw",
            (S.DRAFT, S.IN_REVIEW, S.RETURNED),
            S.WITHDRAWN,
            people_of_the_company,
            needs_reason=True,
        ),
    ],
)

# Steps that another case or part takes along; people take them through that one.
CARRIED_VERBS = frozenset(
    {
        *(
            "edit",
            "revise",
            "file",
            "return",
            "approve",
            "reject",
            "find_not_required",
            "conclude",
            "stop",
            "withdraw",
        ),
        *("run_on_extended", "run_on_deemed", "extend", "deem_extended", "end_deemed", "end_period"),
        *("convert", "report", "revoke", "regularise"),
    }
)


def record(session: Session, pilot: Pilot, verb: str, by: Actor, at: datetime, **details: Any) -> None:
    """Put one act on `pilot` into the ledger, and tell its parties of what they have to know."""
    ledger.append(session, act=f"pilot.{verb}", subject=pilot.key, by=by, at=at, details=details)
    if verb in TOLD:
        tell(session, f"pilot.{verb}", subject=pilot.key, to=parties(pilot), by=by, at=at)


TOLD = frozenset(
    {
        *("start", "suspend", "lift", "finish", "stop", "extend", "deem_extended", "end_deemed"),
        *("end_period", "report", "revoke", "regularise", "convert"),
    }
)


def parties(pilot: Pilot) -> tuple[Office, ...]:
    """Everybody who runs, watches or evaluates the pilot."""
    exemption = pilot.exemption
    return (
        Office(pilot.company_id, COMPANY),
        Office(exemption.city_id, CITY | DATA),
        Office(exemption.lead_id, REVIEWERS | DECIDERS),
        Office(pilot.evaluator_id, EVALUATORS),
    )
