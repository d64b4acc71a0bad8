"""Build what a test is about: `create_*` functions that default everything, and named histories.

A history is a tuple of steps, each one use case that the right person carries out; each history
is built on the one before: `create_case(session, FILED)` gives a case that was just filed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import count
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from experiments import districts as places
from experiments import metrics
from experiments.canonical import canonical
from experiments.collection import hubs, sources
from experiments.collection.models import CollectionAttempt, DataSource, Hub
from experiments.evaluation import runs
from experiments.evaluation.models import Evaluation
from experiments.evaluation.rule import Finding, default_rule
from experiments.lifecycle import Actor
from sandbox import decisions
from sandbox.accounts import HOME_OF_ROLE, Person, Role
from sandbox.amendments import evidence
from sandbox.decisions import Decision
from sandbox.decisions.decide import open_decision
from sandbox.exemptions import application, deliberation, review
from sandbox.exemptions.models import Resolution
from sandbox.insurance import filing
from sandbox.organisations import Organisation, OrganisationKind
from sandbox.pilots import case as cases
from sandbox.pilots import evaluations, operation, registration
from sandbox.pilots import plan as plans
from sandbox.pilots.models import Pilot
from sandbox.programmes.models import Bid, Call, Programme, Site
from sandbox.regimes import regime
from sandbox.reports import filing as reporting
from sandbox.residents import informing
from sandbox.suspensions import suspending
from tests import readings, results

BEGINNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PASSWORD = "a long enough password"
REGIME = "kr-smart-city"

_numbers = count(1)


# -- people and places ------------------------------------------------------------------------


def create_organisation(
    session: Session, kind: OrganisationKind = OrganisationKind.COMPANY, **facts: Any
) -> Organisation:
    number = next(_numbers)
    organisation = Organisation(
        **{
            "kind": kind,
            "name_ko": f"기관 {number}",
            "name_en": f"{kind.capitalize()} {number}",
            "registration_number": f"{number:010d}" if kind == OrganisationKind.COMPANY else None,
            "address": f"{number} Sejong-daero, Seoul",
        }
        | facts
    )
    session.add(organisation)
    session.flush()
    return organisation


def create_person(
    session: Session,
    role: Role = Role.COMPANY_AUTHOR,
    organisation: Organisation | None = None,
    *,
    password: str = PASSWORD,
    **facts: Any,
) -> Person:
    number = next(_numbers)
    home = organisation or create_organisation(session, HOME_OF_ROLE[role])
    person = Person(
        **{
            "email": f"{role}.{number}@example.org",
            "name": f"{role.replace('_', ' ').capitalize()} {number}",
            "role": role,
            "password_hash": hashed(password),
        }
        | facts
    )
    person.organisation = home
    session.add(person)
    session.flush()
    return person


@lru_cache
def hashed(password: str) -> str:
    """The hash with the cheapest parameters, once per password: tests need no slow hashing."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)


def create_territory(session: Session, *, size: int = 6, **facts: Any) -> places.Territory:
    """A territory with districts D01, D02 and so on."""
    number = next(_numbers)
    territory = places.create_territory(
        session,
        **{
            "code": f"town-{number}",
            "name_ko": f"도시 {number}",
            "name_en": f"Town {number}",
            "zone": "Asia/Seoul",
        }
        | facts,
    )
    rows = [
        {"code": f"D{i:02d}", "name_ko": f"{i}동", "name_en": f"District {i}"} for i in range(1, size + 1)
    ]
    places.add_districts(session, territory, rows)
    return territory


def create_metric(session: Session, **facts: Any) -> metrics.Metric:
    number = next(_numbers)
    return metrics.define(
        session,
        **{
            "code": f"metric-{number}",
            "name_ko": f"지표 {number}",
            "name_en": f"Metric {number}",
            "definition_ko": "구역별 하루 평균",
            "definition_en": "Mean per district and day",
            "unit": "minutes",
            "direction": "decrease",
            "aggregation": "mean",
        }
        | facts,
    )


def create_programme(session: Session, **facts: Any) -> Programme:
    number = next(_numbers)
    programme = Programme(
        **{"code": f"programme-{number}", "name_ko": f"사업 {number}", "name_en": f"Programme {number}"}
        | facts
    )
    if programme.ministry_id is None:
        programme.ministry_id = create_organisation(session, OrganisationKind.MINISTRY).id
    session.add(programme)
    session.flush()
    return programme


