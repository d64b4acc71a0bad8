"""What this reader may read of a case, put together for one page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from experiments.evaluation.models import Evaluation
from experiments.lifecycle import Actor
from sandbox import access
from sandbox.clocks import running
from sandbox.clocks.arithmetic import Derivation
from sandbox.clocks.models import Clock
from sandbox.documents import OfficialDocument
from sandbox.documents.standing import documents_of
from sandbox.insurance.cover import latest_plan, policies_of
from sandbox.insurance.models import CompensationPlan, Policy
from sandbox.ledger import LedgerEntry
from sandbox.pilots.evaluations import evaluations_of
from sandbox.pilots.file import CaseFile, case_file
from sandbox.pilots.models import Pilot
from sandbox.pilots.parts import Deed
from sandbox.records.acts import ledger_rows
from sandbox.records.tables import tables_of

MOST_LEDGER_ROWS = 2000
"""Shown on the page; the archive holds them all."""


@dataclass(frozen=True)
class Record:
    """A case as one reader may read it.

    is_whole  the auditor's: with the ledger, and with `counts` of rows by table
    ledger    rows of the ledger that speak of the case, oldest first
    """

    pilot: Pilot
    file: CaseFile
    deeds: tuple[Deed, ...]
    clocks: tuple[tuple[Clock, Derivation], ...]
    policies: tuple[Policy, ...]
    compensation: CompensationPlan | None
    evaluations: tuple[Evaluation, ...]
    documents: tuple[OfficialDocument, ...]
    is_whole: bool
    ledger: tuple[LedgerEntry, ...]
    counts: tuple[tuple[str, int], ...]


def record(session: Session, pilot: Pilot, reader: Actor) -> Record:
    """The record of `pilot` for a party of its case."""
    whole = reads_the_whole(reader)
    file = case_file(session, pilot, reader)
    return Record(
        pilot=pilot,
        file=file,
        deeds=file.deeds[::-1],
        clocks=tuple((each, running.derivation(session, each)) for each in pilot.exemption.clocks),
        policies=tuple(policies_of(session, pilot)),
        compensation=latest_plan(session, pilot),
        evaluations=tuple(readable_evaluations(session, pilot, reader)),
        documents=tuple(documents_of(session, pilot)),
        is_whole=whole,
        ledger=tuple(session.scalars(ledger_rows(pilot).limit(MOST_LEDGER_ROWS))) if whole else (),
        counts=tuple(_counts(session, pilot, reader)) if whole else (),
    )


def reads_the_whole(reader: Actor) -> bool:
    """The auditor, who reads everything; the parties read what the pages of the case show them."""
    return access.auditor(reader)


def readable_evaluations(session: Session, pilot: Pilot, reader: Actor) -> Sequence[Evaluation]:
    """Finished runs for evaluators and the auditor; for everyone else those that are signed."""
    may_read_all = access.evaluators_and_auditor(reader)
    runs = reversed(evaluations_of(session, pilot))
    return [run for run in runs if run.document is not None and (may_read_all or run.signed_at is not None)]


def _counts(session: Session, pilot: Pilot, reader: Actor) -> Iterator[tuple[str, int]]:
    for name, query in tables_of(pilot, reader).items():
        if count := session.scalar(select(func.count()).select_from(query.order_by(None).subquery())):
            yield name, count
