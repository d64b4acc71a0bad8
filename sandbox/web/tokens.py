"""The tokens of a source: made, renewed and revoked by the city's data officer, shown once."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from experiments.collection import tokens
from experiments.collection.models import DataSource
from experiments.errors import Invalid
from sandbox import collection_health, source_tokens
from sandbox.db import db
from sandbox.web import complaints
from sandbox.web.forms import Sent
from sandbox.web.rim import actor, now

pages = Blueprint("tokens", __name__, url_prefix="/sources/<key:source_id>/tokens")


@pages.route("", methods=["GET", "POST"])
def index(source_id: int) -> ResponseReturnValue:
    """The tokens, and the form that makes one."""
    source = _source(source_id)
    sent = Sent(request.form, {"days": source_tokens.SENSIBLE_DAYS})
    if request.method == "POST":
        try:
            days = request.form.get("days", 0, type=int)
            label = sent.one("label")
            secret = source_tokens.make(db.session, source, label=label, days=days, by=actor(), at=now())
            return _page(source, Sent(request.form.__class__(), {"days": days}), secret)
        except Invalid as refusal:
            sent.refuse(refusal)
    return _page(source, sent), 422 if sent.errors else 200


@pages.post("/<key:token_id>/rotate")
def rotate(source_id: int, token_id: int) -> ResponseReturnValue:
    source = _source(source_id)
    secret = source_tokens.rotate(db.session, source, token_id, by=actor(), at=now())
    return _page(source, Sent(request.form.__class__(), {"days": source_tokens.SENSIBLE_DAYS}), secret)


@pages.post("/<key:token_id>/revoke")
def revoke(source_id: int, token_id: int) -> ResponseReturnValue:
    source_tokens.revoke(db.session, _source(source_id), token_id, by=actor(), at=now())
    flash(gettext("The token is revoked."), "success")
    return redirect(url_for("tokens.index", source_id=source_id), 303)


def _page(source: DataSource, sent: Sent, secret: str | None = None) -> str:
    return render_template(
        "sources/tokens.html",
        source=source,
        tokens=tokens.tokens_of(db.session, source),
        secret=secret,
        sent=sent,
        errors=complaints.translated(sent.errors),
        labels={"label": gettext("What it is for"), "days": gettext("Works for")},
        now=now(),
    )


def _source(source_id: int) -> DataSource:
    return collection_health.find(db.session, source_id, actor())
