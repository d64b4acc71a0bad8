"""The rooms of a case: one page for each part of the file, as tabs on all of them."""

from __future__ import annotations

from flask import Flask, request, url_for
from flask_babel import gettext

from sandbox.access import RULES
from sandbox.web.rim import actor_or_none


def case_rooms(number: str) -> list[tuple[str, str, bool]]:
    """(address, label, is this page) of every room of this case that the reader may enter."""
    rooms = [
        ("cases.file", gettext("Case file")),
        ("tasks.index", gettext("Task list")),
        ("attachments.index", gettext("Files")),
        ("resolutions.index", gettext("Committee")),
        ("comments.index", gettext("Comments")),
        ("insurance.index", gettext("Insurance")),
        ("period.index", gettext("Period")),
        ("reports.room", gettext("Final report")),
        ("start.index", gettext("Start")),
        ("measures.index", gettext("Measures")),
        ("conditions.index", gettext("Conditions")),
        ("law_change.index", gettext("Law change")),
        ("risks.index", gettext("Risk")),
        ("uncertainties.index", gettext("Uncertainties and guidance")),
        ("claims.index", gettext("Claims")),
        ("documents.room", gettext("Certificates")),
        ("records.record", gettext("Record")),
    ]
    here = (request.endpoint or "").partition(".")[0]
    reader = actor_or_none()
    return [
        (url_for(endpoint, number=number), label, endpoint.partition(".")[0] == here)
        for endpoint, label in rooms
        if RULES[endpoint](reader)
    ]


def init_app(app: Flask) -> None:
    """Let every page name the rooms of its case."""
    app.context_processor(lambda: {"case_rooms": case_rooms})