def create_call(session: Session, programme: Programme | None = None, **figures: Any) -> Call:
    programme = programme or create_programme(session)
    call = Call(programme_id=programme.id, **call_figures(**figures))
    session.add(call)
    session.flush()
    return call


def call_figures(**changes: Any) -> dict[str, Any]:
    return {
        "year": 2026,
        "quota": 1,
        "budget_cap_won": 20_000_000_000,
        "state_share_pct": 50,
        "duration_years": 3,
        "opens_on": date(2026, 2, 1),
        "closes_on": date(2026, 3, 31),
        "notice_ko": "공고",
        "notice_en": "Notice",
    } | changes


def create_bid(session: Session, call: Call | None = None, **facts: Any) -> Bid:
    call = call or create_call(session)
    bid = Bid(call_id=call.id, submitted_at=BEGINNING, **bid_contents(**facts))
    if bid.city_id is None:
        bid.city_id = create_organisation(session, OrganisationKind.CITY).id
    session.add(bid)
    session.flush()
    return bid


def bid_contents(**changes: Any) -> dict[str, Any]:
    return {"summary_ko": "계획", "summary_en": "A plan", "budget_won": 10_000_000_000} | changes


def create_site(
    session: Session, *, city: Organisation | None = None, territory: places.Territory | None = None
) -> Site:
    city = city or create_organisation(session, OrganisationKind.CITY)
    territory = territory or create_territory(session)
    site = Site(city_id=city.id, territory_id=territory.id, selected_at=BEGINNING)
    session.add(site)
    session.flush()
    return site


# -- collection --------------------------------------------------------------------------------


def create_hub(session: Session, **facts: Any) -> Hub:
    return hubs.register_hub(session, hub_values() | {"name": f"hub {next(_numbers)}"} | facts)


def hub_values(**changes: Any) -> dict[str, Any]:
    """What `HubSchema` takes."""
    return {
        "name": "Town hub",
        "base_url": "https://hub.example.org",
        "dialect": "etsi",
        "zone": "Asia/Seoul",
    } | changes


def create_source(session: Session, site: Site | None = None, **changes: Any) -> DataSource:
    """A source of one metric for two districts of the site, due since the beginning."""
    values = source_values(session, site or create_site(session), **changes)
    return sources.register_source(session, values, at=BEGINNING)


