"""The analysis plan as a form: fields in, the plan's data out, what may be chosen, where errors stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from experiments.districts import District
from experiments.errors import Invalid
from experiments.evaluation.rule import Input, LineSchema, default_rule
from experiments.fields import load
from experiments.metrics import Metric
from experiments.registrations.plan import version_of
from sandbox.pilots.models import Pilot
from sandbox.web import plan_design_form
from sandbox.web.typed import metric, number, rows

FEWEST_GUARDRAILS = 2
FEWEST_PREDICTORS = 8
DEFAULT_COVERAGE = 0.8
DEFAULT_PRE_FIT = 0.25
DEFAULT_ALPHA = 0.05
DEFAULT_SEED = 20260101


@dataclass(frozen=True)
class Choices:
    """What the form offers: metrics as (code@version, label), districts as (code, label)."""

    metrics: tuple[Metric, ...]
    districts: tuple[District, ...]
    treated: frozenset[str]


def choices(session: Session, pilot: Pilot) -> Choices:
    """Metrics of the library and districts of the pilot's site."""
    return Choices(
        metrics=tuple(session.scalars(select(Metric).order_by(Metric.code, Metric.version))),
        districts=tuple(pilot.site.territory.districts),
        treated=frozenset(district.code for district in pilot.districts),
    )


def blank(pilot: Pilot) -> dict[str, Any]:
    """What a new draft starts from."""
    return {
        "title_ko": pilot.title_ko,
        "title_en": pilot.title_en,
        "period": "week",
        "window": {
            "intervention_from": pilot.planned_from.isoformat(),
            "intervention_to": pilot.planned_to.isoformat(),
        },
        "districts": {"treated": [district.code for district in pilot.districts], "control": []},
        "design": {"method": "did", "alpha": DEFAULT_ALPHA, "missing": "available"},
        "seed": DEFAULT_SEED,
    }


def shown(plan: Mapping[str, Any]) -> dict[str, Any]:
    """`plan` as the form shows it. A draft may hold anything in the place of anything."""
    parts = {name: _object(plan.get(name)) for name in ("window", "districts", "primary", "design")}
    guardrails, predictors = _objects(plan.get("guardrails")), _objects(parts["design"].get("predictors"))
    parts["design"] |= {"predictors": predictors, **plan_design_form.shown(parts["design"])}
    parts["districts"]["starts"] = _object(parts["districts"].get("starts"))
    for side in ("treated", "control"):
        codes = parts["districts"].get(side)
        parts["districts"][side] = codes if isinstance(codes, list) else []
    coverage, pre_fit = _threshold(plan, Input.COVERAGE), _threshold(plan, Input.PRE_FIT)
    return {
        **plan,
        **parts,
        "guardrails": guardrails,
        "rows_of_guardrails": max(FEWEST_GUARDRAILS, len(guardrails) + 1),
        "rows_of_predictors": max(FEWEST_PREDICTORS, len(predictors) + 1),
        "least_coverage": DEFAULT_COVERAGE if coverage is None else coverage,
        "worst_pre_fit": DEFAULT_PRE_FIT if pre_fit is None else pre_fit,
        "rule": _lines(plan.get("rule")),
        "has_own_rule": has_own_rule(plan),
    }


def read(form: MultiDict[str, str], written: Mapping[str, Any]) -> dict[str, Any]:
    """The plan's data as typed; what is wrong with it is found when it is locked.

    The decision rule is the ordered default rule at the typed thresholds, written out in full, so
    that the locked plan says by itself what will follow from which numbers. A rule of its own in the
    plan as `written` before, which this form cannot express, is kept.
    """
    design = plan_design_form.read(form)
    starts = plan_design_form.starts(form, design)
    minimum = number(form.get("primary.minimum_effect"))
    plan = {
        **{
            name: form.get(name, "")
            for name in ("title_ko", "title_en", "hypothesis_ko", "hypothesis_en", "period")
        },
        "window": {
            name: form.get(f"window.{name}", "")
            for name in ("baseline_from", "intervention_from", "intervention_to")
        },
        "districts": {
            "treated": form.getlist("districts.treated"),
            "control": form.getlist("districts.control"),
            "why": form.get("districts.why", ""),
            **({"starts": starts} if starts else {}),
        },
        "primary": metric(form.get("primary.metric", ""))
        | {"direction": form.get("primary.direction", ""), "minimum_effect": minimum},
        "guardrails": [
            metric(row["metric"]) | {"direction": row["direction"], "margin": number(row["margin"])}
            for row in rows(form, "guardrails", ("metric", "direction", "margin"))
        ],
        "design": design,
        "rule": written["rule"]
        if has_own_rule(written)
        else default_rule(
            minimum_effect=minimum,
            alpha=design["alpha"],
            worst_pre_fit=number(form.get("rule.worst_pre_fit")),
            least_coverage=number(form.get("rule.least_coverage")),
        ),
        "seed": number(form.get("seed")),
    }
    return plan | {"schema_version": version_of(plan)}


