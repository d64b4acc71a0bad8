"""Claims for damage as residents meet them: the form, the receipt with its secret link, the check."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from experiments.errors import Invalid, NotFound
from experiments.fields import load
from sandbox import receipts
from sandbox.claims import desk, filing
from sandbox.claims.filing import claim_schema, takes_claims
from sandbox.db import db
from sandbox.pilots import register
from sandbox.pilots.models import Pilot
from sandbox.web import clock_words, complaints, forms, ledger_words
from sandbox.web.filters import pick
from sandbox.web.rim import now, seal, today

pages = Blueprint("public_claims", __name__)


@pages.route("/pilots/<number>/claim", methods=["GET", "POST"])
def new(number: str) -> ResponseReturnValue:
    """The form of D57-3(1), for anybody, without an account."""
    pilot = register.find(db.session, number)
    if not takes_claims(pilot):
        raise NotFound("claim form", number)
    sent = forms.Sent(request.form)
    if request.method == "POST":
        try:
            schema = claim_schema(pilot.exemption.regime)
            values = load(schema, {name: sent.one(name) for name in schema.fields})
            filed = filing.file(
                db.session,
                pilot,
                values,
                address=request.remote_addr or "unknown",
                seal=seal(),
                at=now(),
            )
            return redirect(url_for("public_claims.state", token=filed.token), 303)
        except Invalid as error:
            sent.refuse(error)
    return _form(pilot, sent)


@pages.get("/claims/<token>")
def state(token: str) -> ResponseReturnValue:
    """The receipt, and what became of the claim since."""
    claim = filing.claim_of(db.session, token)
    rules = claim.pilot.exemption.regime.claims
    contents = desk.contents(claim, seal())
    return _unkept(
        render_template(
            "claims/state.html",
            claim=claim,
            pilot=claim.pilot,
            token=token,
            link=url_for("public_claims.state", token=token, _external=True),
            items=[(item, contents[item.id]) for item in (rules.items if rules else ()) if contents],
            retention=rules,
            cover=desk.cover_of(db.session, claim.pilot),
            clocks=desk.clocks_of(db.session, claim),
            steps=desk.steps(claim),
            clock_words=clock_words,
            today=today(),
        )
    )


@pages.get("/claims/<token>/receipt.json")
def receipt(token: str) -> ResponseReturnValue:
    """The claim as filed, byte for byte as the receipt's hash covers it; gone once it was erased."""
    claim = filing.claim_of(db.session, token)
    document = desk.document_of(claim, seal())
    if document is None:
        raise NotFound("claim", "receipt")
    response = _unkept(Response(document.encode(), mimetype="application/json"))
    response.headers["Content-Disposition"] = f'attachment; filename="{claim.number}.json"'
    return response


@pages.get("/receipts")
def check() -> ResponseReturnValue:
    """Hold the hash of a receipt against the ledger; anybody may."""
    asked = request.args.get("hash", "").strip()
    found: receipts.Checked | None = None
    if asked:
        try:
            found = receipts.check(db.session, asked)
        except NotFound:
            found = None
    page = render_template("claims/receipt.html", asked=asked, found=found, ledger_act=ledger_words.act)
    return page, 404 if asked and found is None else 200


def counts_of(pilot: Pilot) -> Any:
    """What the public page of a pilot says of claims; None where none can be filed."""
    return desk.counts(db.session, pilot) if takes_claims(pilot) else None


def _form(pilot: Pilot, sent: forms.Sent) -> ResponseReturnValue:
    rules = pilot.exemption.regime.claims
    page = render_template(
        "claims/new.html",
        pilot=pilot,
        rules=rules,
        cover=desk.cover_of(db.session, pilot),
        answer=pilot.exemption.regime.clocks_started_by("claim_filed")[0],
        sent=sent,
        errors=complaints.translated(sent.errors),
        labels={item.id: pick(item, "name") for item in (rules.items if rules else ())},
    )
    return page, 422 if sent.errors else 200


def _unkept(answer: str | Response) -> Response:
    """An answer that no browser or proxy keeps, and that no search engine lists."""
    response = make_response(answer)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
