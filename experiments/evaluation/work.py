"""Carry a job out: estimate, read the guardrails, execute the rule, write the result document.

Runs in a worker process; a pure function of the job, so that the same job gives the same bytes.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np

from experiments.canonical import canonical
from experiments.evaluation.job import Job, MetricPanel
from experiments.evaluation.rule import NOT_IN_THIS_DESIGN, Input, Unknown, Value, execute
from experiments.registrations.plan_assignment import IN_ONE_BLOCK, kind_of, switched_on
from experiments.registrations.plan_design import NEWER_FIELDS
from stats.design import SCHEMA_VERSION as NEWEST_DESIGN
from stats.design import Design
from stats.evaluate import evaluate
from stats.evaluation import Evaluation
from stats.monitoring.equivalence import Better, non_inferiority
from stats.panel import OUTCOME, Panel

SCHEMA_VERSION = 1
TOLD_AS_THEY_ARE = NEWER_FIELDS - {"covariates", "assignment"}
PACKAGES = ("numpy", "scipy", "statsmodels")


def compute(job: Job) -> str:
    """The result document of `job` as canonical JSON."""
    # Every metric draws from its own stream, so that adding a guardrail moves no other number.
    streams = [
        np.random.default_rng(each)
        for each in np.random.SeedSequence(job.seed).spawn(1 + len(job.guardrails))
    ]
    primary = _evaluate(job, job.primary, streams[0], job.plan["design"]["predictors"])
    guardrails = [
        _guardrail(job, panel, promise, stream)
        for panel, promise, stream in zip(job.guardrails, job.plan["guardrails"], streams[1:], strict=True)
    ]
    inputs = _inputs(job, primary, guardrails)
    finding, trace = execute(job.plan["rule"], inputs)
    return canonical(
        {
            "schema_version": SCHEMA_VERSION,
            "plan": {"version": job.plan_version, "sha256": job.plan_sha256},
            "as_of": job.as_of,
            "seed": job.seed,
            "packages": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
            "primary": _described(job.primary, primary),
            "guardrails": guardrails,
            "inputs": {name: _plain(value) for name, value in inputs.items()},
            "trace": trace,
            "finding": finding.value,
        }
    )


def _evaluate(
    job: Job, read: MetricPanel, rng: np.random.Generator, predictors: list[Mapping[str, Any]] | None = None
) -> Evaluation:
    panel = Panel(outcomes=read.outcomes, units=read.units, periods=read.periods, covariates=read.covariates)
    return evaluate(panel, Design.from_document(design_document(job, read, predictors or [])), rng)


def design_document(job: Job, read: MetricPanel, predictors: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The locked design as `stats` reads it, for one metric."""
    design = job.plan["design"]
    treated = [code for code in job.plan["districts"]["treated"] if code in job.first_treated]
    return {
        "schema_version": NEWEST_DESIGN,
        "method": design["method"],
        "treated": treated,
        "controls": [*job.plan["districts"]["control"], *_untreated_yet(job)],
        "first_treated": dict(job.first_treated),
        "alpha": design["alpha"],
        "missing": design["missing"],
        "predictors": [
            {
                "name": OUTCOME if predictor["metric"] == read.metric["code"] else predictor["metric"],
                "periods": [p for p in read.periods if predictor["first"] <= p <= predictor["last"]],
            }
            for predictor in predictors
        ],
        "outcome_unit": read.metric["unit"],
        "outcome_unit_ko": read.metric["unit_ko"],
        "covariates": [
            covariate["code"]
            for covariate in design.get("covariates", [])
            if covariate["code"] in read.covariates
        ],
        "assignment": _assignment(job, read),
        **{name: design[name] for name in sorted(TOLD_AS_THEY_ARE) if name in design},
    }


def _assignment(job: Job, read: MetricPanel) -> dict[str, Any] | None:
    """As the plan says it; a switchback's sequences become the treated periods of each district."""
    told = job.plan["design"].get("assignment")
    if told is None or "switchback" not in told:
        return dict(told) if told else None
    switchback = dict(told["switchback"])
    trial = read.periods[read.periods.index(job.begins) :]
    periods = {code: list(switched_on(switchback, code, trial)) for code in job.first_treated}
    del switchback["sequences"]
    return {"kind": told["kind"], "switchback": switchback | {"first": job.begins, "periods": periods}}


