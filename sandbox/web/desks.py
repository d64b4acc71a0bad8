"""Desks on pages: filters from the address, the next act of each line, and giving cases to people."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext

from experiments.fields import load
from sandbox import access
from sandbox.db import db
from sandbox.desks import assigning, lists
from sandbox.desks.lists import EVERYBODYS, MINE, NOBODYS, Desk, Line, WantedSchema
from sandbox.pilots.models import PilotStatus
from sandbox.regimes import regime, regimes
from sandbox.web import options, words
from sandbox.web.cases import FORMS
from sandbox.web.filters import pick
from sandbox.web.rim import actor, today

# The room of a case in which the parts of a kind are worked off.
ROOMS = {
    "claim": "claims.index",
    **dict.fromkeys(("condition", "condition_evidence", "condition_breach"), "conditions.index"),
    **dict.fromkeys(
        ("incident", "suspension_proposal", "suspension", "order", "inspection", "remedy_task"),
        "measures.index",
    ),
    "report": "reports.room",
}


def page(template: str, *, drafts: bool = False, **more: Any) -> str:
    """The actor's desk as the address asks for it; `drafts` offers the state of a draft as well."""
    query = {name: value for name, value in request.args.items() if value.strip()}
    return shown(
        template,
        lists.desk(db.session, actor(), load(WantedSchema(), query), today=today()),
        query=query,
        drafts=drafts,
        **more,
    )


def shown(template: str, desk: Desk, *, query: dict[str, str], drafts: bool = False, **more: Any) -> str:
    """`desk` on its page, with the filters and whoever cases can be given to."""
    return render_template(
        template,
        desk=desk,
        query=query,
        today=today(),
        statuses=[
            (each.value, words.status("pilot", each)[0])
            for each in PilotStatus
            if drafts or each != PilotStatus.DRAFT
        ],
        kinds=_kinds(),
        cities=options.named(lists.cities(db.session)),
        whose=_whose(),
        colleagues=[(str(each.id), each.name) for each in assigning.colleagues(db.session, actor())],
        next_act=next_act,
        kind_of=lambda line: pick(regime(line.regime_id, line.regime_version).kind(line.kind), "name"),
        **more,
    )


def next_act(line: Line) -> tuple[str, str] | None:
    """(address, label) of the one act that a line waits for."""
    if line.next_act is None:
        return None
    kind, verb = line.next_act
    endpoint = FORMS.get((kind, verb)) or ROOMS.get(kind)
    if endpoint is None:
        return url_for("cases.file", number=line.number, _anchor="moves-title"), words.verb(kind, verb)
    return words.form_url(endpoint, line.number), words.verb(kind, verb)


def _kinds() -> list[tuple[str, str]]:
    named = {kind.id: pick(kind, "name") for law in regimes() for kind in law.kinds}
    return sorted(named.items())


def _whose() -> list[tuple[str, str]]:
    """Which cases this person may ask for, beyond those of the own office."""
    choices = []
    if access.agency_reviewer(actor()):
        choices += [(MINE, gettext("Assigned to me")), (NOBODYS, gettext("Assigned to nobody"))]
    if access.ministry_people(actor()):
        choices.append((EVERYBODYS, gettext("Cases of every ministry")))
    return choices
