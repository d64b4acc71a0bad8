"""What cases refer to: programmes, sites, regimes, organisations; and the head of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import RAISE, Schema, fields, validate
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from experiments.districts import District, Territory
from experiments.metrics import Metric
from sandbox import metric_desk
from sandbox.api.room import Room
from sandbox.api.values import NameSchema, OrganisationSchema
from sandbox.db import db
from sandbox.ledger.chain import GENESIS, LedgerEntry
from sandbox.organisations import Organisation, OrganisationKind
from sandbox.programmes.models import Site
from sandbox.programmes.overview import ProgrammeFacts, programmes_with_calls
from sandbox.regimes import Regime, regimes

resources = Room(
    "api-records", __name__, url_prefix="", description="What cases refer to, and the head of the ledger."
)


class HeadSchema(Schema):
    """The ledger's latest row: whoever keeps it can tell later whether anything before it was changed."""

    number = fields.Integer()
    hash = fields.String()
    at = fields.AwareDateTime(allow_none=True)


class BidSchema(Schema):
    city = fields.Nested(NameSchema)
    summary_ko = fields.String()
    summary_en = fields.String()
    budget_won = fields.Integer()
    status = fields.String()
    submitted_at = fields.AwareDateTime()
    site_code = fields.String(allow_none=True)
    selected_at = fields.AwareDateTime(allow_none=True)


class CallSchema(Schema):
    """One year's call; money in won, the state's share in per cent."""

    year = fields.Integer()
    quota = fields.Integer()
    budget_cap_won = fields.Integer()
    state_share_pct = fields.Integer()
    duration_years = fields.Integer()
    opens_on = fields.Date()
    closes_on = fields.Date()
    notice_ko = fields.String()
    notice_en = fields.String()
    bids = fields.List(fields.Nested(BidSchema))


class ProgrammeSchema(NameSchema):
    code = fields.String()
    ministry = fields.Nested(NameSchema)
    is_synthetic = fields.Boolean()
    calls = fields.List(fields.Nested(CallSchema))


class ProgrammesSchema(Schema):
    items = fields.List(fields.Nested(ProgrammeSchema))


class DistrictSchema(NameSchema):
    code = fields.String()


class SiteSchema(Schema):
    """A chosen city with its districts; `code` is what a registration names."""

    code = fields.String(attribute="territory.code")
    zone = fields.String(attribute="territory.zone")
    is_synthetic = fields.Boolean(attribute="territory.synthetic")
    city = fields.Nested(OrganisationSchema)
    districts = fields.List(fields.Nested(DistrictSchema), attribute="territory.districts")


class SitesSchema(Schema):
    items = fields.List(fields.Nested(SiteSchema))


class SourcedNameSchema(NameSchema):
    id = fields.String()
    source = fields.String()


class GroundSchema(SourcedNameSchema):
    kinds = fields.List(fields.String())


class KindSchema(SourcedNameSchema):
    longest_months = fields.Integer(allow_none=True)
    longest_months_source = fields.String()


class LengthSchema(Schema):
    value = fields.Integer()
    unit = fields.String()


class ClockSchema(SourcedNameSchema):
    """A statutory time limit: from which event it runs, how long, how it counts, what a lapse means."""

    starts_on = fields.String()
    ends_on = fields.List(fields.String())
    owed_by = fields.String()
    length = fields.Nested(LengthSchema)
    direction = fields.String()
    bound = fields.String()
    count = fields.String()
    stops = fields.Boolean()
    gross_cap = fields.Nested(LengthSchema, allow_none=True)
    on_lapse = fields.String()
    unverified_ko = fields.String()
    unverified_en = fields.String()


class RegimeRemarkSchema(SourcedNameSchema):
    """A rule that is stated and left to people."""

    text_ko = fields.String()
    text_en = fields.String()


class UnverifiedPointSchema(Schema):
    """What no text was found for, by its place in the file."""

    about = fields.String()
    text_ko = fields.String()
    text_en = fields.String()


class RiskQuestionShownSchema(SourcedNameSchema):
    sign_offs = fields.List(fields.String())


class SignOffKindShownSchema(SourcedNameSchema):
    by = fields.String()


class RiskRulesShownSchema(Schema):
    answers_needed = fields.Boolean()
    questions = fields.List(fields.Nested(RiskQuestionShownSchema))
    sign_offs = fields.List(fields.Nested(SignOffKindShownSchema))


