"""The case file of a pilot: who may read it, what happened, and what this person may do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from experiments.errors import NotFound
from experiments.evaluation.models import Evaluation, EvaluationStatus
from experiments.lifecycle import Actor, Lifecycle
from experiments.registrations.models import EXPERIMENT, evaluator_of_the_experiment
from sandbox import access
from sandbox.accounts import Role
from sandbox.clocks.running import can_be_extended
from sandbox.committee.reading import has_papers
from sandbox.decisions.decide import DECIDABLE, is_decided, open_decision
from sandbox.decisions.models import Decision
from sandbox.decisions.table import DECISION
from sandbox.exemptions.models import Consultation, Exemption, ExemptionStatus, Supplement
from sandbox.exemptions.table import EXEMPTION, author_of_the_company, missing_files
from sandbox.pilots.evaluations import evaluations_of
from sandbox.pilots.models import Pilot
from sandbox.pilots.parts import Deed, deeds
from sandbox.pilots.table import CARRIED_VERBS, PILOT, is_over
from sandbox.regimes.load import FileItem
from sandbox.uncertainties.models import Uncertainty
from sandbox.uncertainties.settled import open_uncertainties

NOT_YET_SENT = ExemptionStatus.DRAFT
WITH_THE_CITY = (ExemptionStatus.LOCAL_REVIEW, ExemptionStatus.LOCAL_DONE)


@dataclass(frozen=True)
class Move:
    """Something that this person may do, or may do once `needs` are met."""

    kind: str
    verb: str
    needs_reason: bool
    source: str
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class CaseFile:
    """Everything about one case that its parties may read."""

    pilot: Pilot
    evaluations: tuple[Evaluation, ...]
    decisions: tuple[Decision, ...]
    deeds: tuple[Deed, ...]
    moves: tuple[Move, ...]
    my_consultation: Consultation | None

    @property
    def missing_files(self) -> tuple[FileItem, ...]:
        """What the law asks of this kind of application and is not attached."""
        exemption = self.pilot.exemption
        missing = set(missing_files(exemption))
        return tuple(item for item in exemption.regime.files_asked_of(exemption.kind) if item.id in missing)

    @property
    def open_uncertainties(self) -> tuple[Uncertainty, ...]:
        """What is to be settled before the pilot is concluded; nothing once it is over."""
        return () if is_over(self.pilot) else tuple(open_uncertainties(self.pilot))


def find(session: Session, number: str, actor: Actor) -> Pilot:
    """The pilot of this number; NotFound also for whoever may not read its file."""
    # PostgreSQL refuses NUL bytes in a text, where SQLite just finds nothing.
    known = number.isprintable()
    pilot = session.scalar(select(Pilot).where(Pilot.number == number)) if known else None
    if pilot is None or not may_read(pilot, actor):
        raise NotFound("pilot", number)
    return pilot


def may_read(pilot: Pilot, actor: Actor) -> bool:
    """The file's parties; a draft is the company's own until it is sent, and the city sees it first.

    Whoever gives an application up opens it to nobody who could not read it before.
    """
    if access.sits_on_committees(actor):
        session = object_session(pilot)
        return session is not None and has_papers(session, pilot.exemption, actor)
    if not access.may_read_case(
        actor, company_id=pilot.company_id, city_id=pilot.site.city_id, evaluator_id=pilot.evaluator_id
    ):
        return False
    if access.company_people(actor) or access.auditor(actor):
        return True
    status = _reached(pilot.exemption)
    if status == NOT_YET_SENT:
        return False
    return access.city_reviewer(actor) if status in WITH_THE_CITY else True


def _reached(exemption: Exemption) -> str:
    """The status; filed, whatever became of it since, of an application that ever was.

    One that is returned, or with the city for the second time, stays open to whoever could read it. Of a
    withdrawn one that was never filed it is the status in which it was withdrawn.
    """
    if exemption.status not in (ExemptionStatus.WITHDRAWN, ExemptionStatus.RETURNED, *WITH_THE_CITY):
        return exemption.status
    past = EXEMPTION.past(exemption)
    if any(row.verb == "sign" for row in past):
        return ExemptionStatus.SUBMITTED
    return str(past[-1].old_status if exemption.status == ExemptionStatus.WITHDRAWN else exemption.status)


def case_file(session: Session, pilot: Pilot, actor: Actor) -> CaseFile:
    """The file as this person reads it now."""
    decisions = tuple(
        session.scalars(select(Decision).where(Decision.pilot_id == pilot.id).order_by(Decision.id))
    )
    return CaseFile(
        pilot=pilot,
        evaluations=tuple(evaluations_of(session, pilot)),
        decisions=decisions,
        deeds=tuple(deeds(session, pilot)),
        moves=tuple(moves(session, pilot, actor)),
        my_consultation=my_consultation(pilot, actor),
    )


def moves(session: Session, pilot: Pilot, actor: Actor) -> Iterator[Move]:
    """What this person may do with the case now, and what only an unmet condition keeps them from."""
    subjects: list[tuple[Lifecycle[Any], Any]] = [(EXEMPTION, pilot.exemption)]
    if not is_over(pilot):
        subjects.append((EXPERIMENT, pilot.experiment))
    decision = open_decision(session, pilot)
    if decision:
        subjects.append((DECISION, decision))
    for lifecycle, subject in [*subjects, (PILOT, pilot)]:
        yield from _own_moves(lifecycle, subject, actor)
    if any(may_sign(run, pilot, actor) for run in evaluations_of(session, pilot)):
        yield Move("experiment", "sign_result", False, "")
    if asked := my_consultation(pilot, actor):
        yield Move("consultation", "reply", False, "Art. 49(4)")
        if asked.open_supplement is None:
            yield Move("consultation", "ask_supplement", False, "Art. 49(5)")
        if can_be_extended(asked.clock):
            yield Move("consultation", "extend_reply", False, "Art. 49(5)")
    if open_supplements(pilot) and author_of_the_company(actor, pilot.exemption):
        yield Move("supplement", "answer", False, "Art. 49(5), D52(4)")
    if _may_propose(session, pilot, actor) and not decision:
        yield Move("decision", "propose", False, "")


# Pilots move along with another part, results are signed one by one, and a registration is given
# up with its pilot or not at all.
NOT_OFFERED: Mapping[str, frozenset[str]] = {
    PILOT.kind: CARRIED_VERBS,
    EXPERIMENT.kind: frozenset({"sign_result", "withdraw"}),
}


def _own_moves(lifecycle: Lifecycle[Any], subject: Any, actor: Actor) -> Iterator[Move]:
    """Transitions of one part of the case, without those that another part takes along."""
    carried = NOT_OFFERED.get(lifecycle.kind, frozenset())
    for transition in lifecycle.open_to(subject, actor):
        if transition.verb not in carried:
            yield Move(lifecycle.kind, transition.verb, transition.needs_reason, transition.source)
    for transition, needs in lifecycle.blocked_for(subject, actor):
        # Deciding with and against the finding exclude each other; the closed one is no missing step.
        if transition.verb not in carried and lifecycle is not DECISION:
            yield Move(
                lifecycle.kind, transition.verb, transition.needs_reason, transition.source, tuple(needs)
            )


def may_sign(evaluation: Evaluation, pilot: Pilot, actor: Actor) -> bool:
    """Whether this run waits for this person's signature."""
    done_but_unsigned = evaluation.status == EvaluationStatus.DONE and evaluation.signed_at is None
    return done_but_unsigned and evaluator_of_the_experiment(actor, pilot.experiment)


