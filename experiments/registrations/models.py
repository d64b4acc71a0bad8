"""Experiment, its plan versions and its lifecycle."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.canonical import digest
from experiments.districts import Territory
from experiments.errors import BrokenRecord
from experiments.lifecycle import Actor, HistoryRow, Lifecycle, Transition, Versioned, subject_key
from experiments.orm import Base, Identified

EVALUATOR_ROLE = "evaluator"


class ExperimentStatus(StrEnum):
    DRAFT = "draft"
    LOCKED = "locked"
    EVALUATED = "evaluated"
    WITHDRAWN = "withdrawn"


class PlanKind(StrEnum):
    ORIGINAL = "original"
    AMENDMENT = "amendment"


class Experiment(Identified, Versioned, Base):
    """What one pilot is to teach. `draft` is the plan as it is being written."""

    __tablename__ = "experiment"

    territory_id: Mapped[int] = mapped_column(ForeignKey(Territory.id), index=True)
    evaluator_organisation_id: Mapped[int] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(default=ExperimentStatus.DRAFT, index=True)
    draft: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    territory: Mapped[Territory] = relationship()
    versions: Mapped[list[PlanVersion]] = relationship(
        back_populates="experiment", order_by="PlanVersion.number"
    )

    @property
    def plan(self) -> PlanVersion | None:
        """The version in force, or None while nothing is locked."""
        return self.versions[-1] if self.versions else None


class ExperimentHistory(HistoryRow, Base):
    __tablename__ = "experiment_history"

    subject_id: Mapped[int] = subject_key("experiment")


class PlanVersion(Identified, Base):
    """A locked plan: its canonical text never changes, and `sha256` is the text's."""

    __tablename__ = "plan_version"
    __table_args__ = (
        UniqueConstraint("experiment_id", "number"),
        CheckConstraint("length(sha256) = 64", name="sha256_is_complete"),
        CheckConstraint("(kind = 'original') = (number = 1)", name="the_first_is_the_original"),
        CheckConstraint("kind = 'original' OR reason IS NOT NULL", name="amendments_have_reasons"),
    )

    experiment_id: Mapped[int] = mapped_column(ForeignKey(Experiment.id), index=True)
    number: Mapped[int]
    kind: Mapped[str]
    document: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str]
    locked_at: Mapped[datetime]
    locked_by_id: Mapped[int]
    locked_by_name: Mapped[str]
    reason: Mapped[str | None] = mapped_column(Text)
    is_prospective: Mapped[bool]

    experiment: Mapped[Experiment] = relationship(back_populates="versions")

    def contents(self) -> dict[str, Any]:
        """The plan as data; BrokenRecord where the text no longer has its digest."""
        if digest(self.document) != self.sha256:
            raise BrokenRecord(
                f"plan version {self.number} of experiment {self.experiment_id}", "digest differs"
            )
        plan: dict[str, Any] = json.loads(self.document)
        return plan


def evaluator_of_the_experiment(actor: Actor, experiment: Experiment) -> bool:
    return actor.role == EVALUATOR_ROLE and actor.organisation_id == experiment.evaluator_organisation_id


S = ExperimentStatus

EXPERIMENT: Lifecycle[ExperimentStatus] = Lifecycle(
    "experiment",
    ExperimentStatus,
    ExperimentHistory,
    [
        Transition("save_draft", (S.DRAFT,), S.DRAFT, evaluator_of_the_experiment, public=False),
        Transition("lock", (S.DRAFT,), S.LOCKED, evaluator_of_the_experiment),
        Transition("amend", (S.LOCKED,), S.LOCKED, evaluator_of_the_experiment, needs_reason=True),
        Transition("sign_result", (S.LOCKED, S.EVALUATED), S.EVALUATED, evaluator_of_the_experiment),
        Transition(
            "withdraw", (S.DRAFT, S.LOCKED), S.WITHDRAWN, evaluator_of_the_experiment, needs_reason=True
        ),
    ],
)
