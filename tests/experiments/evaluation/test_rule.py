"""The decision rule: ordered lines, first match wins, nothing passes in silence."""

from __future__ import annotations

import math

import pytest

from experiments.errors import Invalid
from experiments.evaluation.rule import (
    COMPARISONS,
    Finding,
    Input,
    LineSchema,
    Unknown,
    default_rule,
    execute,
)
from experiments.fields import load

MINIMUM = 0.5
RULE = default_rule(minimum_effect=MINIMUM, alpha=0.05)
GOOD = {
    "coverage": 0.97,
    "pre_fit": 0.1,
    "pre_trend_p": 0.4,
    "primary.benefit": 0.8,
    "primary.benefit_low": 0.2,
    "primary.benefit_high": 1.4,
    "primary.p_value": 0.01,
    "guardrails.harmed": 0.0,
    "guardrails.not_shown_safe": 0.0,
    "sites": 1.0,
}


def compare(name, comparison, threshold):
    return {"input": name, "comparison": comparison, "threshold": threshold}


def line(finding, *tests, when="all"):
    return {"finding": finding, "when": when, "tests": list(tests)}


ALWAYS = line("extend_pilot")


def finding(rule, inputs) -> str:
    return execute(rule, inputs)[0].value


# -- lines --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comparison", "below", "equal", "above"),
    [
        ("at_least", False, True, True),
        ("at_most", True, True, False),
        ("above", False, False, True),
        ("below", True, False, False),
    ],
)
def test_comparisons(comparison, below, equal, above):
    rule = [line("stop", compare("sites", comparison, 3)), ALWAYS]
    held = [finding(rule, {"sites": value}) == "stop" for value in (2.0, 3.0, 4.0)]
    assert held == [below, equal, above]


def test_every_comparison_is_tested():
    assert set(COMPARISONS) == {"at_least", "at_most", "above", "below"}


@pytest.mark.parametrize(
    ("when", "first", "second", "holds"),
    [
        ("all", True, True, True),
        ("all", True, False, False),
        ("all", False, False, False),
        ("any", True, False, True),
        ("any", False, True, True),
        ("any", False, False, False),
    ],
)
def test_all_and_any(when, first, second, holds):
    rule = [
        line("stop", compare("coverage", "at_least", 1), compare("sites", "at_least", 1), when=when),
        ALWAYS,
    ]
    inputs = {"coverage": float(first), "sites": float(second)}
    assert (finding(rule, inputs) == "stop") is holds


@pytest.mark.parametrize("when", ["all", "any"])
def test_a_line_without_tests_always_holds(when):
    assert finding([line("extend_pilot", when=when)], {}) == "extend_pilot"


def test_the_first_line_that_holds_decides():
    rule = [
        line("stop", compare("sites", "at_least", 1)),
        line("safety_stop", compare("sites", "at_least", 1)),
        ALWAYS,
    ]
    found, trace = execute(rule, {"sites": 1.0})
    assert found is Finding.STOP
    assert [(each["holds"], each["decides"]) for each in trace] == [
        (True, True),
        (True, False),
        (True, False),
    ]


def test_a_rule_that_ends_nowhere_is_broken():
    with pytest.raises(ValueError, match="no line that always holds"):
        execute([line("stop", compare("sites", "at_least", 3))], {"sites": 1.0})


# -- what could not be computed -------------------------------------------------------------------


@pytest.mark.parametrize("comparison", sorted(COMPARISONS))
def test_an_unknown_input_never_holds_and_says_why(comparison):
    rule = [line("stop", compare("pre_trend_p", comparison, 0.05)), ALWAYS]
    found, trace = execute(rule, {"pre_trend_p": Unknown("too_few_periods")})
    assert found is Finding.EXTEND_PILOT
    assert trace[0]["tests"] == [
        compare("pre_trend_p", comparison, 0.05)
        | {"value": None, "reason": "too_few_periods", "holds": False}
    ]


def test_an_input_that_the_design_does_not_have_says_so():
    _, trace = execute([line("stop", compare("pre_trend_p", "below", 0.05)), ALWAYS], {})
    assert trace[0]["tests"][0]["reason"] == "not_part_of_this_design"


def test_an_unknown_input_does_not_make_any_fail_alone():
    rule = [line("stop", compare("pre_fit", "above", 0), compare("sites", "at_least", 1), when="any"), ALWAYS]
    assert finding(rule, {"pre_fit": Unknown("no_variation"), "sites": 1.0}) == "stop"


