"""Who gets which table of a case: every table that hangs on one stands here, with its readers or the reason.

What the pages of the case show a person, the archive gives that person, and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import ColumnElement, Table, and_, or_, select, true

from experiments.lifecycle import Actor
from sandbox import access
from sandbox.claims import desk as claims
from sandbox.comments.models import Audience
from sandbox.committee.models import AgendaItem, Meeting, MeetingStatus
from sandbox.pilots.models import Pilot
from sandbox.reports.models import ReportStatus

# Which rows of its table this reader gets; None where the reader gets none.
Rule = Callable[[Table, Pilot, Actor], ColumnElement[bool] | None]


def _all(_table: Table, _pilot: Pilot, _reader: Actor) -> ColumnElement[bool] | None:
    return true()


def _to_readers_of_claims(_table: Table, pilot: Pilot, reader: Actor) -> ColumnElement[bool] | None:
    return true() if claims.may_read(reader, pilot) else None


def _to_readers_of_experts(_table: Table, _pilot: Pilot, reader: Actor) -> ColumnElement[bool] | None:
    return true() if access.readers_of_committee_rooms(reader) else None


def _to_readers_of_meetings(_table: Table, _pilot: Pilot, reader: Actor) -> ColumnElement[bool] | None:
    return true() if access.readers_of_committees(reader) else None


def _signed(table: Table, _pilot: Pilot, reader: Actor) -> ColumnElement[bool] | None:
    return true() if access.evaluator(reader) else table.c.signed_at.is_not(None)


def _filed(table: Table, _pilot: Pilot, reader: Actor) -> ColumnElement[bool] | None:
    return true() if access.company_people(reader) else table.c.status != ReportStatus.DRAFT


def _for_me(table: Table, _pilot: Pilot, reader: Actor) -> ColumnElement[bool] | None:
    return or_(table.c.audience == Audience.PARTIES, table.c.organisation_id == reader.organisation_id)


def _votes_on_resolved_items(table: Table, pilot: Pilot, reader: Actor) -> ColumnElement[bool] | None:
    """Votes are secret until the item is resolved."""
    resolved = select(AgendaItem.id).where(AgendaItem.resolution.is_not(None))
    seen = _to_readers_of_meetings(table, pilot, reader)
    return None if seen is None else and_(seen, table.c.item_id.in_(resolved))


def _called(table: Table, _pilot: Pilot, _reader: Actor) -> ColumnElement[bool] | None:
    return table.c.meeting_id.in_(select(Meeting.id).where(Meeting.status != MeetingStatus.PLANNED))


def _of_the_application(table: Table, pilot: Pilot, _reader: Actor) -> ColumnElement[bool] | None:
    return table.c.exemption_id == pilot.exemption_id


_TO_EVERY_PARTY = (
    *("pilot", "pilot_history", "pilot_district", "exemption", "exemption_history", "experiment_history"),
    *("required_action", "consultation", "supplement", "attachment", "plan_version", "resident_notice"),
    *("clock_event", "insurance_policy", "compensation_plan", "compensation_plan_history"),
    *("decision", "decision_history", "official_document"),
    *("condition", "condition_duty", "condition_duty_history", "condition_terms", "condition_change"),
    *("condition_check", "condition_evidence", "condition_evidence_history", "condition_evidence_file"),
    *("condition_breach", "condition_breach_history"),
    *("incident", "incident_history", "incident_follow_up"),
    *("inspection", "inspection_history", "inspection_photo", "remedy_task", "remedy_task_history"),
    *("suspension_proposal", "suspension_proposal_history", "suspension", "suspension_history"),
    *("pilot_order", "pilot_order_history"),
    *("pilot_change", "pilot_change_history", "pilot_change_reply"),
    *("period_extension", "period_extension_history", "law_request", "law_request_history"),
    *("conversion", "revocation", "revocation_history", "ordinary_permit"),
    *("amendment_evidence", "amendment_link", "risk_answer", "sign_off"),
    *("fast_track", "fast_track_history"),
    *("uncertainty", "uncertainty_history", "guidance", "guidance_history"),
    # What hangs on a report or a claim is read by whoever reads that.
    *("final_report_history", "report_demand", "written_proof", "claim_history", "claim_file"),
)

READERS: Mapping[str, Rule] = dict.fromkeys(_TO_EVERY_PARTY, _all) | {
    "clock": _of_the_application,
    "comment": _for_me,
    "claim": _to_readers_of_claims,
    "final_report": _filed,
    "evaluation": _signed,
    "expert_assessment": _to_readers_of_experts,
    "agenda_item": _called,
    "agenda_interest": _to_readers_of_meetings,
    "agenda_ballot": _votes_on_resolved_items,
}
"""Table -> which of its rows parties get; what hangs on rows that are not theirs is not theirs either."""

TO_THE_AUDITOR_ALONE: Mapping[str, str] = {
    "experiment": "it holds the plan that the evaluator is writing; what was locked stands in plan_version",
    "assignment": "who works on a case is each office's own affair",
    "health_alert": "alerts are told to the city's data officers and the evaluators",
    "pilot_source": "the company's sources of readings have a page of their own",
    "confirmation": "a rapid confirmation has a file of its own, with parties of its own",
    "confirmation_history": "as the confirmation",
    "confirmation_agency": "as the confirmation",
}
"""Table -> why the parties do not get it."""

LEFT_OUT: Mapping[str, str] = {
    "desk_line": "made from other rows, for lists",
    "case_text": "made from other rows, for search",
    "case_article": "made from other rows, for search",
    "claim_filing": "addresses of claimants' browsers, deleted after the hour that the throttle needs them",
}
"""Table -> why nobody gets it."""


def shared(table: Table, pilot: Pilot, reader: Actor) -> ColumnElement[bool] | None:
    """Which of the case's rows of `table` this reader gets; None where none."""
    if table.name in LEFT_OUT:
        return None
    if access.auditor(reader):
        return true()
    rule = READERS.get(table.name)
    return rule(table, pilot, reader) if rule else None
