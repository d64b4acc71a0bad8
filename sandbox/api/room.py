"""A room of the interface: a blueprint that reads JSON strictly and describes what it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import flask_smorest
import orjson
from flask import Request, Response, abort, request
from flask_babel import gettext
from flask_login import current_user
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser, is_json_request

from experiments.errors import Invalid
from experiments.fields import flat_errors
from sandbox.api.description import who_may

DEEPEST = 32

# What a view returns: the value for its schema, and headers beside it.
Answer = tuple[Any, dict[str, str]]


class Parser(FlaskParser):
    """Bodies as JSON and nothing else; complaints by dotted path, as the use cases make them."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE}

    def load_json(self, req: Request, schema: Schema) -> Any:
        return read_json(req)

    def handle_error(
        self,
        error: ValidationError,
        req: Request,
        schema: Schema,
        *,
        error_status_code: int | None,
        error_headers: Mapping[str, str] | None,
    ) -> NoReturn:
        (messages,) = error.normalized_messages().values()
        raise Invalid(flat_errors(messages)) from error


class Room(flask_smorest.Blueprint):
    """A blueprint whose operations are named after their endpoints and say who may use them."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, name: str, import_name: str, *, heeds_tokens: bool = True, **options: Any) -> None:
        super().__init__(name, import_name, **options)
        if heeds_tokens:
            self.before_request(_refuse_dead_tokens)

    def register_views_in_doc(self, api: Any, app: Any, spec: Any, *, name: str, parameters: Any) -> None:
        for endpoint, operations in self._docs.items():
            for operation in operations.values():
                if operation:
                    operation["manual_doc"] = operation.get("manual_doc", {}) | {
                        "operationId": f"{name.removeprefix('api-')}.{endpoint}",
                        "security": who_may(f"{name}.{endpoint}"),
                    }
        super().register_views_in_doc(api, app, spec, name=name, parameters=parameters)


def _refuse_dead_tokens() -> None:
    """Whoever sends a token means to be somebody: one that ended is never answered as the public."""
    if "Authorization" in request.headers and not current_user.is_authenticated:
        abort(401, gettext("This token is unknown or has ended. Sign in again."))


def read_json(sent: Request) -> Any:
    """The body as data: 415 where it is not JSON by its type, 400 where it is not by its text.

    NaN, infinities and lone surrogates are no JSON. NUL and very deep nesting are, and are refused
    all the same: no database keeps them.
    """
    data = sent.get_data()
    if data and not is_json_request(sent):
        abort(415, "The body must be JSON (Content-Type: application/json).")
    try:
        body = orjson.loads(data) if data else {}
    except orjson.JSONDecodeError as error:
        abort(400, f"The body is not JSON: {error}.")
    _refuse_unstorable(body, DEEPEST)
    return body


def json_object(sent: Request) -> dict[str, Any]:
    """The body as an object of whatever members."""
    body = read_json(sent)
    if not isinstance(body, dict):
        raise Invalid({"_schema": ["Invalid input type."]})
    return body


def document(text: str, sha256: str) -> Response:
    """A stored canonical JSON text, byte for byte, with its digest as entity tag."""
    response = Response(text.encode(), mimetype="application/json")
    response.set_etag(sha256)
    response.make_conditional(request)
    return response


def _refuse_unstorable(value: Any, depth: int) -> None:
    if depth == 0:
        abort(400, f"The body is nested deeper than {DEEPEST} levels.")
    if isinstance(value, str) and "\x00" in value:
        abort(400, "The body holds a NUL character.")
    if isinstance(value, dict):
        for key, inner in value.items():
            _refuse_unstorable(key, depth - 1)
            _refuse_unstorable(inner, depth - 1)
    elif isinstance(value, list):
        for inner in value:
            _refuse_unstorable(inner, depth - 1)
