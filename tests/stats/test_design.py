import json
import pickle

import numpy as np
import pytest

from stats.design import REQUIRED, Design
from stats.errors import DesignError
from stats.panel import Panel
from tests.stats.build import create_design, create_panel

DOCUMENT = {
    "schema_version": 1,
    "method": "synthetic_control",
    "treated": ["California"],
    "first_treated": "1989",
    "controls": ["Utah", "Nevada"],
    "alpha": 0.05,
    "missing": "refuse",
    "predictors": [{"name": "outcome", "periods": ["1975", "1980"]}],
    "cluster": None,
    "outcome_unit": "packs",
    "outcome_unit_ko": "갑",
}
STAGGERED = {
    **DOCUMENT,
    "method": "did",
    "treated": ["a", "b"],
    "first_treated": {"a": "2", "b": "3"},
    "cluster": {"a": "north", "b": "north", "Utah": "south", "Nevada": "south"},
    "predictors": [],
}


@pytest.mark.parametrize("document", [DOCUMENT, STAGGERED])
def test_a_design_gives_back_the_document_it_was_read_from(document):
    assert Design.from_document(json.loads(json.dumps(document))).document() == document


def test_the_optional_fields_may_be_left_out():
    optional = ("predictors", "cluster", "outcome_unit", "outcome_unit_ko")
    design = Design.from_document({name: DOCUMENT[name] for name in DOCUMENT if name not in optional})
    assert (design.predictors, design.cluster, design.outcome_unit) == ((), None, "")


@pytest.mark.parametrize("field", REQUIRED)
def test_a_missing_field_is_refused_by_name(field):
    with pytest.raises(DesignError) as caught:
        Design.from_document({name: value for name, value in DOCUMENT.items() if name != field})
    assert "is required" in caught.value.errors[field]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"schema_version": 4}, "schema_version"),
        ({"schema_version": True}, "schema_version"),
        ({"method": "staggered"}, "method"),
        ({"anticipation": 1}, "anticipation"),
        ({"metod": "did"}, "metod"),
        ({"method": "magic"}, "method"),
        ({"method": 3}, "method"),
        ({"treated": []}, "treated"),
        ({"treated": "California"}, "treated"),
        ({"treated": ["California", "California"]}, "treated"),
        ({"controls": []}, "controls"),
        ({"controls": ["Utah", " "]}, "controls"),
        ({"controls": ["Utah", "California"]}, "controls"),
        ({"first_treated": {"California": "1989", "Utah": "1990"}}, "first_treated"),
        ({"first_treated": {}}, "first_treated"),
        ({"first_treated": 1989}, "first_treated"),
        ({"alpha": 0}, "alpha"),
        ({"alpha": 0.6}, "alpha"),
        ({"alpha": float("nan")}, "alpha"),
        ({"alpha": True}, "alpha"),
        ({"alpha": "0.05"}, "alpha"),
        ({"missing": "guess"}, "missing"),
        ({"missing": "available"}, "missing"),
        ({"predictors": "outcome"}, "predictors"),
        ({"predictors": [{"name": "outcome"}]}, "predictors.0"),
        ({"predictors": [{"name": "", "periods": ["1"]}]}, "predictors.0.name"),
        ({"predictors": [{"name": "outcome", "periods": []}]}, "predictors.0.periods"),
        ({"predictors": [{"name": "outcome", "periods": ["1", "1"]}]}, "predictors.0.periods"),
        ({"predictors": [{"name": "outcome", "periods": ["1"]}] * 2}, "predictors"),
        ({"method": "did"}, "predictors"),
        ({"cluster": ["north"]}, "cluster"),
        ({"cluster": {"California": "west"}}, "cluster"),
        ({"outcome_unit": 5}, "outcome_unit"),
        ({"outcome_unit_ko": 5}, "outcome_unit_ko"),
    ],
)
def test_a_wrong_field_is_refused_by_name(change, field):
    with pytest.raises(DesignError) as caught:
        Design.from_document({**DOCUMENT, **change})
    assert list(caught.value.errors) == [field]


def test_all_wrong_fields_are_told_at_once():
    with pytest.raises(DesignError) as caught:
        Design.from_document({**DOCUMENT, "alpha": None, "controls": [1], "treated": None})
    assert {"alpha", "controls", "treated"} <= set(caught.value.errors)


