"""Drafts of forms for the script of the pages: save, give back, throw away."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from experiments.errors import Invalid, NotFound
from experiments.fields import load
from sandbox.access import RULES
from sandbox.confirmations import desk as confirmations
from sandbox.db import db
from sandbox.drafts import keeping
from sandbox.drafts.keeping import LARGEST_BYTES, DraftSchema, Place
from sandbox.drafts.models import FormDraft
from sandbox.pilots import file
from sandbox.regimes import open_regimes
from sandbox.web.filters import instant
from sandbox.web.rim import actor, now

pages = Blueprint("drafts", __name__, url_prefix="/drafts/<form>/<subject>")

NEW = "new"
# Forms that save themselves, each with its own door: whoever may not open it keeps no draft of it.
DOORS = {
    NEW: "company.new",
    "application": "company.edit",
    "opinion": "cases.opinion",
    "reply": "cases.reply",
    "supplement": "consultations.answer",
    "report": "period.act",
    "plan": "evaluator.plan",
}
# JSON escapes letters; the values themselves are counted once they are read.
LARGEST_BODY = 6 * LARGEST_BYTES


@pages.get("")
def read(form: str, subject: str) -> ResponseReturnValue:
    """The person's own draft, and who of the office is at the same form."""
    place = _place(form, subject)
    return _told(place, keeping.find(db.session, place, by=actor()))


@pages.put("")
def save(form: str, subject: str) -> ResponseReturnValue:
    place = _place(form, subject)
    if (request.content_length or 0) > LARGEST_BODY:
        abort(413)
    try:
        typed = load(DraftSchema(), request.get_json())["fields_"]
    except Invalid as error:
        return {"errors": error.errors}, 422
    return _told(place, keeping.save(db.session, place, typed, by=actor(), at=now()))


@pages.delete("")
def discard(form: str, subject: str) -> ResponseReturnValue:
    keeping.discard(db.session, _place(form, subject), by=actor())
    return "", 204


def address(form: str, subject: str) -> str:
    """Where the script of a page saves this form; a template hands it to the macro `draft`."""
    return url_for("drafts.save", form=form, subject=subject)


def sent(form: str, subject: str) -> None:
    """Forget the draft of a form that was sent and accepted."""
    keeping.discard(db.session, Place(form, subject), by=actor())


def _place(form: str, subject: str) -> Place:
    """The form, if this person may open it and read what it is about; NotFound or 403 otherwise."""
    if form not in DOORS or not subject.isprintable():
        raise NotFound("form", form)
    if not RULES[DOORS[form]](actor()):
        abort(403)
    if form == NEW:
        if subject not in {law.id for law in open_regimes()}:
            confirmations.find(db.session, subject, actor())
    else:
        file.find(db.session, subject.partition("+")[0], actor())
    return Place(form, subject)


def _told(place: Place, draft: FormDraft | None) -> dict[str, Any]:
    return {
        "fields": draft.fields if draft else None,
        "said": gettext("Saved on %(moment)s, for you alone.", moment=instant(draft.saved_at))
        if draft
        else "",
        "others": [
            gettext(
                "%(name)s of your office is writing this form too; last saved on %(moment)s.",
                name=name,
                moment=instant(saved_at),
            )
            for name, saved_at in keeping.colleagues(db.session, place, by=actor())
        ],
    }
