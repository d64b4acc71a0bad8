"""What the company does with its application: draft, edit, send, answer, sign, withdraw."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy.orm import Session

from experiments.errors import Invalid
from experiments.fields import Line, Prose, Whole
from experiments.lifecycle import Actor
from sandbox.clocks import running
from sandbox.exemptions.models import Exemption, ExemptionStatus
from sandbox.exemptions.table import EXEMPTION, record
from sandbox.organisations import Organisation
from sandbox.regimes import Regime


class ApplicationFields(Schema):
    """The application as the company writes it; which ids exist is the regime's to say."""

    kind = fields.String(required=True, validate=validate.Length(min=1, error="Choose a kind."))
    ground = fields.String(required=True, validate=validate.Length(min=1, error="Choose a ground."))
    articles = fields.List(Line(longest=120), required=True, validate=validate.Length(1, 30))
    contents = fields.Dict(keys=fields.String(), values=Prose(blank=True), required=True)
    requested_months = Whole(required=True, validate=validate.Range(min=1))
    city_is_applicant = fields.Boolean(load_default=False)


class ApplicationSchema(ApplicationFields):
    """An application that fits its regime."""

    def __init__(self, regime: Regime, **options: Any) -> None:
        super().__init__(**options)
        self.regime = regime

    @validates_schema
    def fits_the_regime(self, data: Mapping[str, Any], **_: Any) -> None:
        errors: dict[str, Any] = {}
        kinds = {kind.id: kind for kind in self.regime.kinds}
        grounds = {ground.id: ground for ground in self.regime.grounds}
        if data["kind"] not in kinds:
            errors["kind"] = ["This regime has no such kind."]
        elif (most := kinds[data["kind"]]).longest_months and data["requested_months"] > most.longest_months:
            errors["requested_months"] = [
                f"At most {most.longest_months} months ({most.longest_months_source})."
            ]
        if data["ground"] not in grounds:
            errors["ground"] = ["This regime has no such ground."]
        elif data["kind"] in kinds and data["kind"] not in grounds[data["ground"]].kinds:
            errors["ground"] = ["This ground is not open to this kind."]
        known = {item.id for item in self.regime.plan_contents}
        if unknown := set(data["contents"]) - known:
            errors["contents"] = {key: ["The regime does not ask for this."] for key in sorted(unknown)}
        if errors:
            raise ValidationError(errors)


class ModificationSchema(Schema):
    """The plan as the company changes it after a resolution: every item that the regime asks for."""

    contents = fields.Dict(keys=fields.String(), values=Prose(blank=True), required=True)

    def __init__(self, regime: Regime, **options: Any) -> None:
        super().__init__(**options)
        self.known = {item.id for item in regime.plan_contents}

    @validates_schema
    def only_what_the_regime_asks_for(self, data: Mapping[str, Any], **_: Any) -> None:
        if unknown := sorted(set(data["contents"]) - self.known):
            raise ValidationError(
                {"contents": {key: ["The regime does not ask for this."] for key in unknown}}
            )


def draft(
    session: Session,
    *,
    regime: Regime,
    company: Organisation,
    city: Organisation,
    lead: Organisation,
    values: Mapping[str, Any],
    by: Actor,
    at: datetime,
) -> Exemption:
    """A new application under `regime` as it stands today."""
    exemption = Exemption(
        regime_id=regime.id,
        regime_version=regime.version,
        company_id=company.id,
        city_id=city.id,
        lead_id=lead.id,
        status=ExemptionStatus.DRAFT,
        **values,
    )
    EXEMPTION.begin(session, exemption, by=by, at=at)
    return exemption


def edit(
    session: Session, exemption: Exemption, values: Mapping[str, Any], *, by: Actor, at: datetime
) -> None:
    """Replace what the draft, or the application that was returned, says."""
    verb = "revise" if exemption.status == ExemptionStatus.RETURNED else "edit"
    _write(session, exemption, verb, values, by=by, at=at)


def modify(
    session: Session, exemption: Exemption, values: Mapping[str, Any], *, by: Actor, at: datetime
) -> None:
    """Change the application after the committee's resolution, which holds no longer (Art. 49(8))."""
    _write(session, exemption, "modify", values, by=by, at=at)
    record(session, exemption, "modify", by, at)


def refile(session: Session, exemption: Exemption, *, by: Actor, at: datetime) -> None:
    """A second person of the company signs the modified application; it may be tabled anew."""
    EXEMPTION.perform(session, exemption, "refile", by=by, at=at)
    exemption.resolution = exemption.resolved_digest = None
    record(session, exemption, "refile", by, at)


def _write(
    session: Session, exemption: Exemption, verb: str, values: Mapping[str, Any], *, by: Actor, at: datetime
) -> None:
    EXEMPTION.check(exemption, verb, by=by)
    for name, value in values.items():
        setattr(exemption, name, value)
    EXEMPTION.perform(session, exemption, verb, by=by, at=at)


def send_to_city(session: Session, exemption: Exemption, *, by: Actor, at: datetime) -> None:
    """Ask the head of local government for its opinion (Art. 49(2))."""
    EXEMPTION.perform(session, exemption, "send_to_city", by=by, at=at)
    record(session, exemption, "send_to_city", by, at)


def answer_actions(
    session: Session, exemption: Exemption, answers: Mapping[int, str], *, by: Actor, at: datetime
) -> None:
    """The operator's answer to each action that the city requires; `answers` by action id."""
    EXEMPTION.check(exemption, "answer_actions", by=by)
    known = {action.id: action for action in exemption.required_actions}
    if unknown := set(answers) - set(known):
        raise Invalid({f"answers.{key}": ["no such required action"] for key in sorted(unknown)})
    for key, answer in answers.items():
        known[key].answer = answer
    EXEMPTION.perform(session, exemption, "answer_actions", by=by, at=at)
    record(session, exemption, "answer_actions", by, at)


def sign(session: Session, exemption: Exemption, *, by: Actor, at: datetime) -> None:
    """A second person of the company signs and files the application."""
    EXEMPTION.perform(session, exemption, "sign", by=by, at=at)
    record(session, exemption, "sign", by, at, kind=exemption.kind, articles=exemption.articles)


def withdraw(session: Session, exemption: Exemption, *, by: Actor, at: datetime, reason: str) -> None:
    """Take the application back before a decision; the record stays."""
    EXEMPTION.perform(session, exemption, "withdraw", by=by, at=at, reason=reason)
    running.void(session, exemption.case, by=by, at=at, reason=reason)
    record(session, exemption, "withdraw", by, at, reason=reason)
