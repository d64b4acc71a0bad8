"""What each case is to show for changing its articles: entered, taken back, asked for at the grant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import Line, Prose
from experiments.lifecycle import Actor, touch
from experiments.metrics import Metric
from sandbox import access, ledger
from sandbox.amendments.models import EvidenceLine, ShownBy
from sandbox.exemptions.models import Exemption, ExemptionStatus

MOST_LINES = 100
OVER = frozenset({ExemptionStatus.REJECTED, ExemptionStatus.WITHDRAWN, ExemptionStatus.NOT_REQUIRED})
WITH_THE_COMPANY = frozenset(
    {
        ExemptionStatus.DRAFT,
        ExemptionStatus.RETURNED,
        ExemptionStatus.LOCAL_REVIEW,
        ExemptionStatus.LOCAL_DONE,
    }
)


class EvidenceLineSchema(Schema):
    """A line of evidence: a metric by its code, or a document by its name, and what it would show."""

    article = Line(required=True, longest=120)
    criterion = fields.String(required=True, validate=validate.Length(1, 80))
    shown_by = fields.String(required=True, validate=validate.OneOf([each.value for each in ShownBy]))
    metric = fields.String(load_default="", validate=validate.Length(max=80))
    document = Line(load_default="", blank=True)
    would_show = Prose(required=True, longest=2000)

    @validates_schema
    def what_shows_it_is_named(self, data: Mapping[str, Any], **_: Any) -> None:
        wanted, other = (
            ("metric", "document") if data["shown_by"] == ShownBy.METRIC else ("document", "metric")
        )
        errors = {}
        if not data[wanted]:
            errors[wanted] = ["Missing data for required field."]
        if data[other]:
            errors[other] = ["This does not belong to the basis."]
        if errors:
            raise ValidationError(errors)


def enter_line(
    session: Session, exemption: Exemption, values: Mapping[str, Any], *, by: Actor, at: datetime
) -> EvidenceLine:
    """Enter what would show that an article has to change: the company, or once filed the lead ministry.

    values  what `EvidenceLineSchema` gives
    """
    _check_may(exemption, "amendment_evidence.enter", by)
    assert by.person_id is not None  # whoever enters it is a person
    _check_values(session, exemption, values)
    if len(lines_of(session, exemption)) >= MOST_LINES:
        raise Invalid({"article": [f"At most {MOST_LINES} records."]})
    touch(exemption)
    line = EvidenceLine(
        exemption_id=exemption.id,
        **{name: values[name] for name in ("article", "criterion", "shown_by", "would_show")},
        metric_code=values["metric"] or None,
        document=values["document"] or None,
        entered_at=at,
        entered_by_id=by.person_id,
        entered_by_name=by.name,
    )
    session.add(line)
    session.flush()
    _record(session, exemption, "amendment_evidence.enter", by, at, line)
    return line


def remove_line(
    session: Session, exemption: Exemption, line: EvidenceLine, *, by: Actor, at: datetime, reason: str
) -> None:
    """Take a line back before the decision; who took it back, and why, stays."""
    _check_may(exemption, "amendment_evidence.remove", by)
    if exemption.status == ExemptionStatus.APPROVED or line.removed_at is not None:
        raise WrongMoment("amendment_evidence.remove", exemption.status, needs="line_can_be_taken_back")
    if not reason.strip():
        raise Invalid({"reason": ["a reason is needed"]})
    touch(exemption)
    line.removed_at, line.removed_reason = at, reason.strip()
    session.flush()
    _record(session, exemption, "amendment_evidence.remove", by, at, line)


def lines_of(session: Session, exemption: Exemption) -> list[EvidenceLine]:
    """The lines of a case that were not taken back."""
    query = select(EvidenceLine).where(
        EvidenceLine.exemption_id == exemption.id, EvidenceLine.removed_at.is_(None)
    )
    return list(session.scalars(query.order_by(EvidenceLine.id)))


def line_of(session: Session, exemption: Exemption, line_id: int) -> EvidenceLine:
    """The line in this case; NotFound for one of another."""
    line = session.get(EvidenceLine, line_id)
    if line is None or line.exemption_id != exemption.id:
        raise NotFound("evidence line", line_id)
    return line


def articles_without_evidence(exemption: Exemption) -> list[str]:
    """Articles for which no line says what would show that they have to change."""
    session = object_session(exemption)
    if session is None:
        return list(exemption.articles or ())
    with session.no_autoflush:
        shown = {line.article for line in lines_of(session, exemption)}
    return [article for article in exemption.articles if article not in shown]


def every_article_has_its_evidence(exemption: Exemption) -> bool:
    """Data that verify an exemption are fixed in advance, or the law is amended late (our rule)."""
    rules = exemption.regime.amendments
    return rules is None or not rules.needs_evidence or not articles_without_evidence(exemption)


def may_enter(exemption: Exemption, actor: Actor) -> bool:
    """Whether this person may enter lines now."""
    return _is_open(exemption) and _is_entitled(exemption, actor)


def _check_may(exemption: Exemption, act: str, by: Actor) -> None:
    if not _is_entitled(exemption, by):
        raise Refused(act, "author_or_lead_ministry")
    if not _is_open(exemption):
        raise WrongMoment(act, exemption.status)


def _is_open(exemption: Exemption) -> bool:
    return exemption.status not in OVER


def _is_entitled(exemption: Exemption, by: Actor) -> bool:
    if access.company_author(by):
        return by.organisation_id == exemption.company_id
    is_filed = exemption.status not in WITH_THE_COMPANY
    return is_filed and access.ministry_reviewer(by) and by.organisation_id == exemption.lead_id


def _check_values(session: Session, exemption: Exemption, values: Mapping[str, Any]) -> None:
    errors = {}
    if values["article"] not in exemption.articles:
        errors["article"] = ["The application does not name this article."]
    rules = exemption.regime.amendments
    if rules is None or values["criterion"] not in {each.id for each in rules.criteria}:
        errors["criterion"] = ["The regime has no such criterion."]
    if values["metric"] and not session.scalar(
        select(Metric.id).where(Metric.code == values["metric"]).limit(1)
    ):
        errors["metric"] = ["There is no such metric."]
    if errors:
        raise Invalid(errors)


def _record(
    session: Session, exemption: Exemption, act: str, by: Actor, at: datetime, line: EvidenceLine
) -> None:
    details = {name: getattr(line, name) for name in ("article", "criterion", "metric_code", "document")}
    ledger.append(session, act=act, subject=exemption.case.key, by=by, at=at, details=details)
