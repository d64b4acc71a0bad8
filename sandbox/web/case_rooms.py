"""The rooms of a case: one page for each part of the file, in groups by the life of a case."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from flask import Flask, request, url_for
from flask_babel import gettext

from sandbox.access import RULES
from sandbox.db import db
from sandbox.desks import lists
from sandbox.pilots.models import Pilot
from sandbox.web.rim import actor_or_none

# Kind of an act on the reader's desk -> the room in which it is done; what is done in the file stands there.
PLACES = {
    **dict.fromkeys(("condition", "condition_evidence", "condition_breach"), "conditions"),
    **dict.fromkeys(("incident", "inspection", "remedy_task", "order"), "measures"),
    **dict.fromkeys(("suspension", "suspension_proposal"), "measures"),
    "claim": "claims",
    "report": "reports",
}


@dataclass(frozen=True)
class RoomLink:
    """A room that the reader may enter; `waiting` counts the kinds of acts that wait there for the reader."""

    url: str
    label: str
    is_here: bool
    waiting: int


def case_rooms(pilot: Pilot) -> list[tuple[str, list[RoomLink]]]:
    """The rooms of this case that the reader may enter, by group, in the order of a case's life."""
    here = (request.endpoint or "").partition(".")[0]
    reader = actor_or_none()
    acts = lists.acts_on(db.session, reader, pilot) if reader else ()
    waiting = Counter(PLACES[kind] for kind, _verb in acts if kind in PLACES)
    groups = []
    for title, rooms in _groups():
        links = []
        for endpoint, label in rooms:
            room = endpoint.partition(".")[0]
            if RULES[endpoint](reader):
                url = url_for(endpoint, number=pilot.number)
                links.append(RoomLink(url, label, room == here, waiting[room]))
        groups.append((title, links))
    return [(title, links) for title, links in groups if links]


def _groups() -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (
            gettext("Overview"),
            [
                ("cases.file", gettext("Case file")),
                ("tasks.index", gettext("Task list")),
                ("comments.index", gettext("Comments")),
                ("documents.room", gettext("Certificates")),
                ("records.record", gettext("Record")),
            ],
        ),
        (
            gettext("Application"),
            [
                ("attachments.index", gettext("Files")),
                ("risks.index", gettext("Risk")),
                ("law_change.index", gettext("Law change")),
                ("similar.index", gettext("Similar cases")),
                ("resolutions.index", gettext("Committee")),
            ],
        ),
        (
            gettext("Trial"),
            [
                ("insurance.index", gettext("Insurance")),
                ("start.index", gettext("Start")),
                ("conditions.index", gettext("Conditions")),
                ("measures.index", gettext("Measures")),
                ("claims.index", gettext("Claims")),
                ("uncertainties.index", gettext("Uncertainties and guidance")),
            ],
        ),
        (
            gettext("Period and end"),
            [
                ("period.index", gettext("Period")),
                ("reports.room", gettext("Final report")),
            ],
        ),
    ]


def init_app(app: Flask) -> None:
    """Let every page name the rooms of its case."""
    app.context_processor(lambda: {"case_rooms": case_rooms})
