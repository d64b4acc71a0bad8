"""The parts of a case that have a lifecycle of their own, as its one timeline and its acts know them.

A new part stands here with one line, and its steps are in the timeline of the case file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, literal, literal_column, select, union_all
from sqlalchemy.orm import Session

from experiments.lifecycle import Actor, Lifecycle
from experiments.registrations.models import EXPERIMENT
from sandbox.accounts import Person
from sandbox.claims.models import Claim
from sandbox.claims.table import CLAIM
from sandbox.conditions.models import Breach, Duty, Evidence
from sandbox.conditions.table import BREACH, CONDITION, EVIDENCE
from sandbox.decisions.models import Decision
from sandbox.decisions.table import DECISION
from sandbox.exemptions.models import Consultation
from sandbox.exemptions.table import EXEMPTION
from sandbox.incidents.models import Incident
from sandbox.incidents.table import INCIDENT
from sandbox.inspections.models import Inspection
from sandbox.inspections.table import INSPECTION
from sandbox.insurance.models import CompensationPlan
from sandbox.insurance.table import COMPENSATION
from sandbox.orders.models import Order
from sandbox.orders.table import ORDER
from sandbox.period.models import Change, Extension, LawRequest, Revocation
from sandbox.period.tables import CHANGE, EXTENSION, REQUEST, REVOCATION
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import PILOT
from sandbox.remedies.models import RemedyTask
from sandbox.remedies.table import TASK
from sandbox.reports.models import Report
from sandbox.reports.table import REPORT
from sandbox.suspensions.models import Suspension, SuspensionProposal
from sandbox.suspensions.table import PROPOSAL, SUSPENSION
from sandbox.uncertainties.models import Guidance, Uncertainty
from sandbox.uncertainties.table import GUIDANCE, UNCERTAINTY

Keys = Sequence[int] | Select[int]


@dataclass(frozen=True)
class Part:
    """A lifecycle, and the keys of the subjects that one case has of it."""

    lifecycle: Lifecycle[Any]
    keys: Callable[[Session, Pilot], Keys]


@dataclass(frozen=True)
class Deed:
    """A row of a history, of whichever part of the case."""

    kind: str
    verb: str
    at: datetime
    actor_name: str
    actor_role: str
    new_status: str
    reason: str | None


def of_pilot(model: Any) -> Callable[[Session, Pilot], Keys]:
    """The keys of the rows of `model` that name the pilot in `pilot_id`."""

    def keys(_session: Session, pilot: Pilot) -> Keys:
        return select(model.id).where(model.pilot_id == pilot.id)

    return keys


def of_exemption(model: Any) -> Callable[[Session, Pilot], Keys]:
    """The keys of the rows of `model` that name the application in `exemption_id`."""

    def keys(_session: Session, pilot: Pilot) -> Keys:
        return select(model.id).where(model.exemption_id == pilot.exemption_id)

    return keys


def of_duties(model: Any) -> Callable[[Session, Pilot], Keys]:
    """The keys of the rows of `model` that name one of the case's conditions in `duty_id`."""

    def keys(_session: Session, pilot: Pilot) -> Keys:
        return select(model.id).join(Duty).where(Duty.pilot_id == pilot.id)

    return keys


# In this order within one instant: what takes the pilot along stands before it.
PARTS: tuple[Part, ...] = (
    Part(EXEMPTION, lambda _session, pilot: (pilot.exemption_id,)),
    Part(EXPERIMENT, lambda _session, pilot: (pilot.experiment_id,)),
    Part(DECISION, of_pilot(Decision)),
    Part(COMPENSATION, of_pilot(CompensationPlan)),
    Part(CLAIM, of_pilot(Claim)),
    Part(CONDITION, of_pilot(Duty)),
    Part(EVIDENCE, of_duties(Evidence)),
    Part(BREACH, of_duties(Breach)),
    Part(UNCERTAINTY, of_pilot(Uncertainty)),
    Part(GUIDANCE, of_pilot(Guidance)),
    Part(INCIDENT, of_pilot(Incident)),
    Part(INSPECTION, of_pilot(Inspection)),
    Part(TASK, of_pilot(RemedyTask)),
    Part(PROPOSAL, of_pilot(SuspensionProposal)),
    Part(SUSPENSION, of_pilot(Suspension)),
    Part(ORDER, of_pilot(Order)),
    Part(CHANGE, of_pilot(Change)),
    Part(EXTENSION, of_pilot(Extension)),
    Part(REQUEST, of_pilot(LawRequest)),
    Part(REVOCATION, of_pilot(Revocation)),
    Part(REPORT, of_pilot(Report)),
    Part(PILOT, lambda _session, pilot: (pilot.id,)),
)


def deeds(session: Session, pilot: Pilot) -> list[Deed]:
    """Everything that happened to any part of the case, latest first; one question for all parts."""
    past = union_all(*(_past(session, pilot, part, position) for position, part in enumerate(PARTS)))
    # Of two acts at one instant the later part, and in it the later act, stands above.
    order = (past.selected_columns.at, past.selected_columns.position, past.selected_columns.id)
    rows = session.execute(past.order_by(*(column.desc() for column in order)))
    return [Deed(*row[2:]) for row in rows]


def deeds_of(kind: str, past: Iterable[Any]) -> Iterator[Deed]:
    """History rows of one part of a case, as a timeline takes them."""
    for row in past:
        yield Deed(kind, row.verb, row.at, row.actor_name, row.actor_role, row.new_status, row.reason)


def _past(session: Session, pilot: Pilot, part: Part, position: int) -> Select[Any]:
    """The history of one part, in the columns of a deed after its place in the order."""
    row = part.lifecycle.history
    return select(
        *(
            literal_column(str(position)).label("position"),
            row.id,
            literal(part.lifecycle.kind).label("kind"),
        ),
        *(row.verb, row.at, row.actor_name, row.actor_role, row.new_status, row.reason),
    ).where(row.subject_id.in_(part.keys(session, pilot)))


def hands(session: Session, pilot: Pilot) -> list[Actor]:
    """Everybody who took a step in any part of the case, or replied in it."""
    ids: list[Select[Any]] = [
        select(part.lifecycle.history.actor_id).where(
            part.lifecycle.history.subject_id.in_(part.keys(session, pilot))
        )
        for part in PARTS
    ]
    ids.append(select(Consultation.replied_by_id).where(Consultation.exemption_id == pilot.exemption_id))
    people = select(Person).where(Person.id.in_(union_all(*ids)), Person.disabled_at.is_(None))
    return [person.actor for person in session.scalars(people.order_by(Person.id))]