def consultation_of(pilot: Pilot, actor: Actor) -> Consultation | None:
    """The latest consultation of this person's ministry, whether or not it has replied."""
    if actor.role != Role.MINISTRY_REVIEWER:
        return None
    asked = [c for c in pilot.exemption.consultations if c.ministry_id == actor.organisation_id]
    return asked[-1] if asked else None


def my_consultation(pilot: Pilot, actor: Actor) -> Consultation | None:
    """The consultation that waits for this person's ministry, if any."""
    asked = consultation_of(pilot, actor)
    is_open = pilot.exemption.status == ExemptionStatus.CONSULTING
    return asked if asked and is_open and asked.reply is None else None


def open_supplements(pilot: Pilot) -> list[Supplement]:
    """What ministries wait for from the applicant, oldest first."""
    if pilot.exemption.status != ExemptionStatus.CONSULTING:
        return []
    asked = [c.open_supplement for c in pilot.exemption.consultations if c.reply is None]
    return sorted((each for each in asked if each is not None), key=lambda each: each.id)


def _may_propose(session: Session, pilot: Pilot, actor: Actor) -> bool:
    if not (access.ministry_reviewer(actor) and actor.organisation_id == pilot.exemption.lead_id):
        return False
    return pilot.status in DECIDABLE and any(
        run.signed_at is not None and not is_decided(session, run) for run in evaluations_of(session, pilot)
    )
