"""What the interface shows of a pilot: to everybody, and to the parties of its case."""

from __future__ import annotations

from marshmallow import Schema, fields

from sandbox.api.values import NameSchema, OrganisationSchema, PageToken


class LinkSchema(Schema):
    """Something that whoever asks may do now, or may do once `needs` are met."""

    kind = fields.String()
    verb = fields.String()
    method = fields.String()
    href = fields.String()
    needs_reason = fields.Boolean()
    needs = fields.List(fields.String())
    source = fields.String(metadata={"description": "the provision that it rests on"})


# -- the list -----------------------------------------------------------------------------------


class EntrySchema(Schema):
    """A pilot in the list; days are the granted ones where there are any."""

    number = fields.String()
    title_ko = fields.String()
    title_en = fields.String()
    summary_ko = fields.String()
    summary_en = fields.String()
    status = fields.String()
    technology = fields.String()
    site = fields.Nested(NameSchema)
    company = fields.Nested(NameSchema)
    is_synthetic = fields.Boolean()
    first_day = fields.Date()
    last_day = fields.Date()
    finding = fields.String(allow_none=True)


class ListingSchema(Schema):
    """One stretch of the list, newest first; `next_page_token` is null at its end."""

    items = fields.List(fields.Nested(EntrySchema))
    next_page_token = PageToken(allow_none=True)


# -- one pilot, as the public reads it ----------------------------------------------------------


class PlaceSchema(NameSchema):
    code = fields.String()
    part = fields.String(metadata={"description": "treated, control or other"})


class ImposedConditionSchema(Schema):
    text = fields.String()
    legal_basis = fields.String()
    necessity = fields.String()
    proportionality = fields.String()
    requested_by = fields.Nested(NameSchema)


class ReliefSchema(Schema):
    """Which rules are lifted, on which ground, under which conditions."""

    status = fields.String()
    regime = fields.Nested(NameSchema)
    regime_version = fields.String()
    kind = fields.Nested(NameSchema)
    kind_source = fields.String()
    ground = fields.Nested(NameSchema)
    ground_source = fields.String()
    articles = fields.List(fields.String())
    requested_months = fields.Integer()
    lead = fields.Nested(NameSchema)
    conditions = fields.List(fields.Nested(ImposedConditionSchema))
    reasons = fields.String(allow_none=True)
    resolution = fields.String(allow_none=True)
    against_resolution = fields.String(allow_none=True)
    city_is_applicant = fields.Boolean()


class EditionSchema(Schema):
    """A locked version of the plan; its text is at `href`, byte for byte as `sha256` covers it."""

    number = fields.Integer()
    sha256 = fields.String()
    locked_at = fields.AwareDateTime()
    locked_by = fields.String()
    reason = fields.String(allow_none=True)
    is_prospective = fields.Boolean()
    href = fields.String()


class ResultSchema(Schema):
    """The latest signed result; the document is at `href`, byte for byte as its SHA-256 covers it."""

    evaluation_id = fields.Integer()
    finding = fields.String()
    as_of = fields.AwareDateTime()
    seed = fields.Integer()
    plan_version = fields.Integer()
    plan_sha256 = fields.String()
    document_sha256 = fields.String()
    signed_at = fields.AwareDateTime()
    signed_by = fields.String()
    href = fields.String()


class ActSchema(Schema):
    """A public step; people of the company stay without a name."""

    kind = fields.String()
    verb = fields.String()
    at = fields.AwareDateTime()
    role = fields.String()
    office = fields.Nested(NameSchema, allow_none=True)
    person = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    pilot_status = fields.String(allow_none=True)


class RulingSchema(Schema):
    """A decision that took effect."""

    outcome = fields.String()
    finding = fields.String()
    reasons = fields.String()
    is_against_the_finding = fields.Boolean()
    evaluation_id = fields.Integer()
    decided_at = fields.AwareDateTime()
    deciders = fields.List(fields.Nested(ActSchema))


class IncidentCountSchema(Schema):
    """How many incidents of one severity were reported."""

    severity = fields.String()
    count = fields.Integer()


class PublishedSchema(Schema):
    """The public page; of a withdrawn pilot only the history is left."""

    summary_ko = fields.String()
    summary_en = fields.String()
    technology = fields.String()
    contact = fields.String()
    first_day = fields.Date()
    last_day = fields.Date()
    is_granted = fields.Boolean()
    evaluator = fields.Nested(NameSchema)
    exemption = fields.Nested(ReliefSchema, attribute="relief")
    districts = fields.List(fields.Nested(PlaceSchema), attribute="places")
    plan_versions = fields.List(fields.Nested(EditionSchema))
    result = fields.Nested(ResultSchema, allow_none=True)
    incidents = fields.List(fields.Nested(IncidentCountSchema))
    decisions = fields.List(fields.Nested(RulingSchema), attribute="rulings")
    stage = fields.String(metadata={"description": "how far along the chain the pilot has come"})
    history = fields.List(fields.Nested(ActSchema), attribute="acts")


class PilotPageSchema(Schema):
    """A pilot. `published` is null for a draft, which only its parties may read."""

    number = fields.String()
    status = fields.String()
    title_ko = fields.String()
    title_en = fields.String()
    registered_at = fields.AwareDateTime()
    site = fields.Nested(NameSchema)
    company = fields.Nested(NameSchema)
    is_synthetic = fields.Boolean()
    published = fields.Nested(PublishedSchema, allow_none=True)
    transitions = fields.List(fields.Nested(LinkSchema))


