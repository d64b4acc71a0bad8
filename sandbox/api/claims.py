"""Claims for damage: filed by anybody, answered by the operator, read by the claim's parties."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from marshmallow import Schema, fields

from experiments.fields import load
from sandbox import receipts
from sandbox.api.pages import party_pilot
from sandbox.api.room import Answer, Room, json_object
from sandbox.claims import desk, filing, handling
from sandbox.claims.filing import claim_schema
from sandbox.claims.handling import (
    ClaimInformSchema,
    ClaimPaymentSchema,
    ClaimRefusalSchema,
    ClaimReportSchema,
)
from sandbox.claims.models import Claim
from sandbox.db import db
from sandbox.pilots import register
from sandbox.web.rim import actor, now, seal

resources = Room(
    "api-claims",
    __name__,
    description="Claims for damage by a pilot (D57-3), and the receipts of residents.",
)


class ClaimTimeLimitSchema(Schema):
    rule = fields.String(attribute="rule_id")
    started_on = fields.Date()
    due_on = fields.Date(allow_none=True)
    ended_on = fields.Date(allow_none=True)


class ClaimSchema(Schema):
    """A claim; `contents` is what the claimant wrote, null once it was erased."""

    number = fields.String()
    status = fields.String()
    filed_at = fields.AwareDateTime()
    amount_won = fields.Integer()
    contents = fields.Dict(keys=fields.String(), allow_none=True)
    receipt = fields.String()
    information = fields.String(allow_none=True)
    paid_won = fields.Integer(allow_none=True)
    paid_on = fields.Date(allow_none=True)
    refusal = fields.String(allow_none=True)
    proof = fields.String(allow_none=True)
    report = fields.String(allow_none=True)
    reported_at = fields.AwareDateTime(allow_none=True)
    erased_at = fields.AwareDateTime(allow_none=True)
    time_limits = fields.List(fields.Nested(ClaimTimeLimitSchema))


class ClaimCountsSchema(Schema):
    """How many claims there are; everybody may know."""

    filed = fields.Integer()
    waiting = fields.Integer()
    paid = fields.Integer()
    refused = fields.Integer()


class ClaimsSchema(Schema):
    """`claims` is empty for whoever is no party to them."""

    counts = fields.Nested(ClaimCountsSchema)
    claims = fields.List(fields.Nested(ClaimSchema))


class FiledClaimSchema(Schema):
    """A receipt. `href` is the secret address of the claim; it is told this once."""

    number = fields.String()
    receipt = fields.String()
    document = fields.String(metadata={"description": "The text that the receipt is the SHA-256 of."})
    href = fields.String()


class LastRowSchema(Schema):
    number = fields.Integer()
    hash = fields.String()


class CheckedReceiptSchema(Schema):
    """A receipt held against the ledger."""

    sha256 = fields.String()
    act = fields.String()
    subject = fields.String()
    at = fields.AwareDateTime()
    entry_number = fields.Integer()
    entry_hash = fields.String()
    previous_hash = fields.String()
    is_sound = fields.Boolean()
    head = fields.Nested(LastRowSchema)


@resources.get("/pilots/<number>/claims", endpoint="index")
@resources.response(200, ClaimsSchema)
def index(number: str) -> Answer:
    """The claims of a pilot, for their parties; for other parties of the case how many there are."""
    pilot = party_pilot(number)
    claims = desk.claims_of(db.session, pilot) if desk.may_read(actor(), pilot) else []
    return {"counts": desk.counts(db.session, pilot), "claims": [_shown(claim) for claim in claims]}, {}


@resources.post("/pilots/<number>/claims", endpoint="file")
@resources.response(201, FiledClaimSchema)
def file(number: str) -> Answer:
    """File a claim with the items that the regime asks for (D57-3(1)); no account is needed."""
    pilot = register.find(db.session, number)
    values = load(claim_schema(pilot.exemption.regime), json_object(request))
    filed = filing.file(
        db.session, pilot, values, address=request.remote_addr or "unknown", seal=seal(), at=now()
    )
    shown = {
        "number": filed.claim.number,
        "receipt": filed.claim.receipt,
        "document": desk.document_of(filed.claim, seal()),
        "href": url_for("api-claims.state", token=filed.token),
    }
    return shown, {"Cache-Control": "no-store"}


@resources.get("/claims/<token>", endpoint="state")
@resources.response(200, ClaimSchema)
def state(token: str) -> Answer:
    """A claim as its claimant reads it, under the secret that the filing told."""
    return _shown(filing.claim_of(db.session, token)), {"Cache-Control": "no-store"}


@resources.get("/receipts/<sha256>", endpoint="receipt")
@resources.response(200, CheckedReceiptSchema)
def receipt(sha256: str) -> Answer:
    """Whether, and since when, a receipt stands in the ledger; anybody may ask."""
    found = receipts.check(db.session, sha256)
    return {
        **{name: getattr(found, name) for name in CheckedReceiptSchema().fields if name != "head"},
        "head": {"number": found.head[0], "hash": found.head[1]},
    }, {}


@resources.get("/pilots/<number>/claims/<claim_number>", endpoint="read")
@resources.response(200, ClaimSchema)
def read(number: str, claim_number: str) -> Answer:
    """One claim, for its parties."""
    return _shown(_claim(number, claim_number)), {}


@resources.post("/pilots/<number>/claims/<claim_number>/inform", endpoint="inform")
@resources.arguments(ClaimInformSchema)
@resources.response(200, ClaimSchema)
def inform(sent: dict[str, Any], number: str, claim_number: str) -> Answer:
    """Point the claimant to the insurance or the compensation plan (D57-3(2))."""
    claim = _claim(number, claim_number)
    handling.inform(db.session, claim, **sent, by=actor(), at=now())
    return _shown(claim), {}


@resources.post("/pilots/<number>/claims/<claim_number>/pay", endpoint="pay")
@resources.arguments(ClaimPaymentSchema)
@resources.response(200, ClaimSchema)
def pay(sent: dict[str, Any], number: str, claim_number: str) -> Answer:
    """Note what was paid and when (D57-3(3))."""
    claim = _claim(number, claim_number)
    handling.pay(db.session, claim, **sent, by=actor(), at=now())
    return _shown(claim), {}


@resources.post("/pilots/<number>/claims/<claim_number>/refuse", endpoint="refuse")
@resources.arguments(ClaimRefusalSchema)
@resources.response(200, ClaimSchema)
def refuse(sent: dict[str, Any], number: str, claim_number: str) -> Answer:
    """Refuse in writing with proof (D57-3(4))."""
    claim = _claim(number, claim_number)
    handling.refuse(db.session, claim, **sent, by=actor(), at=now())
    return _shown(claim), {}


@resources.post("/pilots/<number>/claims/<claim_number>/report", endpoint="report")
@resources.arguments(ClaimReportSchema)
@resources.response(200, ClaimSchema)
def report(sent: dict[str, Any], number: str, claim_number: str) -> Answer:
    """Report to the Minister what became of the claim (D57-3(5))."""
    claim = _claim(number, claim_number)
    handling.report(db.session, claim, **sent, by=actor(), at=now())
    return _shown(claim), {}


def _claim(number: str, claim_number: str) -> Claim:
    return desk.find(db.session, party_pilot(number), claim_number, actor())


def _shown(claim: Claim) -> dict[str, Any]:
    own = [name for name in ClaimSchema().fields if name not in ("contents", "time_limits")]
    return {name: getattr(claim, name) for name in own} | {
        "contents": desk.contents(claim, seal()),
        "time_limits": desk.clocks_of(db.session, claim),
    }
