"""What the registry already knows of a pilot, as a first draft of its report; the author corrects it."""

from __future__ import annotations

import json
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.evaluation.models import Evaluation
from sandbox.claims.models import Claim
from sandbox.pilots.models import Pilot


def prefilled(session: Session, pilot: Pilot) -> dict[str, str]:
    """By the regime's ids; an item that the registry knows nothing of begins empty."""
    rules = pilot.exemption.regime.period
    asked = rules.reported_of(pilot.exemption.kind) if rules else ()
    return {item.id: KNOWN[item.id](session, pilot) if item.id in KNOWN else "" for item in asked}


def _goals(_session: Session, pilot: Pilot) -> str:
    contents = pilot.exemption.contents
    return "\n".join(text for key in ("purpose", "benefits") if (text := contents.get(key, "").strip()))


def _conditions(_session: Session, pilot: Pilot) -> str:
    imposed = [each for each in pilot.exemption.conditions if each.is_imposed]
    return "\n".join(f"- {each.text} ({each.legal_basis}):" for each in imposed) or "없음"


def _damage(session: Session, pilot: Pilot) -> str:
    claims = session.scalars(select(Claim).where(Claim.pilot_id == pilot.id).order_by(Claim.id))
    return "\n".join(f"- {claim.number}: {claim.status}" for claim in claims) or "손해배상 청구 없음"


def _results(session: Session, pilot: Pilot) -> str:
    signed = session.scalar(
        select(Evaluation)
        .where(Evaluation.experiment_id == pilot.experiment_id, Evaluation.signed_at.is_not(None))
        .order_by(Evaluation.signed_at.desc(), Evaluation.id.desc())
        .limit(1)
    )
    if signed is None or signed.document is None:
        return ""
    ruling = json.loads(signed.document).get("ruling") or {}
    sentences = [str(each["sentence_ko"]) for each in ruling.get("reasons", ()) if "sentence_ko" in each]
    return "\n".join([f"평가 결과: {signed.finding} (SHA-256 {signed.document_sha256})", *sentences])


def _evidence(_session: Session, pilot: Pilot) -> str:
    return "\n".join(f"- {article}:" for article in pilot.exemption.articles)


KNOWN: dict[str, Callable[[Session, Pilot], str]] = {
    "goals": _goals,
    "conditions": _conditions,
    "damage": _damage,
    "results": _results,
    "evidence": _evidence,
}
