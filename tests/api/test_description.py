"""The OpenAPI document: complete, closed in itself, and true to the doors."""

from __future__ import annotations

import pytest

from sandbox.access import RULES, anyone
from sandbox.api.links import ADDRESSES
from sandbox.decisions.table import DECISION
from sandbox.exemptions.table import EXEMPTION
from sandbox.pilots.file import NOT_OFFERED
from sandbox.pilots.table import PILOT
from tests.api.callers import PROBLEM, Caller


@pytest.fixture
def document(doors):
    return Caller(doors).read("/openapi.json")


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                yield path, method, operation


def references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_every_reference_is_in_the_document(document):
    for reference in set(references(document)):
        node = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_every_route_is_described(document, doors):
    described = {operation["operationId"] for _, _, operation in operations(document)}
    routes = {
        rule.endpoint.removeprefix("api-") for rule in doors.url_map.iter_rules() if "api-" in rule.endpoint
    }
    assert described == routes - {"docs.openapi_json"}


def test_who_needs_a_token_is_said_as_the_doors_have_it(document):
    said = {
        f"api-{operation['operationId']}": operation["security"] for _, _, operation in operations(document)
    }
    assert {name for name, security in said.items() if not security} == {
        name for name, rule in RULES.items() if name in said and rule is anyone
    }


def test_every_operation_says_what_it_does(document):
    assert [path for path, _, operation in operations(document) if not operation.get("summary")] == []


def test_every_operation_answers_problems(document):
    default = document["components"]["responses"]["DEFAULT_ERROR"]["content"]
    assert set(default) == {PROBLEM}
    for _, _, operation in operations(document):
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/DEFAULT_ERROR"}


def test_nothing_in_it_points_elsewhere(document, doors):
    text = Caller(doors).get("/openapi.json").text
    assert "http://" not in text
    assert "https://" not in text


def test_it_has_no_pages_of_its_own(doors):
    assert [rule.rule for rule in doors.url_map.iter_rules() if rule.endpoint.startswith("api-docs")] == [
        "/api/v1/openapi.json"
    ]


def test_limits_of_the_input_are_told(document):
    months = document["components"]["schemas"]["ApplicationFields"]["properties"]["requested_months"]
    assert (months["type"], months["minimum"]) == ("integer", 1)


# -- links ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lifecycle", [EXEMPTION, PILOT, DECISION], ids=lambda lifecycle: lifecycle.kind)
def test_every_offered_verb_has_an_address(lifecycle):
    offered = {t.verb for t in lifecycle.transitions} - NOT_OFFERED.get(lifecycle.kind, frozenset())
    assert {verb for kind, verb in ADDRESSES if kind == lifecycle.kind} - {"propose"} == offered


def test_every_address_exists(doors):
    routes = {(method, rule.endpoint) for rule in doors.url_map.iter_rules() for method in rule.methods}
    assert set(ADDRESSES.values()) <= routes
