"""A result in the reader's words: key figures, charts and tables. Signed or not, it is shown alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from sandbox.names import Name
from sandbox.pilots.result import GuardrailRead, MetricRead, Result
from sandbox.web import design_words, drawing, result_parts, words
from sandbox.web.charts import Figure
from sandbox.web.filters import pick
from sandbox.web.result_charts import charts_of
from sandbox.web.result_parts import SMALLEST_P_VALUE, percent
from stats.panel import OUTCOME
from stats.results import Estimate, Inference, NotComputable


@dataclass(frozen=True)
class KeyFigure:
    """One item of the figures macro."""

    label: str
    value: str
    unit: str | None = None
    note: str | None = None
    tone: str | None = None


@dataclass(frozen=True)
class GuardrailRow:
    """A guardrail as its table shows it; `status` is a tag."""

    name: str
    effect: str
    interval: str
    promise: str
    status: tuple[str, str]
    sentence: str


@dataclass(frozen=True)
class TestRow:
    """One test of a line of the rule, with what it was held against."""

    said: str
    found: str
    holds: bool


@dataclass(frozen=True)
class RuleRow:
    """One line of the rule as it was executed; `finding` is a tag."""

    joint: str
    tests: tuple[TestRow, ...]
    finding: tuple[str, str]
    holds: bool
    decides: bool


@dataclass(frozen=True)
class Shown:
    """What the result macro takes."""

    result: Result
    finding: tuple[str, str]
    sentence: str
    metric: str
    method: str
    figures: tuple[KeyFigure, ...]
    basis: str
    charts: tuple[Figure, ...]
    evidence: tuple[str, str]
    evidence_said: str
    is_lower_evidence: bool
    uncertainty: str
    left_out: tuple[str, ...]
    checks: result_parts.Checks
    components: tuple[result_parts.Row, ...]
    weights: tuple[tuple[str, str], ...]
    predictors: tuple[result_parts.Row, ...]
    guardrails: tuple[GuardrailRow, ...]
    trace: tuple[RuleRow, ...]
    packages: str


def shown(result: Result, districts: Mapping[str, Name]) -> Shown:
    """`result` in the language of this answer; `districts` gives the names of its units by code."""
    names = {code: pick(name, "name") for code, name in districts.items()}
    estimates = result.primary.estimates
    return Shown(
        result=result,
        finding=words.outcome(result.finding),
        sentence=pick(estimates, "sentence"),
        metric=pick(result.primary.name, "name"),
        method=design_words.method(estimates.design.method),
        figures=_figures(result.primary),
        basis=_basis(result.primary),
        charts=charts_of(result.primary, names),
        evidence=design_words.evidence(estimates.evidence),
        evidence_said=design_words.evidence_said(estimates.evidence),
        is_lower_evidence=design_words.is_lower(estimates.evidence),
        uncertainty=result_parts.uncertainty(estimates.effect.inference),
        left_out=result_parts.left_out(estimates, names),
        checks=result_parts.checks(result),
        components=result_parts.components(estimates),
        predictors=result_parts.predictors(estimates, {OUTCOME: pick(result.primary.name, "name")}),
        guardrails=tuple(_guardrail(each) for each in result.guardrails),
        weights=tuple(
            (names.get(each.unit, each.unit), percent(each.weight))
            for each in sorted(estimates.weights, key=lambda each: -each.weight)
        ),
        trace=tuple(_line(line, result.reasons) for line in result.trace),
        packages=", ".join(f"{name} {version}" for name, version in result.packages.items()),
    )


def _figures(metric: MetricRead) -> tuple[KeyFigure, ...]:
    estimates = metric.estimates
    return (
        KeyFigure(
            label=gettext("Effect on: %(metric)s", metric=pick(metric.name, "name")),
            value=drawing.number(estimates.effect.value, result_parts.decimals(estimates.effect)),
            unit=pick(metric.unit, "name"),
            note=_interval_note(estimates.effect.inference, result_parts.decimals(estimates.effect)),
        ),
        _relative(estimates.relative_effect),
        _chance(estimates.effect.inference),
    )


def _basis(metric: MetricRead) -> str:
    estimates = metric.estimates
    treated, controls, periods = map(len, (estimates.treated, estimates.controls, estimates.periods))
    if not controls:
        return gettext(
            "%(treated)s treated districts over %(periods)s periods, "
            "with %(share)s of the expected readings.",
            treated=treated,
            periods=periods,
            share=percent(metric.coverage),
        )
    return gettext(
        "%(treated)s treated and %(control)s control districts over %(periods)s periods, "
        "with %(share)s of the expected readings.",
        treated=treated,
        control=controls,
        periods=periods,
        share=percent(metric.coverage),
    )


def _relative(estimate: Estimate | NotComputable) -> KeyFigure:
    label = gettext("Effect relative to the comparison")
    if isinstance(estimate, NotComputable):
        return KeyFigure(label, gettext("not computable"), note=pick(estimate, "sentence"))
    return KeyFigure(label, percent(estimate.value), note=_interval_note(estimate.inference))


def _chance(inference: Inference) -> KeyFigure:
    label = str(words.RULE_INPUTS["primary.p_value"])
    if isinstance(inference.p_value, NotComputable):
        return KeyFigure(label, gettext("not computable"), note=pick(inference.p_value, "sentence"))
    tiny = inference.p_value < SMALLEST_P_VALUE
    share = (
        gettext("fewer than %(share)s", share=percent(SMALLEST_P_VALUE))
        if tiny
        else percent(inference.p_value)
    )
    if inference.placebos is not None:
        said = gettext(
            "Of the pilot and the %(count)s comparisons without one, "
            "%(share)s changed at least as unusually.",
            count=inference.placebos,
            share=share,
        )
    else:
        said = gettext(
            "Without any effect, a difference at least this large would arise in %(share)s of cases.",
            share=share,
        )
    value = f"< {SMALLEST_P_VALUE}" if tiny else drawing.number(inference.p_value, 3)
    return KeyFigure(label, value, note=said)


def _interval_note(inference: Inference, decimals: int | None = None) -> str:
    """The interval in words, or why there is none; a share in per cent where no decimals are given."""
    interval = inference.interval
    if isinstance(interval, NotComputable):
        return pick(interval, "sentence")
    said = gettext(
        "%(level)s interval: %(interval)s",
        level=f"{100 * (1 - inference.alpha):g}%",
        interval=result_parts.interval(inference, decimals),
    )
    return said if interval.unbounded is None else f"{said}. {pick(interval.unbounded, 'sentence')}"


def _guardrail(guardrail: GuardrailRead) -> GuardrailRow:
    metric = guardrail.metric
    effect, unit = metric.estimates.effect, pick(metric.unit, "name")
    decimals = result_parts.decimals(effect)
    return GuardrailRow(
        name=pick(metric.name, "name"),
        effect=f"{drawing.number(effect.value, decimals)} {unit}",
        interval=result_parts.interval(effect.inference, decimals),
        promise=words.promise(guardrail.direction, guardrail.margin, unit),
        status=words.status("guardrail", guardrail.status),
        sentence=pick(guardrail.sentence, "name"),
    )


def _line(line: Mapping[str, Any], reasons: Mapping[str, Name]) -> RuleRow:
    joint = gettext("if all of these hold") if line["when"] == "all" else gettext("if any of these holds")
    return RuleRow(
        joint=joint if line["tests"] else gettext("otherwise, always"),
        tests=tuple(_test(test, reasons) for test in line["tests"]),
        finding=words.outcome(line["finding"]),
        holds=line["holds"],
        decides=line["decides"],
    )


def _test(test: Mapping[str, Any], reasons: Mapping[str, Name]) -> TestRow:
    return TestRow(said=words.rule_test(test), found=_found(test, reasons), holds=test["holds"])


def _found(test: Mapping[str, Any], reasons: Mapping[str, Name]) -> str:
    if test["value"] is not None:
        return drawing.number(test["value"])
    reason = reasons.get(test["reason"])
    return pick(reason, "name") if reason else words.unknown_reason(test["reason"])
