"""Every lifecycle as a drawing and a table, written from the rows that the service runs by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from experiments.lifecycle import Lifecycle
from experiments.registrations.models import EXPERIMENT
from sandbox.amendments.table import AMENDMENT
from sandbox.claims.table import CLAIM
from sandbox.committee.table import MEETING
from sandbox.conditions.table import BREACH, CONDITION, EVIDENCE
from sandbox.confirmations.table import CONFIRMATION
from sandbox.decisions.table import DECISION
from sandbox.exemptions.table import EXEMPTION
from sandbox.incidents.table import INCIDENT
from sandbox.inspections.table import INSPECTION
from sandbox.insurance.table import COMPENSATION
from sandbox.orders.table import ORDER
from sandbox.period.tables import CHANGE, EXTENSION, REQUEST, REVOCATION
from sandbox.pilots.table import PILOT
from sandbox.remedies.table import TASK
from sandbox.reports.table import REPORT
from sandbox.similar.fast_track import FAST_TRACK
from sandbox.suspensions.table import PROPOSAL, SUSPENSION
from sandbox.uncertainties.table import GUIDANCE, UNCERTAINTY

LIFECYCLES: tuple[tuple[str, Lifecycle[Any]], ...] = (
    ("Rapid confirmation", CONFIRMATION),
    ("Application for an exemption", EXEMPTION),
    ("Request for the fast track", FAST_TRACK),
    ("Meeting of the committee", MEETING),
    ("Compensation plan in place of insurance", COMPENSATION),
    ("Claim for damage", CLAIM),
    ("Condition in force", CONDITION),
    ("Evidence for a condition", EVIDENCE),
    ("Breach of a condition", BREACH),
    ("Article on the law-amendment board", AMENDMENT),
    ("Uncertainty", UNCERTAINTY),
    ("Guidance", GUIDANCE),
    ("Pilot", PILOT),
    ("Proposal to suspend", PROPOSAL),
    ("Suspension", SUSPENSION),
    ("Order", ORDER),
    ("Incident", INCIDENT),
    ("Inspection", INSPECTION),
    ("Task of the company", TASK),
    ("Change of a pilot", CHANGE),
    ("Extension of a period", EXTENSION),
    ("Request to amend the law", REQUEST),
    ("Revocation", REVOCATION),
    ("Final report", REPORT),
    ("Registration of the experiment", EXPERIMENT),
    ("Decision", DECISION),
)


def document() -> str:
    """All lifecycles in Markdown; the drawings are Mermaid state diagrams."""
    lines = [
        "# Lifecycles",
        "",
        "Who may move what, from where to where, under which conditions. `sandbox lifecycles` writes it",
        "from the tables that the service runs by; a test holds this page against them. A step that leaves a",
        "state as it is stands in the table and not in the drawing.",
    ]
    for title, lifecycle in LIFECYCLES:
        lines += ["", f"## {title}", "", *_drawing(lifecycle), "", *_table(lifecycle)]
    return "\n".join(lines) + "\n"


def _drawing(lifecycle: Lifecycle[Any]) -> Iterator[str]:
    first = next(iter(lifecycle.states.__members__.values()))
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield f"    [*] --> {first.value}"
    for transition in lifecycle.transitions:
        for source in transition.sources:
            if source != transition.target:
                yield f"    {source.value} --> {transition.target.value}: {transition.verb}"
    yield "```"


def _table(lifecycle: Lifecycle[Any]) -> Iterator[str]:
    yield "| step | from | to | who | needs | reason | provision |"
    yield "|---|---|---|---|---|---|---|"
    for transition in lifecycle.transitions:
        cells = (
            transition.verb,
            ", ".join(source.value for source in transition.sources),
            transition.target.value,
            _said(transition.who.__name__),
            ", ".join(_said(guard.__name__) for guard in transition.guards),
            "yes" if transition.needs_reason else "",
            transition.source,
        )
        yield "| " + " | ".join(cells) + " |"


def _said(name: str) -> str:
    return name.replace("_", " ")
