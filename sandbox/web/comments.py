"""The comments on a case: read, write, take back."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext

from experiments.errors import Invalid
from experiments.fields import LARGEST_WHOLE, load
from sandbox.comments import writing
from sandbox.comments.models import Audience
from sandbox.comments.writing import CommentSchema, RetractionSchema
from sandbox.db import db
from sandbox.pilots import file
from sandbox.pilots.models import Pilot
from sandbox.web import complaints, forms
from sandbox.web.rim import actor, now

pages = Blueprint("comments", __name__, url_prefix="/cases/<number>/comments")

_ = lazy_gettext

LABELS = {"text": _("Comment"), "audience": _("Who reads it"), "reason": _("Reason")}


@pages.get("")
def index(number: str) -> ResponseReturnValue:
    return _page(_pilot(number), forms.Sent(request.form))


@pages.post("")
def write(number: str) -> ResponseReturnValue:
    pilot = _pilot(number)
    sent = forms.Sent(request.form)
    try:
        values = load(CommentSchema(), {name: sent.one(name) for name in ("text", "audience")})
        writing.write(db.session, pilot, **values, by=actor(), at=now())
    except Invalid as error:
        sent.refuse(error)
        return _page(pilot, sent)
    flash(gettext("The comment is written."), "success")
    return redirect(url_for("comments.index", number=number), 303)


@pages.post("/<key:comment_id>/retract")
def retract(number: str, comment_id: int) -> ResponseReturnValue:
    pilot = _pilot(number)
    sent = forms.Sent(request.form)
    try:
        reason = load(RetractionSchema(), {"reason": sent.one("reason")})["reason"]
        writing.retract(db.session, pilot, comment_id, reason=reason, by=actor(), at=now())
    except Invalid as error:
        sent.refuse(error)
        return _page(pilot, sent)
    flash(gettext("The comment is taken back."), "success")
    return redirect(url_for("comments.index", number=number), 303)


def _pilot(number: str) -> Pilot:
    return file.find(db.session, number, actor())


def _before() -> int | None:
    """The key of the oldest comment that the page before showed; what can be none asks for the newest."""
    key = request.args.get("before", 0, type=int)
    return key if 0 < key <= LARGEST_WHOLE else None


def _page(pilot: Pilot, sent: forms.Sent) -> ResponseReturnValue:
    comments = writing.comments_of(db.session, pilot, actor(), before=_before())
    page = render_template(
        "cases/comments.html",
        pilot=pilot,
        comments=comments,
        older=comments[-1].id if len(comments) == writing.PAGE_SIZE else None,
        may_write=writing.party_of_the_file(actor(), pilot),
        me=actor().person_id,
        audiences=[
            (Audience.PARTIES.value, gettext("Everybody who may read this file")),
            (Audience.OFFICE.value, gettext("My own office only")),
        ],
        sent=sent,
        errors=complaints.translated(sent.errors),
        labels={name: str(label) for name, label in LABELS.items()},
    )
    return page, 422 if sent.errors else 200