def _untreated_yet(job: Job) -> list[str]:
    """Districts whose turn had not come: comparison where the design compares with those, else left out."""
    design = job.plan["design"]
    if design.get("control_group") != "not_yet" and kind_of(design) not in IN_ONE_BLOCK:
        return []
    return [code for code in job.plan["districts"]["treated"] if code not in job.first_treated]


def _guardrail(
    job: Job, read: MetricPanel, promise: Mapping[str, Any], rng: np.random.Generator
) -> dict[str, Any]:
    evaluation = _evaluate(job, read, rng)
    better: Better = "higher" if promise["direction"] == "increase" else "lower"
    reading = non_inferiority(evaluation.effect, margin=promise["margin"], better=better)
    return _described(read, evaluation) | {
        "margin": promise["margin"],
        "direction": promise["direction"],
        "status": reading.status,
        "sentence_ko": reading.sentence_ko,
        "sentence_en": reading.sentence_en,
    }


def _described(read: MetricPanel, evaluation: Evaluation) -> dict[str, Any]:
    document = evaluation.document()
    return {
        "metric": dict(read.metric),
        "coverage": read.coverage,
        "health": dict(read.health),
        "panel_digest": document["panel_digest"],
        "evaluation": document,
    }


def _inputs(job: Job, primary: Evaluation, guardrails: list[dict[str, Any]]) -> dict[str, Value]:
    """What the rule may look at; benefits are turned so that more is better."""
    document = primary.document()
    effect = document["effect"]
    sign = 1.0 if job.plan["primary"]["direction"] == "increase" else -1.0
    ends = [_end(effect["inference"]["interval"], name, sign) for name in ("low", "high")]
    low, high = ends if sign > 0 else reversed(ends)
    return {
        Input.COVERAGE: job.primary.coverage,
        **_collection(job.primary.health),
        Input.PRE_FIT: _diagnostic(document, "pre_fit"),
        Input.PRE_TREND_P: _pre_trend(document["event_study"]),
        Input.BENEFIT: sign * effect["value"],
        Input.BENEFIT_LOW: low,
        Input.BENEFIT_HIGH: high,
        Input.P_VALUE: _number(effect["inference"]["p_value"]),
        Input.GUARDRAILS_HARMED: float(sum(each["status"] == "harmed" for each in guardrails)),
        Input.GUARDRAILS_NOT_SAFE: float(sum(each["status"] != "safe" for each in guardrails)),
        Input.SITES: 1.0,
    }


def _end(interval: Mapping[str, Any], name: str, sign: float) -> Value:
    if "not_computable" in interval:
        return Unknown(interval["not_computable"])
    if interval[name] is None:
        return Unknown((interval.get("unbounded") or {}).get("not_computable", "unbounded"))
    return sign * float(interval[name])


def _collection(health: Mapping[str, Any]) -> dict[str, Value]:
    """How far the two sides of the primary metric were collected differently."""
    coverage = health["coverage"]
    return {
        Input.COVERAGE_DIFFERENCE: abs(coverage["difference"])
        if coverage["p_value"] is not None
        else Unknown(NOT_IN_THIS_DESIGN),
        Input.LATE_DIFFERENCE: _apart(health["late"]),
        Input.DEVICE_DIFFERENCE: _apart(health["devices_changed"]),
        Input.UNIT_CHANGES: float(len(health["unit_changes"])),
    }


def _apart(sides: Mapping[str, float | None]) -> Value:
    treated, control = sides["treated"], sides["control"]
    return Unknown(NOT_IN_THIS_DESIGN) if treated is None or control is None else abs(treated - control)


def _pre_trend(study: Mapping[str, Any] | None) -> Value:
    """The p-value of the joint test, or why there is none."""
    if study is None:
        return Unknown(NOT_IN_THIS_DESIGN)
    test = study["pre_trend"]
    return _number(test if "not_computable" in test else test["p_value"])


def _diagnostic(document: Mapping[str, Any], code: str) -> Value:
    for finding in document["findings"]:
        if finding["code"] == code:
            return _number(finding["number"])
    return Unknown(NOT_IN_THIS_DESIGN)


def _number(value: Any) -> Value:
    if value is None:
        return Unknown(NOT_IN_THIS_DESIGN)
    return Unknown(value["not_computable"]) if isinstance(value, Mapping) else float(value)


def _plain(value: Value) -> Any:
    return {"unknown": value.reason} if isinstance(value, Unknown) else value
