"""The table that the demonstration prints: what each pilot came to, and whether it repeats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.evaluation import runs
from sandbox.pilots.evaluations import signed_result
from sandbox.pilots.models import Pilot

REPEATED = {None: "", True: "same bytes again", False: "DIFFERENT bytes"}


@dataclass(frozen=True)
class Outcome:
    """One pilot's row. `repeats` is None where there is no result, else whether the bytes agree."""

    number: str
    title: str
    status: str
    effect: str
    unit: str
    interval: str
    p_value: str
    guardrails: str
    finding: str
    repeats: bool | None


def outcomes(session: Session, executor: runs.Workers) -> list[Outcome]:
    """Every pilot in the order of registration; each signed result is computed a second time."""
    return [_outcome(session, pilot, executor) for pilot in session.scalars(select(Pilot).order_by(Pilot.id))]


def table(rows: list[Outcome]) -> Table:
    """The rows as a terminal of 80 columns shows them."""
    drawn = Table(
        title="What the pilots came to",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    drawn.add_column("pilot", min_width=13, max_width=22)
    for heading in ("effect", "95 % interval", "p", "guardrail", "finding"):
        drawn.add_column(heading, no_wrap=True)
    for row in rows:
        drawn.add_row(
            f"{row.number} {row.title} ({row.status})",
            f"{row.effect}\n{row.unit}",
            row.interval,
            row.p_value,
            row.guardrails,
            f"{row.finding}\n{REPEATED[row.repeats]}",
        )
    return drawn


def _outcome(session: Session, pilot: Pilot, executor: runs.Workers) -> Outcome:
    evaluation = signed_result(session, pilot)
    if evaluation is None:
        return Outcome(str(pilot.number), pilot.title_en, pilot.status, "–", "", "–", "–", "–", "–", None)
    document = evaluation.result()
    effect = document["primary"]["evaluation"]["effect"]
    inference = effect["inference"]
    return Outcome(
        number=str(pilot.number),
        title=pilot.title_en,
        status=pilot.status,
        effect=f"{effect['value']:.2f}",
        unit=effect["unit"].partition(" per ")[0],
        interval=_interval(inference["interval"]),
        p_value=_chance(inference["p_value"]),
        guardrails=", ".join(each["status"] for each in document["guardrails"]),
        finding=document["finding"],
        repeats=runs.repeat(session, evaluation, executor) == evaluation.document,
    )


def _interval(interval: Mapping[str, Any]) -> str:
    if "not_computable" in interval:
        return "not computable"
    return f"{_number(interval['low'], 2)} to {_number(interval['high'], 2)}"


def _chance(value: Any) -> str:
    if isinstance(value, Mapping):
        return "none"  # not computable; the page says why
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _number(value: float | None, digits: int) -> str:
    return "unbounded" if value is None else f"{value:.{digits}f}"