class RegimeShownSchema(NameSchema):
    """A regime as of one text: what an application under it may and must say."""

    id = fields.String()
    version = fields.String()
    as_of = fields.String()
    as_of_en = fields.String()
    takes_applications = fields.Boolean()
    risk = fields.Nested(RiskRulesShownSchema, allow_none=True)
    remarks = fields.List(fields.Nested(RegimeRemarkSchema))
    unverified = fields.List(fields.Nested(UnverifiedPointSchema))
    kinds = fields.List(fields.Nested(KindSchema))
    grounds = fields.List(fields.Nested(GroundSchema))
    plan_contents = fields.List(fields.Nested(SourcedNameSchema))
    clocks = fields.List(fields.Nested(ClockSchema))


class RegimesSchema(Schema):
    items = fields.List(fields.Nested(RegimeShownSchema))


class OrganisationQuerySchema(Schema):
    class Meta:
        unknown = RAISE

    kind = fields.String(
        load_default=None, validate=validate.OneOf([kind.value for kind in OrganisationKind])
    )


class DenominatorSchema(Schema):
    """The metric over which a rate is taken."""

    code = fields.String()
    version = fields.Integer()


class MetricSchema(NameSchema):
    """One version of a metric; whatever rests on an old version keeps it."""

    code = fields.String()
    version = fields.Integer()
    definition_ko = fields.String()
    definition_en = fields.String()
    numerator_ko = fields.String(allow_none=True)
    numerator_en = fields.String(allow_none=True)
    denominator = fields.Nested(DenominatorSchema, allow_none=True)
    unit = fields.String()
    unit_ko = fields.String()
    direction = fields.String()
    aggregation = fields.String()
    lowest = fields.Float(allow_none=True)
    highest = fields.Float(allow_none=True)
    standard = fields.String(allow_none=True)
    owner = fields.String(allow_none=True)
    verification = fields.String()
    artefacts_ko = fields.String(allow_none=True)
    artefacts_en = fields.String(allow_none=True)


class MetricsSchema(Schema):
    items = fields.List(fields.Nested(MetricSchema))


class OrganisationsSchema(Schema):
    items = fields.List(fields.Nested(OrganisationSchema))


@resources.get("/ledger/head", endpoint="ledger_head")
@resources.response(200, HeadSchema)
def ledger_head() -> LedgerEntry | dict[str, Any]:
    """Number and hash of the ledger's latest row."""
    latest = db.session.scalar(select(LedgerEntry).order_by(LedgerEntry.number.desc()).limit(1))
    return latest or {"number": 0, "hash": GENESIS, "at": None}


@resources.get("/metrics", endpoint="metrics")
@resources.response(200, MetricsSchema)
def metric_versions() -> dict[str, Sequence[Metric]]:
    """Every version of every metric, newest first."""
    return {"items": metric_desk.cards(db.session)}


@resources.get("/metrics/<code>/<int:version>", endpoint="metric")
@resources.response(200, MetricSchema)
def metric_version(code: str, version: int) -> Metric:
    """One version of a metric."""
    return metric_desk.card(db.session, code, version).metric


@resources.get("/programmes", endpoint="programmes")
@resources.response(200, ProgrammesSchema)
def programmes() -> dict[str, Sequence[ProgrammeFacts]]:
    """The national programmes with their calls, bids and chosen sites."""
    return {"items": programmes_with_calls(db.session)}


@resources.get("/sites", endpoint="sites")
@resources.response(200, SitesSchema)
def sites() -> dict[str, Sequence[Site]]:
    """The chosen cities with their districts."""
    districts = selectinload(Site.territory).selectinload(Territory.districts).defer(District.outline)
    return {"items": db.session.scalars(select(Site).order_by(Site.id).options(districts)).unique().all()}


@resources.get("/regimes", endpoint="regimes")
@resources.response(200, RegimesSchema)
def law() -> dict[str, Sequence[Regime]]:
    """Every regime version with its kinds, grounds and what an application must contain."""
    return {"items": regimes()}


@resources.get("/organisations", endpoint="organisations")
@resources.arguments(OrganisationQuerySchema, location="query")
@resources.response(200, OrganisationsSchema)
def organisations(wanted: dict[str, Any]) -> dict[str, Sequence[Organisation]]:
    """Companies, authorities and institutes by id, as registrations and consultations name them."""
    query = select(Organisation).order_by(Organisation.id)
    if wanted["kind"]:
        query = query.where(Organisation.kind == wanted["kind"])
    return {"items": db.session.scalars(query).all()}