def source_values(session: Session, site: Site, **changes: Any) -> dict[str, Any]:
    """What `SourceSchema` takes; the hub and the metric are made where `changes` name none."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "territory": site.territory.code,
        "name": f"readings {number}",
        "entity_type": "DistrictObserved",
        "interval_seconds": 3600,
        "starts_at": (BEGINNING - timedelta(days=10)).isoformat(),
        "entities": [{"entity": f"urn:ngsi-ld:District:{i}", "district": f"D{i:02d}"} for i in (1, 2)],
    } | changes
    if "hub" not in values:
        values["hub"] = create_hub(session).name
    if "attributes" not in values:
        metric = create_metric(session)
        values["attributes"] = [{"attribute": "wait", "metric": metric.code, "unit": metric.unit}]
    return values


def create_attempt(session: Session, source: DataSource, **facts: Any) -> CollectionAttempt:
    """A window that was fetched without a fault."""
    attempt = CollectionAttempt(
        **{
            "source_id": source.id,
            "holder": "test",
            "fence": source.fence,
            "started_at": BEGINNING,
            "finished_at": BEGINNING,
            "window_start": BEGINNING - timedelta(days=1),
            "window_end": BEGINNING,
            "status": "done",
        }
        | facts
    )
    session.add(attempt)
    session.flush()
    return attempt


# -- a case with everyone who has a part in it -------------------------------------------------


@dataclass
class Case:
    """One pilot, the people around it by what they are to it, and a clock that every step moves."""

    session: Session
    site: Site
    people: dict[str, Person]
    primary: metrics.Metric
    guardrail: metrics.Metric
    pilot: Pilot = field(init=False)
    at: datetime = BEGINNING

    def actor(self, who: str) -> Actor:
        return self.people[who].actor

    def tick(self) -> datetime:
        """The next instant: an hour after the last one."""
        self.at += timedelta(hours=1)
        return self.at

    def walk(self, history: History) -> Case:
        for step in history:
            step(self)
        return self

    @property
    def evaluation(self) -> Evaluation:
        """The latest run."""
        return evaluations.evaluations_of(self.session, self.pilot)[0]

    @property
    def decision(self) -> Decision:
        """The proposal that waits for someone."""
        decision = open_decision(self.session, self.pilot)
        assert decision is not None
        return decision


Step = Callable[[Case], object]
History = tuple[Step, ...]

# who they are to the case -> (role, whose)
PARTIES: dict[str, tuple[Role, str]] = {
    "author": (Role.COMPANY_AUTHOR, "company"),
    "signatory": (Role.COMPANY_SIGNATORY, "company"),
    "city_reviewer": (Role.CITY_REVIEWER, "city"),
    "data_officer": (Role.CITY_DATA_OFFICER, "city"),
    "reviewer": (Role.MINISTRY_REVIEWER, "lead"),
    "decider": (Role.DECIDER, "lead"),
    "second_decider": (Role.DECIDER, "lead"),
    "other_reviewer": (Role.MINISTRY_REVIEWER, "other ministry"),
    "other_decider": (Role.DECIDER, "other ministry"),
    "evaluator": (Role.EVALUATOR, "institute"),
    "secretary": (Role.SECRETARIAT, "agency"),
    "member": (Role.COMMITTEE_MEMBER, "committee"),
    "expert": (Role.EXPERT, "committee"),
    "auditor": (Role.AUDITOR, "operator"),
    "administrator": (Role.ADMINISTRATOR, "operator"),
    "other_author": (Role.COMPANY_AUTHOR, "other company"),
    "other_signatory": (Role.COMPANY_SIGNATORY, "other company"),
    "other_city_reviewer": (Role.CITY_REVIEWER, "other city"),
    "other_evaluator": (Role.EVALUATOR, "other institute"),
}


def create_case(session: Session, history: History = (), **changes: Any) -> Case:
    """A registered pilot (with `changes` to what the company wrote), taken through `history`."""
    homes: dict[str, Organisation] = {}
    people = {}
    for who, (role, whose) in PARTIES.items():
        if whose not in homes:
            homes[whose] = create_organisation(session, HOME_OF_ROLE[role])
        people[who] = create_person(session, role, homes[whose])
    case = Case(
        session,
        create_site(session, city=homes["city"]),
        people,
        create_metric(session),
        create_metric(session),
    )
    case.pilot = registration.register(
        session,
        site=case.site,
        evaluator=homes["institute"],
        lead=homes["lead"],
        regime_id=REGIME,
        values=pilot_values(**changes),
        application_values=application_values(),
        by=case.actor("author"),
        at=case.at,
    )
    return case.walk(history)


def create_pilot(session: Session, history: History = (), **changes: Any) -> Pilot:
    """A pilot in the state that `history` leaves it in."""
    return create_case(session, history, **changes).pilot


def pilot_values(**changes: Any) -> dict[str, Any]:
    """What `PilotSchema` gives."""
    return {
        "title_ko": "스마트 횡단보도",
        "title_en": "Smart crossings",
        "summary_ko": "보행 신호를 기다리는 시간을 줄인다.",
        "summary_en": "Pedestrians wait less at crossings.",
        "technology": "smart crossing",
        "contact": "pilot@example.org",
        "planned_from": date(2026, 7, 1),
        "planned_to": date(2027, 6, 30),
        "districts": ["D01", "D02"],
    } | changes


def application_values(**changes: Any) -> dict[str, Any]:
    """What `ApplicationSchema` gives: complete, so that it may be sent."""
    return {
        "kind": "demonstration",
        "ground": "no_standard",
        "articles": ["Road Traffic Act Art. 4"],
        "contents": {item.id: f"{item.name_en}, in detail." for item in regime(REGIME).plan_contents},
        "requested_months": 24,
    } | changes


def plan_document(case: Case, **changes: Any) -> dict[str, Any]:
    """A plan that may be locked for `case`."""
    return {
        "title_ko": "스마트 횡단보도 평가",
        "title_en": "Evaluation of smart crossings",
        "hypothesis_ko": "대기 시간이 줄어든다.",
        "hypothesis_en": "Waiting becomes shorter.",
        "period": "month",
        "window": {
            "baseline_from": "2025-07-01",
            "intervention_from": "2026-07-01",
            "intervention_to": "2027-06-30",
        },
        "districts": {
            "treated": ["D01", "D02"],
            "control": ["D03", "D04", "D05", "D06"],
            "why": "Neighbouring districts with similar traffic.",
        },
        "primary": {
            "code": case.primary.code,
            "version": 1,
            "direction": "decrease",
            "minimum_effect": 0.5,
        },
        "guardrails": [{"code": case.guardrail.code, "version": 1, "direction": "decrease", "margin": 1.0}],
        "design": {"method": "did", "alpha": 0.05, "missing": "refuse", "predictors": []},
        "rule": default_rule(minimum_effect=0.5, alpha=0.05),
        "seed": 20260302,
    } | changes


# -- steps, each one act by the right person ---------------------------------------------------


def send_to_city(case: Case) -> None:
    application.send_to_city(case.session, case.pilot.exemption, by=case.actor("author"), at=case.tick())


def give_opinion(case: Case, *, required_actions: tuple[str, ...] = ("Put up signs.",)) -> None:
    review.give_opinion(
        case.session,
        case.pilot.exemption,
        opinion="The city supports the pilot.",
        required_actions=required_actions,
        by=case.actor("city_reviewer"),
        at=case.tick(),
    )


def answer_actions(case: Case) -> None:
    answers = {action.id: "Done before the start." for action in case.pilot.exemption.required_actions}
    application.answer_actions(
        case.session, case.pilot.exemption, answers, by=case.actor("author"), at=case.tick()
    )


def name_evidence(case: Case) -> None:
    """What would show that each article has to change."""
    for article in case.pilot.exemption.articles:
        evidence.enter_line(
            case.session,
            case.pilot.exemption,
            evidence_line(case, article=article),
            by=case.actor("author"),
            at=case.tick(),
        )


def evidence_line(case: Case, **changes: Any) -> dict[str, Any]:
    """What `EvidenceLineSchema` gives."""
    return {
        "article": case.pilot.exemption.articles[0],
        "criterion": "benefit",
        "shown_by": "metric",
        "metric": case.primary.code,
        "document": "",
        "would_show": "Waiting becomes shorter and nobody is hurt.",
    } | changes


def sign_application(case: Case) -> None:
    cases.sign(case.session, case.pilot, by=case.actor("signatory"), at=case.tick())


def return_filing(case: Case) -> None:
    cases.return_filing(
        case.session,
        case.pilot,
        by=case.actor("reviewer"),
        at=case.tick(),
        codes=["missing_attachment"],
        reason="The insurance is missing.",
    )


def open_consultation(case: Case) -> None:
    ministries = [case.people["reviewer"].organisation, case.people["other_reviewer"].organisation]
    review.open_consultation(
        case.session, case.pilot.exemption, ministries, by=case.actor("reviewer"), at=case.tick()
    )


def reply_with_condition(case: Case) -> None:
    """The other ministry agrees under one condition."""
    reply(case, "other_reviewer", reply="agree_with_conditions", conditions=[condition_values()])


def reply_of_the_lead(case: Case) -> None:
    reply(case, "reviewer")


def reply(case: Case, who: str, **changes: Any) -> None:
    home = case.people[who].organisation_id
    consultation = next(c for c in case.pilot.exemption.consultations if c.ministry_id == home)
    words: dict[str, Any] = {"reply": "agree", "text": "No objection.", "conditions": []} | changes
    review.reply(case.session, consultation, **words, by=case.actor(who), at=case.tick())


def condition_values(**changes: str) -> dict[str, str]:
    """What `ConditionSchema` gives."""
    return {
        "text": "A guard stands at every crossing in the first month.",
        "legal_basis": "Art. 49(6)",
        "necessity": "Drivers do not know the new signal.",
        "proportionality": "One month is the shortest time in which drivers learn it.",
    } | changes


def close_consultation(case: Case) -> None:
    review.close_consultation(case.session, case.pilot.exemption, by=case.actor("reviewer"), at=case.tick())


def table(case: Case) -> None:
    deliberation.table(
        case.session, case.pilot.exemption, meeting="1st", by=case.actor("secretary"), at=case.tick()
    )


def resolve(resolution: Resolution) -> Step:
    """A step that records this resolution of three voters of the committee."""

    def step(case: Case) -> None:
        deliberation.resolve(
            case.session,
            case.pilot.exemption,
            resolution,
            voters=[case.people["member"].id],
            arithmetic="3 of 3 members took part; 3 agreed.",
            by=case.actor("secretary"),
            at=case.tick(),
        )

    return step


def grant(case: Case, **changes: Any) -> None:
    terms = {
        "conditions": [condition.id for condition in case.pilot.exemption.conditions],
        "granted_from": date(2026, 7, 1),
        "granted_to": date(2027, 6, 30),
        "reason": "The benefit outweighs the risk under the condition.",
    } | changes
    cases.grant(case.session, case.pilot, **terms, by=case.actor("decider"), at=case.tick())


def refuse(case: Case) -> None:
    cases.refuse(
        case.session, case.pilot, by=case.actor("decider"), at=case.tick(), reason="The risk is not covered."
    )


def withdraw(case: Case) -> None:
    cases.withdraw(
        case.session, case.pilot, by=case.actor("author"), at=case.tick(), reason="The funding fell through."
    )


def save_plan(case: Case) -> None:
    plans.save_draft(
        case.session, case.pilot, plan_document(case), by=case.actor("evaluator"), at=case.tick()
    )


def lock_plan(case: Case) -> None:
    plans.lock(case.session, case.pilot, by=case.actor("evaluator"), at=case.tick())


def amend_plan(case: Case) -> None:
    plans.amend(
        case.session,
        case.pilot,
        plan_document(case, seed=7),
        by=case.actor("evaluator"),
        at=case.tick(),
        reason="The seed had been drawn twice.",
    )


def insure(case: Case) -> None:
    """A policy at the statutory minima for the whole granted period."""
    exemption = case.pilot.exemption
    filing.file_policy(
        case.session,
        case.pilot,
        insurer="Hangang Insurance",
        number="L-2026-1",
        covers={item.id: item.won for item in exemption.regime.minimum_cover},
        covers_from=exemption.granted_from,
        covers_to=exemption.granted_to,
        by=case.actor("author"),
        at=case.tick(),
    )


def inform_residents(case: Case) -> None:
    informing.inform(
        case.session,
        case.pilot,
        informed_on=case.at.date(),
        how="Letters to every household",
        text="From July on, signals at four crossings wait for people instead of the clock.",
        link="",
        by=case.actor("author"),
        at=case.tick(),
    )


def collect_baseline(case: Case) -> None:
    """A reading of each metric for every district and month before the intervention."""
    window = case.pilot.experiment.plan.contents()["window"]
    readings.create_baseline(
        case.session,
        case.site.territory,
        [case.primary, case.guardrail],
        first=date.fromisoformat(window["baseline_from"]),
        until=date.fromisoformat(window["intervention_from"]),
        received_at=case.at,
    )


def start(case: Case) -> None:
    operation.start(case.session, case.pilot, by=case.actor("signatory"), at=case.tick())


def suspend(case: Case) -> None:
    suspending.suspend(
        case.session,
        case.pilot,
        code="safety",
        reason="A signal failed.",
        by=case.actor("decider"),
        at=case.tick(),
    )


def close_measures(case: Case) -> None:
    """The company reports its measures, and the ministry finds them sufficient."""
    suspension = suspending.present_suspension(case.session, case.pilot)
    suspending.report_measures(
        case.session, suspension, measures="Every signal was tested.", by=case.actor("author"), at=case.tick()
    )
    suspending.accept_measures(case.session, suspension, by=case.actor("reviewer"), at=case.tick())


def lift(case: Case) -> None:
    suspending.lift(
        case.session, case.pilot, by=case.actor("decider"), at=case.tick(), reason="It was repaired."
    )


def finish(case: Case) -> None:
    operation.finish(case.session, case.pilot, by=case.actor("signatory"), at=case.tick())


def file_report(case: Case) -> None:
    """The company's final report, with something about every item that the regime asks for."""
    exemption = case.pilot.exemption
    contents = {
        item.id: "As the evaluation says." for item in exemption.regime.period.reported_of(exemption.kind)
    }
    report = reporting.save(
        case.session, case.pilot, contents=contents, by=case.actor("author"), at=case.tick()
    )
    reporting.file_report(case.session, report, by=case.actor("signatory"), at=case.tick())


