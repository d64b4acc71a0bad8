"""The ledger's records held against the rows that they speak of, and those rows against the ledger.

Promises that a locked plan, a signed result, a decision, an official document, or any other fact that
an act put into a table of `sandbox.ledger.witness` is found and named once it no longer is what the
ledger says of it. Must not judge the ledger's own chain: `sandbox.ledger.verify` does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from experiments.canonical import digest
from experiments.evaluation.models import Evaluation
from experiments.registrations.models import PlanVersion
from sandbox import ledger
from sandbox.decisions.models import Decision, DecisionStatus
from sandbox.documents.models import OfficialDocument
from sandbox.documents.standing import is_as_issued
from sandbox.ledger import LedgerEntry
from sandbox.pilots.models import Pilot

_ROWS_AT_A_TIME = 100

MISSING = "the row that the record speaks of is missing"
UNRECORDED = "no record in the ledger speaks of it"
OTHER_DIGEST = "its digest is not the recorded one"
OTHER_TEXT = "its text does not have the recorded digest"
OTHER_TIME = "its time is not the recorded one"
OTHER_REASON = "its reason is not the recorded one"
OTHER_FINDING = "its finding is not the recorded one"
OTHER_FINDING_IN_TEXT = "the finding in its text is not the recorded one"
OTHER_OUTCOME = "its outcome is not the recorded one"
OTHER_EVALUATION = "it rests on another result than the recorded one"
OTHER_DOCUMENT = "it is not the document that the ledger says was issued"
OTHER_FACT = "it is not what its act put there"
GONE = "its act put it there, and it is gone"
OTHER_STATUS = "its status is not the one that its last record leads to"


@dataclass(frozen=True)
class Mismatch:
    """A row and a record that contradict each other.

    `number` is the record's row in the ledger, None where there is no record; `where` names the row
    as `pilot:RS-2026-0001/plan_version/1`; `why` is one of this module's sentences.
    """

    number: int | None
    where: str
    why: str

    def __str__(self) -> str:
        record = "without a record" if self.number is None else f"record {self.number}"
        return f"{self.where} ({record}): {self.why}."


@dataclass(frozen=True)
class _Record:
    number: int
    at: datetime
    act: str
    details: dict[str, Any]


@dataclass(frozen=True)
class _Kind:
    """Rows of one table and the acts that speak of them.

    `rows` gives at least `pilot` (its number) and `key`, which the acts call `names_it`; `faults`
    holds a row against one record of it, `standing` against all of them, the oldest first.
    """

    table: str
    acts: tuple[str, ...]
    names_it: str
    rows: Select
    faults: Callable[[Row[Any], _Record], list[str]]
    standing: Callable[[Row[Any], Sequence[_Record]], str | None]

    def where(self, subject: str, key: object) -> str:
        return f"{subject}/{self.table}/{key}"


@dataclass(frozen=True)
class Findings:
    """Every contradiction, and of how many stored facts the ledger has a digest, and of how many none.

    A fact without one was stored before the ledger kept them: nothing says whether it was changed.
    """

    mismatches: tuple[Mismatch, ...]
    witnessed: int
    unwitnessed: int


def findings(session: Session) -> Findings:
    """The whole register held against the ledger, a bounded number of rows in memory at a time."""
    found = [mismatch for kind in _KINDS for mismatch in _mismatches_of(session, kind)]
    testimony = ledger.testimony(session)
    found += _mismatches_of_documents(session)
    found += [_contradicted(session, each) for each in testimony.differences]
    return Findings(tuple(found), testimony.witnessed, testimony.unwitnessed)


def mismatches(session: Session) -> list[Mismatch]:
    """Every contradiction between the ledger and what acts put into the register."""
    return list(findings(session).mismatches)


def _contradicted(session: Session, found: ledger.Difference) -> Mismatch:
    subject = session.scalar(select(LedgerEntry.subject).where(LedgerEntry.number == found.number))
    where = f"{subject}/{found.table}/{found.key}"
    return Mismatch(found.number, where, GONE if found.is_gone else OTHER_FACT)


def _mismatches_of_documents(session: Session) -> Iterator[Mismatch]:
    """Documents whose text or hash the ledger's own row about their issue does not bear out."""
    documents = select(OfficialDocument).order_by(OfficialDocument.id)
    for document in session.scalars(documents.execution_options(yield_per=_ROWS_AT_A_TIME)):
        if not is_as_issued(session, document):
            yield Mismatch(None, f"{document.about}/{document.kind}/{document.number}", OTHER_DOCUMENT)


def _mismatches_of(session: Session, kind: _Kind) -> Iterator[Mismatch]:
    recorded = _records(session, kind)
    with session.execute(kind.rows.execution_options(yield_per=_ROWS_AT_A_TIME)) as rows:
        for row in rows:
            where = kind.where(f"pilot:{row.pilot}", row.key)
            records = recorded.pop(where, [])
            for record in records:
                yield from (Mismatch(record.number, where, why) for why in kind.faults(row, record))
            if why := kind.standing(row, records):
                yield Mismatch(records[-1].number if records else None, where, why)
    for where, records in recorded.items():
        yield from (Mismatch(record.number, where, MISSING) for record in records)


