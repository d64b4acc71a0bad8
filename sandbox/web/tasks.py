"""The applicant's task list: every statutory item, whether it is there, and where it is worked off."""

from __future__ import annotations

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from sandbox.db import db
from sandbox.exemptions.models import ExemptionStatus
from sandbox.exemptions.table import author_of_the_company
from sandbox.pilots import file
from sandbox.pilots.models import Pilot
from sandbox.pilots.tasks import Stage, Task, task_list
from sandbox.web import measure_words
from sandbox.web.rim import actor

pages = Blueprint("tasks", __name__, url_prefix="/cases/<number>/tasks")

PLACES = {
    "contents": "company.edit",
    "files": "attachments.index",
    "actions": "cases.actions",
    "start": "start.index",
}
# Forms of the author alone, and when they are open; the other places everybody may read.
OPEN_WHILE = {"contents": ExemptionStatus.DRAFT, "actions": ExemptionStatus.LOCAL_DONE}


@pages.get("")
def index(number: str) -> ResponseReturnValue:
    pilot = file.find(db.session, number, actor())
    tasks = task_list(pilot)
    headings = {
        Stage.SENDING: gettext("Before it is sent to the city"),
        Stage.SIGNING: gettext("Before it is signed"),
        Stage.START: gettext("Before the start"),
    }
    return render_template(
        "cases/tasks.html",
        pilot=pilot,
        stages=[
            (heading, [(task, _address(pilot, task)) for task in tasks if task.stage == stage])
            for stage, heading in headings.items()
            if any(task.stage == stage for task in tasks)
        ],
        missing=sum(not task.is_there for task in tasks),
        steps=measure_words.STEPS,
        asks_for_files=bool(pilot.exemption.regime.files_asked_of(pilot.exemption.kind)),
    )


def _address(pilot: Pilot, task: Task) -> str | None:
    """Where this reader may work the item off now; None where they may not."""
    moment = OPEN_WHILE.get(task.place)
    if moment is not None and not (
        pilot.exemption.status == moment and author_of_the_company(actor(), pilot.exemption)
    ):
        return None
    return url_for(PLACES[task.place], number=pilot.number)
