"""Claims for damage on the pages of a case: the company answers them, ministry and city read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import Schema

from experiments.errors import Invalid
from experiments.fields import load
from sandbox.claims import desk, handling
from sandbox.claims.models import Claim
from sandbox.claims.table import CLAIM
from sandbox.db import db
from sandbox.exemptions.kept import file_of
from sandbox.pilots import file
from sandbox.pilots.models import Pilot
from sandbox.web import claim_words, clock_words, complaints, forms, kept_files, words
from sandbox.web.rim import actor, file_store, now, seal, today

pages = Blueprint("claims", __name__, url_prefix="/cases/<number>/claims")

# verb -> (what it reads, what it does).
ACTS: dict[str, tuple[type[Schema], Callable[..., None]]] = {
    "inform": (handling.ClaimInformSchema, handling.inform),
    "pay": (handling.ClaimPaymentSchema, handling.pay),
    "refuse": (handling.ClaimRefusalSchema, handling.refuse),
    "report": (handling.ClaimReportSchema, handling.report),
}


@pages.get("")
def index(number: str) -> ResponseReturnValue:
    """The claims of this pilot; whoever is no party to them reads how many there are."""
    pilot = _pilot(number)
    is_party = desk.may_read(actor(), pilot)
    claims = desk.claims_of(db.session, pilot) if is_party else []
    return render_template(
        "claims/index.html",
        pilot=pilot,
        counts=desk.counts(db.session, pilot),
        is_party=is_party,
        rows=[(claim, _running(claim)) for claim in claims],
        clock_words=clock_words,
        today=today(),
    )


@pages.get("/<claim_number>")
def claim(number: str, claim_number: str) -> ResponseReturnValue:
    pilot = _pilot(number)
    return _page(desk.find(db.session, pilot, claim_number, actor()), forms.Sent(request.form))


@pages.post("/<claim_number>/files")
def attach(number: str, claim_number: str) -> ResponseReturnValue:
    """A file that proves why the company does not pay."""
    found = desk.find(db.session, _pilot(number), claim_number, actor())
    sent = forms.Sent(request.form)
    try:
        handling.attach(db.session, file_store(), found, **kept_files.sent_file(), by=actor(), at=now())
    except Invalid as error:
        db.session.rollback()
        sent.refuse(error)
        return _page(desk.find(db.session, _pilot(number), claim_number, actor()), sent)
    flash(words.deed("claim", "attach"), "success")
    return redirect(url_for("claims.claim", number=number, claim_number=claim_number), 303)


@pages.get("/<claim_number>/files/<key:file_id>")
def attached(number: str, claim_number: str, file_id: int) -> ResponseReturnValue:
    """A file beside the proof, for the parties of the claim; none once what identifies people was erased."""
    found = desk.find(db.session, _pilot(number), claim_number, actor())
    return kept_files.download(file_of(desk.files_of(found), file_id))


@pages.post("/<claim_number>/<verb>")
def act(number: str, claim_number: str, verb: str) -> ResponseReturnValue:
    """One answer of the company to a claim."""
    if verb not in ACTS:
        abort(404)
    pilot = _pilot(number)
    found = desk.find(db.session, pilot, claim_number, actor())
    sent = forms.Sent(request.form)
    schema, perform = ACTS[verb]
    try:
        values = load(schema(), {name: sent.one(name) for name in schema().fields})
        perform(db.session, found, **values, by=actor(), at=now())
    except Invalid as error:
        db.session.rollback()
        sent.refuse(error)
        return _page(desk.find(db.session, _pilot(number), claim_number, actor()), sent)
    flash(claim_words.done(verb), "success")
    return redirect(url_for("claims.claim", number=number, claim_number=claim_number), 303)


def _pilot(number: str) -> Pilot:
    return file.find(db.session, number, actor())


def _page(claim: Claim, sent: forms.Sent) -> ResponseReturnValue:
    contents = desk.contents(claim, seal())
    rules = claim.pilot.exemption.regime.claims
    page = render_template(
        "claims/claim.html",
        pilot=claim.pilot,
        claim=claim,
        items=[(item, contents[item.id]) for item in (rules.items if rules else ()) if contents],
        retention=rules,
        cover=desk.cover_of(db.session, claim.pilot),
        clocks=desk.clocks_of(db.session, claim),
        past=CLAIM.past(claim),
        files=desk.files_of(claim),
        may_attach=handling.may_attach(claim, actor()),
        moves=[(each.verb, words.verb("claim", each.verb)) for each in CLAIM.open_to(claim, actor())],
        sent=sent,
        errors=complaints.translated(sent.errors),
        labels={name: claim_words.label(name) for name in claim_words.LABELS},
        clock_words=clock_words,
        today=today(),
    )
    return page, 422 if sent.errors else 200


def _running(claim: Claim) -> Any:
    """The clock that the company has to meet now, if any."""
    return next((clock for clock in desk.clocks_of(db.session, claim) if clock.is_running), None)
