"""Proposals to suspend: opened by an incident, an inspection or a guardrail, dismissed by the Minister."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.canonical import canonical
from experiments.errors import NotFound
from experiments.evaluation.models import Evaluation
from experiments.lifecycle import Actor
from sandbox.pilots.models import LIVE, Pilot
from sandbox.suspensions.models import Cause, ProposalStatus, SuspensionProposal
from sandbox.suspensions.table import PROPOSAL, record

HARMED = "harmed"


def propose_suspension(
    session: Session,
    pilot: Pilot,
    *,
    cause: Cause,
    key: str,
    evidence: Mapping[str, Any],
    by: Actor,
    at: datetime,
) -> SuspensionProposal | None:
    """Lay a case for suspending before the Minister; None where the pilot does not run or it was laid.

    key       what it came out of, such as "incident:7"
    evidence  facts, JSON values only
    """
    if pilot.status not in LIVE or _proposed(session, pilot, cause, key):
        return None
    canonical(dict(evidence))  # what is no JSON is refused here, before anything is stored
    proposal = SuspensionProposal(
        pilot=pilot,
        cause=cause,
        key=key,
        evidence=dict(evidence),
        opened_at=at,
        status=ProposalStatus.OPEN,
    )
    PROPOSAL.begin(session, proposal, by=by, at=at)
    facts = {"proposal": proposal.id, "cause": str(cause), "key": key, "evidence": proposal.evidence}
    record(session, pilot, "suspension_proposal.create", by, at, **facts)
    return proposal


def propose_for_guardrails(
    session: Session, pilot: Pilot, evaluation: Evaluation, *, by: Actor, at: datetime
) -> SuspensionProposal | None:
    """A proposal where this result says that a guardrail got worse; None where it does not."""
    harmed = [each for each in evaluation.result()["guardrails"] if each["status"] == HARMED]
    if not harmed:
        return None
    evidence = {
        "evaluation": evaluation.id,
        "document_sha256": evaluation.document_sha256,
        "guardrails": [each["metric"]["code"] for each in harmed],
    }
    return propose_suspension(
        session,
        pilot,
        cause=Cause.GUARDRAIL,
        key=f"evaluation:{evaluation.id}",
        evidence=evidence,
        by=by,
        at=at,
    )


def dismiss(session: Session, proposal: SuspensionProposal, *, by: Actor, at: datetime, reason: str) -> None:
    """The Minister does not suspend, and says why."""
    PROPOSAL.perform(session, proposal, "dismiss", by=by, at=at, reason=reason)
    record(
        session, proposal.pilot, "suspension_proposal.dismiss", by, at, proposal=proposal.id, reason=reason
    )


def proposals_of(session: Session, pilot: Pilot) -> list[SuspensionProposal]:
    """Every proposal on this pilot, latest first."""
    query = select(SuspensionProposal).where(SuspensionProposal.pilot_id == pilot.id)
    return list(session.scalars(query.order_by(SuspensionProposal.id.desc())))


def find_proposal(session: Session, pilot: Pilot, key: int) -> SuspensionProposal:
    """The proposal of this pilot; NotFound for one of another."""
    proposal = session.get(SuspensionProposal, key)
    if proposal is None or proposal.pilot_id != pilot.id:
        raise NotFound("suspension proposal", key)
    return proposal


def _proposed(session: Session, pilot: Pilot, cause: Cause, key: str) -> bool:
    query = select(SuspensionProposal.id).where(
        SuspensionProposal.pilot_id == pilot.id,
        SuspensionProposal.cause == cause,
        SuspensionProposal.key == key,
    )
    return session.scalar(query) is not None
