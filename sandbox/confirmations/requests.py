"""What the company does with a request for rapid confirmation: draft, edit, submit, withdraw, apply."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields, validate
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.fields import Line, Prose
from experiments.lifecycle import Actor
from sandbox import access
from sandbox.clocks import running
from sandbox.confirmations.models import Confirmation, ConfirmationStatus
from sandbox.confirmations.table import CONFIRMATION, record
from sandbox.exemptions.models import Exemption
from sandbox.organisations import Organisation, OrganisationKind
from sandbox.regimes import Regime


class RequestSchema(Schema):
    """What is to be confirmed; `articles` are the permit rules in doubt, as far as the company knows them."""

    title = Line(required=True)
    technology = Line(required=True, longest=80)
    description = Prose(required=True)
    articles = fields.List(Line(longest=120), load_default=list, validate=validate.Length(max=30))


def draft(
    session: Session,
    *,
    regime: Regime,
    lead: Organisation,
    values: Mapping[str, Any],
    by: Actor,
    at: datetime,
) -> Confirmation:
    """A new request of the author's company to `lead`."""
    if not access.company_author(by):
        raise Refused("confirmation.draft", "company_author")
    if not regime.clocks_started_by("agency_notified"):
        raise Invalid({"regime": ["This regime knows no rapid confirmation."]})
    if lead.kind != OrganisationKind.MINISTRY:
        raise Invalid({"lead": ["a ministry is needed"]})
    confirmation = Confirmation(
        regime_id=regime.id,
        regime_version=regime.version,
        company_id=by.organisation_id,
        lead_id=lead.id,
        status=ConfirmationStatus.DRAFT,
        **values,
    )
    CONFIRMATION.begin(session, confirmation, by=by, at=at)
    confirmation.number = f"RC-{at.astimezone(ZoneInfo(regime.zone)).year}-{confirmation.id:04d}"
    record(session, confirmation, "create", by, at, title=confirmation.title)
    return confirmation


def edit(
    session: Session,
    confirmation: Confirmation,
    values: Mapping[str, Any],
    *,
    seen_version: int,
    by: Actor,
    at: datetime,
) -> None:
    """Replace the draft, unless somebody saved it since `seen_version` was read."""
    CONFIRMATION.check(confirmation, "edit", by=by)
    if confirmation.version != seen_version:
        raise WrongMoment(
            "confirmation.edit", "changed_meanwhile", meanwhile=CONFIRMATION.last_move(confirmation)
        )
    for name, value in values.items():
        setattr(confirmation, name, value)
    CONFIRMATION.perform(session, confirmation, "edit", by=by, at=at)
    record(session, confirmation, "edit", by, at)


def submit(session: Session, confirmation: Confirmation, *, by: Actor, at: datetime) -> None:
    """A second person of the company submits; the ministry's clock starts."""
    CONFIRMATION.perform(session, confirmation, "submit", by=by, at=at)
    running.start(
        session,
        confirmation.regime,
        "confirmation_received",
        case=confirmation.case,
        subject=confirmation.case.key,
        owed_by_id=confirmation.lead_id,
        by=by,
        at=at,
    )
    record(session, confirmation, "submit", by, at, articles=confirmation.articles)


def withdraw(session: Session, confirmation: Confirmation, *, by: Actor, at: datetime, reason: str) -> None:
    """Take the request back before it is answered; the record stays."""
    CONFIRMATION.perform(session, confirmation, "withdraw", by=by, at=at, reason=reason)
    running.void(session, confirmation.case, by=by, at=at, reason=reason)
    record(session, confirmation, "withdraw", by, at, reason=reason)


def apply_with(
    session: Session, confirmation: Confirmation, exemption: Exemption, *, by: Actor, at: datetime
) -> None:
    """Note which application the company began because a permit is needed."""
    CONFIRMATION.perform(session, confirmation, "apply", by=by, at=at)
    confirmation.exemption_id = exemption.id
    record(session, confirmation, "apply", by, at, application=exemption.case.key)


def confirmation_of(session: Session, exemption: Exemption) -> Confirmation | None:
    """The request that this application came out of."""
    return session.scalar(select(Confirmation).where(Confirmation.exemption_id == exemption.id))
