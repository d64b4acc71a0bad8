"""Prospective or retrospective: computed from the clock and the collection's own record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from experiments.collection.first_seen import outcomes_were_seen
from experiments.districts import Territory


def is_prospective(session: Session, territory: Territory, plan: Mapping[str, Any], at: datetime) -> bool:
    """Whether a plan locked at `at` was fixed before its outcome could be known.

    It was when the intervention had not begun and no outcome from inside the intervention had
    been collected in any treated district.
    """
    first_day = date.fromisoformat(plan["window"]["intervention_from"])
    begins = datetime.combine(first_day, time(), ZoneInfo(territory.zone))
    return at < begins and not outcomes_were_seen(session, territory.id, plan)
