"""Everything that the public may read about one pilot, as frozen values for pages and API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from experiments.districts import District
from experiments.errors import NotFound
from experiments.evaluation.models import Evaluation
from experiments.metrics import Metric
from experiments.registrations.models import PlanVersion
from experiments.registrations.plan_changes import Change, changes
from sandbox.decisions.models import Decision, DecisionStatus
from sandbox.exemptions.models import Condition, Exemption
from sandbox.incidents.reporting import IncidentCount, counts_of
from sandbox.names import Name
from sandbox.pilots import chronicle, register
from sandbox.pilots.chronicle import Act, Chain
from sandbox.pilots.evaluations import signed_result
from sandbox.pilots.models import Pilot, PilotStatus
from sandbox.pilots.result import Result, result_of

COPIED = (
    *("title_ko", "title_en", "summary_ko", "summary_en", "technology"),
    *("contact", "status", "registered_at"),
)
DECIDING_VERBS = frozenset({"decide", "decide_against", "confirm"})


class Part(StrEnum):
    """What a district is to the pilot."""

    TREATED = "treated"
    CONTROL = "control"
    OTHER = "other"


@dataclass(frozen=True)
class Place:
    """A district of the site; `outline` is GeoJSON geometry."""

    code: str
    name_ko: str
    name_en: str
    part: Part
    outline: str | None


@dataclass(frozen=True)
class ImposedCondition:
    """A condition with its basis and with the proof that it is necessary and proportionate."""

    text: str
    legal_basis: str
    necessity: str
    proportionality: str
    requested_by: Name


@dataclass(frozen=True)
class Relief:
    """The exemption: which rules are lifted, on which ground, under which conditions."""

    status: str
    regime: Name
    regime_version: str
    kind: Name
    kind_source: str
    ground: Name
    ground_source: str
    articles: tuple[str, ...]
    requested_months: int
    lead: Name
    conditions: tuple[ImposedCondition, ...]
    reasons: str | None
    resolution: str | None
    against_resolution: str | None
    city_is_applicant: bool


@dataclass(frozen=True)
class Edition:
    """One locked version of the plan; the first is the original, the others are amendments.

    changes  what the version before it said otherwise
    """

    number: int
    sha256: str
    locked_at: datetime
    locked_by: str
    reason: str | None
    is_prospective: bool
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Definition:
    """One version of a metric: what is measured, in which unit."""

    code: str
    version: int
    name_ko: str
    name_en: str
    definition_ko: str
    definition_en: str
    unit: Name


@dataclass(frozen=True)
class Plan:
    """The plan in force as data, every version of it, and the metrics that it names."""

    contents: Mapping[str, Any]
    editions: tuple[Edition, ...]
    definitions: tuple[Definition, ...]

    @property
    def in_force(self) -> Edition:
        return self.editions[-1]

    def definition(self, code: str, version: int) -> Definition:
        """The metric that the plan means by this reference."""
        return next(each for each in self.definitions if (each.code, each.version) == (code, version))


@dataclass(frozen=True)
class Ruling:
    """A decision that took effect, on which evaluation it rests, and who took it."""

    outcome: str
    finding: str
    reasons: str
    is_against_the_finding: bool
    evaluation_id: int
    decided_at: datetime
    deciders: tuple[Act, ...]


@dataclass(frozen=True)
class Published:
    """The public page of one pilot. Days are the granted ones where there are any."""

    number: str
    title_ko: str
    title_en: str
    summary_ko: str
    summary_en: str
    technology: str
    contact: str
    status: str
    registered_at: datetime
    site: Name
    territory: Name
    is_synthetic: bool
    company: Name
    evaluator: Name
    first_day: date
    last_day: date
    is_granted: bool
    relief: Relief
    places: tuple[Place, ...]
    plan: Plan | None
    result: Result | None
    rulings: tuple[Ruling, ...]
    incidents: tuple[IncidentCount, ...]
    acts: tuple[Act, ...]
    chain: Chain

    @property
    def withdrawal(self) -> Act | None:
        """The act that withdrew the pilot, where it is withdrawn; then only a stub is shown."""
        return next((act for act in self.acts if act.pilot_status == PilotStatus.WITHDRAWN), None)

    def places_of(self, part: str) -> tuple[Place, ...]:
        """The districts that are treated, control or other."""
        return tuple(place for place in self.places if place.part == part)


def published(session: Session, number: str) -> Published:
    """The public pilot of this number; NotFound for a draft, for none, and for one never filed."""
    pilot = register.find(session, number)
    happened = chronicle.acts(session, pilot)
    plan = _plan(session, pilot)
    signed = signed_result(session, pilot)
    exemption = pilot.exemption
    return Published(
        number=number,
        **{name: getattr(pilot, name) for name in COPIED},
        site=Name.of(pilot.site.city),
        territory=Name.of(pilot.site.territory),
        is_synthetic=pilot.site.territory.synthetic,
        company=Name.of(pilot.company),
        evaluator=Name.of(pilot.evaluator),
        first_day=exemption.granted_from or pilot.planned_from,
        last_day=exemption.granted_to or pilot.planned_to,
        is_granted=exemption.granted_from is not None,
        relief=_relief(session, exemption),
        places=_places(session, pilot, plan),
        plan=plan,
        result=result_of(signed) if signed else None,
        rulings=_rulings(session, pilot, happened),
        incidents=counts_of(session, pilot),
        acts=happened,
        chain=chronicle.chain(happened),
    )


def plan_version(session: Session, number: str, version: int | None = None) -> PlanVersion:
    """A locked plan of a public pilot, the one in force unless `version` names another."""
    versions = register.find(session, number).experiment.versions
    wanted = [each for each in versions if version in (None, each.number)]
    if not wanted:
        raise NotFound("locked plan", f"{number} {version or ''}".strip())
    wanted[-1].contents()  # a text without its digest is never handed out
    return wanted[-1]


def signed_evaluation(session: Session, number: str, evaluation_id: int | None = None) -> Evaluation:
    """A signed evaluation of a public pilot, the latest unless `evaluation_id` names another."""
    pilot = register.find(session, number)
    found = signed_result(session, pilot) if evaluation_id is None else session.get(Evaluation, evaluation_id)
    if found is None or found.experiment_id != pilot.experiment_id or found.signed_at is None:
        raise NotFound("signed result", f"{number} {evaluation_id or ''}".strip())
    found.result()  # a text without its digest is never handed out
    return found


def _relief(session: Session, exemption: Exemption) -> Relief:
    regime = exemption.regime
    kind, ground = regime.kind(exemption.kind), regime.ground(exemption.ground)
    imposed = session.scalars(
        select(Condition)
        .where(Condition.exemption_id == exemption.id, Condition.is_imposed)
        .order_by(Condition.id)
        .options(joinedload(Condition.requested_by))
    )
    return Relief(
        status=exemption.status,
        regime=Name.of(regime),
        regime_version=regime.version,
        kind=Name.of(kind),
        kind_source=kind.source,
        ground=Name.of(ground),
        ground_source=ground.source,
        articles=tuple(exemption.articles),
        requested_months=exemption.requested_months,
        lead=Name.of(exemption.lead),
        conditions=tuple(_condition(each) for each in imposed),
        reasons=exemption.decision_reasons,
        resolution=exemption.resolution if exemption.decision_reasons else None,
        against_resolution=exemption.against_resolution,
        city_is_applicant=exemption.city_is_applicant,
    )


def _condition(condition: Condition) -> ImposedCondition:
    copied = ("text", "legal_basis", "necessity", "proportionality")
    values = {name: getattr(condition, name) for name in copied}
    return ImposedCondition(**values, requested_by=Name.of(condition.requested_by))


def _places(session: Session, pilot: Pilot, plan: Plan | None) -> tuple[Place, ...]:
    """Every district of the site, in the order of codes; before a lock only the treated are known."""
    planned = {"treated": [district.code for district in pilot.districts], "control": []}
    sides = plan.contents["districts"] if plan else planned
    rows = session.scalars(
        select(District).where(District.territory_id == pilot.site.territory_id).order_by(District.code)
    )
    return tuple(
        Place(row.code, row.name_ko, row.name_en, _part(row.code, sides), row.outline) for row in rows
    )


def _part(code: str, sides: Mapping[str, Sequence[str]]) -> Part:
    if code in sides["treated"]:
        return Part.TREATED
    return Part.CONTROL if code in sides["control"] else Part.OTHER


def _plan(session: Session, pilot: Pilot) -> Plan | None:
    versions = pilot.experiment.versions
    if not versions:
        return None
    contents = versions[-1].contents()
    codes = {contents["primary"]["code"], *(guardrail["code"] for guardrail in contents["guardrails"])}
    codes |= {predictor["metric"] for predictor in contents["design"]["predictors"]}
    codes |= {covariate["code"] for covariate in contents["design"].get("covariates", [])}
    metrics = session.scalars(select(Metric).where(Metric.code.in_(codes)).order_by(Metric.id))
    return Plan(
        contents=contents,
        editions=tuple(map(_edition, versions, (None, *versions))),
        definitions=tuple(_definition(metric) for metric in metrics),
    )


def _definition(metric: Metric) -> Definition:
    copied = ("code", "version", "name_ko", "name_en", "definition_ko", "definition_en")
    values = {name: getattr(metric, name) for name in copied}
    return Definition(**values, unit=Name(metric.unit_ko, metric.unit))


def _edition(version: PlanVersion, before: PlanVersion | None) -> Edition:
    copied = ("number", "sha256", "locked_at", "reason", "is_prospective")
    return Edition(
        **{name: getattr(version, name) for name in copied},
        locked_by=version.locked_by_name,
        changes=() if before is None else changes(before.contents(), version.contents()),
    )


def _rulings(session: Session, pilot: Pilot, happened: Sequence[Act]) -> tuple[Ruling, ...]:
    decided = session.scalars(
        select(Decision)
        .where(Decision.pilot_id == pilot.id, Decision.status == DecisionStatus.DECIDED)
        .order_by(Decision.decided_at, Decision.id)
        .options(joinedload(Decision.evaluation))
    )
    return tuple(_ruling(decision, happened) for decision in decided)


def _ruling(decision: Decision, happened: Sequence[Act]) -> Ruling:
    assert decision.decided_at is not None  # the database ties it to the status
    return Ruling(
        outcome=decision.outcome,
        finding=str(decision.evaluation.finding),
        reasons=decision.reasons,
        is_against_the_finding=decision.is_against_the_finding,
        evaluation_id=decision.evaluation_id,
        decided_at=decision.decided_at,
        deciders=tuple(
            act
            for act in happened
            if act.kind == "decision" and act.subject_id == decision.id and act.verb in DECIDING_VERBS
        ),
    )