def _records(session: Session, kind: _Kind) -> dict[str, list[_Record]]:
    """What the ledger says of this kind, by the row that it speaks of."""
    # Columns, not entities: what this session believes to know of a row is not what is stored.
    columns = select(
        LedgerEntry.number, LedgerEntry.at, LedgerEntry.act, LedgerEntry.subject, LedgerEntry.details
    )
    recorded: dict[str, list[_Record]] = {}
    for row in session.execute(columns.where(LedgerEntry.act.in_(kind.acts)).order_by(LedgerEntry.number)):
        details = _parsed(row.details)
        record = _Record(row.number, row.at, row.act, details)
        recorded.setdefault(kind.where(row.subject, details.get(kind.names_it)), []).append(record)
    return recorded


def _parsed(text: str) -> dict[str, Any]:
    """The object in `text`; an empty one where somebody left no object there."""
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _faults(*checks: tuple[object, object, str]) -> list[str]:
    return [why for stored, recorded, why in checks if stored != recorded]


def _plan_faults(row: Row[Any], record: _Record) -> list[str]:
    recorded = record.details
    return _faults(
        (row.sha256, recorded.get("sha256"), OTHER_DIGEST),
        (digest(row.document), recorded.get("sha256"), OTHER_TEXT),
        (row.fixed_at, record.at, OTHER_TIME),
        (row.reason, recorded.get("reason"), OTHER_REASON),
    )


def _result_faults(row: Row[Any], record: _Record) -> list[str]:
    recorded, text = record.details, row.document or ""
    return _faults(
        (row.document_sha256, recorded.get("document_sha256"), OTHER_DIGEST),
        (digest(text), recorded.get("document_sha256"), OTHER_TEXT),
        (row.fixed_at, record.at, OTHER_TIME),
        (row.finding, recorded.get("finding"), OTHER_FINDING),
        (_parsed(text).get("finding"), recorded.get("finding"), OTHER_FINDING_IN_TEXT),
    )


def _decision_faults(row: Row[Any], record: _Record) -> list[str]:
    recorded = record.details
    found = []
    if record.act != "decision.send_back":
        found += _faults((row.outcome, recorded.get("outcome"), OTHER_OUTCOME))
    if record.act == "decision.propose":
        found += _faults((row.document_sha256, recorded.get("evaluation"), OTHER_EVALUATION))
    if record.act == "decision.decide_against":
        found += _faults((row.against_reason, recorded.get("reason"), OTHER_REASON))
    if _STATUS_AFTER[record.act] == DecisionStatus.DECIDED:
        found += _faults((row.decided_at, record.at, OTHER_TIME))
    return found


def _is_recorded_once_fixed(row: Row[Any], records: Sequence[_Record]) -> str | None:
    return UNRECORDED if row.fixed_at is not None and not records else None


def _has_the_recorded_status(row: Row[Any], records: Sequence[_Record]) -> str | None:
    if not records:
        return UNRECORDED
    return None if row.status == _STATUS_AFTER[records[-1].act] else OTHER_STATUS


_STATUS_AFTER = {
    "decision.propose": DecisionStatus.PROPOSED,
    "decision.decide": DecisionStatus.DECIDED,
    "decision.decide_against": DecisionStatus.AWAITING_SECOND,
    "decision.confirm": DecisionStatus.DECIDED,
    "decision.send_back": DecisionStatus.SENT_BACK,
}

_PILOT = Pilot.number.label("pilot")

_KINDS = (
    _Kind(
        "plan_version",
        ("pilot.lock_plan", "pilot.amend_plan"),
        "version",
        select(
            _PILOT,
            PlanVersion.number.label("key"),
            PlanVersion.document,
            PlanVersion.sha256,
            PlanVersion.locked_at.label("fixed_at"),
            PlanVersion.reason,
        )
        .join(Pilot, Pilot.experiment_id == PlanVersion.experiment_id)
        .order_by(PlanVersion.id),
        _plan_faults,
        _is_recorded_once_fixed,
    ),
    _Kind(
        "evaluation",
        ("pilot.sign_result",),
        "evaluation",
        select(
            _PILOT,
            Evaluation.id.label("key"),
            Evaluation.document,
            Evaluation.document_sha256,
            Evaluation.finding,
            Evaluation.signed_at.label("fixed_at"),
        )
        .join(Pilot, Pilot.experiment_id == Evaluation.experiment_id)
        .order_by(Evaluation.id),
        _result_faults,
        _is_recorded_once_fixed,
    ),
    _Kind(
        "decision",
        tuple(_STATUS_AFTER),
        "decision",
        select(
            _PILOT,
            Decision.id.label("key"),
            Decision.outcome,
            Decision.status,
            Decision.decided_at,
            Decision.against_reason,
            Evaluation.document_sha256,
        )
        .join(Pilot, Pilot.id == Decision.pilot_id)
        .join(Evaluation, Evaluation.id == Decision.evaluation_id)
        .order_by(Decision.id),
        _decision_faults,
        _has_the_recorded_status,
    ),
)
