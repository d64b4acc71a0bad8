"""Hubs: what is asked where, as whom and how often; and one question that shows whether a hub answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from experiments.collection import probe
from experiments.collection.connectors.options import SUBSCRIBED
from experiments.collection.credentials import CredentialsSchema, Vault
from experiments.collection.models import Hub
from experiments.collection.probe import Sample
from experiments.errors import Invalid, NotFound, Refused
from sandbox import access, hub_desk
from sandbox.config import Settings
from sandbox.db import db
from sandbox.serving import collection_settings
from sandbox.web import complaints, fault_words, hub_words, ledger_words, options, source_words
from sandbox.web.filters import pick
from sandbox.web.forms import Sent, reason
from sandbox.web.rim import actor, now

pages = Blueprint("hubs", __name__, url_prefix="/hubs")

_MAY_BE_BLANK = ("territory", "tenant", "context_url")
_WHOLE = ("concurrency", "requests_per_minute")


@pages.get("")
def index() -> ResponseReturnValue:
    return render_template(
        "hubs/index.html",
        lines=hub_desk.lines(db.session, actor()),
        may_register=access.keepers_of_hubs(actor()),
        hub_words=hub_words,
        source_words=source_words,
        now=now(),
    )


@pages.get("/<key:hub_id>")
def hub(hub_id: int) -> ResponseReturnValue:
    return _shown(_hub(hub_id), {})


def _shown(shown: Hub, errors: Mapping[str, Sequence[str]]) -> str:
    return render_template(
        "hubs/hub.html",
        page=hub_desk.page(db.session, shown, actor(), _vault()),
        errors=errors,
        labels={"reason": gettext("Reason")},
        may_test=shown.kind not in SUBSCRIBED,
        watches_sources=access.watchers_of_collection(actor()),
        reads_ledger=access.auditor(actor()),
        hub_words=hub_words,
        ledger_words=ledger_words,
        fault_words=fault_words,
        source_words=source_words,
        now=now(),
    )


@pages.route("/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    own = hub_desk.places(db.session, actor())
    blank = {"territory": own[0].code if len(own) == 1 else "", "zone": own[0].zone if own else ""}
    sent = Sent(request.form, {"kind": "ngsi_ld", **blank})
    if request.method == "POST":
        try:
            made = hub_desk.register(
                db.session,
                _described(sent),
                private_hubs=_settings().private_hubs,
                by=actor(),
                at=now(),
            )
            flash(gettext("The hub is registered."), "success")
            next_page = "hubs.test" if made.kind not in SUBSCRIBED else "hubs.hub"
            return redirect(url_for(next_page, hub_id=made.id), 303)
        except Invalid as refusal:
            sent.errors = complaints.translated(refusal.errors)
    return _form(sent, None)


@pages.route("/<key:hub_id>/edit", methods=["GET", "POST"])
def edit(hub_id: int) -> ResponseReturnValue:
    """Replace the description; one that somebody else saved meanwhile is not overwritten."""
    edited = _kept(hub_id, "hub.edit")
    sent = Sent(request.form, hub_desk.facts(edited) | {"version": edited.version})
    if request.method == "POST":
        had_credentials = edited.credentials is not None
        try:
            hub_desk.edit(
                db.session,
                edited,
                _described(sent),
                seen_version=request.form.get("version", 0, type=int),
                private_hubs=_settings().private_hubs,
                by=actor(),
                at=now(),
            )
        except Invalid as refusal:
            sent.errors = complaints.translated(refusal.errors)
            return _form(sent, edited)
        flash(gettext("The hub is changed."), "success")
        if had_credentials and edited.credentials is None:
            flash(gettext("The hub moved, so its credentials were removed. Set them again."), "warning")
        return redirect(url_for("hubs.hub", hub_id=hub_id), 303)
    return _form(sent, edited)


@pages.route("/<key:hub_id>/credentials", methods=["GET", "POST"])
def credentials(hub_id: int) -> ResponseReturnValue:
    """Seal credentials in place of what was there. What is typed is never shown again."""
    kept = _kept(hub_id, "hub.store_credentials")
    sent = Sent(request.form)
    if request.method == "POST":
        try:
            hub_desk.store_credentials(
                db.session,
                kept,
                {name: sent.one(name) or None for name in CredentialsSchema().fields},
                _vault(),
                private_hubs=_settings().private_hubs,
                by=actor(),
                at=now(),
            )
            flash(gettext("The credentials are sealed. They are never shown again."), "success")
            return redirect(url_for("hubs.hub", hub_id=hub_id), 303)
        except Invalid as refusal:
            sent.errors = complaints.translated(refusal.errors)
    page = render_template(
        "hubs/credentials.html",
        hub=kept,
        sent=sent,
        errors=sent.errors,
        labels=hub_words.CREDENTIAL_LABELS,
        kinds=options.pairs(hub_words.CREDENTIAL_KINDS),
    )
    return page, 422 if sent.errors else 200


@pages.post("/<key:hub_id>/credentials/remove")
def remove_credentials(hub_id: int) -> ResponseReturnValue:
    hub_desk.remove_credentials(db.session, _hub(hub_id), by=actor(), at=now())
    flash(gettext("The credentials are removed."), "success")
    return redirect(url_for("hubs.hub", hub_id=hub_id), 303)


@pages.post("/<key:hub_id>/withdraw")
def withdraw(hub_id: int) -> ResponseReturnValue:
    """Take back a hub that was registered by mistake; a reason is needed."""
    withdrawn = _hub(hub_id)
    try:
        hub_desk.withdraw(db.session, withdrawn, reason=reason(request.form), by=actor(), at=now())
    except Invalid as refusal:
        db.session.rollback()
        return _shown(_hub(hub_id), complaints.translated(refusal.errors)), 422
    flash(gettext("The hub is withdrawn; the ledger keeps it with the reason."), "success")
    return redirect(url_for("hubs.index"), 303)


@pages.post("/<key:hub_id>/wake")
def wake(hub_id: int) -> ResponseReturnValue:
    hub_desk.wake(db.session, _hub(hub_id), by=actor(), at=now())
    flash(gettext("The hub is asked again as its sources fall due."), "success")
    return redirect(url_for("hubs.hub", hub_id=hub_id), 303)


@pages.route("/<key:hub_id>/test", methods=["GET", "POST"])
def test(hub_id: int) -> ResponseReturnValue:
    """Ask one question and show how the answer begins; nothing is stored."""
    tested = _kept(hub_id, "hub.test")
    if tested.kind in SUBSCRIBED:
        # A broker is no server that answers a question; the page of its source says whether it is heard.
        raise NotFound("hub that answers questions", hub_id)
    sent = Sent(request.form, {"path": probe.first_path(tested)})
    sample = None
    if request.method == "POST":
        path = sent.one("path").strip()
        if re.match(probe.PATH, path):
            sample = _asked(tested, path)
            tested = _hub(hub_id)
        else:
            sent.errors = {"path": [gettext("Write a path that begins with a slash, without blanks.")]}
    page = render_template(
        "hubs/test.html",
        hub=tested,
        sent=sent,
        errors=sent.errors,
        labels={"path": gettext("Path below the hub's address")},
        sample=sample,
        fault_words=fault_words,
    )
    return page, 422 if sent.errors else 200


def _asked(tested: Hub, path: str) -> Sample:
    question = probe.question_of(tested, path)
    # No transaction waits for a hub.
    db.session.rollback()
    return probe.ask(question, collection_settings(_settings()))


def _described(sent: Sent) -> Mapping[str, Any]:
    typed = {name: sent.one(name).strip() for name in hub_words.LABELS}
    typed["dialect"] = typed["dialect"] or "etsi"
    blank = {name: typed[name] or None for name in _MAY_BE_BLANK}
    # What is no number is refused by the schema, which takes none out of a text.
    whole = {name: int(typed[name]) if typed[name].isdecimal() else typed[name] or None for name in _WHOLE}
    return typed | blank | whole


def _form(sent: Sent, edited: Hub | None) -> ResponseReturnValue:
    page = render_template(
        "hubs/form.html",
        edited=edited,
        sent=sent,
        errors=sent.errors,
        labels=hub_words.LABELS,
        territories=[(each.code, pick(each, "name")) for each in hub_desk.places(db.session, actor())],
        may_serve_all=access.administrator(actor()),
        kinds=options.pairs(source_words.KINDS),
        dialects=options.pairs(source_words.DIALECTS),
    )
    return page, 422 if sent.errors else 200


def _hub(hub_id: int) -> Hub:
    return hub_desk.find(db.session, hub_id, actor())


def _kept(hub_id: int, verb: str) -> Hub:
    """The hub, for whoever may change it."""
    found = _hub(hub_id)
    if not hub_desk.may_keep(db.session, found, actor()):
        raise Refused(verb, "keeper_of_the_hub")
    return found


def _vault() -> Vault:
    return Vault(_settings().credential_keys)


def _settings() -> Settings:
    settings: Settings = current_app.settings  # type: ignore[attr-defined]
    return settings
