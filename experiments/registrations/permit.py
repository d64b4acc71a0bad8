"""Permit: what the institution allows the lab to do, as a plain value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Permit:
    """Where (district codes), when (inclusive dates), and for what an experiment may run.

    `districts_elsewhere_treated` are districts where another pilot runs; they cannot be controls.
    """

    purpose: str
    treatable: frozenset[str]
    first_day: date
    last_day: date
    districts_elsewhere_treated: frozenset[str] = frozenset()
