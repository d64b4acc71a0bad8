"""Every method in a plan: what it takes, what it refuses by field, and that `stats` reads what is locked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import pytest

from experiments.errors import Invalid
from experiments.evaluation.work import TOLD_AS_THEY_ARE, design_document
from experiments.registrations.plan import parse_plan
from experiments.registrations.plan_assignment import (
    ASSIGNMENTS,
    SwitchbackSchema,
    periods_of_trial,
    switched_on,
)
from experiments.registrations.plan_design import FIELDS_OF_METHODS, METHODS, NEWER_FIELDS
from stats.design import NEWER, NEWEST, Design, Method
from stats.panel import Panel
from tests.experiments.evaluation.build import job
from tests.factories import plan_document

BLOCKS = {"D01": "north", "D02": "south", "D03": "north", "D04": "south"}
STARTS = {"D01": "2026-07-01", "D02": "2026-10-01"}
SWITCHBACK = {
    "length": 2,
    "washout": 1,
    "tossed": "coins",
    "together": False,
    "sequences": {"D01": "011010", "D02": "100101"},
}
PLANS = {
    "did": {},
    "did with starts": {"method": "did", "starts": STARTS},
    "synthetic_control": {},
    "augmented_synthetic_control": {},
    "synthetic_did": {"starts": STARTS},
    "staggered": {"control_group": "not_yet", "anticipation": 1, "starts": STARTS},
    "neighbours and anticipation": {"method": "synthetic_did", "neighbours": ["D03"], "anticipation": 1},
    "interrupted": {"season": 12, "control": []},
    "interrupted with a control series": {"method": "interrupted"},
    "randomised": {"assignment": {"kind": "units"}},
    "randomised in blocks": {
        "method": "randomised",
        "assignment": {"kind": "units", "blocks": BLOCKS},
        "control": ["D03", "D04"],
    },
    "randomised in pairs": {
        "method": "randomised",
        "assignment": {"kind": "pairs", "blocks": BLOCKS},
        "control": ["D03", "D04"],
    },
    "stepped wedge": {
        "method": "randomised",
        "assignment": {"kind": "stepped_wedge"},
        "starts": STARTS,
        "control": [],
    },
    "switchback": {
        "method": "randomised",
        "assignment": {"kind": "switchback", "switchback": SWITCHBACK},
        "control": [],
    },
}
"""By method, or by another name with the method among them: what a plan of it says besides."""


@pytest.fixture(scope="module")
def case():
    """A plan's shape needs nothing of a case but the codes of two metrics."""
    return SimpleNamespace(primary=SimpleNamespace(code="wait"), guardrail=SimpleNamespace(code="noise"))


def plan_of(case, name, **changes):
    """The plan of `PLANS[name]`."""
    told = PLANS[name] | changes
    districts = {key: told[key] for key in ("starts", "control") if key in told}
    document = plan_document(case)
    design = {key: value for key, value in told.items() if key not in districts} | {
        "method": told.get("method", name)
    }
    return document | {
        "design": document["design"] | design,
        "districts": document["districts"] | districts,
    }


def complaints(case, name, **changes):
    with pytest.raises(Invalid) as refusal:
        parse_plan(plan_of(case, name, **changes))
    return refusal.value.errors


def test_every_method_of_the_front_door_may_be_planned():
    assert get_args(Method) == METHODS
    assert set(METHODS) <= {told.get("method", name) for name, told in PLANS.items()}


def test_every_field_of_a_design_may_be_planned():
    takes = {name: (method,) for name, (_, method) in NEWER.items()}
    takes |= {name: methods for name, (_, methods) in NEWEST.items()}
    assert takes == {name: FIELDS_OF_METHODS[name] for name in NEWER_FIELDS}
    assert {*TOLD_AS_THEY_ARE, "covariates", "assignment"} == NEWER_FIELDS


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_of_every_method_is_well_formed_and_stays_as_it_is(case, name):
    plan = parse_plan(plan_of(case, name))
    assert parse_plan(plan) == plan


@pytest.mark.parametrize(
    ("name", "version"),
    [("did", 1), ("synthetic_did", 2), ("augmented_synthetic_control", 1), ("did with starts", 2)]
    + [(name, 2) for name in PLANS if name.startswith(("staggered", "interrupted", "randomised"))],
)
def test_a_plan_is_written_in_the_first_version_that_can_say_it(case, name, version):
    assert parse_plan(plan_of(case, name))["schema_version"] == version


def test_a_plan_of_the_old_shape_has_no_new_field(case):
    plan = parse_plan(plan_of(case, "did") | {"schema_version": 1})
    assert set(plan["design"]) == {"method", "alpha", "missing", "predictors"}
    assert set(plan["districts"]) == {"treated", "control", "why"}


