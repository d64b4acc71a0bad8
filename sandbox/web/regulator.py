"""The regulator's desk: what waits for this office, soonest due first, and who of it takes a case."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext
from marshmallow import EXCLUDE, Schema, fields

from experiments.fields import Whole, load
from sandbox.db import db
from sandbox.desks import assigning
from sandbox.web import desks
from sandbox.web.rim import actor, local_path, now

pages = Blueprint("regulator", __name__, url_prefix="/cases-desk")


class AssignmentSchema(Schema):
    """Cases by their keys, and the person who takes them; a blank person is nobody."""

    class Meta:
        unknown = EXCLUDE

    cases = fields.List(Whole(), required=True)
    person = Whole(load_default=None, allow_none=True)


@pages.get("")
def desk() -> ResponseReturnValue:
    return desks.page("regulator/desk.html")


@pages.post("/assign")
def assign() -> ResponseReturnValue:
    """Give the ticked cases to one person of the office, or to nobody."""
    sent: dict[str, Any] = {"cases": request.form.getlist("cases")}
    if person := request.form.get("person", ""):
        sent["person"] = person
    values = load(AssignmentSchema(), sent)
    changed = assigning.assign(db.session, values["cases"], values["person"], by=actor(), at=now())
    flash(
        ngettext("%(num)s case has changed hands.", "%(num)s cases have changed hands.", changed), "success"
    )
    return redirect(local_path(request.form.get("back") or url_for("regulator.desk")), 303)
