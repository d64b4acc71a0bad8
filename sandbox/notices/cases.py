"""What notices are about: the case behind a subject of the ledger, with its number, title and address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.confirmations.models import Confirmation
from sandbox.pilots.models import Pilot


@dataclass(frozen=True)
class Named:
    """A case as people know it; `path` is the address of its file below the service's own."""

    number: str
    title_ko: str
    title_en: str
    path: str

    def in_language(self, language: str) -> str:
        return f"{self.number} {self.title_ko if language == 'ko' else self.title_en}"


def named(session: Session, subjects: Iterable[str]) -> dict[str, Named]:
    """The cases behind `subjects` ("exemption:7", "confirmation:3", "pilot:RS-2026-0001"), by subject."""
    subjects = list(subjects)
    wanted: dict[str, set[str]] = {}
    for subject in subjects:
        kind, _colon, key = subject.partition(":")
        wanted.setdefault(kind, set()).add(key)
    exemptions = {int(key) for key in wanted.get("exemption", ())}
    confirmations = {int(key) for key in wanted.get("confirmation", ())}
    found: dict[str, Named] = {}
    pilots = select(Pilot).where(
        Pilot.exemption_id.in_(exemptions) | Pilot.number.in_(wanted.get("pilot", set()))
    )
    for pilot in session.scalars(pilots).unique():
        known = Named(str(pilot.number), pilot.title_ko, pilot.title_en, f"/cases/{pilot.number}")
        found[f"exemption:{pilot.exemption_id}"] = found[pilot.key] = known
    for each in session.scalars(select(Confirmation).where(Confirmation.id.in_(confirmations))).unique():
        found[each.case.key] = Named(
            str(each.number), each.title, each.title, f"/confirmations/{each.number}"
        )
    found |= {subject: _webhook(subject) for subject in subjects if subject.startswith("webhook:")}
    return found


def _webhook(subject: str) -> Named:
    key = subject.partition(":")[2]
    return Named(key, "웹훅", "Webhook", f"/webhooks/{key}")