@pytest.mark.parametrize(
    ("name", "changes", "field"),
    [
        ("did", {"control_group": "never"}, "design.control_group"),
        ("interrupted", {"anticipation": 1}, "design.anticipation"),
        ("did", {"neighbours": ["D01"]}, "design.neighbours"),
        ("did", {"neighbours": ["D03", "D03"]}, "design.neighbours"),
        ("did", {"neighbours": ["D03", "D04", "D05", "D06"]}, "design.neighbours"),
        ("randomised", {"neighbours": ["D03"]}, "design.neighbours"),
        ("did", {"season": 12}, "design.season"),
        ("did", {"assignment": {"kind": "units"}}, "design.assignment"),
        ("did", {"covariates": [{"code": "noise", "version": 1}]}, "design.covariates"),
        ("did", {"control": []}, "districts.control"),
        ("synthetic_control", {"starts": STARTS}, "districts.starts"),
        ("staggered", {"starts": {}}, "districts.starts.D01"),
        ("staggered", {"starts": {"D01": "2026-07-01"}}, "districts.starts.D02"),
        ("staggered", {"starts": STARTS | {"D03": "2026-07-01"}}, "districts.starts.D03"),
        ("staggered", {"starts": STARTS | {"D02": "2026-06-30"}}, "districts.starts.D02"),
        ("staggered", {"starts": STARTS | {"D02": "2027-07-01"}}, "districts.starts.D02"),
        ("staggered", {"starts": STARTS | {"D02": "soon"}}, "districts.starts.D02.value"),
        ("staggered", {"starts": STARTS | {"D01": "2026-10-01"}}, "window.intervention_from"),
        ("staggered", {"control_group": "anyone"}, "design.control_group"),
        ("staggered", {"anticipation": -1}, "design.anticipation"),
        ("staggered", {"anticipation": 1.5}, "design.anticipation"),
        ("staggered", {"covariates": [{"code": "wait", "version": 1}]}, "design.covariates.0"),
        ("staggered", {"covariates": 2 * [{"code": "noise", "version": 1}]}, "design.covariates.1"),
        ("interrupted", {"season": 1}, "design.season"),
        ("interrupted", {"missing": "available"}, "design.missing"),
        ("randomised", {"missing": "available"}, "design.missing"),
        ("randomised", {"assignment": {"kind": "horoscope"}}, "design.assignment.kind"),
        ("randomised", {"control": []}, "districts.control"),
        ("randomised", {"assignment": {"kind": "pairs"}}, "design.assignment.blocks"),
        ("randomised in blocks", {"control": ["D03", "D05"]}, "design.assignment.blocks"),
        ("randomised in pairs", {"control": ["D03", "D04", "D05"]}, "design.assignment.blocks"),
        (
            "stepped wedge",
            {"assignment": {"kind": "stepped_wedge", "blocks": BLOCKS}},
            "design.assignment.blocks",
        ),
        ("stepped wedge", {"starts": {}}, "districts.starts.D01"),
        ("switchback", {"starts": STARTS}, "districts.starts"),
        ("switchback", {"missing": "drop_period"}, "design.missing"),
        ("switchback", {"missing": "available"}, "design.missing"),
        ("switchback", {"assignment": {"kind": "switchback"}}, "design.assignment.switchback.length"),
        (
            "switchback",
            {"assignment": {"kind": "units", "switchback": SWITCHBACK}},
            "design.assignment.switchback",
        ),
    ],
)
def test_what_a_method_cannot_take_is_refused_by_field(case, name, changes, field):
    assert field in complaints(case, name, **changes)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"length": 0}, "length"),
        ({"washout": 2}, "washout"),
        ({"tossed": "dice"}, "tossed"),
        ({"together": True}, "sequences"),
        ({"sequences": {"D01": "0110"}}, "sequences"),
        ({"sequences": {"D01": "0110", "D02": "011"}}, "sequences"),
        ({"sequences": {"D01": "0110", "D02": "1001", "D03": "0101"}}, "sequences"),
        ({"sequences": {"D01": "0110", "D02": "0000"}}, "sequences.D02.value"),
        ({"sequences": {"D01": "0110", "D02": "AB"}}, "sequences.D02.value"),
        ({"sequences": "D01: 01"}, "sequences"),
    ],
)
def test_a_switchback_is_refused_by_field(case, changes, field):
    told = complaints(
        case, "switchback", assignment={"kind": "switchback", "switchback": SWITCHBACK | changes}
    )
    assert set(told) == {f"design.assignment.switchback.{field}"}


def test_a_sequence_becomes_the_periods_in_which_a_district_was_treated():
    trial = [f"2026-{month:02d}" for month in range(7, 13)]
    told = {"length": 2, "sequences": {"D01": "01", "D02": "10"}}
    assert switched_on(told, "D01", trial) == ("2026-09", "2026-10")
    assert switched_on(told, "D02", trial) == ("2026-07", "2026-08")
    assert periods_of_trial(told) == 4


def test_a_randomised_plan_says_how_it_was_dealt(case):
    plan = plan_of(case, "randomised")
    del plan["design"]["assignment"]
    with pytest.raises(Invalid) as refusal:
        parse_plan(plan)
    assert refusal.value.errors == {"design.assignment": ["Say how chance dealt the treatment."]}


def test_both_sides_of_a_pair_are_looked_for(case):
    blocks = {"D01": "a", "D02": "a", "D03": "b", "D04": "b"}
    told = complaints(case, "randomised in pairs", assignment={"kind": "pairs", "blocks": blocks})
    assert told == {"design.assignment.blocks": ["A pair is one treated district and one control."]}


@pytest.mark.parametrize("name", PLANS)
def test_the_statistics_core_reads_every_plan_that_may_be_locked(name, case):
    plan = parse_plan(plan_of(case, name))
    starts = plan["districts"].get("starts") or dict.fromkeys(plan["districts"]["treated"], "2026-07-01")
    begun = {code: day[:7] for code, day in starts.items()}
    if name == "switchback":
        begun["D01"] = "2026-09"
    made = replace(job(), plan=plan, first_treated=begun)
    design = Design.from_document(design_document(made, made.primary, []))
    assert (design.method, dict(design.first_treated)) == (plan["design"]["method"], begun)
    design.check(Panel(made.primary.outcomes, made.primary.units, made.primary.periods))


def test_every_field_of_some_methods_is_documented():
    documented = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
    for name in (*FIELDS_OF_METHODS, *SwitchbackSchema().fields, *ASSIGNMENTS):
        assert f"`{name}`" in documented or f"`design.{name}`" in documented, name
