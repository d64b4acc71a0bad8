"""The decider's act on an application: grant with conditions and a period, or refuse."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from experiments.errors import Invalid
from experiments.fields import Prose, Whole
from experiments.lifecycle import Actor
from sandbox.clocks import running
from sandbox.exemptions.models import Exemption, condition_document
from sandbox.exemptions.table import EXEMPTION, record


class GrantSchema(Schema):
    """A grant: both days belong to the period; conditions by id out of those asked for."""

    granted_from = fields.Date(required=True)
    granted_to = fields.Date(required=True)
    conditions = fields.List(Whole(), load_default=list)
    reason = Prose(required=True, longest=4000)


def grant(
    session: Session,
    exemption: Exemption,
    *,
    conditions: Collection[int],
    granted_from: date,
    granted_to: date,
    by: Actor,
    at: datetime,
    reason: str,
) -> None:
    """Approve for a period, imposing the conditions named by id out of those asked for."""
    EXEMPTION.check(exemption, "grant", by=by, reason=reason)
    _check_period(exemption, granted_from, granted_to)
    unknown = set(conditions) - {condition.id for condition in exemption.conditions}
    if unknown:
        raise Invalid({"conditions": [f"no condition {key} in this file" for key in sorted(unknown)]})
    for condition in exemption.conditions:
        condition.is_imposed = condition.id in conditions
    exemption.granted_from = granted_from
    exemption.granted_to = granted_to
    exemption.decision_reasons = reason
    EXEMPTION.perform(session, exemption, "grant", by=by, at=at, reason=reason)
    running.start(
        session,
        exemption.regime,
        "approved",
        case=exemption.case,
        subject=exemption.case.key,
        owed_by_id=exemption.company_id,
        by=by,
        at=at,
    )
    record(
        session,
        exemption,
        "grant",
        by,
        at,
        reason=reason,
        granted_from=granted_from.isoformat(),
        granted_to=granted_to.isoformat(),
        conditions=[condition_document(c) for c in exemption.conditions if c.is_imposed],
    )


def refuse(session: Session, exemption: Exemption, *, by: Actor, at: datetime, reason: str) -> None:
    """Reject with the reasons."""
    EXEMPTION.check(exemption, "refuse", by=by, reason=reason)
    exemption.decision_reasons = reason
    EXEMPTION.perform(session, exemption, "refuse", by=by, at=at, reason=reason)
    record(session, exemption, "refuse", by, at, reason=reason)


def _check_period(exemption: Exemption, granted_from: date, granted_to: date) -> None:
    if granted_to <= granted_from:
        raise Invalid({"granted_to": ["the period ends before it begins"]})
    kind = exemption.regime.kind(exemption.kind)
    months = (granted_to.year - granted_from.year) * 12 + granted_to.month - granted_from.month
    # Both days belong to the period: one that begins on a 1st is full on the eve of another 1st.
    if (months, granted_to.day) >= (kind.longest_months, granted_from.day):
        raise Invalid(
            {"granted_to": [f"longer than {kind.longest_months} months ({kind.longest_months_source})"]}
        )