def request_evaluation(case: Case) -> None:
    evaluations.request_run(case.session, case.pilot, by=case.actor("evaluator"), at=case.tick())


def store_result(finding: Finding) -> Step:
    """A step that stores a result with this finding, as a worker would; every number is made up."""

    def step(case: Case) -> None:
        claimed = runs.claim(case.session, holder="test", now=case.tick())
        assert claimed is not None
        document = results.result_document(claimed, case.primary, [case.guardrail])
        text = canonical(document | {"finding": finding.value})
        assert runs.finish(case.session, claimed.id, claimed.fence, text, at=case.tick())
        case.session.refresh(claimed)

    return step


def sign_result(case: Case) -> None:
    evaluations.sign(case.session, case.pilot, case.evaluation, by=case.actor("evaluator"), at=case.tick())


def propose(outcome: str) -> Step:
    def step(case: Case) -> None:
        decisions.propose(
            case.session,
            case.pilot,
            case.evaluation,
            outcome=outcome,
            reasons="Waiting became shorter and nothing got worse.",
            by=case.actor("reviewer"),
            at=case.tick(),
        )

    return step


def decide(case: Case) -> None:
    decisions.decide(
        case.session, case.decision, by=case.actor("decider"), at=case.tick(), reason="The evidence is clear."
    )


