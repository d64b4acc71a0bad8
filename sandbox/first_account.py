"""The first account of a new installation."""

from __future__ import annotations

from datetime import UTC, datetime

from marshmallow import Schema, fields
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import WrongMoment
from experiments.fields import Line, load
from experiments.lifecycle import Actor
from sandbox.accounts import Person, Role, create_person
from sandbox.organisations import OrganisationKind, create_organisation


class FirstAccountSchema(Schema):
    """What whoever installs the register says of its operator and its administrator."""

    email = fields.Email(required=True)
    name = Line(required=True, longest=100)
    organisation = Line(required=True)


INSTALLER = Actor(None, "installation", "service")


def create_first_administrator(
    session: Session, *, email: str, name: str, organisation: str, password: str
) -> Person:
    """An administrator with the operating organisation, on a register without any account.

    WrongMoment where there is an account already; Invalid by field.
    """
    if session.scalar(select(Person.id).limit(1)) is not None:
        raise WrongMoment("person.create", "accounts_exist", needs="no_account_yet")
    said = load(FirstAccountSchema(), {"email": email, "name": name, "organisation": organisation})
    at = datetime.now(UTC)
    operator = create_organisation(
        session,
        kind=OrganisationKind.OPERATOR.value,
        name_ko=said["organisation"],
        name_en=said["organisation"],
        by=INSTALLER,
        at=at,
    )
    return create_person(
        session,
        email=said["email"],
        name=said["name"],
        role=Role.ADMINISTRATOR,
        organisation=operator,
        password=password,
        by=INSTALLER,
        at=at,
    )
