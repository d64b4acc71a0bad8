"""The public register: the list of pilots, the page of each, its files, and the programmes."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from marshmallow import EXCLUDE, Schema, fields, validate

from experiments.evaluation.rule import Finding
from experiments.fields import load
from sandbox.db import db
from sandbox.names import Name
from sandbox.pilots import dataset, published, register
from sandbox.pilots.chronicle import Act
from sandbox.pilots.published import Published
from sandbox.pilots.register import Entry, SearchSchema
from sandbox.pilots.table import PUBLIC_FROM
from sandbox.programmes.overview import programmes_with_calls
from sandbox.reports import filing
from sandbox.spreadsheet import csv_bytes
from sandbox.web import charts, design_words, maps, public_claims, results, words
from sandbox.web.filters import day, language, pick
from sandbox.web.rim import today
from sandbox.web.site_map import site_map
from sandbox.web.words import TimelineEntry

pages = Blueprint("register", __name__)

LARGEST_KEY = 2**31 - 1
DATA_HEADER = (
    *("metric", "district", "district_name_ko", "district_name_en"),
    *("period", "value", "treated", "after_start"),
)


class WhichSchema(Schema):
    """Which version of the plan, or which signed evaluation, a file is asked for."""

    class Meta:
        unknown = EXCLUDE

    version = fields.Integer(load_default=None, validate=validate.Range(1, LARGEST_KEY))
    evaluation = fields.Integer(load_default=None, validate=validate.Range(1, LARGEST_KEY))


@pages.get("/")
def index() -> ResponseReturnValue:
    """The list; everything that it was asked stands in the address."""
    query = {name: value for name, value in request.args.items() if value.strip()}
    wanted = load(SearchSchema(), query)
    listing = register.search(db.session, wanted, language=language())
    choices = register.choices(db.session)
    return render_template(
        "register/index.html",
        listing=listing,
        cards=[_card(entry) for entry in listing.entries],
        statuses=[(code, words.status("pilot", code)[0]) for code in sorted(PUBLIC_FROM)],
        findings=[(each.value, words.outcome(each)[0]) for each in Finding],
        technologies=[(each, each) for each in choices.technologies],
        sites=[(code, pick(name, "name")) for code, name in choices.sites],
        sorts=[(code, str(label)) for code, label in words.SORTS.items()],
        query=query,
    )


@pages.get("/pilots/<number>")
def pilot(number: str) -> ResponseReturnValue:
    """What is tried, what was promised, what came out."""
    page = published.published(db.session, number)
    found = register.find(db.session, number)
    names = {place.code: Name.of(place) for place in page.places}
    return render_template(
        "register/pilot.html",
        pilot=page,
        shown=results.shown(page.result, names) if page.result else None,
        map=_map(page),
        timeline_entries=[_timeline_entry(act) for act in page.acts],
        who=_who,
        claims=public_claims.counts_of(found),
        report_is_overdue=filing.is_overdue(db.session, found, today=today()),
        report_is_public=filing.is_public(db.session, found),
    )


@pages.get("/pilots/<number>/plan.json")
def plan(number: str) -> ResponseReturnValue:
    """The locked plan, byte for byte as its SHA-256 covers it."""
    version = published.plan_version(db.session, number, _which()["version"])
    return _file(version.document.encode(), "application/json", f"{number}-plan-{version.number}.json")


@pages.get("/pilots/<number>/result.json")
def result(number: str) -> ResponseReturnValue:
    """The signed result, byte for byte as its SHA-256 covers it."""
    evaluation = published.signed_evaluation(db.session, number, _which()["evaluation"])
    content = str(evaluation.document).encode()
    return _file(content, "application/json", f"{number}-result-{evaluation.id}.json")


@pages.get("/pilots/<number>/data.csv")
def observations(number: str) -> ResponseReturnValue:
    """Every cell that the signed result was computed from."""
    evaluation = published.signed_evaluation(db.session, number, _which()["evaluation"])
    rows = (
        (
            *(cell.metric, cell.district, cell.name.name_ko, cell.name.name_en),
            *(cell.period, cell.value, int(cell.is_treated), int(cell.is_after)),
        )
        for cell in dataset.cells(db.session, evaluation)
    )
    return _file(csv_bytes(DATA_HEADER, rows), "text/csv", f"{number}-data-{evaluation.id}.csv")


@pages.get("/programmes")
def programmes() -> ResponseReturnValue:
    """The national programmes with their calls, bids and chosen sites."""
    return render_template("register/programmes.html", programmes=programmes_with_calls(db.session))


def _which() -> Any:
    return load(WhichSchema(), request.args)


def _file(content: bytes, mimetype: str, name: str) -> Response:
    response = Response(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _card(entry: Entry) -> dict[str, Any]:
    tags = [words.status("pilot", entry.status)]
    if entry.finding:
        tags.append(words.outcome(entry.finding))
    if entry.evidence and design_words.is_lower(entry.evidence):
        tags.append(design_words.evidence(entry.evidence))
    if entry.is_synthetic:
        tags.append((gettext("Synthetic"), "neutral"))
    return {
        "title": pick(entry, "title"),
        "url": url_for("register.pilot", number=entry.number),
        "tags": tags,
        "summary": pick(entry, "summary"),
        "facts": [
            (gettext("Site"), pick(entry.site, "name")),
            (gettext("Company"), pick(entry.company, "name")),
            (gettext("Period"), f"{day(entry.first_day)} – {day(entry.last_day)}"),
            (gettext("Number"), entry.number),
        ],
    }


def _map(pilot: Published) -> charts.Figure | None:
    """The site with treated and control districts, where the outlines of treated ones are known."""
    if not any(place.outline for place in pilot.places_of("treated")):
        return None
    return site_map(
        [
            maps.MapDistrict(pick(place, "name"), maps.Role(place.part), place.outline)
            for place in pilot.places
            if place.outline
        ],
        id="map",
        title=gettext("Districts of %(site)s", site=pick(pilot.territory, "name")),
        description=gettext(
            "%(treated)s treated and %(control)s control districts.",
            treated=len(pilot.places_of("treated")),
            control=len(pilot.places_of("control")),
        ),
        other_label=gettext("Other"),
    )


def _timeline_entry(act: Act) -> TimelineEntry:
    tag = words.status("pilot", act.pilot_status) if act.pilot_status else None
    return TimelineEntry(act.at, words.deed(act.kind, act.verb), _who(act), act.reason, tag)


def _who(act: Act) -> str:
    """Person where named, role, office: "Kim · Decider, Ministry of Land"."""
    office = pick(act.office, "name") if act.office else None
    acted = ", ".join(part for part in (words.role(act.role), office) if part)
    return f"{act.person} · {acted}" if act.person else acted
