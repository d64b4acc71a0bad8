"""One evaluation: which plan, as of when, on which panel, with which seed and packages."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.canonical import digest
from experiments.errors import BrokenRecord
from experiments.orm import Base, Identified
from experiments.registrations.models import Experiment, PlanVersion


class EvaluationStatus(StrEnum):
    REQUESTED = "requested"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Evaluation(Identified, Base):
    """A run of a plan version. A finished one is never changed; it can only be signed."""

    __tablename__ = "evaluation"
    __table_args__ = (
        CheckConstraint("(status = 'done') = (document IS NOT NULL)", name="done_means_documented"),
        CheckConstraint("status <> 'failed' OR error IS NOT NULL", name="failures_have_reasons"),
        CheckConstraint("signed_at IS NULL OR status = 'done'", name="only_results_are_signed"),
        CheckConstraint("(signed_at IS NULL) = (signed_by_id IS NULL)", name="signed_means_by_someone"),
    )

    experiment_id: Mapped[int] = mapped_column(ForeignKey(Experiment.id), index=True)
    plan_version_id: Mapped[int] = mapped_column(ForeignKey(PlanVersion.id))
    status: Mapped[str] = mapped_column(default=EvaluationStatus.REQUESTED, index=True)
    requested_at: Mapped[datetime]
    requested_by_id: Mapped[int | None]
    requested_by_name: Mapped[str]
    as_of: Mapped[datetime]
    seed: Mapped[int]
    lease_holder: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None]
    panel_digest: Mapped[str | None]
    packages: Mapped[dict[str, str] | None] = mapped_column(JSON)
    document: Mapped[str | None] = mapped_column(Text)
    document_sha256: Mapped[str | None]
    finding: Mapped[str | None]
    error: Mapped[str | None] = mapped_column(Text)
    signed_at: Mapped[datetime | None]
    signed_by_id: Mapped[int | None]
    signed_by_name: Mapped[str | None]

    experiment: Mapped[Experiment] = relationship()
    plan_version: Mapped[PlanVersion] = relationship()

    def result(self) -> dict[str, Any]:
        """The result document as data; BrokenRecord where its text no longer has its digest."""
        if self.document is None:
            raise BrokenRecord(f"evaluation {self.id}", "it has no result")
        if digest(self.document) != self.document_sha256:
            raise BrokenRecord(f"evaluation {self.id}", "digest of the result differs")
        document: dict[str, Any] = json.loads(self.document)
        return document
