"""What has to be there before a pilot starts: one named guard for each thing, and what it lacks.

Guards are asked by the lifecycle of the pilot and know its database session only through the pilot.
A regime that states no start gate asks for the granted exemption and the locked plan alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from experiments import metrics
from experiments.baseline import BaselineShare, baseline_shares
from experiments.districts import District
from sandbox.exemptions.models import ExemptionStatus
from sandbox.insurance.cover import gaps_of
from sandbox.pilots.models import Pilot
from sandbox.residents.models import ResidentNotice


@dataclass(frozen=True)
class Step:
    """One thing that the start needs, by the name of its guard, with its provision."""

    guard: str
    source: str
    is_met: bool


def exemption_is_granted(pilot: Pilot) -> bool:
    return pilot.exemption.status == ExemptionStatus.APPROVED


def plan_is_locked(pilot: Pilot) -> bool:
    """No pilot starts before what it is to show has been fixed (our rule)."""
    return pilot.experiment.plan is not None


def cover_is_complete(pilot: Pilot) -> bool:
    """Insurance at the statutory minima to the end of the period, or an approved plan in its place."""
    return not pilot.exemption.regime.minimum_cover or not gaps_of(_session(pilot), pilot)


def baseline_is_collected(pilot: Pilot) -> bool:
    """Enough of the plan's baseline holds readings (our rule), in each metric of the plan."""
    gate = pilot.exemption.regime.start_gate
    if gate is None:
        return True
    return plan_is_locked(pilot) and all(
        share.reaches(gate.baseline_least_pct) for share in baseline_of(pilot)
    )


def residents_are_informed(pilot: Pilot) -> bool:
    """The company attests, or the city confirms, that residents know (our rule)."""
    if pilot.exemption.regime.start_gate is None:
        return True
    told = select(ResidentNotice.id).where(ResidentNotice.pilot_id == pilot.id).limit(1)
    return _session(pilot).scalar(told) is not None


GUARDS: tuple[Callable[[Pilot], bool], ...] = (
    exemption_is_granted,
    plan_is_locked,
    cover_is_complete,
    baseline_is_collected,
    residents_are_informed,
)


def steps(pilot: Pilot) -> tuple[Step, ...]:
    """Everything that the regime of this pilot asks for before the start, and whether it is there."""
    regime = pilot.exemption.regime
    sources = {"exemption_is_granted": "Art. 49(7)", "plan_is_locked": "등록부 규칙 (our rule)"}
    if regime.minimum_cover:
        sources["cover_is_complete"] = "Art. 53(6), D57(3)"
    if regime.start_gate:
        sources["baseline_is_collected"] = regime.start_gate.baseline_source
        sources["residents_are_informed"] = regime.start_gate.residents_source
    return tuple(
        Step(guard.__name__, sources[guard.__name__], guard(pilot))
        for guard in GUARDS
        if guard.__name__ in sources
    )


def baseline_of(pilot: Pilot) -> tuple[BaselineShare, ...]:
    """The share of the locked plan's baseline that is there, by metric; empty before the plan is locked."""
    version = pilot.experiment.plan
    if version is None:
        return ()
    session, plan = _session(pilot), version.contents()
    named = {(each["code"], each["version"]): None for each in (plan["primary"], *plan["guardrails"])}
    codes = (*plan["districts"]["treated"], *plan["districts"]["control"])
    rows = session.scalars(
        select(District).where(District.territory_id == pilot.site.territory_id, District.code.in_(codes))
    )
    found = {district.code: district for district in rows}
    return baseline_shares(
        session,
        plan,
        metrics=[metrics.metric(session, code, number) for code, number in named],
        districts=[found[code] for code in codes],
    )


def _session(pilot: Pilot) -> Session:
    session = object_session(pilot)
    assert session is not None  # guards are asked of stored pilots
    return session
