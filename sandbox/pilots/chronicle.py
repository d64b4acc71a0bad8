"""What happened to a pilot, as the public may read it, and how far along the chain that is.

Authorities and the evaluating institute answer for their acts by office, and by name where a person
signs or decides. A company's people appear by role and company only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.lifecycle import Lifecycle
from experiments.registrations.models import EXPERIMENT
from sandbox.accounts import Role
from sandbox.decisions.models import Decision
from sandbox.decisions.table import DECISION
from sandbox.exemptions.table import EXEMPTION
from sandbox.names import Name
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import PILOT

NAMED_ROLES = frozenset({Role.DECIDER, Role.EVALUATOR})

# Stage of the chain -> the acts that reach it.
STAGES: Mapping[str, frozenset[tuple[str, str]]] = {
    "registered": frozenset({("pilot", "create")}),
    "approved": frozenset({("exemption", "grant")}),
    "plan_locked": frozenset({("experiment", "lock")}),
    "collecting": frozenset({("pilot", "start")}),
    "evaluated": frozenset({("experiment", "sign_result")}),
    "decided": frozenset({("decision", "decide"), ("decision", "confirm")}),
}

# Act of another part of the case -> the pilot's own step that it takes along in the same moment.
TAKEN_ALONG: Mapping[tuple[str, str], frozenset[str]] = {
    ("exemption", "sign"): frozenset({"file"}),
    ("exemption", "return_filing"): frozenset({"return"}),
    ("exemption", "grant"): frozenset({"approve"}),
    ("exemption", "refuse"): frozenset({"reject"}),
    ("exemption", "withdraw"): frozenset({"withdraw"}),
    ("decision", "decide"): frozenset({"conclude", "stop"}),
    ("decision", "confirm"): frozenset({"conclude", "stop"}),
}


@dataclass(frozen=True)
class Act:
    """One public step of one part of the case.

    `person` is None where the role stays without a name; `pilot_status` is what the pilot became,
    None where it stayed as it was.
    """

    kind: str
    subject_id: int
    verb: str
    at: datetime
    role: str
    office: Name | None
    person: str | None
    reason: str | None
    pilot_status: str | None


@dataclass(frozen=True)
class Chain:
    """The stage that the pilot has come to, and when it came to each."""

    current: str
    reached: Mapping[str, datetime]


def acts(session: Session, pilot: Pilot) -> tuple[Act, ...]:
    """The public acts on `pilot` and on everything that hangs on it, oldest first."""
    offices = _offices(pilot)
    decisions = list(session.scalars(select(Decision.id).where(Decision.pilot_id == pilot.id)))
    rows: list[tuple[Lifecycle[Any], Any]] = [
        (lifecycle, row)
        for lifecycle, ids in (
            (EXEMPTION, [pilot.exemption_id]),
            (EXPERIMENT, [pilot.experiment_id]),
            (DECISION, decisions),
            (PILOT, [pilot.id]),
        )
        for row in _history(session, lifecycle, ids)
    ]
    public = [_act(lifecycle, row, offices) for lifecycle, row in rows if _is_public(lifecycle, row.verb)]
    # Acts of one instant keep the order of the parts; nothing comes before the registration itself.
    return tuple(sorted(_carried_once(public), key=lambda act: (act.at, act.verb != "create")))


def chain(happened: Sequence[Act]) -> Chain:
    """The last stage that was reached without leaving one out."""
    reached: dict[str, datetime] = {}
    for stage, marks in STAGES.items():
        first = next((act.at for act in happened if (act.kind, act.verb) in marks), None)
        if first is not None:
            reached[stage] = first
    current = "registered"
    for stage in STAGES:
        if stage not in reached:
            break
        current = stage
    return Chain(current, reached)


def _history(session: Session, lifecycle: Lifecycle[Any], ids: Sequence[int]) -> Iterator[Any]:
    table = lifecycle.history
    yield from session.scalars(select(table).where(table.subject_id.in_(ids)).order_by(table.id))


def _is_public(lifecycle: Lifecycle[Any], verb: str) -> bool:
    # Every part of the case begins with `create`; the public is told once, of the pilot's.
    return lifecycle is PILOT if verb == "create" else lifecycle.transition(verb).public


def _offices(pilot: Pilot) -> dict[str, Name]:
    """Role -> the organisation that this role acts for in this case; the lifecycle tables ensure it."""
    company, city = Name.of(pilot.company), Name.of(pilot.site.city)
    ministry, institute = Name.of(pilot.exemption.lead), Name.of(pilot.evaluator)
    return {
        Role.COMPANY_AUTHOR: company,
        Role.COMPANY_SIGNATORY: company,
        Role.CITY_REVIEWER: city,
        Role.MINISTRY_REVIEWER: ministry,
        Role.DECIDER: ministry,
        Role.EVALUATOR: institute,
    }


def _act(lifecycle: Lifecycle[Any], row: Any, offices: Mapping[str, Name]) -> Act:
    return Act(
        kind=lifecycle.kind,
        subject_id=row.subject_id,
        verb=row.verb,
        at=row.at,
        role=row.actor_role,
        office=offices.get(row.actor_role),
        person=row.actor_name if row.actor_role in NAMED_ROLES else None,
        reason=row.reason,
        pilot_status=row.new_status if lifecycle is PILOT and row.old_status else None,
    )


def _carried_once(public: Sequence[Act]) -> list[Act]:
    """One line where a step of another part took the pilot along: that step, with the pilot's new status."""
    taken: set[int] = set()
    lines: list[Act] = []
    for act in public:
        along = TAKEN_ALONG.get((act.kind, act.verb), frozenset())
        place = next((i for i, other in enumerate(public) if _went_along(other, act, along)), None)
        if place is not None:
            taken.add(place)
            act = replace(act, pilot_status=public[place].pilot_status)
        lines.append(act)
    return [act for place, act in enumerate(lines) if place not in taken]


def _went_along(other: Act, act: Act, along: frozenset[str]) -> bool:
    return other.kind == PILOT.kind and other.verb in along and other.at == act.at
