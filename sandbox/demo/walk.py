"""The steps of a case as people take them, one committed transaction each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from experiments.districts import Territory
from experiments.evaluation.models import Evaluation
from experiments.fields import load
from sandbox import decisions
from sandbox.amendments import evidence
from sandbox.amendments.evidence import EvidenceLineSchema
from sandbox.decisions.decide import open_decision
from sandbox.demo import deliberation, texts
from sandbox.demo.cast import Cast
from sandbox.demo.texts import PilotTexts
from sandbox.exemptions import application, review
from sandbox.exemptions.application import ApplicationSchema
from sandbox.exemptions.review import ReplySchema
from sandbox.insurance import filing
from sandbox.pilots import case, evaluations, operation, registration
from sandbox.pilots import plan as plans
from sandbox.pilots.models import Pilot
from sandbox.pilots.registration import PilotSchema
from sandbox.programmes import Site
from sandbox.regimes import regime
from sandbox.reports import filing as reporting
from sandbox.reports import prefill
from sandbox.reports.models import Report
from sandbox.residents import informing

Made = TypeVar("Made")


@dataclass(frozen=True)
class Story:
    """One pilot's case: who acts, where, under which regime and for how long."""

    key: str
    author: str
    signatory: str
    city: str
    consulted: str
    territory: str
    regime: str
    kind: str
    months: int
    title_ko: str
    title_en: str
    districts: tuple[str, ...]
    first_day: date
    last_day: date

    @property
    def words(self) -> PilotTexts:
        return texts.PILOTS[self.key]


class Walk:
    """Takes steps in the name of the cast; each step is one transaction, as one request would be."""

    def __init__(self, sessions: sessionmaker[Session], cast: Cast, clock: Callable[[], datetime]) -> None:
        self.sessions = sessions
        self.cast = cast
        self.clock = clock

    def step(self, act: Callable[[Session, datetime], Made]) -> Made:
        """`act` in its own transaction at the clock's moment."""
        with self.sessions.begin() as session:
            return act(session, self.clock())

    def register(self, story: Story) -> str:
        """The company's author registers the pilot; returns its number."""

        def act(session: Session, at: datetime) -> str:
            law = regime(story.regime)
            site = session.scalars(
                select(Site)
                .join(Territory, Territory.id == Site.territory_id)
                .where(Territory.code == story.territory)
            ).one()
            pilot = registration.register(
                session,
                site=site,
                evaluator=self.cast.office(session, "institute"),
                lead=self.cast.office(session, "ministry"),
                regime_id=law.id,
                values=load(PilotSchema(), _pilot_values(story)),
                application_values=load(
                    ApplicationSchema(law),
                    {
                        "kind": story.kind,
                        "ground": story.words.ground,
                        "articles": list(story.words.articles),
                        "contents": {item.id: texts.CONTENTS_OF_PLANS[item.id] for item in law.plan_contents},
                        "requested_months": story.months,
                    },
                ),
                by=self.cast.actor(session, story.author),
                at=at,
            )
            return str(pilot.number)

        return self.step(act)

    def file(self, story: Story, number: str) -> None:
        """Draft to the city, opinion, answers, signature of a second person."""
        self._on(number, story.author, lambda s, p, a: application.send_to_city(s, p.exemption, **a))
        self._on(
            number,
            story.city,
            lambda s, p, a: review.give_opinion(
                s, p.exemption, opinion=story.words.opinion, required_actions=[story.words.action], **a
            ),
        )
        self._on(
            number,
            story.author,
            lambda s, p, a: application.answer_actions(
                s, p.exemption, {each.id: story.words.answer for each in p.exemption.required_actions}, **a
            ),
        )
        self._on(number, story.author, _name_evidence)
        self._on(number, story.signatory, lambda s, p, a: case.sign(s, p, **a))

    def consult(self, story: Story, number: str, *, ministries: tuple[str, ...]) -> None:
        """The lead ministry notifies the competent ministries."""
        self._on(
            number,
            "ministry",
            lambda s, p, a: review.open_consultation(
                s, p.exemption, [self.cast.office(s, key) for key in ministries], **a
            ),
        )

    def reply(self, story: Story, number: str, ministry: str) -> None:
        """A ministry agrees with the story's condition."""
        words = story.words

        def act(session: Session, pilot: Pilot, acting: Mapping[str, Any]) -> None:
            mine = self.cast.office(session, ministry).id
            asked = next(c for c in pilot.exemption.consultations if c.ministry_id == mine)
            values = load(
                ReplySchema(),
                {
                    "reply": "agree_with_conditions",
                    "text": texts.AGREEMENT,
                    "conditions": [
                        {
                            "text": words.condition,
                            "legal_basis": words.condition_basis,
                            "necessity": words.necessity,
                            "proportionality": words.proportionality,
                        }
                    ],
                },
            )
            review.reply(session, asked, **values, **acting)

        self._on(number, ministry, act)

    def grant(self, story: Story, number: str) -> None:
        """The consultation is closed, the committee resolves where the law has one, the decider grants."""
        self._on(number, "ministry", lambda s, p, a: review.close_consultation(s, p.exemption, **a))
        if regime(story.regime).committee is not None:
            self._on(
                number,
                "secretary",
                lambda s, p, a: deliberation.hold(s, a["at"], cast=self.cast, exemption=p.exemption),
            )
        self._on(
            number,
            "decider",
            lambda s, p, a: case.grant(
                s,
                p,
                conditions=[condition.id for condition in p.exemption.conditions],
                granted_from=story.first_day,
                granted_to=story.last_day,
                reason=texts.GRANT_REASON,
                **a,
            ),
        )

    def lock(self, number: str, plan: Mapping[str, Any]) -> None:
        """The evaluator writes the plan and locks it."""
        self._on(number, "evaluator", lambda s, p, a: plans.save_draft(s, p, plan, **a))
        self._on(number, "evaluator", lambda s, p, a: plans.lock(s, p, **a))

    def prepare(self, story: Story, number: str) -> None:
        """What the start needs beside plan and baseline: insurance, and residents who know."""
        self._on(number, story.author, _insure)
        self._on(
            number,
            story.city,
            lambda s, p, a: informing.inform(
                s,
                p,
                informed_on=a["at"].date(),
                how=texts.HOW_RESIDENTS_KNOW,
                text=texts.NOTICE_TO_RESIDENTS,
                link="",
                **a,
            ),
        )

    def start(self, story: Story, number: str) -> None:
        self._on(number, story.signatory, lambda s, p, a: operation.start(s, p, **a))

    def finish(self, story: Story, number: str) -> None:
        self._on(number, story.signatory, lambda s, p, a: operation.finish(s, p, **a))

    def report(self, story: Story, number: str) -> None:
        """The company's final report, as the registry drafts it; nothing where the regime asks for none."""
        if regime(story.regime).period is None:
            return
        draft = self._on(number, story.author, _draft_report)
        self._on(
            number,
            story.signatory,
            lambda s, _p, a: reporting.file_report(s, s.get_one(Report, draft), **a),
        )

    def request_run(self, number: str) -> int:
        """The evaluator asks for a run; returns its id."""
        return self._on(number, "evaluator", lambda s, p, a: evaluations.request_run(s, p, **a).id)

    def sign_result(self, number: str, run_id: int) -> None:
        self._on(
            number,
            "evaluator",
            lambda s, p, a: evaluations.sign(s, p, s.get_one(Evaluation, run_id), **a),
        )

    def propose(self, number: str, run_id: int, outcome: str) -> None:
        """The ministry's reviewer proposes what is to be decided."""
        self._on(
            number,
            "ministry",
            lambda s, p, a: decisions.propose(
                s, p, s.get_one(Evaluation, run_id), outcome=outcome, reasons=texts.DECISION_REASON, **a
            ),
        )

    def decide(self, number: str) -> None:
        """Somebody other than the proposer decides."""

        def act(session: Session, pilot: Pilot, acting: Mapping[str, Any]) -> None:
            decision = open_decision(session, pilot)
            assert decision is not None
            decisions.decide(session, decision, **acting)

        self._on(number, "decider", act)

    def _on(self, number: str, who: str, act: Callable[[Session, Pilot, Mapping[str, Any]], Made]) -> Made:
        def step(session: Session, at: datetime) -> Made:
            pilot = session.scalars(select(Pilot).where(Pilot.number == number)).one()
            return act(session, pilot, {"by": self.cast.actor(session, who), "at": at})

        return self.step(step)


