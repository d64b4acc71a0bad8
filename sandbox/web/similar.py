"""The room "Similar cases" of a case: what was decided before, texts to copy, and the fast track."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from experiments.errors import Invalid, NotFound
from experiments.fields import load
from experiments.lifecycle import Transition
from sandbox.db import db
from sandbox.exemptions.table import author_of_the_company
from sandbox.pilots import file, register
from sandbox.pilots.models import Pilot
from sandbox.similar import copying, fast_track, sameness
from sandbox.similar.copying import CopySchema
from sandbox.similar.fast_track import BEFORE_CONSULTATION, FAST_TRACK, FastTrackRequestSchema
from sandbox.similar.search import SearchedSchema, Wanted, similar
from sandbox.web import complaints, forms, similar_words, words
from sandbox.web.rim import actor, now

pages = Blueprint("similar", __name__)

ROOM = "/cases/<number>/similar"


@pages.get("/similar")
def search() -> ResponseReturnValue:
    """Cases like one that is not written yet, by what its author says here."""
    sent = forms.Sent(request.args)
    found = []
    try:
        lines = sent.each_line("articles")
        query = {"articles": lines, "technology": sent.one("technology"), "q": sent.one("q")}
        asked = load(SearchedSchema(), query)
        wanted = Wanted(tuple(asked["articles"]), asked["technology"], asked["q"])
        found = similar(db.session, wanted, to=actor())
    except Invalid as error:
        sent.refuse(error)
    page = render_template(
        "similar/search.html",
        found=found,
        sent=sent,
        errors=complaints.translated(sent.errors),
        labels=similar_words.LABELS,
    )
    return page, 422 if sent.errors else 200


@pages.get(ROOM)
def index(number: str) -> ResponseReturnValue:
    return _page(_pilot(number), forms.Sent(request.form))


@pages.post(f"{ROOM}/copy")
def copy(number: str) -> ResponseReturnValue:
    """Add chosen texts of an earlier case to the own draft."""
    pilot = _pilot(number)
    sent = forms.Sent(request.form)
    try:
        typed: dict[str, Any] = {name: sent.many(name) for name in ("items", "conditions")}
        values = load(CopySchema(), typed | {name: sent.one(name) for name in ("source", "into")})
        source = file_or_public(values.pop("source"))
        copying.copy(db.session, pilot, source, **values, by=actor(), at=now())
    except Invalid as error:
        sent.refuse(error)
        return _refused(number, sent)
    flash(gettext("The texts stand in the draft now. Read them before you send it."), "success")
    return redirect(url_for("company.edit", number=number), 303)


@pages.post(f"{ROOM}/fast-track")
def ask(number: str) -> ResponseReturnValue:
    """Ask for the fast track, naming the approved case."""
    pilot = _pilot(number)
    sent = forms.Sent(request.form)
    try:
        values = load(FastTrackRequestSchema(), {name: sent.one(name) for name in ("earlier", "statement")})
        earlier = register.find(db.session, values.pop("earlier"))
        fast_track.ask(db.session, pilot, earlier, **values, by=actor(), at=now())
    except Invalid as error:
        sent.refuse(error)
        return _refused(number, sent)
    flash(gettext("The fast track is asked for."), "success")
    return _done(number)


@pages.post(f"{ROOM}/fast-track/<verb>")
def move(number: str, verb: str) -> ResponseReturnValue:
    """Answer the request, or take it back."""
    pilot = _pilot(number)
    track = sameness.track_of(db.session, pilot.exemption)
    if track is None or verb not in ("accept", "refuse", "withdraw"):
        abort(404)
    sent = forms.Sent(request.form)
    try:
        if verb == "withdraw":
            fast_track.withdraw(db.session, track, by=actor(), at=now())
        else:
            why = forms.reason({"reason": sent.one(f"reason.{verb}")})
            answer = fast_track.accept if verb == "accept" else fast_track.refuse
            answer(db.session, track, by=actor(), at=now(), reason=why)
    except Invalid as error:
        sent.refuse(error)
        sent.errors = {f"reason.{verb}": [text for texts in error.errors.values() for text in texts]}
        return _refused(number, sent)
    flash(words.deed("fast_track", verb), "success")
    return _done(number)


def file_or_public(number: str) -> Pilot:
    """The case, for whoever reads its file or once it is public; NotFound otherwise."""
    try:
        return file.find(db.session, number, actor())
    except NotFound:
        return register.find(db.session, number)


def _pilot(number: str) -> Pilot:
    return file.find(db.session, number, actor())


def _done(number: str) -> ResponseReturnValue:
    return redirect(url_for("similar.index", number=number), 303)


def _refused(number: str, sent: forms.Sent) -> ResponseReturnValue:
    db.session.rollback()
    return _page(_pilot(number), sent)


def _page(pilot: Pilot, sent: forms.Sent) -> ResponseReturnValue:
    exemption, asking = pilot.exemption, actor()
    track = sameness.track_of(db.session, exemption)
    found = similar(db.session, Wanted.of(pilot), to=asking, but=pilot)
    writes = author_of_the_company(asking, exemption)
    open_moves: list[Transition[Any]] = FAST_TRACK.open_to(track, asking) if track else []
    verbs = {each.verb for each in open_moves}
    may_ask = writes and exemption.status in BEFORE_CONSULTATION and (track is None or "ask_again" in verbs)
    differences = {
        each.pilot.id: sameness.differences(db.session, exemption, each.pilot.exemption) for each in found
    }
    labels = {name: str(text) for name, text in similar_words.LABELS.items()}
    page = render_template(
        "similar/index.html",
        pilot=pilot,
        rules=exemption.regime.fast_track,
        clocks=exemption.regime.clocks_started_by(sameness.FAST),
        notes=exemption.regime.not_verified("fast_track"),
        found=found,
        differences=differences,
        track=track,
        earlier=fast_track.named(db.session, track) if track else None,
        verbs=verbs,
        may_ask=may_ask,
        may_copy=writes and exemption.status in ("draft", "returned"),
        sent=sent,
        errors=complaints.translated(sent.errors),
        labels=labels | {f"reason.{verb}": labels["reason"] for verb in ("accept", "refuse")},
    )
    return page, 422 if sent.errors else 200
