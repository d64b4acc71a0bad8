"""Who is here: people and organisations as an administrator reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from sandbox.accounts import Person, SignIn
from sandbox.organisations import Organisation

PEOPLE_PER_PAGE = 50


@dataclass(frozen=True)
class Entry:
    """One account; `last_sign_in` is when it was last signed in to, None if never."""

    id: int
    name: str
    email: str
    role: str
    organisation: Organisation
    last_sign_in: datetime | None
    disabled_at: datetime | None


@dataclass(frozen=True)
class People:
    """One page of the accounts that were asked for; `page` and `pages` count from 1."""

    entries: tuple[Entry, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class Office:
    """An organisation with the number of its open accounts."""

    organisation: Organisation
    accounts: int


def people(session: Session, *, text: str = "", role: str = "", page: int = 1) -> People:
    """Accounts whose name, e-mail or organisation contains `text`, open ones first, then by name."""
    wanted = _wanted(text, role)
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    pages = max(1, ceil(total / PEOPLE_PER_PAGE))
    page = min(max(page, 1), pages)
    last = select(func.max(SignIn.began_at)).where(SignIn.person_id == Person.id).scalar_subquery()
    rows = session.execute(
        wanted.add_columns(last)
        .order_by(Person.disabled_at.is_not(None), Person.name, Person.id)
        .limit(PEOPLE_PER_PAGE)
        .offset((page - 1) * PEOPLE_PER_PAGE)
    )
    return People(tuple(_entry(person, last_sign_in) for person, last_sign_in in rows), total, page, pages)


def offices(session: Session) -> list[Office]:
    """Every organisation, by kind and name."""
    accounts = (
        select(func.count())
        .where(Person.organisation_id == Organisation.id, Person.disabled_at.is_(None))
        .scalar_subquery()
    )
    rows = session.execute(
        select(Organisation, accounts).order_by(Organisation.kind, Organisation.name_ko, Organisation.id)
    )
    return [Office(organisation, count) for organisation, count in rows]


def _wanted(text: str, role: str) -> Select[Person]:
    wanted = select(Person).join(Organisation, Organisation.id == Person.organisation_id)
    if role:
        wanted = wanted.where(Person.role == role)
    for word in text.split():
        columns = (Person.name, Person.email, Organisation.name_ko, Organisation.name_en)
        wanted = wanted.where(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    return wanted


def _entry(person: Person, last_sign_in: datetime | None) -> Entry:
    return Entry(
        person.id,
        person.name,
        person.email,
        person.role,
        person.organisation,
        last_sign_in,
        person.disabled_at,
    )
