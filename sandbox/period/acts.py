"""Everything that can be done within a period and about its report, as pages and interface offer it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marshmallow import Schema
from sqlalchemy.orm import Session

from experiments.errors import NotFound
from experiments.fields import Prose
from experiments.lifecycle import Actor, Lifecycle
from sandbox.period import changes, conversions, ends, extensions, permits, requests, revocations
from sandbox.period.deliberation import CommitteeResolutionSchema
from sandbox.period.models import ChangeStatus, ExtensionStatus, RequestStatus, RevocationStatus
from sandbox.period.tables import CHANGE, EXTENSION, REQUEST, REVOCATION
from sandbox.pilots.models import GOING_ON, Pilot, PilotStatus
from sandbox.pilots.table import (
    PILOT,
    author_of_the_company,
    decider_of_the_lead_ministry,
    reviewer_of_the_lead_ministry,
    signatory_of_the_company,
)
from sandbox.reports import filing
from sandbox.reports.models import ReportStatus
from sandbox.reports.table import REPORT

IsOpen = Callable[[Session, Pilot, Actor], bool]
Find = Callable[[Session, Pilot], Any]


class PeriodNothingSchema(Schema):
    """An act that needs no words."""


class PeriodReasonSchema(Schema):
    reason = Prose(required=True, longest=4000)


@dataclass(frozen=True)
class Act:
    """One act: what it takes, what it does, and whether it is open to this person now."""

    kind: str
    verb: str
    schema: type[Schema]
    do: Callable[..., Any]
    is_open: IsOpen
    source: str


def act(kind: str, verb: str) -> Act:
    """The act of this name; NotFound where there is none."""
    for each in ACTS:
        if (each.kind, each.verb) == (kind, verb):
            return each
    raise NotFound("act", f"{kind}/{verb}")


def perform(
    session: Session, pilot: Pilot, act: Act, values: dict[str, Any], *, by: Actor, at: datetime
) -> None:
    """Do it with `values` as its schema gives them."""
    act.do(session, pilot, **values, by=by, at=at)


def open_acts(session: Session, pilot: Pilot, actor: Actor) -> list[Act]:
    """What this person may do now, in the order in which it usually happens."""
    if pilot.exemption.regime.period is None:
        return []
    return [each for each in ACTS if each.is_open(session, pilot, actor)]


def _latest(find: Find) -> Find:
    def found(session: Session, pilot: Pilot) -> Any:
        subject = find(session, pilot)
        if subject is None:
            raise NotFound("proceeding", str(pilot.number))
        return subject

    return found


def _moving(
    lifecycle: Lifecycle[Any], find: Find, verb: str, do: Callable[..., Any], schema: type[Schema]
) -> Act:
    """An act that moves the latest subject of a lifecycle."""

    def doing(session: Session, pilot: Pilot, **values: Any) -> Any:
        return do(session, _latest(find)(session, pilot), **values)

    def is_open(session: Session, pilot: Pilot, actor: Actor) -> bool:
        subject = find(session, pilot)
        return subject is not None and verb in {t.verb for t in lifecycle.open_to(subject, actor)}

    return Act(lifecycle.kind, verb, schema, doing, is_open, lifecycle.transition(verb).source)


def _change(verb: str, do: Callable[..., Any], schema: type[Schema] = PeriodReasonSchema) -> Act:
    return _moving(CHANGE, changes.latest_change, verb, do, schema)


def _extension(verb: str, do: Callable[..., Any], schema: type[Schema] = PeriodReasonSchema) -> Act:
    return _moving(EXTENSION, extensions.latest_extension, verb, do, schema)


def _request(verb: str, do: Callable[..., Any], schema: type[Schema] = PeriodReasonSchema) -> Act:
    return _moving(REQUEST, ends.latest_request, verb, do, schema)


def _revocation(verb: str, do: Callable[..., Any], schema: type[Schema]) -> Act:
    return _moving(REVOCATION, revocations.latest_revocation, verb, do, schema)


def _report(verb: str, do: Callable[..., Any], schema: type[Schema] = PeriodNothingSchema) -> Act:
    return _moving(REPORT, filing.report_of, verb, do, schema)


def _reply_to_change(session: Session, pilot: Pilot, **values: Any) -> None:
    changes.reply(session, _latest(changes.latest_change)(session, pilot), **values)


def _consent(session: Session, pilot: Pilot, **values: Any) -> None:
    filing.consent(session, filing.open_report(session, pilot), **values)


def _prove(session: Session, pilot: Pilot, **values: Any) -> None:
    filing.prove(session, filing.open_report(session, pilot), **values)


def _may_file_change(session: Session, pilot: Pilot, actor: Actor) -> bool:
    latest = changes.latest_change(session, pilot)
    is_free = latest is None or latest.status not in changes.OPEN
    return author_of_the_company(actor, pilot) and pilot.status in GOING_ON and is_free


def _may_reply_to_change(session: Session, pilot: Pilot, actor: Actor) -> bool:
    latest = changes.latest_change(session, pilot)
    if latest is None or latest.status != ChangeStatus.CONSULTING:
        return False
    asked = changes.reply_of(latest, actor)
    return asked is not None and asked.agrees is None


def _may_file_extension(session: Session, pilot: Pilot, actor: Actor) -> bool:
    latest = extensions.latest_extension(session, pilot)
    taken = latest is not None and latest.status in (*extensions.OPEN, ExtensionStatus.GRANTED)
    return signatory_of_the_company(actor, pilot) and pilot.status in extensions.MAY_EXTEND and not taken


def _may_request(_session: Session, pilot: Pilot, actor: Actor) -> bool:
    rules = pilot.exemption.regime.period
    is_of_the_kind = rules is not None and pilot.exemption.kind in rules.requesting_kinds
    return signatory_of_the_company(actor, pilot) and pilot.status in requests.MAY_ASK and is_of_the_kind


def _may_convert(session: Session, pilot: Pilot, actor: Actor) -> bool:
    latest = ends.latest_request(session, pilot)
    is_needed = latest is not None and latest.status == RequestStatus.NEEDED
    return (
        author_of_the_company(actor, pilot)
        and is_needed
        and pilot.status == PilotStatus.DEEMED_EXTENDED
        and ends.conversion_of(session, pilot) is None
    )


def _may_complete(session: Session, pilot: Pilot, actor: Actor) -> bool:
    is_deemed = pilot.status == PilotStatus.DEEMED_EXTENDED
    return (
        decider_of_the_lead_ministry(actor, pilot) and is_deemed and not ends.latest_request(session, pilot)
    )


def _may_open_revocation(session: Session, pilot: Pilot, actor: Actor) -> bool:
    latest = revocations.latest_revocation(session, pilot)
    is_free = latest is None or latest.status != RevocationStatus.OPEN
    return reviewer_of_the_lead_ministry(actor, pilot) and pilot.status in GOING_ON and is_free


def _may_file_permit(_session: Session, pilot: Pilot, actor: Actor) -> bool:
    return author_of_the_company(actor, pilot) and pilot.status in permits.PERMITTED_FROM


def _may_confirm_permit(session: Session, pilot: Pilot, actor: Actor) -> bool:
    is_open = "regularise" in {t.verb for t in PILOT.open_to(pilot, actor)}
    return is_open and permits.latest_permit(session, pilot) is not None


def _may_save_report(session: Session, pilot: Pilot, actor: Actor) -> bool:
    report = filing.report_of(session, pilot)
    is_draft = report is None or report.status == ReportStatus.DRAFT
    was_granted = pilot.exemption.granted_to is not None
    return author_of_the_company(actor, pilot) and is_draft and was_granted


def _may_consent(session: Session, pilot: Pilot, actor: Actor) -> bool:
    report = filing.report_of(session, pilot)
    if report is None or report.filed_at is None:
        return False
    return (signatory_of_the_company(actor, pilot) and report.company_consents_at is None) or (
        decider_of_the_lead_ministry(actor, pilot) and report.authority_consents_at is None
    )


def _may_prove(session: Session, pilot: Pilot, actor: Actor) -> bool:
    report = filing.report_of(session, pilot)
    return decider_of_the_lead_ministry(actor, pilot) and report is not None and report.filed_at is not None


ACTS: tuple[Act, ...] = (
    Act(
        "change",
        "file",
        changes.PilotChangeSchema,
        changes.file_change,
        _may_file_change,
        "Art. 52(1), D55(1)",
    ),
    _change("contest", changes.contest),
    _change("consult", changes.consult, PeriodNothingSchema),
    Act(
        "change",
        "reply",
        changes.ChangeReplySchema,
        _reply_to_change,
        _may_reply_to_change,
        "Art. 52(2), 49(4)",
    ),
    _change("deliberate", changes.deliberate, CommitteeResolutionSchema),
    _change("approve", changes.approve),
    _change("refuse", changes.refuse),
    _change("withdraw", changes.withdraw),
    Act(
        "extension",
        "file",
        extensions.PeriodExtensionSchema,
        extensions.file_extension,
        _may_file_extension,
        "D54(3), Art. 53-3(2)",
    ),
    _extension("deliberate", extensions.deliberate, extensions.ExtensionLengthSchema),
    _extension("grant", extensions.grant),
    _extension("refuse", extensions.refuse),
    _extension("withdraw", extensions.withdraw),
    Act(
        "law_request", "file", requests.LawRequestSchema, requests.file_request, _may_request, "Art. 53-3(3)"
    ),
    _request("assess", requests.assess, requests.LawRequestAssessmentSchema),
    _request("escalate", requests.escalate),
    _request("find_needed", requests.find_needed),
    _request("find_not_needed", requests.find_not_needed),
    _request("withdraw", requests.withdraw),
    Act(
        "law_request",
        "complete",
        PeriodReasonSchema,
        requests.complete_amendment,
        _may_complete,
        "Art. 51(2), 53(2)",
    ),
    Act(
        "conversion",
        "begin",
        conversions.ConversionFilingSchema,
        conversions.begin,
        _may_convert,
        "Art. 53-3(7), D58-3(8)",
    ),
    Act(
        "revocation",
        "open",
        revocations.RevocationOpeningSchema,
        revocations.open_proceeding,
        _may_open_revocation,
        "Art. 52(5)",
    ),
    _revocation("consult_city", revocations.consult_city, revocations.RevocationOpinionSchema),
    _revocation("deliberate", revocations.deliberate, CommitteeResolutionSchema),
    _revocation("invite", revocations.invite, revocations.HearingInvitationSchema),
    _revocation("hear", revocations.hear, revocations.RevocationHearingSchema),
    _revocation("revoke", revocations.revoke, revocations.RevokingSchema),
    _revocation("drop", revocations.drop, PeriodReasonSchema),
    Act("permit", "file", permits.OrdinaryPermitSchema, permits.file_permit, _may_file_permit, "Art. 53(4)"),
    Act(
        "permit", "confirm", PeriodNothingSchema, permits.confirm, _may_confirm_permit, "Art. 53(4), 53-2(7)"
    ),
    Act("report", "save", filing.FinalReportSchema, filing.save, _may_save_report, "D56(5)"),
    _report("file", filing.file_report),
    _report("demand", filing.demand, filing.ReportDemandSchema),
    _report("supplement", filing.supplement, filing.DemandAnswerSchema),
    _report("file_again", filing.file_again),
    _report("accept", filing.accept),
    Act("report", "consent", PeriodNothingSchema, _consent, _may_consent, "EU AI Act 57(8)"),
    Act("report", "prove", filing.WrittenProofSchema, _prove, _may_prove, "EU AI Act 57(7)"),
)
