"""Writing, filing, supplementing and publishing the final report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from marshmallow import Schema, fields, validate
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.canonical import canonical, digest
from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import Prose
from experiments.lifecycle import Actor, touch
from sandbox.clocks import running
from sandbox.period import ends
from sandbox.pilots.models import Pilot, PilotStatus
from sandbox.pilots.table import PILOT, author_of_the_company
from sandbox.pilots.table import record as record_pilot
from sandbox.reports.models import Demand, Report, ReportStatus, WrittenProof
from sandbox.reports.table import (
    REPORT,
    decider_of_the_lead_ministry,
    record,
    signatory_of_the_company,
)

FARTHEST = timedelta(days=366)
MOST_DEMANDS = 40
OWING = frozenset(
    {
        *(PilotStatus.REPORT_DUE, PilotStatus.REPORTED, PilotStatus.CONCLUDED, PilotStatus.STOPPED),
        PilotStatus.REGULARISED,
    }
)


class FinalReportSchema(Schema):
    """The report, by the regime's ids of what it must contain; a draft may leave items empty."""

    contents = fields.Dict(
        keys=fields.String(validate=validate.Length(max=40)), values=Prose(blank=True), required=True
    )


class ReportDemandSchema(Schema):
    """What is to be supplemented, and by which day."""

    text = Prose(required=True, longest=4000)
    due_on = fields.Date(required=True)


class DemandAnswerSchema(Schema):
    answer = Prose(required=True)


class WrittenProofSchema(Schema):
    """The authority's written proof."""

    text = Prose(required=True)


def report_of(session: Session, pilot: Pilot) -> Report | None:
    """The report of this pilot, in whatever state."""
    return session.scalar(select(Report).where(Report.pilot_id == pilot.id))


def is_overdue(session: Session, pilot: Pilot, *, today: date) -> bool:
    """Whether the time for the report is over and none was filed: everybody may know (our rule)."""
    clock = ends.clock_of_report(session, pilot)
    return clock is not None and clock.is_running and clock.due_on is not None and clock.due_on < today


def is_public(session: Session, pilot: Pilot) -> bool:
    """Whether everybody may read the report."""
    report = report_of(session, pilot)
    return report is not None and report.is_public


def save(session: Session, pilot: Pilot, *, contents: Mapping[str, str], by: Actor, at: datetime) -> Report:
    """Keep the draft; it can be begun before the period ends."""
    if not author_of_the_company(by, pilot):
        raise Refused("report.save", "author_of_the_company")
    _check(pilot, contents)
    report = report_of(session, pilot)
    if report is None:
        touch(pilot)
        report = Report(pilot_id=pilot.id, contents=dict(contents), status=ReportStatus.DRAFT)
        report.pilot = pilot
        REPORT.begin(session, report, by=by, at=at)
        return report
    REPORT.check(report, "save", by=by)
    report.contents = dict(contents)
    REPORT.perform(session, report, "save", by=by, at=at)
    return report


def file_report(session: Session, report: Report, *, by: Actor, at: datetime) -> None:
    """File the report to all authorities (Art. 53(3)); its clock ends, late or not."""
    pilot = report.pilot
    REPORT.check(report, "file", by=by)
    if pilot.status not in OWING:
        raise WrongMoment("report.file", pilot.status, needs="period_has_ended")
    report.filed_at = at
    REPORT.perform(session, report, "file", by=by, at=at)
    running.end(session, pilot.exemption.case, "report_filed", subject=ends.REPORT, by=by, at=at)
    if pilot.status == PilotStatus.REPORT_DUE:
        PILOT.perform(session, pilot, "report", by=by, at=at)
        record_pilot(session, pilot, "report", by, at)
    record(session, report, "file", by, at, contents_sha256=digest(canonical(report.contents)))


