"""Conditions that tests bind, and readings that keep or break them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from experiments.metrics import Metric
from sandbox.conditions import binding, checking
from sandbox.conditions.models import Duty
from tests.factories import RUNNING, Case, Step, create_case, create_metric
from tests.readings import create_readings

FIRST_DUE = date(2026, 7, 31)


def waiting(case: Case) -> Metric:
    """A metric that nothing else is read for."""
    found = case.session.scalar(select(Metric).where(Metric.code == "red-light-wait"))
    return found or create_metric(case.session, code="red-light-wait")


def metric_terms(case: Case, *, as_text: bool = False, **changes: Any) -> dict[str, Any]:
    """What `TermsSchema` gives, or (`as_text`) takes: at most 10 on the mean of a month."""
    return {
        "purpose_item": "safety",
        "purpose": "Nobody waits so long that they cross on red.",
        "basis": "metric",
        "metric": waiting(case).code,
        "bound": 10.0,
        "side": "at_most",
        "gathering": "mean",
        "evidence": "",
        "frequency": "monthly",
        "first_due_on": FIRST_DUE.isoformat() if as_text else FIRST_DUE,
    } | changes


def evidence_terms(case: Case, *, as_text: bool = False, **changes: Any) -> dict[str, Any]:
    nothing = {"metric": "", "bound": None, "side": "", "gathering": ""}
    shown = nothing | {"basis": "evidence", "evidence": "The duty roster of the guards."}
    return metric_terms(case, as_text=as_text) | shown | changes


def bind(case: Case, who: str = "reviewer", values: dict[str, Any] | None = None) -> Duty:
    (condition,) = case.pilot.exemption.conditions
    return binding.bind(
        case.session,
        case.pilot,
        condition,
        values or metric_terms(case),
        by=case.actor(who),
        at=case.tick(),
    )


def by_evidence(case: Case) -> Duty:
    return bind(case, values=evidence_terms(case))


def create_running(session: Any, step: Step = bind) -> tuple[Case, Duty]:
    """A running pilot whose one condition is imposed, and bound by `step`."""
    case = create_case(session, (*RUNNING, step))
    duty = binding.duty_of(session, case.pilot.exemption.conditions[0])
    assert duty is not None
    return case, duty


def read_month(
    case: Case, value: float, *, days: int = 31, districts: tuple[str, ...] = ("D01", "D02")
) -> None:
    """Daily readings of July 2026 in the treated districts."""
    values = {(code, date(2026, 7, 1) + timedelta(days=i)): value for code in districts for i in range(days)}
    received = datetime(2026, 8, 1, tzinfo=UTC)
    create_readings(
        case.session, case.site.territory, waiting(case), values, received_at=received, cadence="day"
    )


def check(case: Case, day: date) -> int:
    """What the heartbeat does on the morning of `day`."""
    at = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
    due = [case.session.get_one(Duty, key) for key in checking.due_keys(case.session, at=at)]
    return sum(checking.check(case.session, duty, at=at) for duty in due)
