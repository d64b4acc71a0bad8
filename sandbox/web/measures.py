"""The measures of a case on one page: suspension, proposals, orders, incidents, inspections, tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.http import dump_options_header

from experiments.errors import Invalid
from experiments.fields import load
from sandbox import access
from sandbox.db import db
from sandbox.exemptions import files
from sandbox.incidents import reporting
from sandbox.incidents.table import who_may_report
from sandbox.inspections import inspecting
from sandbox.inspections.table import inspector
from sandbox.orders import hearing
from sandbox.pilots import file
from sandbox.pilots.models import GOING_ON, Pilot
from sandbox.pilots.table import PILOT, reviewer_of_the_lead_ministry
from sandbox.remedies import doing
from sandbox.suspensions import proposing, suspending
from sandbox.web import complaints, forms, measure_words, words
from sandbox.web.measure_forms import BEGINNINGS, FORMS, LIFECYCLES, PLAIN, Form, find
from sandbox.web.rim import actor, file_store, now, today

pages = Blueprint("measures", __name__, url_prefix="/cases/<number>/measures")


@pages.get("")
def index(number: str) -> ResponseReturnValue:
    return _index(_pilot(number), {})


@pages.get("/suspend")
def suspend(number: str) -> ResponseReturnValue:
    """Where the case file leads whoever may suspend."""
    return redirect(url_for("measures.begin", number=number, part="suspension"), 303)


@pages.route("/<part>/new", methods=["GET", "POST"])
def begin(number: str, part: str) -> ResponseReturnValue:
    """Suspend, announce an order, report an incident, plan an inspection."""
    form = BEGINNINGS.get(part)
    if form is None:
        abort(404)
    pilot = _pilot(number)
    form.check(pilot, actor())
    sent = forms.Sent(request.form, form.initial(pilot, request.args))
    if request.method == "POST":
        try:
            values = load(form.schema(), form.typed(sent, pilot))
            form.perform(db.session, pilot, values, by=actor(), at=now())
            flash(words.deed(part, "create"), "success")
            return _back(number)
        except Invalid as error:
            db.session.rollback()
            sent.refuse(error)
    return _form(_pilot(number), form, sent)


@pages.route("/<part>/<key:key>/<verb>", methods=["GET", "POST"])
def act(number: str, part: str, key: int, verb: str) -> ResponseReturnValue:
    """One act on what was begun: with a form of its own, or with a reason, or with nothing."""
    if part not in LIFECYCLES or (part, verb) not in {**FORMS, **PLAIN}:
        abort(404)
    pilot = _pilot(number)
    subject = find(db.session, pilot, part, key)
    form = FORMS.get((part, verb))
    if form is None:
        return _plain(pilot, subject, part, verb)
    LIFECYCLES[part].check(subject, verb, by=actor(), reason=form.stand_in_reason)
    sent = forms.Sent(request.form, form.initial(subject, request.args))
    if request.method == "POST":
        try:
            values = load(form.schema(), form.typed(sent, pilot))
            form.perform(db.session, subject, values, by=actor(), at=now())
            flash(words.deed(part, verb), "success")
            return _back(number)
        except Invalid as error:
            db.session.rollback()
            sent.refuse(error)
    return _form(_pilot(number), form, sent)


@pages.post("/inspection/<key:key>/photos")
def attach(number: str, key: int) -> ResponseReturnValue:
    """A photo, taken on the spot."""
    pilot = _pilot(number)
    inspection = inspecting.find(db.session, pilot, key)
    sent = request.files.get("file")
    try:
        if sent is None or not sent.filename:
            raise Invalid({"file": ["Choose a file."]})
        body = sent.stream.read(files.LARGEST_FILE_BYTES + 1)
        inspecting.attach(
            db.session, file_store(), inspection, name=sent.filename, body=body, by=actor(), at=now()
        )
    except Invalid as error:
        db.session.rollback()
        return _index(_pilot(number), complaints.translated(error.errors))
    flash(words.deed("inspection", "attach"), "success")
    return _back(number)


@pages.get("/inspection/<key:key>/photos/<key:photo>")
def photo(number: str, key: int, photo: int) -> ResponseReturnValue:
    """The photo as a download; no browser is to open or guess what somebody else sent."""
    inspection = inspecting.find(db.session, _pilot(number), key)
    found = inspecting.photo_of(inspection, photo)
    answer = Response(file_store().read(found.sha256), mimetype=found.media_type)
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": found.name})
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _plain(pilot: Pilot, subject: Any, part: str, verb: str) -> ResponseReturnValue:
    """An act without a form; what is wrong with its reason is told beside it."""
    if request.method != "POST":
        abort(404)
    number, key = str(pilot.number), subject.id
    needs_reason = LIFECYCLES[part].transition(verb).needs_reason
    try:
        given = {"reason": forms.reason(request.form)} if needs_reason else {}
        PLAIN[part, verb](db.session, subject, **given, by=actor(), at=now())
    except Invalid as error:
        db.session.rollback()
        messages = complaints.translated(error.errors).get("reason", [])
        return _index(_pilot(number), {f"reason.{part}-{key}-{verb}": messages})
    flash(words.deed(part, verb), "success")
    return _back(number)


def _pilot(number: str) -> Pilot:
    return file.find(db.session, number, actor())


def _back(number: str) -> ResponseReturnValue:
    return redirect(url_for("measures.index", number=number), 303)


def _form(pilot: Pilot, form: Form, sent: forms.Sent) -> ResponseReturnValue:
    fields = form.fields(pilot)
    page = render_template(
        "cases/measure_form.html",
        pilot=pilot,
        title=form.title,
        hint=form.hint,
        inputs=fields,
        sent=sent,
        errors=complaints.translated(sent.errors),
        labels={each.name: each.label for each in fields},
        has_rows=form.has_rows,
    )
    return page, 422 if sent.errors else 200


def _index(pilot: Pilot, errors: dict[str, list[str]]) -> ResponseReturnValue:
    reader, measures = actor(), pilot.exemption.regime.measures
    parts: dict[str, Sequence[Any]] = {
        "suspension": suspending.suspensions_of(db.session, pilot),
        "suspension_proposal": proposing.proposals_of(db.session, pilot),
        "order": hearing.orders_of(db.session, pilot),
        "incident": reporting.incidents_of(db.session, pilot),
        "inspection": inspecting.inspections_of(db.session, pilot),
        "remedy_task": doing.tasks_of(db.session, pilot),
    }
    page = render_template(
        "cases/measures.html",
        pilot=pilot,
        measures=measures,
        **parts,
        moves={
            (part, subject.id): _moves(pilot, part, subject, errors)
            for part, subjects in parts.items()
            for subject in subjects
        },
        may_suspend=measures and any(each.verb == "suspend" for each in PILOT.open_to(pilot, reader)),
        may_announce=measures and reviewer_of_the_lead_ministry(reader, pilot) and pilot.status in GOING_ON,
        may_report=measures and who_may_report(reader, pilot) and pilot.status in reporting.REPORTABLE,
        may_inspect=measures and inspector(reader, pilot) and pilot.status in inspecting.INSPECTED,
        is_inspector=access.agency_reviewer(reader) and inspector(reader, pilot),
        names=measure_words,
        today=today(),
        errors=errors,
        labels={name: gettext("Photo") if name == "file" else gettext("Reason") for name in errors},
    )
    return page, 422 if errors else 200


def _moves(pilot: Pilot, part: str, subject: Any, errors: dict[str, list[str]]) -> dict[str, Sequence[Any]]:
    """What this person may do with one item: links to forms, and buttons."""
    links, buttons = [], []
    for each in LIFECYCLES[part].open_to(subject, actor()):
        if (part, each.verb) not in {**FORMS, **PLAIN}:
            continue
        url = url_for("measures.act", number=pilot.number, part=part, key=subject.id, verb=each.verb)
        label = words.verb(part, each.verb)
        if (part, each.verb) in FORMS:
            links.append((url, label))
            continue
        name = f"{part}-{subject.id}-{each.verb}"
        wrong = errors.get(f"reason.{name}")
        buttons.append(
            {
                "verb": name,
                "label": label,
                "url": url,
                "tone": "secondary" if each.needs_reason else "primary",
                "reason": "required" if each.needs_reason else "none",
                "hint": None,
                "typed": request.form.get("reason", "") if wrong else None,
                "errors": wrong,
            }
        )
    if (
        part == "suspension_proposal"
        and buttons
        and any(m.verb == "suspend" for m in PILOT.open_to(pilot, actor()))
    ):
        url = url_for("measures.begin", number=pilot.number, part="suspension", proposal=subject.id)
        links.append((url, words.verb(part, "act")))
    return {"links": links, "buttons": buttons}
