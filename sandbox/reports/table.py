"""The lifecycle of a final report, and how its acts are recorded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from experiments.lifecycle import Actor, Lifecycle, Transition
from sandbox import access, ledger
from sandbox.notices.outbox import tell
from sandbox.pilots import table as pilots
from sandbox.pilots.table import parties
from sandbox.reports.models import Report, ReportHistory, ReportStatus
from sandbox.uncertainties import settled

S = ReportStatus


def author_of_the_company(actor: Actor, report: Report) -> bool:
    return pilots.author_of_the_company(actor, report.pilot)


def signatory_of_the_company(actor: Actor, report: Report) -> bool:
    return pilots.signatory_of_the_company(actor, report.pilot)


def reviewer_of_the_lead_ministry(actor: Actor, report: Report) -> bool:
    return pilots.reviewer_of_the_lead_ministry(actor, report.pilot)


def decider_of_the_lead_ministry(actor: Actor, report: Report) -> bool:
    return pilots.decider_of_the_lead_ministry(actor, report.pilot)


def authorities(actor: Actor, report: Report) -> bool:
    """Reviewers of the lead ministry, of the pilot's city and of the ministries that were consulted."""
    exemption = report.pilot.exemption
    ministries = {exemption.lead_id, *(each.ministry_id for each in exemption.consultations)}
    return access.city_staff_of(actor, exemption.city_id) or (
        access.ministry_reviewer(actor) and actor.organisation_id in ministries
    )


def report_is_complete(report: Report) -> bool:
    return not missing_items(report)


def every_uncertainty_is_settled(report: Report) -> bool:
    return settled.every_uncertainty_is_settled(report.pilot)


def every_demand_is_answered(report: Report) -> bool:
    return all(each.answer is not None for each in report.demands)


def missing_items(report: Report) -> list[str]:
    """Ids of what the regime asks for and the report leaves empty."""
    exemption = report.pilot.exemption
    rules = exemption.regime.period
    asked = rules.reported_of(exemption.kind) if rules else ()
    return [item.id for item in asked if not (report.contents.get(item.id) or "").strip()]


REPORT: Lifecycle[ReportStatus] = Lifecycle(
    "report",
    ReportStatus,
    ReportHistory,
    [
        Transition("save", (S.DRAFT,), S.DRAFT, author_of_the_company, public=False),
        Transition(
            "file",
            (S.DRAFT,),
            S.FILED,
            signatory_of_the_company,
            (report_is_complete, every_uncertainty_is_settled),
            source="Art. 53(3), D56(5), D58-2(3)",
        ),
        Transition(
            "demand",
            (S.FILED, S.SUPPLEMENT_ASKED),
            S.SUPPLEMENT_ASKED,
            authorities,
            source="D56(6), D58-2(4)",
        ),
        Transition(
            "supplement",
            (S.SUPPLEMENT_ASKED,),
            S.SUPPLEMENT_ASKED,
            author_of_the_company,
            source="D56(6), D58-2(4)",
        ),
        Transition(
            "file_again",
            (S.SUPPLEMENT_ASKED,),
            S.FILED,
            signatory_of_the_company,
            (every_demand_is_answered,),
            source="D56(6), D58-2(4)",
        ),
        Transition("accept", (S.FILED,), S.ACCEPTED, reviewer_of_the_lead_ministry, source="D56(5)"),
    ],
)


def record(session: Session, report: Report, verb: str, by: Actor, at: datetime, **details: Any) -> None:
    """Put an act on the report into the ledger, and tell the pilot's parties."""
    act, pilot = f"report.{verb}", report.pilot
    ledger.append(session, act=act, subject=pilot.key, by=by, at=at, details=details)
    if verb != "save":
        tell(session, act, subject=pilot.key, to=parties(pilot), by=by, at=at)
