"""Policies and compensation plans that tests file."""

from __future__ import annotations

from datetime import date
from typing import Any

from sandbox.insurance import filing
from sandbox.insurance.models import CompensationPlan, Policy
from tests.factories import Case

# What D57(1) names, in won.
LEAST = {
    "death": 150_000_000,
    "death_floor": 20_000_000,
    "injury": 30_000_000,
    "disability": 150_000_000,
    "property": 1_000_000_000,
}


def policy_values(*, as_text: bool = False, **changes: Any) -> dict[str, Any]:
    """What `PolicySchema` gives, or (`as_text`) takes: cover for the whole period of a granted case."""
    days: dict[str, Any] = {"covers_from": date(2026, 7, 1), "covers_to": date(2027, 6, 30)}
    if as_text:
        days = {name: day.isoformat() for name, day in days.items()}
    return {"insurer": "Hangang Insurance", "number": "L-2026-1", "covers": LEAST} | days | changes


def plan_values(**changes: Any) -> dict[str, Any]:
    """What `CompensationSchema` gives."""
    return {
        "text": "A reserve of two billion won is held at a bank.",
        "why_uninsurable": "Three insurers declined in writing.",
        "covers": LEAST,
    } | changes


def file_policy(case: Case, who: str = "author", **changes: Any) -> Policy:
    return filing.file_policy(
        case.session, case.pilot, **policy_values(**changes), by=case.actor(who), at=case.tick()
    )


def file_plan(case: Case, who: str = "author", **changes: Any) -> CompensationPlan:
    return filing.file_plan(
        case.session, case.pilot, **plan_values(**changes), by=case.actor(who), at=case.tick()
    )
