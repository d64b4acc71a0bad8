"""Conditions as people read them: those of one case, those of the cases that an office watches, in public."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, selectinload

from experiments.compliance import Verdict
from experiments.lifecycle import Actor
from sandbox import access
from sandbox.conditions.checking import latest_checks
from sandbox.conditions.models import Basis, BreachStatus, Check, Duty, DutyStatus
from sandbox.conditions.unbound import OPERATES
from sandbox.exemptions.models import Condition, Exemption, ExemptionStatus
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import PUBLIC_FROM

MOST_ROWS = 200


@dataclass(frozen=True)
class Standing:
    """One condition with what was found about it, the newest window first.

    duty    None while nobody has said how the condition is checked
    checks  for every window the finding that counts
    """

    condition: Condition
    duty: Duty | None
    checks: tuple[Check, ...]

    @property
    def latest(self) -> Check | None:
        return self.checks[0] if self.checks else None

    @property
    def tally(self) -> dict[str, int]:
        """How many windows were kept, broken, or not measured enough."""
        found = Counter(check.verdict for check in self.checks)
        return {verdict.value: found[verdict.value] for verdict in Verdict}

    @property
    def is_by_readings(self) -> bool:
        return self.duty is not None and self.duty.terms.basis == Basis.METRIC

    @property
    def open_breaches(self) -> int:
        if self.duty is None:
            return 0
        return sum(breach.status != BreachStatus.CLOSED for breach in self.duty.breaches)


@dataclass(frozen=True)
class Row:
    """One condition on the dashboard of an office."""

    pilot: Pilot
    standing: Standing


def standings(session: Session, pilot: Pilot, *, imposed_only: bool = False) -> tuple[Standing, ...]:
    """The conditions of a case, in the order in which they were asked for."""
    asked = [each for each in pilot.exemption.conditions if each.is_imposed or not imposed_only]
    query = _whole(select(Duty).where(Duty.pilot_id == pilot.id))
    duties = {duty.condition_id: duty for duty in session.scalars(query)}
    return tuple(_standing(condition, duties.get(condition.id)) for condition in asked)


def dashboard(session: Session, actor: Actor) -> list[Row]:
    """Imposed conditions of the pilots that this office watches: those broken first, then by due window."""
    query = _whole(
        select(Duty)
        .join(Pilot, Pilot.id == Duty.pilot_id)
        .join(Exemption, Exemption.id == Pilot.exemption_id)
        .join(Condition, Condition.id == Duty.condition_id)
        .where(
            Exemption.status == ExemptionStatus.APPROVED,
            Condition.is_imposed,
            Duty.status != DutyStatus.LIFTED,
        )
        .order_by(Duty.id.desc())
        .limit(MOST_ROWS)
    ).options(selectinload(Duty.pilot))
    if not access.auditor(actor):
        home = actor.organisation_id
        query = query.where(
            or_(Exemption.lead_id == home, Exemption.city_id == home, Condition.requested_by_id == home)
        )
    found = [Row(duty.pilot, _standing(duty.condition, duty)) for duty in session.scalars(query)]
    return sorted([*found, *_unbound(session, actor)], key=_urgency)


def _unbound(session: Session, actor: Actor) -> list[Row]:
    """Imposed conditions of which nobody has said how they are checked, as far as the office watches them."""
    query = (
        select(Condition, Pilot)
        .join(Exemption, Exemption.id == Condition.exemption_id)
        .join(Pilot, Pilot.exemption_id == Exemption.id)
        .where(
            Exemption.status == ExemptionStatus.APPROVED,
            Condition.is_imposed,
            Condition.id.not_in(select(Duty.condition_id)),
            Pilot.status.in_(OPERATES),
        )
        .order_by(Condition.id.desc())
        .limit(MOST_ROWS)
    )
    if not access.auditor(actor):
        home = actor.organisation_id
        query = query.where(
            or_(Exemption.lead_id == home, Exemption.city_id == home, Condition.requested_by_id == home)
        )
    return [
        Row(pilot, Standing(condition, None, ()))
        for condition, pilot in session.execute(query).unique()
        if pilot.exemption.regime.conditions is not None
    ]


def in_public(session: Session, pilot: Pilot) -> tuple[Standing, ...]:
    """What everybody may read: imposed conditions of a public pilot, with their findings."""
    if pilot.status not in PUBLIC_FROM or pilot.exemption.status != ExemptionStatus.APPROVED:
        return ()
    return standings(session, pilot, imposed_only=True)


def _urgency(row: Row) -> tuple[int, int]:
    if row.standing.duty is None:
        return 1, -1
    latest = row.standing.latest
    order = {Verdict.BREACHED.value: 0, Verdict.NO_DATA.value: 1, Verdict.KEPT.value: 2}
    return (0 if row.standing.open_breaches else 1, 3 if latest is None else order[latest.verdict])


def _standing(condition: Condition, duty: Duty | None) -> Standing:
    if duty is None:
        return Standing(condition, None, ())
    found = sorted(latest_checks(duty).values(), key=lambda check: check.due_on, reverse=True)
    return Standing(condition, duty, tuple(found))


def _whole(query: Select[Any]) -> Select[Any]:
    """With everything that a reader of the conditions sees, in a fixed number of queries."""
    parts = (Duty.versions, Duty.changes, Duty.checks, Duty.evidence, Duty.breaches)
    return query.options(*(selectinload(part) for part in parts))
