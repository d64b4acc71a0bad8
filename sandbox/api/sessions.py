"""Signing in for a token, seeing whose it is, and ending it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import abort, current_app, request
from flask_babel import gettext
from flask_login import current_user
from marshmallow import Schema, fields, validate

from sandbox import accounts
from sandbox.accounts import Person
from sandbox.api.room import Answer, Room
from sandbox.api.values import OrganisationSchema
from sandbox.db import db
from sandbox.web.rim import now

resources = Room(
    "api-sessions",
    __name__,
    # Whoever signs in again may well send the token that has just ended.
    heeds_tokens=False,
    url_prefix="/sessions",
    description="Sign-ins. A token ends on its hour, when it is deleted, and when the person's role changes.",
)


class CredentialsSchema(Schema):
    email = fields.String(required=True, validate=validate.Length(min=1, max=1000))
    password = fields.String(required=True, validate=validate.Length(min=1, max=1000), load_only=True)


class PersonSchema(Schema):
    id = fields.Integer()
    name = fields.String()
    email = fields.String()
    role = fields.String()
    organisation = fields.Nested(OrganisationSchema)


class SessionSchema(Schema):
    """A fresh sign-in. The token is shown this once; the service keeps only its hash."""

    token = fields.String()
    expires_at = fields.AwareDateTime()
    person = fields.Nested(PersonSchema)


@dataclass(frozen=True)
class Fresh:
    """What signing in gives."""

    token: str
    expires_at: datetime
    person: Person


@resources.post("", endpoint="create")
@resources.arguments(CredentialsSchema)
@resources.response(201, SessionSchema)
def create(credentials: dict[str, str]) -> Answer:
    """Sign in for a token, to be sent as `Authorization: Bearer`."""
    hours = current_app.settings.session_hours  # type: ignore[attr-defined]
    signed = accounts.sign_in(
        db.session, **credentials, address=request.remote_addr or "unknown", at=now(), hours=hours
    )
    if signed is None:
        # A refusal is not committed; a failed guess has to count all the same.
        db.session.commit()
        abort(401, gettext("The e-mail address or the password is wrong."))
    person, token = signed
    return Fresh(token, now() + timedelta(hours=hours), person), {"Cache-Control": "no-store"}


@resources.get("/current", endpoint="current")
@resources.response(200, PersonSchema)
def current() -> Person:
    """Whose token this is."""
    return current_user.person


@resources.delete("/current", endpoint="end")
@resources.response(204)
def end() -> None:
    """End the sign-in of this token."""
    accounts.sign_out(db.session, current_user.token, now())
