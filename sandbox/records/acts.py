"""Which rows of the ledger speak of a case: of the case itself, and of what it shares with other cases."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, String, cast, literal, or_, select

from sandbox.amendments.models import Link
from sandbox.committee.models import AgendaItem
from sandbox.confirmations.models import Confirmation
from sandbox.ledger import LedgerEntry
from sandbox.pilots.models import Pilot
from sandbox.pilots.telemetry import PilotSource


def ledger_rows(pilot: Pilot) -> Select[LedgerEntry]:
    """The acts on the case, oldest first.

    Nearly all of them name the pilot or its application. Beside these: what was measured and evaluated,
    the rapid confirmation that it came from, its own source of readings, and the meetings and law
    amendments that it shares with other cases, without what was done there for another case.
    """
    own = or_(
        LedgerEntry.subject.in_((pilot.key, pilot.exemption.case.key, f"experiment:{pilot.experiment_id}")),
        _subject("source", select(PilotSource.source_id).where(PilotSource.pilot_id == pilot.id)),
        _subject(
            "confirmation", select(Confirmation.id).where(Confirmation.exemption_id == pilot.exemption_id)
        ),
    )
    shared = or_(
        _subject(
            "meeting", select(AgendaItem.meeting_id).where(AgendaItem.exemption_id == pilot.exemption_id)
        ),
        _subject("amendment", select(Link.amendment_id).where(Link.exemption_id == pilot.exemption_id)),
    )
    # Such an act names the case it was done for in its details, if it was done for one.
    named = LedgerEntry.details.contains('"case":')
    mine = LedgerEntry.details.contains(f'"case":"{pilot.exemption.case.key}"')
    belongs = or_(own, shared & (~named | mine))
    return select(LedgerEntry).where(belongs).order_by(LedgerEntry.number)


def _subject(kind: str, keys: Select[int]) -> ColumnElement[bool]:
    """Rows about one of `keys`, as the ledger names what is of that kind."""
    (key,) = keys.selected_columns
    return LedgerEntry.subject.in_(keys.with_only_columns(literal(f"{kind}:") + cast(key, String)))
