"""The room "Period" of a case, and the forms of all acts within a period and on its report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from marshmallow import fields

from experiments.errors import Invalid, WrongMoment
from experiments.fields import Line, Whole, load
from sandbox.db import db
from sandbox.period import acts, changes, ends, extensions, permits, revocations
from sandbox.pilots import file
from sandbox.pilots.models import Pilot
from sandbox.regimes.measures import Choice
from sandbox.reports import filing, prefill
from sandbox.web import complaints, drafts, forms, period_words
from sandbox.web.filters import pick, provision
from sandbox.web.rim import actor, now

pages = Blueprint("period", __name__, url_prefix="/cases/<number>")

REPORT = "report"
DANGER = frozenset({"refuse", "withdraw", "revoke", "drop", "contest", "escalate"})
# Mappings by ids of the regime: the field of the act, and where the regime keeps what it asks for.
ITEMS = {"documents": "extension_documents", "assessment": "criteria"}


@pages.get("/period")
def index(number: str) -> ResponseReturnValue:
    """Everything about the time from the approval to the end."""
    pilot = _pilot(number)
    session, rules = db.session, pilot.exemption.regime.period
    revocation = revocations.latest_revocation(session, pilot)
    return render_template(
        "period/index.html",
        pilot=pilot,
        rules=rules,
        natures={each.id: each for each in rules.change_natures} if rules else {},
        changes=changes.changes_of(session, pilot),
        extension=extensions.latest_extension(session, pilot),
        extension_needs=extensions.needs_of_an_extension(session, pilot),
        law_request=ends.latest_request(session, pilot),
        conversion=ends.conversion_of(session, pilot),
        revocation=revocation,
        ground=revocations.ground_of(revocation) if revocation else None,
        grounds_that_stand=revocations.grounds_that_stand(session, pilot, at=now()),
        permit=permits.latest_permit(session, pilot),
        clocks=[clock for clock in pilot.exemption.clocks if clock.subject in (ends.PERIOD, ends.REPORT)],
        acts=offered(pilot, is_report=False),
        period_words=period_words,
        item_rows=item_rows,
    )


@pages.route("/period/<kind>/<verb>", methods=["GET", "POST"])
def act(number: str, kind: str, verb: str) -> ResponseReturnValue:
    """One act, with the form that its schema asks for."""
    pilot = _pilot(number)
    wanted = acts.act(kind, verb)
    if request.method == "GET" and not wanted.is_open(db.session, pilot, actor()):
        raise WrongMoment(f"{kind}.{verb}", pilot.status)
    controls = _controls(pilot, wanted)
    sent = forms.Sent(request.form, {each["name"]: each["initial"] for each in controls})
    if request.method == "POST":
        try:
            values = load(wanted.schema(), _typed(sent, controls))
            acts.perform(db.session, pilot, wanted, values, by=actor(), at=now())
            if kind == REPORT and verb == "save":
                drafts.sent(REPORT, number)
            flash(gettext("Done: %(act)s.", act=period_words.VERBS[kind][verb]), "success")
            return redirect(url_for(_room(kind), number=number), 303)
        except Invalid as error:
            sent.refuse(error)
            db.session.rollback()
            pilot = _pilot(number)
    page = render_template(
        "period/act.html",
        pilot=pilot,
        act=wanted,
        title=str(period_words.VERBS[kind][verb]),
        controls=controls,
        sent=sent,
        errors=complaints.translated(sent.errors),
        labels={each["name"]: each["label"] for each in controls},
        back=url_for(_room(kind), number=number),
        tone="danger" if verb in DANGER else "primary",
        rules=pilot.exemption.regime.period,
        draft_address=drafts.address(REPORT, number) if (kind, verb) == (REPORT, "save") else None,
    )
    return page, 422 if sent.errors else 200


def _pilot(number: str) -> Pilot:
    return file.find(db.session, number, actor())


def item_rows(items: Iterable[Choice], texts: Mapping[str, str]) -> list[dict[str, str]]:
    """What was written on each item of the regime, as rows of a summary."""
    return [{"key": pick(item, "name"), "value": texts[item.id]} for item in items if texts.get(item.id)]


def _room(kind: str) -> str:
    return "reports.room" if kind == REPORT else "period.index"


def offered(pilot: Pilot, *, is_report: bool) -> list[dict[str, Any]]:
    """The acts of this room that are open to the reader, as links."""
    return [
        {
            "kind": each.kind,
            "label": str(period_words.VERBS[each.kind][each.verb]),
            "url": url_for("period.act", number=pilot.number, kind=each.kind, verb=each.verb),
            "source": each.source,
            "is_danger": each.verb in DANGER,
        }
        for each in acts.open_acts(db.session, pilot, actor())
        if (each.kind == REPORT) == is_report
    ]


def _controls(pilot: Pilot, wanted: acts.Act) -> list[dict[str, Any]]:
    """The form of an act, from its schema: one control for each field, one for each item of a mapping."""
    controls: list[dict[str, Any]] = []
    for name, field in wanted.schema().fields.items():
        if isinstance(field, fields.Dict):
            controls += _items(pilot, name)
            continue
        options = _options(pilot, wanted.kind, name)
        kind = "select" if options else _kind(field)
        controls.append(
            {
                "name": name,
                "label": period_words.label(name, wanted.kind),
                "kind": kind,
                "options": options,
                "required": field.required,
                "initial": "",
            }
        )
    return controls


def _kind(field: fields.Field[Any]) -> str:
    if isinstance(field, fields.Date):
        return "date"
    if isinstance(field, fields.Boolean):
        return "yes_no"
    if isinstance(field, Whole):
        return "number"
    return "text" if isinstance(field, Line) else "textarea"


def _items(pilot: Pilot, name: str) -> list[dict[str, Any]]:
    rules = pilot.exemption.regime.period
    if rules is None:
        return []
    if name == "contents":
        items: Any = rules.reported_of(pilot.exemption.kind)
        report = filing.report_of(db.session, pilot)
        initial = report.contents if report else prefill.prefilled(db.session, pilot)
    else:
        items = getattr(rules, ITEMS[name])
        request_ = ends.latest_request(db.session, pilot)
        initial = request_.assessment if request_ and name == "assessment" else {}
    return [
        {
            "name": f"{name}.{item.id}",
            "label": pick(item, "name"),
            "kind": "textarea",
            "options": [],
            "required": True,
            "initial": initial.get(item.id, ""),
        }
        for item in items
    ]


def _options(pilot: Pilot, kind: str, name: str) -> list[tuple[str, str]]:
    rules = pilot.exemption.regime.period
    if rules is None:
        return []
    if name == "field":
        return [(each, period_words.field_name(pilot, each)) for each in changes.changeable(pilot)]
    if name == "nature":
        return [(each.id, _cited(each)) for each in rules.change_natures]
    if name == "ground" and kind == "revocation":
        leaves_none = gettext("the law leaves no discretion")
        return [
            (each.id, f"{_cited(each)} – {leaves_none}" if each.is_mandatory else _cited(each))
            for each in rules.revocation_grounds
        ]
    if name == "ground":
        grounds = pilot.exemption.regime.grounds
        return [(each.id, pick(each, "name")) for each in grounds if rules.converted_to in each.kinds]
    return []


def _cited(rule: Any) -> str:
    """A rule of the regime by its name, with its provision."""
    return f"{pick(rule, 'name')} ({provision(rule.source)})"


def _typed(sent: forms.Sent, controls: list[dict[str, Any]]) -> dict[str, Any]:
    """What was posted, as the schema takes it: blank numbers and answers are left out."""
    typed: dict[str, Any] = {}
    for control in controls:
        name, value = control["name"], sent.one(control["name"])
        if "." in name:
            mapping, _dot, item = name.partition(".")
            typed.setdefault(mapping, {})[item] = value
        elif value.strip() or control["kind"] in ("text", "textarea"):
            typed[name] = value
    return typed
