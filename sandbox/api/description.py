"""How the interface is described: problems, who may, and the OpenAPI document around them."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import flask_smorest
from flask import Flask
from flask_smorest.utils import prepare_response
from marshmallow import Schema, fields

from experiments.fields import Line, Prose, Real, Whole
from sandbox.access import RULES, anyone

PROBLEM = "application/problem+json"
SPECIFICATION: Mapping[str, Any] = {
    "info": {
        "description": "Pilots, their exemptions, analysis plans, evaluations and decisions. "
        "What is public needs no token; for the rest, POST /api/v1/sessions gives one. "
        "Errors are problem documents (RFC 9457)."
    },
    "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
}


class MeanwhileSchema(Schema):
    """What happened to the record since it was read."""

    verb = fields.String()
    by = fields.String()
    at = fields.AwareDateTime()


class ProblemSchema(Schema):
    """A problem document (RFC 9457) with the facts behind it."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "422: what is wrong, by dotted path of the field"},
    )
    rule = fields.String(metadata={"description": "403: the rule that does not hold"})
    state = fields.String(metadata={"description": "409: the state that the record is in"})
    needs = fields.String(allow_none=True, metadata={"description": "409: what is missing"})
    meanwhile = fields.Nested(MeanwhileSchema, allow_none=True)


class Interface(flask_smorest.Api):
    """flask-smorest, with the service's own error documents instead of its own."""

    ERROR_SCHEMA = ProblemSchema

    def init_app(self, app: Flask, **options: Any) -> None:
        for field, kind in ((Line, "string"), (Prose, "string"), (Whole, "integer"), (Real, "number")):
            self.register_field(field, kind, None)
        super().init_app(app, **options)

    def _register_error_handlers(self) -> None:
        """Errors are answered at the rim, for pages and API alike."""

    def _register_responses(self) -> None:
        """Whatever goes wrong is a problem; the library's own shapes are not described."""
        for name in (self.DEFAULT_ERROR_RESPONSE_NAME, HTTPStatus(422).name):
            response = {"description": "A problem document", "schema": self.ERROR_SCHEMA}
            prepare_response(response, self.spec, PROBLEM)
            self.spec.components.response(name, response, lazy=True)


def who_may(endpoint: str) -> list[dict[str, list[str]]]:
    """The `security` member of an operation, from the same map that guards its door."""
    return [] if RULES.get(endpoint) is anyone else [{"token": []}]