def demand(session: Session, report: Report, *, text: str, due_on: date, by: Actor, at: datetime) -> Demand:
    """An authority demands a supplement by a day (D56(6))."""
    REPORT.check(report, "demand", by=by)
    today = ends.today(report.pilot, at)
    if not today < due_on <= today + FARTHEST:
        raise Invalid({"due_on": ["The day lies ahead, and within a year."]})
    if len(report.demands) >= MOST_DEMANDS:
        raise Invalid({"text": [f"At most {MOST_DEMANDS} demands."]})
    made = Demand(
        organisation_id=by.organisation_id, text=text, due_on=due_on, asked_at=at, asked_by_id=by.person_id
    )
    report.demands.append(made)
    REPORT.perform(session, report, "demand", by=by, at=at)
    record(session, report, "demand", by, at, demand=made.id, due_on=due_on.isoformat())
    return made


def supplement(session: Session, report: Report, *, answer: str, by: Actor, at: datetime) -> None:
    """Answer the oldest open demand; once all are answered, the signatory files again."""
    REPORT.check(report, "supplement", by=by)
    waiting = open_demand(report)
    if waiting is None:
        raise WrongMoment("report.supplement", report.status, needs="demand_is_open")
    waiting.answer, waiting.answered_at, waiting.answered_by_id = answer, at, by.person_id
    REPORT.perform(session, report, "supplement", by=by, at=at)
    record(session, report, "supplement", by, at, demand=waiting.id)


def file_again(session: Session, report: Report, *, by: Actor, at: datetime) -> None:
    """File the supplemented report."""
    REPORT.perform(session, report, "file_again", by=by, at=at)
    record(session, report, "file_again", by, at)


def accept(session: Session, report: Report, *, by: Actor, at: datetime) -> None:
    """The lead ministry has nothing more to ask."""
    REPORT.perform(session, report, "accept", by=by, at=at)
    record(session, report, "accept", by, at)


def consent(session: Session, report: Report, *, by: Actor, at: datetime) -> None:
    """Turn one of the two keys to publication: the company's signatory, or the authority's decider."""
    is_company = signatory_of_the_company(by, report)
    if not (is_company or decider_of_the_lead_ministry(by, report)):
        raise Refused("report.consent", "signatory_or_decider")
    given = report.company_consents_at if is_company else report.authority_consents_at
    if report.filed_at is None or given is not None:
        raise WrongMoment("report.consent", report.status, needs="consent_is_missing")
    touch(report)
    if is_company:
        report.company_consents_at = at
    else:
        report.authority_consents_at = at
    session.flush()
    record(session, report, "consent", by, at, company=is_company)


def prove(session: Session, report: Report, *, text: str, by: Actor, at: datetime) -> WrittenProof:
    """The authority's written proof of what was done (EU AI Act Art. 57(7))."""
    if not decider_of_the_lead_ministry(by, report):
        raise Refused("report.prove", "decider_of_the_lead_ministry")
    if report.filed_at is None:
        raise WrongMoment("report.prove", report.status, needs="report_is_filed")
    touch(report)
    proof = WrittenProof(
        text=text,
        sha256=digest(text),
        given_at=at,
        given_by_id=by.person_id,
        given_by_name=by.name,
    )
    report.proofs.append(proof)
    session.flush()
    record(session, report, "prove", by, at, sha256=proof.sha256)
    return proof


def open_demand(report: Report) -> Demand | None:
    """The oldest demand without an answer."""
    return next((each for each in report.demands if each.answer is None), None)


def may_read(report: Report, actor: Actor) -> bool:
    """A draft is the company's own; a filed report is read by every party of the case."""
    return report.filed_at is not None or actor.organisation_id == report.pilot.company_id


def open_report(session: Session, pilot: Pilot) -> Report:
    """The report that an act is about; NotFound where none was begun."""
    report = report_of(session, pilot)
    if report is None:
        raise NotFound("report", str(pilot.number))
    return report


def _check(pilot: Pilot, contents: Mapping[str, str]) -> None:
    rules = pilot.exemption.regime.period
    if rules is None or pilot.exemption.granted_to is None:
        raise WrongMoment("report.save", pilot.status, needs="period_is_granted")
    known = {item.id for item in rules.reported_of(pilot.exemption.kind)}
    if unknown := set(contents) - known:
        raise Invalid({f"contents.{key}": ["The regime does not ask for this."] for key in sorted(unknown)})