def test_the_trace_repeats_what_was_compared():
    _, trace = execute([line("stop", compare("sites", "at_least", 3)), ALWAYS], {"sites": 2.0})
    assert trace[0] == {
        "finding": "stop",
        "when": "all",
        "tests": [compare("sites", "at_least", 3) | {"value": 2.0, "reason": None, "holds": False}],
        "holds": False,
        "decides": False,
    }


def test_the_rule_itself_is_left_as_it_was():
    rule = [line("stop", compare("sites", "at_least", 3)), ALWAYS]
    execute(rule, {"sites": 2.0})
    assert rule == [line("stop", compare("sites", "at_least", 3)), ALWAYS]


# -- the rule that a plan starts from ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "expand_conditional"),
        ({"coverage": 0.79}, "invalid"),
        ({"pre_fit": 0.26}, "invalid"),
        ({"pre_trend_p": 0.04}, "invalid"),
        ({"guardrails.harmed": 1.0}, "safety_stop"),
        ({"coverage": 0.5, "guardrails.harmed": 1.0}, "invalid"),
        ({"primary.benefit_low": 0.6, "sites": 3.0}, "expand_nationwide"),
        ({"primary.benefit_low": 0.6, "sites": 2.0}, "expand_conditional"),
        (
            {"primary.benefit_low": 0.6, "sites": 3.0, "guardrails.not_shown_safe": 1.0},
            "extend_pilot",
        ),
        ({"guardrails.not_shown_safe": 1.0}, "extend_pilot"),
        ({"primary.benefit": 0.4}, "extend_pilot"),
        ({"primary.benefit_low": -0.1}, "extend_pilot"),
        ({"primary.benefit_low": 0.0}, "extend_pilot"),
        ({"primary.benefit": 0.1, "primary.benefit_low": -0.2, "primary.benefit_high": 0.4}, "stop"),
        ({"primary.benefit": -1.0, "primary.benefit_low": -2.0, "primary.benefit_high": -0.1}, "stop"),
        ({"primary.benefit_low": Unknown("no_variation")}, "extend_pilot"),
        ({"guardrails.not_shown_safe": Unknown("no_variation")}, "extend_pilot"),
    ],
)
def test_default_rule(changes, expected):
    assert finding(RULE, GOOD | changes) == expected


def test_one_citys_success_alone_never_yields_nationwide_expansion():
    best = GOOD | {"primary.benefit": 9.0, "primary.benefit_low": 8.0, "primary.benefit_high": 10.0}
    assert finding(RULE, best) == "expand_conditional"


def test_evidence_of_which_nothing_is_known_is_not_valid():
    assert finding(RULE, {name.value: Unknown("no_data") for name in Input}) == "invalid"


def test_what_could_not_be_checked_does_not_pass_for_valid():
    assert finding(RULE, GOOD | {"pre_trend_p": Unknown("leads_exceed_clusters")}) == "invalid"


def test_what_the_design_does_not_have_is_no_doubt():
    known = {name: value for name, value in GOOD.items() if name != "pre_trend_p"}
    assert finding(RULE, known) == "expand_conditional"


@pytest.mark.parametrize(
    ("name", "threshold"), [("coverage", 2), ("coverage", -0.1), ("pre_fit", -1), ("pre_trend_p", 1.5)]
)
def test_a_threshold_that_no_input_can_reach_is_refused(name, threshold):
    with pytest.raises(Invalid) as refusal:
        load(LineSchema(), line("invalid", compare(name, "below", threshold)))
    assert list(refusal.value.errors) == ["tests.0.threshold"]


def test_the_default_rule_may_stand_in_a_plan():
    assert load(LineSchema(many=True), RULE) == RULE


# -- the form -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"finding": "maybe"}, "finding"),
        ({"when": "most"}, "when"),
        ({"tests": None}, "tests"),
        ({"tests": [compare("luck", "above", 0)]}, "tests.0.input"),
        ({"tests": [compare("sites", "near", 0)]}, "tests.0.comparison"),
        ({"tests": [compare("sites", "above", math.inf)]}, "tests.0.threshold"),
        ({"tests": [compare("sites", "above", 0)] * 11}, "tests"),
    ],
)
def test_a_bad_line_is_named(changes, field):
    with pytest.raises(Invalid) as refusal:
        load(LineSchema(), line("stop", compare("sites", "above", 1)) | changes)
    assert set(refusal.value.errors) == {field}
