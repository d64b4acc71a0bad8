"""The main navigation: what each role comes here for."""

from __future__ import annotations

from flask import request, url_for
from flask_babel import gettext

from experiments.lifecycle import Actor
from sandbox.access import RULES
from sandbox.db import db
from sandbox.notices import outbox


def navigation(actor: Actor | None) -> list[tuple[str, str, bool]]:
    """(address, label, is this page) of every room that this person may enter."""
    rooms = [
        ("register.index", gettext("Pilots")),
        ("register.programmes", gettext("Programmes")),
        ("regimes.index", gettext("Regimes")),
        ("amendments.index", gettext("Law changes")),
        ("documents.gazette", gettext("Gazette")),
        ("annual.latest", gettext("Annual report")),
        ("company.desk", gettext("My pilots")),
        ("regulator.desk", gettext("Cases")),
        ("conditions.dashboard", gettext("How conditions are kept")),
        ("confirmations.index", gettext("Rapid confirmation")),
        ("committee.index", gettext("Committee")),
        ("evaluator.desk", gettext("Evaluations")),
        ("clocks.mine", gettext("Due dates")),
        ("notices.inbox", _inbox(actor)),
        ("sources.index", gettext("Data sources")),
        ("hubs.index", gettext("Data hubs")),
        ("health.alerts", gettext("Alerts about data")),
        ("districts.index", gettext("Districts")),
        ("teams.index", gettext("Our people")),
        ("webhooks.index", gettext("Webhooks")),
        ("people.index", gettext("People")),
        ("clocks.holidays", gettext("Holidays")),
        ("notices.deliveries", gettext("E-mails")),
        ("audit.ledger", gettext("Ledger")),
    ]
    here = (request.endpoint or "").split(".")
    return [
        (url_for(endpoint), label, endpoint.split(".") == here)
        for endpoint, label in rooms
        if RULES[endpoint](actor)
    ]


def _inbox(actor: Actor | None) -> str:
    """The inbox, with the number of notices that wait to be seen."""
    waiting = outbox.unseen(db.session, actor.person_id) if actor and actor.person_id else 0
    return gettext("Inbox (%(count)s)", count=waiting) if waiting else gettext("Inbox")
