"""Districts: outlines from GeoJSON, and baseline facts with their sources."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext, ngettext

from experiments import facts
from experiments.districts import District, Territory
from experiments.errors import Invalid
from sandbox import access, district_desk
from sandbox.collection_desk import territories
from sandbox.db import db
from sandbox.web import charts, complaints, maps
from sandbox.web.filters import pick
from sandbox.web.forms import Sent
from sandbox.web.rim import actor, now
from sandbox.web.site_map import site_map

pages = Blueprint("districts", __name__)

_ = lazy_gettext

LABELS = {
    "territory": _("Territory"),
    "outlines": _("GeoJSON file"),
    "reference": _("Where it stands"),
    "name": _("Fact"),
    "value": _("Value"),
    "unit": _("Unit"),
    "valid_on": _("On which day"),
}
# Facts have names of the city's choosing; these two mean something to the service.
FACT_NAMES = {facts.POPULATION: _("Population"), facts.AREA: _("Area")}


@pages.get("/districts")
def index() -> ResponseReturnValue:
    return _index(Sent(request.form))


@pages.post("/districts")
def upload() -> ResponseReturnValue:
    """Outlines of many districts at once, all or none."""
    sent = Sent(request.form)
    own = {each.code: each for each in territories(db.session, actor())}
    chosen, file = own.get(sent.one("territory")), request.files.get("outlines")
    try:
        if chosen is None:
            raise Invalid({"territory": ["Missing data for required field."]})
        if file is None:
            raise Invalid({"outlines": ["Missing data for required field."]})
        drawn = district_desk.set_outlines(
            db.session, chosen, file.read(), reference=sent.one("reference"), by=actor(), at=now()
        )
    except Invalid as refusal:
        sent.errors = _by_control(refusal)
        return _index(sent), 422
    count = len(drawn.districts)
    flash(ngettext("%(num)s outline is stored.", "%(num)s outlines are stored.", count), "success")
    for code, km in drawn.remote.items():
        told = gettext("%(code)s lies %(km)s km from the other districts.", code=code, km=f"{km:,.0f}")
        flash(told, "warning")
    return redirect(url_for("districts.index"), 303)


@pages.get("/districts/<territory>/<code>")
def district(territory: str, code: str) -> ResponseReturnValue:
    return _page(district_desk.find(db.session, territory, code, actor()), Sent(request.form))


@pages.post("/districts/<territory>/<code>")
def record_fact(territory: str, code: str) -> ResponseReturnValue:
    """Put a fact on record; older ones stay."""
    about, sent = district_desk.find(db.session, territory, code, actor()), Sent(request.form)
    typed = {name: sent.one(name) for name in ("name", "value", "unit", "reference", "valid_on")}
    try:
        district_desk.record_fact(db.session, about, typed, by=actor(), at=now())
    except Invalid as refusal:
        db.session.rollback()
        sent.errors = complaints.translated(refusal.errors)
        return _page(district_desk.find(db.session, territory, code, actor()), sent), 422
    flash(gettext("The fact is on record."), "success")
    return redirect(url_for("districts.district", territory=territory, code=code), 303)


def _index(sent: Sent) -> str:
    shown = district_desk.readable(db.session, actor())
    return render_template(
        "districts/index.html",
        territories=shown,
        own=[(each.code, pick(each, "name")) for each in territories(db.session, actor())],
        may_upload=access.city_data_officer(actor()),
        drawings={each.id: _map(each) for each in shown},
        sent=sent,
        errors=sent.errors,
        labels=LABELS,
    )


def _page(shown: District, sent: Sent) -> str:
    return render_template(
        "districts/district.html",
        page=district_desk.page(db.session, shown, actor()),
        fact_names=FACT_NAMES,
        reference=reference,
        sent=sent,
        errors=sent.errors,
        labels=LABELS,
    )


def reference(text: str) -> str:
    """Where a fact stands; of an area, that it was computed, in the reader's language."""
    source, mark, rest = text.rpartition(f" ({district_desk.OUTLINE_SOURCE})")
    if not mark or rest:
        return text
    return gettext("%(source)s (computed from the outline)", source=source)


def _by_control(refusal: Invalid) -> dict[str, list[str]]:
    """Messages about features under the file that holds them, with their place in it."""
    found: dict[str, list[str]] = {}
    for field, messages in refusal.errors.items():
        name, _dot, position = field.partition(".")
        told = [complaints.sentence(message) for message in messages]
        if position:
            number = int(position) + 1
            told = [
                gettext("Feature %(number)s: %(sentence)s", number=number, sentence=each) for each in told
            ]
        found.setdefault(name, []).extend(told)
    return found


def _map(place: Territory) -> charts.Figure | None:
    drawn = [
        maps.MapDistrict(pick(each, "name"), maps.Role.OTHER, each.outline)
        for each in place.districts
        if each.outline
    ]
    return site_map(
        drawn,
        id=f"map-{place.id}",
        title=gettext("Districts of %(site)s", site=pick(place, "name")),
        description=gettext(
            "%(drawn)s of %(count)s districts have an outline.", drawn=len(drawn), count=len(place.districts)
        ),
        other_label=gettext("District"),
    )
