"""Data sources: how collection is doing, and the forms by which a city's data officer keeps it so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from experiments.collection import set_aside as set_aside_rows
from experiments.collection.models import DataSource
from experiments.collection.preview import Trial
from experiments.errors import Invalid
from experiments.metrics import Metric
from sandbox import access, collection_desk, collection_health, hub_desk
from sandbox.db import db
from sandbox.web import (
    complaints,
    durations,
    fault_words,
    options,
    quarantine_words,
    source_words,
    trials,
)
from sandbox.web.filters import pick
from sandbox.web.forms import Sent, reason
from sandbox.web.rim import actor, now
from sandbox.web.source_form import NEW_HUB, Described, as_typed, option_lines

pages = Blueprint("sources", __name__, url_prefix="/sources")

SENSIBLE = {
    "interval_seconds": 3_600,
    "overlap_seconds": 7 * 86_400,
    "lag_seconds": 0,
    "window_seconds": 31 * 86_400,
}


@pages.get("")
def index() -> ResponseReturnValue:
    return render_template(
        "sources/index.html",
        lines=collection_health.lines(db.session, actor(), now()),
        may_register=access.city_data_officer(actor()),
        source_words=source_words,
        durations=durations,
    )


@pages.get("/<key:source_id>")
def source(source_id: int) -> ResponseReturnValue:
    return _shown(source_id, {})


def _shown(source_id: int, errors: Mapping[str, Sequence[str]]) -> str:
    return render_template(
        "sources/source.html",
        set_aside=set_aside_rows.current(db.session, _source(source_id)),
        errors=errors,
        labels={"reason": gettext("Reason")},
        page=collection_health.page(db.session, _source(source_id), actor(), now()),
        option_lines=option_lines,
        fault_words=fault_words,
        source_words=source_words,
        durations=durations,
        reads_files=access.officers_and_auditors_of_files(actor()),
    )


@pages.route("/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    """Register a source, with a hub where it reads from a new one."""
    own = collection_desk.territories(db.session, actor())
    sent = Sent(request.form, _blank(own))
    if request.method == "POST":
        chosen = next((each for each in own if each.code == sent.one("territory")), None)
        described = Described(sent, chosen, may_add_hub=True)
        try:
            described.check(_faults_of_hub(described))
            if _is_trial():
                trial = collection_desk.rehearsal(
                    db.session,
                    described.data,
                    new_hub=described.new_hub,
                    private_hubs=_private_hubs(),
                    by=actor(),
                    at=now(),
                )
                return _tried(sent, trial, None)
            made = collection_desk.register(
                db.session,
                described.data,
                new_hub=described.new_hub,
                private_hubs=_private_hubs(),
                by=actor(),
                at=now(),
            )
            flash(gettext("The source is registered; its first run is due now."), "success")
            return redirect(url_for("sources.source", source_id=made.id), 303)
        except Invalid as refusal:
            sent.errors = described.explained(refusal)
    return _form(sent, own, None)


@pages.route("/<key:source_id>/edit", methods=["GET", "POST"])
def edit(source_id: int) -> ResponseReturnValue:
    """Replace the description; one that somebody else saved meanwhile is not overwritten."""
    edited = _source(source_id)
    sent = Sent(request.form, as_typed(edited))
    if request.method == "POST":
        described = Described(sent, edited.territory, may_add_hub=False)
        try:
            described.check()
            if _is_trial():
                trial = collection_desk.rehearsal(
                    db.session, described.data, edited=edited, by=actor(), at=now()
                )
                return _tried(sent, trial, source_id)
            collection_desk.edit(
                db.session,
                edited,
                described.data,
                seen_version=request.form.get("version", 0, type=int),
                by=actor(),
                at=now(),
            )
            flash(gettext("The source is changed; its next run is due now."), "success")
            return redirect(url_for("sources.source", source_id=source_id), 303)
        except Invalid as refusal:
            sent.errors = described.explained(refusal)
    return _form(sent, [edited.territory], edited)


@pages.post("/<key:source_id>/pause")
def pause(source_id: int) -> ResponseReturnValue:
    return _act(collection_desk.pause, source_id, gettext("The source is paused."))


@pages.post("/<key:source_id>/resume")
def resume(source_id: int) -> ResponseReturnValue:
    """Collect again; where another source gives the same by now, say so once for each of those."""
    try:
        return _act(collection_desk.resume, source_id, gettext("The source is collected again."))
    except Invalid as error:
        db.session.rollback()
        said = {each for messages in complaints.translated(error.errors).values() for each in messages}
        return _shown(source_id, {"_schema": sorted(said)}), 422


@pages.post("/<key:source_id>/collect")
def collect(source_id: int) -> ResponseReturnValue:
    return _act(collection_desk.collect_now, source_id, gettext("The next run is due now."))


@pages.post("/<key:source_id>/set-aside")
def set_aside(source_id: int) -> ResponseReturnValue:
    """Its readings count for nothing from now on; a reason is needed."""
    found = _source(source_id)
    try:
        why = reason(request.form)
        collection_desk.set_source_aside(db.session, found, reason=why, by=actor(), at=now())
    except Invalid as error:
        db.session.rollback()
        return _shown(source_id, complaints.translated(error.errors)), 422
    flash(gettext("The source is set aside: its readings are kept and do not count."), "success")
    return redirect(url_for("sources.source", source_id=source_id), 303)


@pages.post("/<key:source_id>/count-again")
def count_again(source_id: int) -> ResponseReturnValue:
    return _act(collection_desk.let_source_count, source_id, gettext("The source counts again."))


def _act(use_case: Callable[..., None], source_id: int, said: str) -> ResponseReturnValue:
    use_case(db.session, _source(source_id), by=actor(), at=now())
    flash(said, "success")
    return redirect(url_for("sources.source", source_id=source_id), 303)


def _faults_of_hub(described: Described) -> dict[str, list[str]]:
    if described.new_hub is None:
        return {}
    return collection_desk.faults_of_hub(db.session, described.new_hub, described.data, _private_hubs())


def _is_trial() -> bool:
    """Whether the form is only to be tried."""
    return request.form.get("verb") == "try"


def _tried(sent: Sent, trial: Trial, source_id: int | None) -> ResponseReturnValue:
    """What the description would bring, above the form as it was typed."""
    shown = trials.tried(trial)
    edited = _source(source_id) if source_id is not None else None
    own = [edited.territory] if edited else collection_desk.territories(db.session, actor())
    return _form(sent, own, edited, shown)


def _private_hubs() -> Sequence[str]:
    hubs: Sequence[str] = current_app.settings.private_hubs  # type: ignore[attr-defined]
    return hubs


def _source(source_id: int) -> DataSource:
    return collection_health.find(db.session, source_id, actor())


def _blank(own: list[Any]) -> dict[str, Any]:
    """What the form of a new source proposes."""
    hubs = hub_desk.usable(db.session, [place.id for place in own])
    return {
        "hub": hubs[0].name if hubs else NEW_HUB,
        "territory": own[0].code if len(own) == 1 else "",
        "representation": "temporal_values",
        "page_size": 100,
        "new_hub.kind": "ngsi_ld",
        "new_hub.zone": own[0].zone if own else "",
        **{name: durations.shown(length) for name, length in SENSIBLE.items()},
    }


def _form(
    sent: Sent, own: list[Any], edited: DataSource | None, shown: trials.Shown | None = None
) -> ResponseReturnValue:
    hubs = [each.name for each in hub_desk.usable(db.session, [place.id for place in own])]
    page = render_template(
        "sources/form.html",
        edited=edited,
        shown=shown,
        sent=sent,
        errors=sent.errors,
        labels=source_words.LABELS,
        hubs=[*([] if edited else [(NEW_HUB, gettext("A new hub"))]), *((name, name) for name in hubs)],
        territories=[(each.code, pick(each, "name")) for each in own],
        districts=[(each, each.districts) for each in own],
        metrics=db.session.scalars(select(Metric).order_by(Metric.code, Metric.version)).all(),
        kinds=options.pairs(source_words.KINDS),
        what_kinds_ask=source_words.WHAT_KINDS_ASK,
        fault_words=fault_words,
        source_words=source_words,
        quarantine_words=quarantine_words,
        dialects=options.pairs(source_words.DIALECTS),
        representations=options.pairs(source_words.REPRESENTATIONS),
    )
    return page, 422 if sent.errors else 200
