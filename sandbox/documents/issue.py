"""Issue the documents that an act on a case brings about: filled in, numbered, hashed, recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from experiments.canonical import canonical, digest
from experiments.errors import Invalid
from experiments.lifecycle import Actor
from sandbox import ledger
from sandbox.documents.facts import Fact, Facts, facts_of, same
from sandbox.documents.models import OfficialDocument
from sandbox.pilots.models import Pilot
from sandbox.programmes.models import Site
from sandbox.regimes import Regime
from sandbox.regimes.load import DocumentField, DocumentForm

SCHEMA = "official-document/1"


@dataclass(frozen=True)
class About:
    """What a document is about, by the name that the ledger has for it: a pilot's case, or a site."""

    regime: Regime
    key: str
    pilot: Pilot | None = None
    site: Site | None = None


def issue(
    session: Session,
    pilot: Pilot,
    act: str,
    *,
    by: Actor,
    at: datetime,
    facts: Mapping[str, str | Fact] | None = None,
) -> list[OfficialDocument]:
    """Every document that `act` calls for in the case's regime, in the regime's order.

    facts  what only this act knows (the reason of a revocation), by the field's id; it wins over the case's

    To be called in the transaction of the act, after the case has moved. Invalid, by `document.FIELD`,
    where a statutory field is empty: then the act does not happen either.
    """
    given = {name: same(fact) if isinstance(fact, str) else fact for name, fact in (facts or {}).items()}
    about = About(pilot.exemption.regime, pilot.key, pilot=pilot)
    issued: list[OfficialDocument] = []
    for form in pilot.exemption.regime.documents_of(act):
        known = facts_of(pilot, at=at) | given | {each.kind: same(each.number) for each in issued}
        issued.append(issue_one(session, about, form, known, by=by, at=at))
    return issued


def check_complete(pilot: Pilot, act: str, *, at: datetime) -> None:
    """Invalid, by `document.FIELD`, where a document of `act` would lack what it does not settle itself."""
    _refuse(lacking(pilot, act, at=at))


def lacking(pilot: Pilot, act: str, *, at: datetime) -> tuple[DocumentField, ...]:
    """The statutory fields that would be empty if `act` came now, but for what the act itself settles."""
    forms = pilot.exemption.regime.documents_of(act)
    settled = {"period", *(form.id for form in forms)}
    known = facts_of(pilot, at=at)
    found = {field.id: field for form in forms for field in _empty(form, known) if field.id not in settled}
    return tuple(found.values())


def _refuse(missing: Sequence[DocumentField]) -> None:
    if missing:
        raise Invalid(
            {
                f"document.{field.id}": [f"The document cannot be issued without this ({field.source})."]
                for field in missing
            }
        )


def _empty(form: DocumentForm, known: Facts) -> list[DocumentField]:
    return [field for field in form.fields if field.id not in known or known[field.id].is_missing]


def issue_one(
    session: Session, about: About, form: DocumentForm, known: Facts, *, by: Actor, at: datetime
) -> OfficialDocument:
    """One document from its facts; Invalid, by `document.FIELD`, where one is missing."""
    _refuse(_empty(form, known))
    year, sequence = _next_number(session, about, form, at)
    text = canonical(_contents(about, form, known, f"{year}-{sequence}"))
    document = OfficialDocument(
        series=form.series,
        year=year,
        sequence=sequence,
        kind=form.id,
        regime_id=about.regime.id,
        regime_version=about.regime.version,
        pilot=about.pilot,
        site=about.site,
        document=text,
        sha256=digest(text),
        valid_to=about.pilot.exemption.granted_to if about.pilot and form.expires else None,
        issued_at=at,
        issued_by_id=by.person_id,
        issued_by_name=by.name,
    )
    session.add(document)
    details = {"kind": form.id, "number": document.number, "sha256": document.sha256}
    ledger.append(session, act="document.issue", subject=about.key, by=by, at=at, details=details)
    return document


def _next_number(session: Session, about: About, form: DocumentForm, at: datetime) -> tuple[int, int]:
    """The next number of the year; whoever numbers holds the ledger until the transaction ends."""
    ledger.hold(session)
    year = at.astimezone(ZoneInfo(about.regime.zone)).year
    of_the_year = (OfficialDocument.series == form.series) & (OfficialDocument.year == year)
    last = session.scalar(select(func.max(OfficialDocument.sequence)).where(of_the_year))
    return year, (last or 0) + 1


def _contents(about: About, form: DocumentForm, known: Facts, number: str) -> dict[str, Any]:
    korean = {name: _in_a_sentence(fact.ko) for name, fact in known.items()} | {"number": number}
    english = {name: _in_a_sentence(fact.en) for name, fact in known.items()} | {"number": number}
    return {
        "schema": SCHEMA,
        "series": form.series,
        "kind": form.id,
        "number": number,
        "title": {"ko": form.name_ko, "en": form.name_en},
        "source": form.source,
        "regime": {"id": about.regime.id, "version": about.regime.version},
        "about": about.key,
        "fields": [
            {
                "id": field.id,
                "source": field.source,
                "name": {"ko": field.name_ko, "en": field.name_en},
                "value": {"ko": known[field.id].ko, "en": known[field.id].en},
            }
            for field in form.fields
        ],
        "text": {"ko": form.text_ko.format_map(korean), "en": form.text_en.format_map(english)},
        "issued_on": known["issued_on"].ko,
        "issuer": {"ko": known["minister"].ko, "en": known["minister"].en},
    }


def _in_a_sentence(value: str | tuple[str, ...] | None) -> str:
    return ", ".join(value) if isinstance(value, tuple) else value or ""
