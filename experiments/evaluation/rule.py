"""The decision rule: an ordered list of lines frozen in the plan, first match wins.

A line names a finding and tests on inputs. An input that could not be computed makes its test
false and says why, except in a line that finds the evidence invalid: there the doubt counts, for
what could not be checked must not pass for valid. What the design does not have is no doubt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from experiments.collection.quality_asymmetry import LARGE_DIFFERENCE
from experiments.fields import Real


class Finding(StrEnum):
    """What the rule made of the numbers (판정)."""

    INVALID = "invalid"
    SAFETY_STOP = "safety_stop"
    EXPAND_NATIONWIDE = "expand_nationwide"
    EXPAND_CONDITIONAL = "expand_conditional"
    EXTEND_PILOT = "extend_pilot"
    REDESIGN_RERUN = "redesign_rerun"
    STOP = "stop"


class Input(StrEnum):
    """What a line may look at. Benefits are in the metric's unit, positive where it is good.

    The differences are between treated and control districts, without their sign, of shares: of the
    readings that came, of those that came late, of the districts whose device was changed. Unit changes
    are districts whose level jumps as by another unit, other than where their treatment starts.
    """

    COVERAGE = "coverage"
    COVERAGE_DIFFERENCE = "coverage_difference"
    LATE_DIFFERENCE = "late_difference"
    DEVICE_DIFFERENCE = "device_difference"
    UNIT_CHANGES = "unit_changes"
    PRE_FIT = "pre_fit"
    PRE_TREND_P = "pre_trend_p"
    BENEFIT = "primary.benefit"
    BENEFIT_LOW = "primary.benefit_low"
    BENEFIT_HIGH = "primary.benefit_high"
    P_VALUE = "primary.p_value"
    GUARDRAILS_HARMED = "guardrails.harmed"
    GUARDRAILS_NOT_SAFE = "guardrails.not_shown_safe"
    SITES = "sites"


COMPARISONS = {
    "at_least": lambda value, threshold: value >= threshold,
    "at_most": lambda value, threshold: value <= threshold,
    "above": lambda value, threshold: value > threshold,
    "below": lambda value, threshold: value < threshold,
}


class TestSchema(Schema):
    """One comparison of an input with a threshold that the input can reach."""

    __test__ = False  # not a test case, whatever its name says to pytest

    input = fields.String(required=True, validate=validate.OneOf([i.value for i in Input]))
    comparison = fields.String(required=True, validate=validate.OneOf(sorted(COMPARISONS)))
    threshold = Real(required=True)

    @validates_schema
    def threshold_can_be_reached(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["input"] in SHARES and not 0 <= data["threshold"] <= 1:
            raise ValidationError("This threshold lies between 0 and 1.", "threshold")
        if data["input"] in NOT_NEGATIVE and data["threshold"] < 0:
            raise ValidationError("This threshold cannot be negative.", "threshold")


# Inputs that are shares or probabilities, and those that cannot be negative.
DIFFERENCES = frozenset({Input.COVERAGE_DIFFERENCE, Input.LATE_DIFFERENCE, Input.DEVICE_DIFFERENCE})
SHARES = DIFFERENCES | {Input.COVERAGE, Input.PRE_TREND_P, Input.P_VALUE}
NOT_NEGATIVE = frozenset(
    {Input.PRE_FIT, Input.UNIT_CHANGES, Input.GUARDRAILS_HARMED, Input.GUARDRAILS_NOT_SAFE, Input.SITES}
)
NOT_IN_THIS_DESIGN = "not_part_of_this_design"


class LineSchema(Schema):
    """A finding and the tests of which all, or any, must hold."""

    finding = fields.String(required=True, validate=validate.OneOf([f.value for f in Finding]))
    when = fields.String(required=True, validate=validate.OneOf(["all", "any"]))
    tests = fields.List(fields.Nested(TestSchema), required=True, validate=validate.Length(max=10))


@dataclass(frozen=True)
class Unknown:
    """An input that could not be computed, with the reason's code."""

    reason: str


Value = float | Unknown


