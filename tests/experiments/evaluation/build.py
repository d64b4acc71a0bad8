"""Runs on readings that a test can work out, and an executor that stays in this process."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from experiments.canonical import canonical
from experiments.evaluation.job import Job, MetricPanel
from experiments.evaluation.models import Evaluation
from experiments.evaluation.rule import default_rule
from tests import factories, readings
from tests.factories import RUNNING, Case

AFTER = datetime(2027, 8, 1, tzinfo=UTC)
MONTHS = [date(2025 + (6 + i) // 12, (6 + i) % 12 + 1, 15) for i in range(24)]
FIRST_TREATED = date(2026, 7, 1)
UNITS = ("D01", "D02", "D03", "D04", "D05", "D06")
TREATED = ("D01", "D02")
EVEN = {
    "coverage": {"difference": 0.0, "p_value": 1.0},
    "late": {"treated": 0.0, "control": 0.0},
    "devices_changed": {"treated": 0.0, "control": 0.0},
    "unit_changes": [],
}


class InThisProcess(Executor):
    """Carries out at once; `carry_out` stands for what a worker would do."""

    at_once = 1

    def __init__(self, carry_out: Callable[[Job], str] | None = None) -> None:
        self.instead = carry_out
        self.jobs: list[Job] = []

    def submit(self, fn: Any, /, *args: Any, **_: Any) -> Future:
        self.jobs.append(args[0])
        future: Future = Future()
        try:
            future.set_result((self.instead or fn)(*args))
        except Exception as error:  # noqa: BLE001 - as a process hands back whatever was raised
            future.set_exception(error)
        return future


def values(effect: float = -2.0, *, seed: int = 11) -> dict[tuple[str, date], float]:
    """A reading per district and month around ten; the treated move by `effect` from July 2026 on."""
    rng = np.random.default_rng(seed)
    return {
        (unit, day): round(10 + row + rng.normal(0, 0.2) + effect * _is_treated(unit, day), 3)
        for row, unit in enumerate(UNITS)
        for day in MONTHS
    }


def _is_treated(unit: str, day: date) -> bool:
    return unit in TREATED and day >= FIRST_TREATED


def measure(case: Case) -> None:
    """Both metrics in every month; only the primary one moves."""
    for metric, effect, seed in ((case.primary, -2.0, 11), (case.guardrail, 0.0, 12)):
        readings.create_readings(
            case.session, case.site.territory, metric, values(effect, seed=seed), received_at=AFTER
        )


def ask(case: Case) -> Evaluation:
    """Ask for a run when the whole window lies behind."""
    case.at = max(case.at, AFTER)
    factories.request_evaluation(case)
    return case.evaluation


REQUESTED = (*RUNNING, measure, ask)


def panel_of(series: dict[tuple[str, date], float], code: str = "wait", **changes: Any) -> MetricPanel:
    """`series` as a job carries it."""
    outcomes = np.array([[series[unit, day] for day in MONTHS] for unit in UNITS])
    metric = {
        "code": code,
        "version": 1,
        "name_ko": "대기",
        "name_en": "Wait",
        "unit": "minutes",
        "unit_ko": "분",
        "direction": "decrease",
    }
    parts = {
        "metric": metric,
        "units": UNITS,
        "periods": tuple(f"{day:%Y-%m}" for day in MONTHS),
        "outcomes": outcomes,
        "covariates": {},
        "coverage": 1.0,
        "health": EVEN,
    }
    return MetricPanel(**parts | changes)


def job(
    primary: MetricPanel | None = None,
    guardrails: tuple[MetricPanel, ...] | None = None,
    *,
    direction: str = "decrease",
    treated: tuple[str, ...] = TREATED,
    margin: float = 1.0,
    **design: Any,
) -> Job:
    """A job on the values above; `design` changes the plan's."""
    guardrails = (panel_of(values(0.0, seed=12), "noise"),) if guardrails is None else guardrails
    promise = {"version": 1, "direction": "decrease", "margin": margin}
    plan = {
        "period": "month",
        "districts": {"treated": list(treated), "control": [u for u in UNITS if u not in TREATED]},
        "primary": {"code": "wait", "version": 1, "direction": direction, "minimum_effect": 0.5},
        "guardrails": [promise | {"code": read.metric["code"]} for read in guardrails],
        "design": {"method": "did", "alpha": 0.05, "missing": "refuse", "predictors": []} | design,
        "rule": default_rule(minimum_effect=0.5, alpha=0.05),
    }
    return Job(
        plan=plan,
        plan_version=1,
        plan_sha256="0" * 64,
        as_of=AFTER.isoformat(),
        seed=7,
        begins="2026-07",
        first_treated=dict.fromkeys(treated, "2026-07"),
        primary=primary or panel_of(values()),
        guardrails=guardrails,
    )


def some_document(done: Evaluation) -> str:
    """The least that a result must say to be stored."""
    return canonical({"primary": {"panel_digest": "0" * 64}, "packages": {}, "finding": "stop"})
