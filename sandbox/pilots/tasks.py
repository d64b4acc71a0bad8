"""What the law asks of an applicant, item by item, and whether it is there; each with its provision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sandbox.exemptions.models import ExemptionStatus
from sandbox.exemptions.table import missing_contents, missing_files
from sandbox.pilots.models import Pilot
from sandbox.pilots.start_gate import steps


class Stage(StrEnum):
    """By when an item has to be there."""

    SENDING = "sending"
    SIGNING = "signing"
    START = "start"


@dataclass(frozen=True)
class Task:
    """One item: named by the regime in both languages, by a text of the case, or by the guard of a step.

    place  the part of the case where it is worked off: "contents", "files", "actions" or "start"
    """

    stage: Stage
    place: str
    source: str
    is_there: bool
    name_ko: str = ""
    name_en: str = ""
    guard: str = ""


def task_list(pilot: Pilot) -> tuple[Task, ...]:
    """Every statutory item of the case in the order in which it is needed.

    Kinds of application for which the regime asks no file have none in the list.
    """
    return (*_application(pilot), *_start(pilot))


def _application(pilot: Pilot) -> Iterator[Task]:
    exemption = pilot.exemption
    regime = exemption.regime
    empty, absent = set(missing_contents(exemption)), set(missing_files(exemption))
    for item in regime.plan_contents:
        names = (item.name_ko, item.name_en)
        yield Task(Stage.SENDING, "contents", item.source, item.id not in empty, *names)
    for action in exemption.required_actions:
        is_answered = bool((action.answer or "").strip())
        yield Task(Stage.SIGNING, "actions", "Art. 49(2)", is_answered, action.text, action.text)
    for file in regime.files_asked_of(exemption.kind):
        names = (file.name_ko, file.name_en)
        yield Task(Stage.SIGNING, "files", file.source, file.id not in absent, *names)


def _start(pilot: Pilot) -> Iterator[Task]:
    """What the start needs, once the exemption is granted."""
    if pilot.exemption.status != ExemptionStatus.APPROVED:
        return
    for step in steps(pilot):
        yield Task(Stage.START, "start", step.source, step.is_met, guard=step.guard)