def execute(
    rule: Sequence[Mapping[str, Any]], inputs: Mapping[str, Value]
) -> tuple[Finding, list[dict[str, Any]]]:
    """The finding of the first line that holds, and the trace of every line.

    The trace repeats each test with its value and whether it held, so that a reader can follow
    the rule by hand. Lines after the match are shown too; they did not decide.
    """
    trace = [_line(line, inputs) for line in rule]
    for line in trace:
        if line["holds"]:
            line["decides"] = True
            return Finding(line["finding"]), trace
    raise ValueError("the rule has no line that always holds")


def _line(line: Mapping[str, Any], inputs: Mapping[str, Value]) -> dict[str, Any]:
    doubts_count = line["finding"] == Finding.INVALID
    tests = [_test(test, inputs, doubts_count=doubts_count) for test in line["tests"]]
    outcomes = [test["holds"] for test in tests]
    holds = all(outcomes) if line["when"] == "all" or not outcomes else any(outcomes)
    return {
        "finding": line["finding"],
        "when": line["when"],
        "tests": tests,
        "holds": holds,
        "decides": False,
    }


def _test(test: Mapping[str, Any], inputs: Mapping[str, Value], *, doubts_count: bool) -> dict[str, Any]:
    value = inputs.get(test["input"], Unknown(NOT_IN_THIS_DESIGN))
    if isinstance(value, Unknown):
        # Evidence whose validity could not be checked must not pass for valid.
        holds = doubts_count and value.reason != NOT_IN_THIS_DESIGN
        return {**test, "value": None, "reason": value.reason, "holds": holds}
    holds = bool(COMPARISONS[test["comparison"]](value, test["threshold"]))
    return {**test, "value": value, "reason": None, "holds": holds}


def default_rule(
    *,
    minimum_effect: float,
    alpha: float,
    worst_pre_fit: float = 0.25,
    least_coverage: float = 0.8,
    coverage_difference: float = LARGE_DIFFERENCE,
) -> list[dict[str, Any]]:
    """The ordered rule that a plan starts from.

    Invalid data first, harm second. Data are invalid too where treated and control districts were not
    collected alike, or where a series looks as if its unit had changed. Nationwide expansion asks for an
    interval wholly beyond the minimum effect at three sites or more, so that one city's success alone
    never yields it; a single site's interval that excludes zero with an estimate beyond the minimum
    effect yields expansion under conditions; an interval that excludes the minimum effect stops for
    futility; everything else is extended.
    """

    def test(name: Input, comparison: str, threshold: float) -> dict[str, Any]:
        return {"input": name.value, "comparison": comparison, "threshold": threshold}

    safe = test(Input.GUARDRAILS_NOT_SAFE, "at_most", 0)
    return [
        {
            "finding": Finding.INVALID.value,
            "when": "any",
            "tests": [
                test(Input.COVERAGE, "below", least_coverage),
                test(Input.COVERAGE_DIFFERENCE, "at_least", coverage_difference),
                test(Input.UNIT_CHANGES, "at_least", 1),
                test(Input.PRE_FIT, "above", worst_pre_fit),
                test(Input.PRE_TREND_P, "below", alpha),
            ],
        },
        {
            "finding": Finding.SAFETY_STOP.value,
            "when": "any",
            "tests": [test(Input.GUARDRAILS_HARMED, "at_least", 1)],
        },
        {
            "finding": Finding.EXPAND_NATIONWIDE.value,
            "when": "all",
            "tests": [
                test(Input.BENEFIT_LOW, "at_least", minimum_effect),
                safe,
                test(Input.SITES, "at_least", 3),
            ],
        },
        {
            "finding": Finding.EXPAND_CONDITIONAL.value,
            "when": "all",
            "tests": [
                test(Input.BENEFIT, "at_least", minimum_effect),
                test(Input.BENEFIT_LOW, "above", 0),
                safe,
            ],
        },
        {
            "finding": Finding.STOP.value,
            "when": "all",
            "tests": [test(Input.BENEFIT_HIGH, "below", minimum_effect)],
        },
        {"finding": Finding.EXTEND_PILOT.value, "when": "all", "tests": []},
    ]