def confirm(case: Case) -> None:
    decisions.confirm(
        case.session,
        case.decision,
        by=case.actor("second_decider"),
        at=case.tick(),
        reason="The finding leaves out what the city needs.",
    )


def send_back(case: Case) -> None:
    decisions.send_back(
        case.session,
        case.decision,
        by=case.actor("decider"),
        at=case.tick(),
        reason="The reasons are too thin.",
    )


# -- named histories, each built on the one before ---------------------------------------------

DRAFTED: History = ()
SENT: History = (*DRAFTED, send_to_city)
OPINED: History = (*SENT, give_opinion)
ANSWERED: History = (*OPINED, answer_actions)
FILED: History = (*ANSWERED, name_evidence, sign_application)
RETURNED: History = (*FILED, return_filing)
CONSULTING: History = (*FILED, open_consultation)
REPLIED: History = (*CONSULTING, reply_of_the_lead, reply_with_condition)
CONSULTED: History = (*REPLIED, close_consultation)
TABLED: History = (*CONSULTED, table)
RESOLVED: History = (*TABLED, resolve(Resolution.APPROVE_WITH_CONDITIONS))
GRANTED: History = (*RESOLVED, grant)
REFUSED: History = (*TABLED, resolve(Resolution.REJECT), refuse)
WITHDRAWN: History = (*FILED, withdraw)
LOCKED: History = (*GRANTED, save_plan, lock_plan)
AMENDED: History = (*LOCKED, amend_plan)
READY: History = (*LOCKED, insure, inform_residents, collect_baseline)
RUNNING: History = (*READY, start)
SUSPENDED: History = (*RUNNING, suspend)
REMEDIED: History = (*SUSPENDED, close_measures)
FINISHED: History = (*RUNNING, finish)
REPORTED: History = (*FINISHED, file_report)
EVALUATED: History = (*REPORTED, request_evaluation, store_result(Finding.EXPAND_CONDITIONAL))
SIGNED: History = (*EVALUATED, sign_result)
PROPOSED: History = (*SIGNED, propose("expand_conditional"))
PROPOSED_AGAINST: History = (*SIGNED, propose("stop"))
DECIDED: History = (*PROPOSED, decide)
FIRST_DECIDED_AGAINST: History = (*PROPOSED_AGAINST, decide)
DECIDED_AGAINST: History = (*FIRST_DECIDED_AGAINST, confirm)
