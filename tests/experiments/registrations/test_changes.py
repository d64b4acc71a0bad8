"""What an amendment changed, value by value."""

from __future__ import annotations

from types import SimpleNamespace

from experiments.registrations.plan_changes import Change, changes
from tests.factories import plan_document

CASE = SimpleNamespace(primary=SimpleNamespace(code="wait"), guardrail=SimpleNamespace(code="noise"))


def plan(**parts):
    document = plan_document(CASE)
    return {name: value | parts.get(name, {}) if name in parts else value for name, value in document.items()}


def test_the_same_plan_has_no_changes():
    assert changes(plan(), plan()) == ()


def test_a_changed_value_is_named_by_its_path():
    assert changes(plan(), plan(design={"alpha": 0.1})) == (Change("design.alpha", 0.05, 0.1),)


def test_a_field_of_a_newer_method_is_told_as_added_and_as_dropped():
    staggered = plan(design={"method": "staggered"}, districts={"starts": {"D01": "2026-07-01"}})
    added = changes(plan(), staggered)
    assert added == (
        Change("design.method", "did", "staggered"),
        Change("districts.starts.D01", None, "2026-07-01"),
    )
    assert changes(staggered, plan()) == tuple(Change(c.field, c.after, c.before) for c in added)


def test_the_order_of_districts_says_nothing():
    turned = plan(districts={"control": ["D06", "D05", "D04", "D03"]})
    assert changes(plan(), turned) == ()


def test_a_district_more_shows_both_lists():
    (change,) = changes(plan(), plan(districts={"control": ["D03", "D04", "D05"]}))
    assert (change.field, change.after) == ("districts.control", ["D03", "D04", "D05"])


def test_a_guardrail_more_is_told_value_by_value():
    document = plan()
    more = document | {"guardrails": [*document["guardrails"], {"code": "speed", "margin": 2.0}]}
    assert changes(document, more) == (
        Change("guardrails.1.code", None, "speed"),
        Change("guardrails.1.margin", None, 2.0),
    )


def test_the_version_of_the_shape_is_no_change_of_the_plan():
    assert changes(plan() | {"schema_version": 1}, plan() | {"schema_version": 2}) == ()