# -- the case file, for its parties ---------------------------------------------------------------


class RequiredActionSchema(Schema):
    id = fields.Integer()
    text = fields.String()
    answer = fields.String(allow_none=True)


class SupplementOnFileSchema(Schema):
    """What a ministry asked to be supplemented, and the answer."""

    id = fields.Integer()
    items = fields.List(fields.String())
    reason = fields.String()
    asked_at = fields.AwareDateTime()
    answer = fields.String(allow_none=True)
    is_declined = fields.Boolean()
    answered_at = fields.AwareDateTime(allow_none=True)


class RunningClockSchema(Schema):
    """A statutory time limit of this case."""

    rule_id = fields.String()
    owed_by = fields.Nested(OrganisationSchema)
    started_on = fields.Date()
    due_on = fields.Date(allow_none=True)
    lapsed_on = fields.Date(allow_none=True)
    ended_on = fields.Date(allow_none=True)


class AskedMinistrySchema(Schema):
    ministry = fields.Nested(OrganisationSchema)
    asked_at = fields.AwareDateTime()
    due_on = fields.Date(allow_none=True)
    reply = fields.String(allow_none=True)
    text = fields.String(allow_none=True)
    replied_at = fields.AwareDateTime(allow_none=True)
    supplements = fields.List(fields.Nested(SupplementOnFileSchema))


class RequestedConditionSchema(Schema):
    id = fields.Integer()
    text = fields.String()
    legal_basis = fields.String()
    necessity = fields.String()
    proportionality = fields.String()
    requested_by = fields.Nested(OrganisationSchema)
    is_imposed = fields.Boolean()


class ApplicationOnFileSchema(Schema):
    """The application and what became of it."""

    status = fields.String()
    regime_id = fields.String()
    regime_version = fields.String()
    kind = fields.String()
    ground = fields.String()
    articles = fields.List(fields.String())
    contents = fields.Dict(keys=fields.String(), values=fields.String())
    requested_months = fields.Integer()
    lead = fields.Nested(OrganisationSchema)
    local_opinion = fields.String(allow_none=True)
    required_actions = fields.List(fields.Nested(RequiredActionSchema))
    consultations = fields.List(fields.Nested(AskedMinistrySchema))
    clocks = fields.List(fields.Nested(RunningClockSchema))
    conditions = fields.List(fields.Nested(RequestedConditionSchema))
    granted_from = fields.Date(allow_none=True)
    granted_to = fields.Date(allow_none=True)
    decision_reasons = fields.String(allow_none=True)
    returned_for = fields.List(fields.String())
    resolution = fields.String(allow_none=True)
    against_resolution = fields.String(allow_none=True)
    city_is_applicant = fields.Boolean()


class EvaluationSchema(Schema):
    """One run of the locked plan. Its document is handed out under its own address."""

    id = fields.Integer()
    status = fields.String()
    requested_at = fields.AwareDateTime()
    as_of = fields.AwareDateTime()
    seed = fields.Integer()
    plan_version = fields.Integer(attribute="plan_version.number")
    finished_at = fields.AwareDateTime(allow_none=True)
    finding = fields.String(allow_none=True)
    document_sha256 = fields.String(allow_none=True)
    error = fields.String(allow_none=True)
    signed_at = fields.AwareDateTime(allow_none=True)
    signed_by = fields.String(attribute="signed_by_name", allow_none=True)


class DecisionSchema(Schema):
    """A proposal and what became of it."""

    id = fields.Integer()
    evaluation_id = fields.Integer()
    outcome = fields.String()
    reasons = fields.String()
    status = fields.String()
    is_against_the_finding = fields.Boolean()
    against_reason = fields.String(allow_none=True)
    decided_at = fields.AwareDateTime(allow_none=True)


class DeedSchema(Schema):
    kind = fields.String()
    verb = fields.String()
    at = fields.AwareDateTime()
    actor_name = fields.String()
    actor_role = fields.String()
    new_status = fields.String()
    reason = fields.String(allow_none=True)


class PilotOnFileSchema(Schema):
    """What the company wrote about the pilot. Send `version` back as If-Match when it is edited."""

    number = fields.String()
    version = fields.Integer()
    status = fields.String()
    title_ko = fields.String()
    title_en = fields.String()
    summary_ko = fields.String()
    summary_en = fields.String()
    technology = fields.String()
    contact = fields.String()
    planned_from = fields.Date()
    planned_to = fields.Date()
    districts = fields.Pluck(PlaceSchema, "code", many=True)
    company = fields.Nested(OrganisationSchema)
    city = fields.Nested(OrganisationSchema, attribute="site.city")
    evaluator = fields.Nested(OrganisationSchema)


class CaseFileSchema(Schema):
    """The whole file, as its parties read it."""

    pilot = fields.Nested(PilotOnFileSchema)
    application = fields.Nested(ApplicationOnFileSchema)
    evaluations = fields.List(fields.Nested(EvaluationSchema))
    decisions = fields.List(fields.Nested(DecisionSchema))
    history = fields.List(fields.Nested(DeedSchema))
    transitions = fields.List(fields.Nested(LinkSchema))
