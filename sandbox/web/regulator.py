"""The regulator's desk: what waits for this person, soonest due first."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.db import db
from sandbox.pilots import desk as desks
from sandbox.pilots.models import PilotStatus
from sandbox.web import words
from sandbox.web.rim import actor, today

pages = Blueprint("regulator", __name__, url_prefix="/cases-desk")


@pages.get("")
def desk() -> ResponseReturnValue:
    query = request.args.to_dict()
    return render_template(
        "regulator/desk.html",
        tasks=desks.tasks(db.session, actor(), status=query.get("status"), text=query.get("q")),
        query=query,
        statuses=[
            (each.value, words.status("pilot", each)[0]) for each in PilotStatus if each != PilotStatus.DRAFT
        ],
        today=today(),
    )