def test_what_is_no_object_is_refused():
    with pytest.raises(DesignError, match="object"):
        Design.from_document(["did"])


@pytest.mark.parametrize("method", ["synthetic_control", "synthetic_did", "augmented_synthetic_control"])
def test_clusters_are_refused_where_single_units_are_compared(method):
    document = {**DOCUMENT, "method": method, "predictors": []}
    document["schema_version"] = 1 if method == "synthetic_control" else 2
    units = (*document["treated"], *document["controls"])
    assert Design.from_document(document).cluster is None
    with pytest.raises(DesignError) as caught:
        Design.from_document({**document, "cluster": dict.fromkeys(units, "north")})
    assert list(caught.value.errors) == ["cluster"]


def test_synthetic_control_takes_one_start_only():
    with pytest.raises(DesignError, match="first_treated: synthetic_control averages"):
        create_design(treated=2, start=[2, 3], method="synthetic_control")


@pytest.mark.parametrize(
    ("design", "field", "told"),
    [
        (create_design(units=5), "controls", "'u004' is not in the panel"),
        (create_design(start=9), "first_treated", "'009' of 'u000' is not in the panel"),
        (create_design(start=0), "first_treated", "'u000' has no period before '000'"),
    ],
)
def test_a_design_that_the_panel_cannot_serve_is_refused_by_field(design, field, told):
    with pytest.raises(DesignError) as caught:
        design.check(create_panel(np.ones((4, 4))))
    assert caught.value.errors == {field: [told]}


@pytest.mark.parametrize(
    ("predictor", "field"),
    [
        ({"name": "rain", "periods": ["000"]}, "predictors.0.name"),
        ({"name": "outcome", "periods": ["007"]}, "predictors.0.periods"),
        ({"name": "outcome", "periods": ["002"]}, "predictors.0.periods"),
    ],
    ids=["no such covariate", "no such period", "after the start"],
)
def test_a_predictor_that_the_panel_does_not_have_is_refused(predictor, field):
    document = {**create_design(method="synthetic_control").document(), "predictors": [predictor]}
    with pytest.raises(DesignError) as caught:
        Design.from_document(document).check(create_panel(np.ones((4, 4))))
    assert list(caught.value.errors) == [field]


def test_a_design_travels_to_another_process():
    design = Design.from_document(STAGGERED)
    assert pickle.loads(pickle.dumps(design)) == design  # noqa: S301


NEWER = {
    **DOCUMENT,
    "schema_version": 2,
    "control_group": "never",
    "anticipation": 0,
    "covariates": [],
    "season": None,
    "assignment": None,
}


@pytest.mark.parametrize(
    "change",
    [
        {"method": "synthetic_did"},
        {"method": "augmented_synthetic_control"},
        {"method": "staggered", "control_group": "not_yet", "anticipation": 2, "covariates": ["income"]},
        {"method": "interrupted", "controls": [], "cluster": None, "season": 12},
        {"method": "randomised", "assignment": {"kind": "units", "blocks": None}},
    ],
    ids=lambda change: change["method"],
)
def test_a_design_of_version_2_gives_back_its_document(change):
    document = {**NEWER, "predictors": [], **change}
    assert Design.from_document(json.loads(json.dumps(document))).document() == document


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"method": "did", "anticipation": 1}, "anticipation"),
        ({"method": "did", "season": 12}, "season"),
        ({"method": "staggered", "anticipation": -1}, "anticipation"),
        ({"method": "staggered", "anticipation": True}, "anticipation"),
        ({"method": "staggered", "control_group": "all"}, "control_group"),
        ({"method": "staggered", "controls": []}, "controls"),
        ({"method": "interrupted", "season": 1}, "season"),
        ({"method": "interrupted", "missing": "available"}, "missing"),
        ({"method": "randomised"}, "assignment"),
        ({"method": "randomised", "assignment": {"kind": "pairs"}}, "assignment.blocks"),
        ({"method": "randomised", "assignment": {"kind": "dice"}}, "assignment.kind"),
        ({"method": "randomised", "assignment": {"kind": "units", "blocks": {}}}, "assignment.blocks"),
        ({"method": "randomised", "assignment": "units"}, "assignment"),
        ({"method": "staggered", "predictors": [{"name": "outcome", "periods": ["1988"]}]}, "predictors"),
    ],
)
def test_what_a_method_cannot_take_is_refused_by_name(change, field):
    with pytest.raises(DesignError) as caught:
        Design.from_document({**NEWER, "predictors": [], **change})
    assert field in caught.value.errors