def has_own_rule(plan: Mapping[str, Any]) -> bool:
    """Whether the plan's rule is another than the default one at the plan's thresholds."""
    rule = plan.get("rule")
    if not _lines(rule):
        return False
    coverage, pre_fit = _threshold(plan, Input.COVERAGE), _threshold(plan, Input.PRE_FIT)
    thresholds = {
        "minimum_effect": _object(plan.get("primary")).get("minimum_effect"),
        "alpha": _object(plan.get("design")).get("alpha"),
        "least_coverage": coverage,
        "worst_pre_fit": pre_fit,
    }
    return bool(rule != default_rule(**thresholds))


# Where the form shows what is wrong with a part that has no control of its own.
CONTROLS = {
    "window": "window.baseline_from",
    "districts": "districts.treated",
    "primary": "primary.metric",
    "guardrails": "guardrails.0.metric",
    "design": "design.method",
    "design.predictors": "design.predictors.0.metric",
    "design.assignment": "design.assignment.kind",
    "design.assignment.switchback": "design.assignment.kind",
    "rule": "rule.least_coverage",
    "schema_version": "_schema",
}
# Lists that have one control, whichever of their members is wrong.
WHOLE = (
    "districts.treated",
    "districts.control",
    "design.covariates",
    "design.neighbours",
    "design.assignment.blocks",
    "design.assignment.switchback.sequences",
)
CONTROL_OF_INPUT: dict[str, str] = {
    Input.COVERAGE: "rule.least_coverage",
    Input.PRE_FIT: "rule.worst_pre_fit",
    Input.PRE_TREND_P: "design.alpha",
}


def at_controls(errors: Mapping[str, Sequence[str]], plan: Mapping[str, Any]) -> dict[str, list[str]]:
    """`errors` of the plan's data under the names of the form's controls."""
    moved: dict[str, list[str]] = {}
    for field, messages in errors.items():
        place = moved.setdefault(_control(field, plan), [])
        place.extend(message for message in messages if message not in place)
    return moved


def _control(field: str, plan: Mapping[str, Any]) -> str:
    if whole := next((name for name in WHOLE if field.startswith(f"{name}.")), None):
        return whole
    match field.split("."):
        case ["districts", "starts", code, *_]:
            treated = _object(plan.get("districts")).get("treated")
            known = isinstance(treated, list) and code in treated
            return f"districts.starts.{code}" if known else "districts.starts"
        case ["primary" as part, "code" | "version"]:
            return f"{part}.metric"
        case ["guardrails", row] | ["guardrails", row, "code" | "version"]:
            return f"guardrails.{row}.metric"
        case ["design", "predictors", row] | ["design", "predictors", row, "version"]:
            return f"design.predictors.{row}.metric"
        case ["rule", line, "tests", test, *_] if not has_own_rule(plan):
            return CONTROL_OF_INPUT.get(_input_of(plan, line, test), "primary.minimum_effect")
        case ["rule", *_]:
            return CONTROLS["rule"]
    return CONTROLS.get(field, field)


def _input_of(plan: Mapping[str, Any], line: str, test: str) -> str:
    try:
        return str(plan["rule"][int(line)]["tests"][int(test)]["input"])
    except (LookupError, TypeError, ValueError):
        return ""


def _threshold(plan: Mapping[str, Any], named: Input) -> Any:
    """What the plan's rule holds an input against, as typed; None where it does not name it."""
    for line in _objects(plan.get("rule")):
        for test in _objects(line.get("tests")):
            if test.get("input") == named:
                return test.get("threshold")
    return None


def _lines(rule: Any) -> list[dict[str, Any]]:
    """The rule if it can be read as one, with its thresholds as numbers."""
    try:
        lines: list[dict[str, Any]] = load(LineSchema(many=True), rule)
    except Invalid:
        return []
    return lines


def _object(part: Any) -> dict[str, Any]:
    return dict(part) if isinstance(part, Mapping) else {}


def _objects(part: Any) -> list[dict[str, Any]]:
    return [dict(each) for each in part if isinstance(each, Mapping)] if isinstance(part, list) else []
