"""Reading the past of a source beside its present."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from experiments.collection.connectors.options import SUBSCRIBED
from experiments.collection.models import Backfill, DataSource
from experiments.errors import Invalid


def request_backfill(
    session: Session, source: DataSource, *, starts_at: datetime, ends_at: datetime, at: datetime
) -> Backfill:
    """Have [starts_at, ends_at) of `source` read, or read again, window by window beside the live schedule.

    Due at once. Invalid where the span is empty, begins before the source or reaches beyond what the
    live schedule has read, and where the hub is listened to, which cannot be asked for the past.
    """
    errors: dict[str, list[str]] = {}
    if source.hub.kind in SUBSCRIBED:
        raise Invalid({"starts_at": ["What is sent as it is made cannot be asked for again."]})
    if starts_at < source.starts_at:
        errors["starts_at"] = ["The source starts later."]
    if ends_at > source.watermark:
        errors["ends_at"] = ["The live schedule has not come so far."]
    if starts_at >= ends_at:
        errors["ends_at"] = ["The end must be after the start."]
    if errors:
        raise Invalid(errors)
    row = Backfill(
        source_id=source.id,
        starts_at=starts_at,
        ends_at=ends_at,
        watermark=starts_at,
        requested_at=at,
        next_due_at=at,
    )
    session.add(row)
    session.flush()
    return row
