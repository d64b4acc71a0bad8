"""Complete results for pages and API to show: every number is made up, none is computed.

`result_document` gives what a worker stores; `estimates` is the part that the statistics core makes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from experiments.canonical import canonical
from experiments.evaluation.models import Evaluation
from experiments.evaluation.rule import Unknown, execute
from experiments.metrics import Metric
from stats.design import Design
from stats.evaluation import Evaluation as Estimates
from stats.findings import Finding, NotComputable
from stats.inference import CR2, PLACEBO_RATIO, Inference, Interval
from stats.results import Coefficient, Estimate, EventStudy, JointTest, Placebo, Series, Weight

SIGNIFICANT = Inference(CR2, 0.05, 0.012, Interval(-3.1, -0.9), standard_error=0.5, dof=4.0)
RELATIVE = Inference(CR2, 0.05, 0.012, Interval(-0.31, -0.09))
PLACEBO = Inference(PLACEBO_RATIO, 0.05, 0.25, Interval(-4.0, 0.5), placebos=3)
SILENT_REASON = NotComputable("no_variation", "잔차에 변동이 없다.", "The residuals do not vary.")
SILENT = Inference(CR2, 0.05, SILENT_REASON, SILENT_REASON)

GOOD_INPUTS: dict[str, float | Unknown] = {
    "coverage": 0.97,
    "pre_fit": 0.11,
    "pre_trend_p": 0.43,
    "primary.benefit": 2.0,
    "primary.benefit_low": 0.9,
    "primary.benefit_high": 3.1,
    "primary.p_value": 0.012,
    "guardrails.harmed": 0.0,
    "guardrails.not_shown_safe": 0.0,
    "sites": 1.0,
}


def result_document(
    evaluation: Evaluation,
    primary: Metric,
    guardrails: Sequence[Metric],
    *,
    status: str = "safe",
    inputs: Mapping[str, float | Unknown] = GOOD_INPUTS,
    panel_digest: str = "0" * 64,
    **changes: Any,
) -> dict[str, Any]:
    """The document of `evaluation`; the plan's rule is executed on `inputs`, the rest is made up.

    `changes` go to the primary metric's `estimates`.
    """
    plan = evaluation.plan_version.contents()
    finding, trace = execute(plan["rule"], inputs)
    return {
        "schema_version": 1,
        "plan": {"version": evaluation.plan_version.number, "sha256": evaluation.plan_version.sha256},
        "as_of": evaluation.as_of.isoformat(),
        "seed": evaluation.seed,
        "packages": {"python": "3.11.0", "numpy": "2.3.0"},
        "primary": _read(primary, estimates(plan, primary, **changes), panel_digest),
        "guardrails": [
            _read(metric, estimates(plan, metric), panel_digest)
            | {"margin": promise["margin"], "direction": promise["direction"], "status": status}
            | {"sentence_ko": f"안전 지표: {status}.", "sentence_en": f"Guardrail: {status}."}
            for metric, promise in zip(guardrails, plan["guardrails"], strict=True)
        ],
        "inputs": {
            name: {"unknown": value.reason} if isinstance(value, Unknown) else value
            for name, value in inputs.items()
        },
        "trace": json.loads(canonical(trace)),
        "finding": finding.value,
    }


def estimates(
    plan: Mapping[str, Any],
    metric: Metric,
    *,
    periods: Sequence[str] = tuple(f"{year}-{month:02d}" for year in (2025, 2026) for month in range(1, 13)),
    first_treated: str = "2026-01",
    method: str = "did",
    inference: Inference = SIGNIFICANT,
    relative: Inference | NotComputable = RELATIVE,
) -> Estimates:
    """Two below what would have been, from `first_treated` on."""
    start = list(periods).index(first_treated)
    expected = tuple(10 + math.sin(i) for i in range(len(periods)))
    gap = tuple((-2.0 if i >= start else 0.0) + 0.3 * math.sin(3 * i) for i in range(len(periods)))
    controls = tuple(plan["districts"]["control"])
    synthetic = method == "synthetic_control"
    return Estimates(
        design=Design(
            method="synthetic_control" if synthetic else "did",
            treated=tuple(plan["districts"]["treated"]),
            first_treated=dict.fromkeys(plan["districts"]["treated"], first_treated),
            controls=controls,
            alpha=0.05,
            missing="refuse",
            outcome_unit=metric.unit,
        ),
        panel_digest="0" * 64,
        treated=tuple(plan["districts"]["treated"]),
        controls=controls,
        periods=tuple(periods),
        dropped_units=(),
        dropped_periods=(),
        effect=Estimate(-2.0, inference, metric.unit),
        relative_effect=relative if isinstance(relative, NotComputable) else Estimate(-0.2, relative),
        series=Series(tuple(e + g for e, g in zip(expected, gap, strict=True)), expected, gap),
        event_study=None if synthetic else event_study(metric, start, len(periods)),
        placebos=tuple(_placebo(unit, len(periods)) for unit in controls) if synthetic else (),
        weights=tuple(Weight(unit, 1 / len(controls)) for unit in controls) if synthetic else (),
        predictors=(),
        findings=(
            Finding(
                "caution", "pre_trend", 0.04, "시작 전 추세가 다르다.", "Trends differed before the start."
            ),
            Finding("ok", "coverage", 0.97, "거의 모두 수집되었다.", "Nearly all readings are there."),
        ),
        sentence_ko=f"{metric.name_ko}이(가) 2.0 줄었다.",
        sentence_en=f"{metric.name_en} fell by 2.0.",
    )


def event_study(metric: Metric, start: int, periods: int) -> EventStudy:
    """Nothing before the start, two below after it; the first two leads are pooled."""
    spans = [(-start, 1 - start), *((k, k) for k in range(2 - start, periods - start) if k != -1)]
    coefficients = tuple(
        Coefficient(first, last, _point(0.2 * math.sin(last) - (2.0 if last >= 0 else 0.0), metric.unit))
        for first, last in spans
    )
    return EventStudy(-1, -1, coefficients, JointTest("wald", 1.1, 3.0, 4.0, 0.43, start - 1, 3))


def _point(value: float, unit: str) -> Estimate:
    low, high = value - 0.8, value + 0.8
    p_value = 0.5 if low <= 0 <= high else 0.01
    return Estimate(value, Inference(CR2, 0.05, p_value, Interval(low, high), 0.4, 4.0), unit)


def _placebo(unit: str, periods: int) -> Placebo:
    shift = sum(unit.encode())
    return Placebo(unit, tuple(math.sin(i + shift) for i in range(periods)), 0.1, 0.7, 0.7, 1.0)


def _read(metric: Metric, made: Estimates, panel_digest: str) -> dict[str, Any]:
    names = ("code", "version", "name_ko", "name_en", "unit", "unit_ko", "direction")
    return {
        "metric": {name: getattr(metric, name) for name in names},
        "coverage": 0.97,
        "panel_digest": panel_digest,
        "evaluation": made.document(),
    }
