"""What a document counts for today, and finding one by its hash."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.canonical import canonical
from experiments.errors import NotFound
from sandbox.documents.models import OfficialDocument
from sandbox.ledger import LedgerEntry
from sandbox.ledger.chain import expected_hash
from sandbox.pilots.models import Pilot
from sandbox.regimes import regime

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Standing:
    """in_force, superseded or revoked by a later document, expired, or prolonged by one beyond its period.

    by  the later document, where there is one
    """

    status: Literal["in_force", "prolonged", "superseded", "revoked", "expired"]
    by: OfficialDocument | None = None


def find(session: Session, sha256: str) -> OfficialDocument:
    """The document of this hash, as pasted, with blanks or capitals; NotFound where none was issued."""
    wanted = "".join(sha256.split()).lower()
    known = _SHA256.fullmatch(wanted)
    query = select(OfficialDocument).where(OfficialDocument.sha256 == wanted)
    found = session.scalar(query) if known else None
    if found is None:
        raise NotFound("document", sha256[:64])
    return found


def is_as_issued(session: Session, document: OfficialDocument) -> bool:
    """Whether its text has its hash, and a sound row of the ledger says that this very hash was issued.

    Whoever can edit a document can edit its hash with it, so that the two prove nothing of each other.
    """
    if not document.is_whole:
        return False
    details = {"kind": document.kind, "number": document.number, "sha256": document.sha256}
    recorded = select(LedgerEntry).where(
        LedgerEntry.act == "document.issue",
        LedgerEntry.subject == document.about,
        LedgerEntry.details == canonical(details),
    )
    return any(row.hash == expected_hash(row) for row in session.scalars(recorded))


def documents_of(session: Session, pilot: Pilot) -> list[OfficialDocument]:
    """The documents of a case in the order in which they were issued."""
    query = select(OfficialDocument).where(OfficialDocument.pilot_id == pilot.id)
    return list(session.scalars(query.order_by(OfficialDocument.id)))


def standing(session: Session, document: OfficialDocument, *, today: date) -> Standing:
    """What later documents of the case, and the end of the period, left of this one."""
    if document.pilot_id is None:
        return Standing("in_force")
    later = select(OfficialDocument).where(
        OfficialDocument.pilot_id == document.pilot_id, OfficialDocument.id > document.id
    )
    is_over = document.valid_to is not None and document.valid_to < today
    prolonged_by: OfficialDocument | None = None
    for each in session.scalars(later.order_by(OfficialDocument.id.desc())):
        form = regime(each.regime_id, each.regime_version).document(each.kind)
        if document.kind in form.revokes:
            return Standing("revoked", each)
        if document.kind in form.supersedes:
            return Standing("superseded", each)
        if document.kind in form.prolongs:
            prolonged_by = prolonged_by or each
    if not is_over:
        return Standing("in_force")
    return Standing("prolonged", prolonged_by) if prolonged_by else Standing("expired")
