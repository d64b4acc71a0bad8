"""The first account of a new installation."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import WrongMoment
from experiments.lifecycle import Actor
from sandbox.accounts import Person, Role, create_person
from sandbox.organisations import OrganisationKind, create_organisation

INSTALLER = Actor(None, "installation", "service")


def create_first_administrator(
    session: Session, *, email: str, name: str, organisation: str, password: str
) -> Person:
    """An administrator with the operating organisation, on a register without any account."""
    if session.scalar(select(Person.id).limit(1)) is not None:
        raise WrongMoment("person.create", "accounts_exist", needs="no_account_yet")
    at = datetime.now(UTC)
    operator = create_organisation(
        session,
        kind=OrganisationKind.OPERATOR.value,
        name_ko=organisation,
        name_en=organisation,
        by=INSTALLER,
        at=at,
    )
    return create_person(
        session,
        email=email,
        name=name,
        role=Role.ADMINISTRATOR,
        organisation=operator,
        password=password,
        by=INSTALLER,
        at=at,
    )
