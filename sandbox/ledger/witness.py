"""Which stored facts the ledger vouches for, and the digests of them that go into its rows.

Promises that whatever an act puts into a listed column goes, as a digest of its row, into the ledger
row of that act, and that a listed row which later differs from its last digest is found. The tables
are named, not imported: what they mean belongs to others.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Column, Row, Table, event, inspect, select
from sqlalchemy.orm import Session, UOWTransaction

from experiments.canonical import canonical, digest
from experiments.lifecycle import HistoryRow
from experiments.orm import Base

_KEYS_AT_A_TIME = 500
_PENDING = "ledger.pending"
_HISTORY = ("subject_id", "verb", "old_status", "new_status", "at", "actor_id", "actor_name", "actor_role")
_COMMITTEE = ("committee_on", "committee_meeting", "committee_agrees", "committee_reasons")

FACTS: dict[str, tuple[str, ...]] = {
    "agenda_ballot": ("item_id", "person_id", "choice", "cast_at"),
    "agenda_interest": ("item_id", "person_id", "has_conflict", "reason", "declared_at"),
    "agenda_item": ("meeting_id", "exemption_id", "resolution", "arithmetic", "resolved_at"),
    "claim": ("number", "pilot_id", "filed_at", "receipt", "paid_won", "paid_on"),
    "condition": ("exemption_id", "text", "legal_basis", "necessity", "proportionality", "is_imposed"),
    "confirmation": (
        "number",
        "lead_reply",
        "lead_text",
        "lead_requirements",
        "lead_procedure",
        "outcome",
    ),
    "confirmation_agency": (
        "confirmation_id",
        "organisation_id",
        "reply",
        "text",
        "requirements",
        "procedure_text",
        "replied_at",
        "replied_by_id",
    ),
    "consultation": ("exemption_id", "ministry_id", "reply", "text", "replied_at", "replied_by_id"),
    "exemption": (
        "granted_from",
        "granted_to",
        "decision_reasons",
        "local_opinion",
        "resolution",
        "against_resolution",
    ),
    "expert_assessment": (
        "exemption_id",
        "person_id",
        "has_conflict",
        "conflict_reason",
        "scores",
        "text",
        "recommendation",
        "given_at",
    ),
    "final_report": ("pilot_id", "contents", "filed_at"),
    "incident": ("pilot_id", "severity", "happened_at", "what", "deaths", "injured", "reported_at"),
    "inspection": ("pilot_id", "planned_on", "inspected_on", "present", "items"),
    "law_request": ("pilot_id", "results", "wanted", "assessment", "filed_at", "status"),
    "meeting": (
        "committee",
        "number",
        "mode",
        "begins_on",
        "ends_on",
        "minutes",
        "signed_at",
        "signed_by_id",
    ),
    "official_document": (
        "series",
        "year",
        "sequence",
        "kind",
        "pilot_id",
        "site_id",
        "document",
        "sha256",
        "valid_to",
        "issued_at",
        "issued_by_id",
        "issued_by_name",
    ),
    "period_extension": (
        "pilot_id",
        "documents",
        "months_asked",
        "months",
        "ends_before",
        "ends_after",
        "filed_at",
        "status",
        *_COMMITTEE,
    ),
    "pilot_change": (
        "pilot_id",
        "number",
        "field",
        "before",
        "after",
        "reason",
        "nature",
        "is_minor",
        "status",
        *_COMMITTEE,
    ),
    "pilot_change_reply": ("change_id", "ministry_id", "agrees", "text", "replied_at", "replied_by_id"),
    "pilot_order": (
        "pilot_id",
        "kind",
        "legal_ground",
        "content",
        "announced_at",
        "heard_as",
        "heard_on",
        "heard_text",
        "due_on",
        "extended_from",
        "city_opinion",
        "committee_reference",
        "report",
        "status",
    ),
    "revocation": (
        "pilot_id",
        "ground",
        "facts",
        "city_opinion",
        "hearing_invited_on",
        "hearing_on",
        "hearing_place",
        "operator_came",
        "hearing_record",
        "restoration",
        "compensation",
        "status",
        *_COMMITTEE,
    ),
    "sign_off": ("exemption_id", "kind", "statement", "given_at", "given_by_id", "taken_back_at"),
    "suspension": ("pilot_id", "code", "reason", "ordered_at", "measures", "status"),
}
"""By table, the columns that acts settle; every history table stands beside them, whole."""


def witnessed_tables() -> dict[str, tuple[Column[Any], ...]]:
    """The columns vouched for of every listed table that is loaded, by its name."""
    found: dict[str, tuple[Column[Any], ...]] = {}
    for mapper in Base.registry.mappers:
        table = mapper.local_table
        if not isinstance(table, Table):
            continue
        names = FACTS.get(table.name)
        if names is None and issubclass(mapper.class_, HistoryRow):
            names = (*_HISTORY, "reason")
        if names is not None:
            found[table.name] = tuple(table.c[name] for name in names)
    return dict(sorted(found.items()))


def stored_facts(session: Session) -> str | None:
    """Digests of the listed rows changed since the last row of the ledger, as canonical JSON, or None."""
    pending: dict[str, set[int]] = session.info.pop(_PENDING, {})
    tables = witnessed_tables()
    facts = {
        name: {str(key): fact for key, fact in _digests(session, tables[name], sorted(pending[name]))}
        for name in sorted(pending)
    }
    return canonical({name: rows for name, rows in facts.items() if rows}) if any(facts.values()) else None


def _digests(
    session: Session, columns: tuple[Column[Any], ...], keys: list[int]
) -> Iterator[tuple[int, str | None]]:
    key = columns[0].table.c.id
    found: dict[int, str] = {}
    for start in range(0, len(keys), _KEYS_AT_A_TIME):
        wanted = key.in_(keys[start : start + _KEYS_AT_A_TIME])
        found |= {row[0]: row_digest(row) for row in session.execute(select(key, *columns).where(wanted))}
    return ((each, found.get(each)) for each in keys)


def row_digest(row: Row[Any]) -> str:
    """The digest of a row's columns after the first, its id."""
    return digest(canonical([_plain(value) for value in tuple(row)[1:]]))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


@event.listens_for(Session, "after_flush")
def _note_changes(session: Session, _context: UOWTransaction) -> None:
    tables = witnessed_tables_by_class()
    pending: dict[str, set[int]] = session.info.setdefault(_PENDING, {})
    for row in (*session.new, *session.dirty, *session.deleted):
        columns = tables.get(type(row))
        if columns and (row in session.deleted or row in session.new or _changed(row, columns)):
            pending.setdefault(type(row).__tablename__, set()).add(row.id)


def _changed(row: Any, columns: frozenset[str]) -> bool:
    attributes = inspect(row).attrs
    return any(attributes[name].history.has_changes() for name in columns)


_BY_CLASS: dict[type, frozenset[str]] = {}


def witnessed_tables_by_class() -> dict[type, frozenset[str]]:
    """The attributes vouched for, by the class that is stored; read anew when further classes were loaded."""
    mappers = Base.registry.mappers
    if len(_SEEN) != len(mappers):
        tables = witnessed_tables()
        _SEEN.clear()
        _SEEN.update(mapper.class_ for mapper in mappers)
        _BY_CLASS.update(
            (mapper.class_, frozenset(mapper.get_property_by_column(c).key for c in tables[name]))
            for mapper in mappers
            if (name := getattr(mapper.local_table, "name", "")) in tables
        )
    return _BY_CLASS


_SEEN: set[type] = set()


@event.listens_for(Session, "after_rollback")
def _forget_changes(session: Session) -> None:
    session.info.pop(_PENDING, None)
