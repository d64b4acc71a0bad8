"""The period of a pilot and its final report: what is filed and decided, and every act on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import url_for
from marshmallow import Schema, fields

from sandbox.api.pages import party_pilot
from sandbox.api.room import Answer, Room
from sandbox.db import db
from sandbox.period import changes, ends, extensions, permits, revocations
from sandbox.period.acts import ACTS, Act, open_acts, perform
from sandbox.pilots.models import Pilot
from sandbox.reports import filing
from sandbox.web.rim import actor, now

resources = Room(
    "api-period",
    __name__,
    url_prefix="/pilots/<number>/period",
    description="From the approval to the final report. For the parties of the case alone.",
)


class _DeliberatedSchema(Schema):
    """What the committee resolved on it; null until it has."""

    committee_on = fields.Date(allow_none=True)
    committee_meeting = fields.String(allow_none=True)
    committee_agrees = fields.Boolean(allow_none=True)
    committee_reasons = fields.String(allow_none=True)


class FiledChangeReplySchema(Schema):
    ministry_id = fields.Integer()
    agrees = fields.Boolean(allow_none=True)
    text = fields.String(allow_none=True)
    replied_at = fields.AwareDateTime(allow_none=True)


class FiledChangeSchema(_DeliberatedSchema):
    """A change; `nature` is the rule of the regime by which it is minor or major."""

    number = fields.Integer()
    status = fields.String()
    field = fields.String()
    before = fields.String()
    after = fields.String()
    reason = fields.String()
    nature = fields.String()
    is_minor = fields.Boolean()
    plan_phase = fields.String()
    replies = fields.List(fields.Nested(FiledChangeReplySchema))


class FiledPeriodExtensionSchema(_DeliberatedSchema):
    status = fields.String()
    months_asked = fields.Integer()
    months = fields.Integer(allow_none=True)
    documents = fields.Dict(keys=fields.String(), values=fields.String())
    ends_before = fields.Date()
    ends_after = fields.Date(allow_none=True)


class FiledLawRequestSchema(Schema):
    status = fields.String()
    results = fields.String()
    wanted = fields.String()
    assessment = fields.Dict(keys=fields.String(), values=fields.String())
    filed_at = fields.AwareDateTime()


class FiledRevocationSchema(_DeliberatedSchema):
    status = fields.String()
    ground = fields.String()
    facts = fields.String()
    city_opinion = fields.String(allow_none=True)
    hearing_invited_on = fields.Date(allow_none=True)
    hearing_on = fields.Date(allow_none=True)
    operator_came = fields.Boolean(allow_none=True)
    hearing_record = fields.String(allow_none=True)
    restoration = fields.String(allow_none=True)
    compensation = fields.String(allow_none=True)


class FiledPermitSchema(Schema):
    law = fields.String()
    amended_on = fields.Date()
    office = fields.String()
    permit_number = fields.String()
    permitted_on = fields.Date()


class FiledDemandSchema(Schema):
    text = fields.String()
    due_on = fields.Date()
    answer = fields.String(allow_none=True)


class FiledProofSchema(Schema):
    text = fields.String()
    sha256 = fields.String()
    given_at = fields.AwareDateTime()


class FiledReportSchema(Schema):
    """The report; `is_public` once both sides have agreed."""

    status = fields.String()
    contents = fields.Dict(keys=fields.String(), values=fields.String())
    filed_at = fields.AwareDateTime(allow_none=True)
    company_consents_at = fields.AwareDateTime(allow_none=True)
    authority_consents_at = fields.AwareDateTime(allow_none=True)
    is_public = fields.Boolean()
    demands = fields.List(fields.Nested(FiledDemandSchema))
    proofs = fields.List(fields.Nested(FiledProofSchema))


class OpenPeriodActSchema(Schema):
    kind = fields.String()
    verb = fields.String()
    href = fields.String()
    source = fields.String()


class PilotPeriodSchema(Schema):
    """The period with everything filed in it; `acts` are those open to the caller now."""

    status = fields.String()
    granted_from = fields.Date(allow_none=True)
    granted_to = fields.Date(allow_none=True)
    report_due_on = fields.Date(allow_none=True)
    revocation_grounds = fields.List(fields.String())
    changes = fields.List(fields.Nested(FiledChangeSchema))
    extension = fields.Nested(FiledPeriodExtensionSchema, allow_none=True)
    law_request = fields.Nested(FiledLawRequestSchema, allow_none=True)
    converted_to = fields.String(allow_none=True)
    revocation = fields.Nested(FiledRevocationSchema, allow_none=True)
    permit = fields.Nested(FiledPermitSchema, allow_none=True)
    report = fields.Nested(FiledReportSchema, allow_none=True)
    acts = fields.List(fields.Nested(OpenPeriodActSchema))


@resources.get("", endpoint="read")
@resources.response(200, PilotPeriodSchema)
def read(number: str) -> Answer:
    """The period of this pilot."""
    return _shown(party_pilot(number)), {}


def _doing(act: Act) -> Callable[..., Answer]:
    def do(sent: dict[str, Any], number: str) -> Answer:
        pilot = party_pilot(number)
        perform(db.session, pilot, act, sent, by=actor(), at=now())
        return _shown(pilot), {}

    do.__name__ = f"{act.kind}_{act.verb}"
    do.__doc__ = f"{act.kind.replace('_', ' ').capitalize()}: {act.verb.replace('_', ' ')} ({act.source})."
    return do


for each in ACTS:
    resources.post(f"/{each.kind}/{each.verb}", endpoint=f"{each.kind}_{each.verb}")(
        resources.arguments(each.schema)(resources.response(200, PilotPeriodSchema)(_doing(each)))
    )


def _shown(pilot: Pilot) -> dict[str, Any]:
    session, exemption = db.session, pilot.exemption
    report, conversion = filing.report_of(session, pilot), ends.conversion_of(session, pilot)
    clock = ends.clock_of_report(session, pilot)
    return {
        "status": pilot.status,
        "granted_from": exemption.granted_from,
        "granted_to": exemption.granted_to,
        "report_due_on": clock.due_on if clock else None,
        "revocation_grounds": [
            ground.id for ground in revocations.grounds_that_stand(session, pilot, at=now())
        ],
        "changes": changes.changes_of(session, pilot),
        "extension": extensions.latest_extension(session, pilot),
        "law_request": ends.latest_request(session, pilot),
        "converted_to": conversion.successor.number if conversion else None,
        "revocation": revocations.latest_revocation(session, pilot),
        "permit": permits.latest_permit(session, pilot),
        "report": report if report and filing.may_read(report, actor()) else None,
        "acts": [
            {
                "kind": act.kind,
                "verb": act.verb,
                "href": url_for(f"api-period.{act.kind}_{act.verb}", number=pilot.number),
                "source": act.source,
            }
            for act in open_acts(session, pilot, actor())
        ],
    }
