"""Every door has a rule, and every rule a door."""

from __future__ import annotations

import pytest

from sandbox.access import RULES
from sandbox.app import Service, create_app
from sandbox.config import read_settings


@pytest.fixture
def service(tmp_path) -> Service:
    # In development, since the style page is served only there and needs its rule all the same.
    return create_app(read_settings({"SANDBOX_VAR_DIR": str(tmp_path), "SANDBOX_DEVELOPMENT": "1"}))


def test_every_route_has_a_rule(service):
    endpoints = {rule.endpoint for rule in service.url_map.iter_rules()}
    assert endpoints - set(RULES) == set()


def test_every_rule_has_a_route(service):
    endpoints = {rule.endpoint for rule in service.url_map.iter_rules()}
    assert set(RULES) - endpoints == set()


def test_a_route_without_a_rule_is_closed(service):
    service.add_url_rule("/forgotten", "forgotten", lambda: "open")
    assert service.test_client().get("/forgotten").status_code == 403


def test_style_page_is_served_in_development_only(tmp_path):
    service = create_app(read_settings({"SANDBOX_VAR_DIR": str(tmp_path)}))
    assert "style.index" not in {rule.endpoint for rule in service.url_map.iter_rules()}