def _draft_report(session: Session, pilot: Pilot, acting: Mapping[str, Any]) -> int:
    contents = prefill.prefilled(session, pilot)
    return reporting.save(session, pilot, contents=contents, **acting).id


def _name_evidence(session: Session, pilot: Pilot, acting: Mapping[str, Any]) -> None:
    """The evaluation's report is to show, for every article, what users gain."""
    if pilot.exemption.regime.amendments is None:
        return
    for article in pilot.exemption.articles:
        line = {
            "article": article,
            "criterion": "benefit",
            "shown_by": "document",
            "document": texts.EVIDENCE_DOCUMENT,
            "would_show": texts.EVIDENCE_SHOWS,
        }
        evidence.enter_line(session, pilot.exemption, load(EvidenceLineSchema(), line), **acting)


def _insure(session: Session, pilot: Pilot, acting: Mapping[str, Any]) -> None:
    exemption = pilot.exemption
    assert exemption.granted_from  # insured after the grant
    assert exemption.granted_to
    filing.file_policy(
        session,
        pilot,
        insurer="가온손해보험 (시연)",
        number=f"L-{pilot.number}",
        covers={item.id: item.won for item in exemption.regime.minimum_cover},
        covers_from=exemption.granted_from,
        covers_to=exemption.granted_to,
        **acting,
    )


def _pilot_values(story: Story) -> dict[str, Any]:
    return {
        "title_ko": story.title_ko,
        "title_en": story.title_en,
        "summary_ko": story.words.summary_ko,
        "summary_en": story.words.summary_en,
        "technology": story.words.technology,
        "contact": "02-0000-0000 (시연)",
        "planned_from": story.first_day.isoformat(),
        "planned_to": story.last_day.isoformat(),
        "districts": list(story.districts),
    }