NEWEST = {**NEWER, "schema_version": 3, "predictors": [], "neighbours": []}
SWITCHBACK = {
    "kind": "switchback",
    "blocks": None,
    "switchback": {
        "length": 2,
        "periods": {"a": ["001", "002"], "b": ["003"]},
        "first": "001",
        "tossed": "coins",
        "together": False,
        "washout": 0,
    },
}
SWITCHED = {
    **NEWEST,
    "method": "randomised",
    "treated": ["a", "b"],
    "controls": [],
    "first_treated": {"a": "001", "b": "003"},
    "assignment": SWITCHBACK,
}


@pytest.mark.parametrize(
    "document",
    [
        {**NEWEST, "neighbours": ["Utah"]},
        {**NEWEST, "method": "did", "anticipation": 2},
        {**NEWEST, "method": "staggered", "anticipation": 2, "neighbours": ["Utah"]},
        SWITCHED,
    ],
    ids=["neighbours", "anticipation", "staggered", "switchback"],
)
def test_a_design_of_version_3_gives_back_its_document(document):
    assert Design.from_document(json.loads(json.dumps(document))).document() == document


def test_what_staggered_always_knew_stays_version_2():
    document = {**NEWEST, "method": "staggered", "anticipation": 2}
    assert Design.from_document(document).version == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"neighbours": ["California"]}, "neighbours"),
        ({"neighbours": ["Utah", "Nevada"]}, "neighbours"),
        ({"neighbours": ["Utah", "Utah"]}, "neighbours"),
        ({"neighbours": "Utah"}, "neighbours"),
        ({"method": "interrupted", "neighbours": ["Utah"]}, "neighbours"),
        ({"method": "interrupted", "anticipation": 1}, "anticipation"),
        ({"schema_version": 2, "neighbours": ["Utah"]}, "neighbours"),
        ({"schema_version": 2, "anticipation": 1}, "anticipation"),
        ({"method": "randomised", "assignment": {"kind": "switchback"}}, "assignment.switchback"),
        (
            {"method": "randomised", "assignment": {**SWITCHBACK, "kind": "units"}},
            "assignment.switchback",
        ),
    ],
)
def test_what_version_3_cannot_take_is_refused_by_name(change, field):
    with pytest.raises(DesignError) as caught:
        Design.from_document({**NEWEST, **change})
    assert field in caught.value.errors


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"length": 0}, "assignment.switchback.length"),
        ({"length": "2"}, "assignment.switchback.length"),
        ({"washout": 2}, "assignment.switchback.length"),
        ({"tossed": "dice"}, "assignment.switchback.tossed"),
        ({"together": 1}, "assignment.switchback.together"),
        ({"first": 1}, "assignment.switchback.first"),
        ({"periods": {}}, "assignment.switchback.periods"),
        ({"periods": {"a": ["001"]}}, "assignment.switchback.periods"),
        ({"periods": {"a": ["001"], "b": 3}}, "assignment.switchback.periods.b"),
        ({"coins": 2}, "assignment.switchback"),
    ],
)
def test_a_switchback_that_is_not_told_is_refused_by_name(change, field):
    told = {**SWITCHBACK, "switchback": {**SWITCHBACK["switchback"], **change}}
    with pytest.raises(DesignError) as caught:
        Design.from_document({**SWITCHED, "assignment": told})
    assert field in caught.value.errors


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"first": "009"}, "assignment.switchback.first"),
        ({"periods": {"a": ["000", "001"], "b": ["003"]}}, "assignment.switchback.periods"),
        ({"periods": {"a": ["002"], "b": ["003"]}}, "first_treated"),
    ],
)
def test_a_switchback_that_the_panel_cannot_serve_is_refused_by_name(change, field):
    told = {**SWITCHBACK, "switchback": {**SWITCHBACK["switchback"], **change}}
    panel = Panel(np.ones((2, 4)), ("a", "b"), ("000", "001", "002", "003"))
    with pytest.raises(DesignError) as caught:
        Design.from_document({**SWITCHED, "assignment": told}).check(panel)
    assert field in caught.value.errors
