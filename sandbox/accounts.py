"""Accounts: people, their passwords, their sign-ins and the throttle on guessing.

A sign-in is a row on the server; the browser holds only a random token. It ends on sign-out, on
its hour, and at once when the person's role, organisation or password changes.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import CheckConstraint, ForeignKey, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from experiments.errors import DomainError, Invalid
from experiments.lifecycle import Actor
from experiments.orm import Base, Identified
from sandbox import ledger
from sandbox.organisations import Organisation, OrganisationKind

SHORTEST_PASSWORD = 12
THROTTLE_WINDOW = timedelta(minutes=15)
MOST_FAILURES_PER_ADDRESS = 30
MOST_FAILURES_PER_EMAIL = 6


class Role(StrEnum):
    COMPANY_AUTHOR = "company_author"
    COMPANY_SIGNATORY = "company_signatory"
    CITY_REVIEWER = "city_reviewer"
    MINISTRY_REVIEWER = "ministry_reviewer"
    DECIDER = "decider"
    EVALUATOR = "evaluator"
    CITY_DATA_OFFICER = "city_data_officer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


HOME_OF_ROLE: dict[Role, OrganisationKind] = {
    Role.COMPANY_AUTHOR: OrganisationKind.COMPANY,
    Role.COMPANY_SIGNATORY: OrganisationKind.COMPANY,
    Role.CITY_REVIEWER: OrganisationKind.CITY,
    Role.CITY_DATA_OFFICER: OrganisationKind.CITY,
    Role.MINISTRY_REVIEWER: OrganisationKind.MINISTRY,
    Role.DECIDER: OrganisationKind.MINISTRY,
    Role.EVALUATOR: OrganisationKind.INSTITUTE,
    Role.AUDITOR: OrganisationKind.OPERATOR,
    Role.ADMINISTRATOR: OrganisationKind.OPERATOR,
}


class TooManyAttempts(DomainError):
    """Sign-in is closed for this e-mail or address until `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"too many failed sign-ins; try again after {until.isoformat()}")
        self.until = until


class Person(Identified, Base):
    """Someone with an account: one role, for one organisation."""

    __tablename__ = "person"
    __table_args__ = (CheckConstraint("email = lower(email)", name="email_is_lower_case"),)

    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    organisation_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    password_hash: Mapped[str]
    disabled_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship(lazy="joined")

    @property
    def actor(self) -> Actor:
        return Actor(self.id, self.name, self.role, self.organisation_id)


class SignIn(Identified, Base):
    """A server-side session; `token_hash` is SHA-256 of what the browser holds."""

    __tablename__ = "sign_in"

    token_hash: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    began_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="joined")


class SignInAttempt(Identified, Base):
    """A failed try, kept for the throttle."""

    __tablename__ = "sign_in_attempt"

    email: Mapped[str] = mapped_column(index=True)
    address: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(index=True)


def create_person(
    session: Session,
    *,
    email: str,
    name: str,
    role: Role,
    organisation: Organisation,
    password: str,
    by: Actor,
    at: datetime,
) -> Person:
    """A new account; the role must fit the kind of organisation."""
    problems: dict[str, list[str]] = {}
    if HOME_OF_ROLE[role] != organisation.kind:
        problems["role"] = [f"{role} belongs to a {HOME_OF_ROLE[role]}, not to a {organisation.kind}"]
    if len(password) < SHORTEST_PASSWORD:
        problems["password"] = [f"at least {SHORTEST_PASSWORD} characters"]
    email = normal_email(email)
    if session.scalar(select(Person.id).where(Person.email == email)):
        problems["email"] = ["this e-mail has an account"]
    if problems:
        raise Invalid(problems)
    person = Person(
        email=email,
        name=name,
        role=role,
        organisation_id=organisation.id,
        password_hash=_hasher().hash(password),
    )
    person.organisation = organisation
    session.add(person)
    session.flush()
    ledger.append(
        session,
        act="person.create",
        subject=f"person:{person.id}",
        by=by,
        at=at,
        details={"role": role.value},
    )
    return person


def sign_in(
    session: Session, *, email: str, password: str, address: str, at: datetime, hours: int
) -> tuple[Person, str] | None:
    """The person and a fresh token, or None where e-mail or password is wrong (the try is kept).

    Raises TooManyAttempts while the throttle holds. The caller commits in every case.
    """
    email = normal_email(email)
    _refuse_guessing(session, email, address, at)
    person = session.scalar(select(Person).where(Person.email == email, Person.disabled_at.is_(None)))
    if not _password_fits(person, password):
        session.add(SignInAttempt(email=email, address=address, at=at))
        session.flush()
        return None
    assert person is not None
    token = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            token_hash=_token_hash(token),
            person_id=person.id,
            began_at=at,
            expires_at=at + timedelta(hours=hours),
        )
    )
    ledger.append(session, act="person.sign_in", subject=f"person:{person.id}", by=person.actor, at=at)
    return person, token


def person_of(session: Session, token: str, at: datetime) -> Person | None:
    """Who holds this token now; None once the sign-in ended, expired or the account was closed."""
    row = session.scalar(
        select(SignIn).where(
            SignIn.token_hash == _token_hash(token), SignIn.ended_at.is_(None), SignIn.expires_at > at
        )
    )
    return row.person if row and row.person.disabled_at is None else None


def sign_out(session: Session, token: str, at: datetime) -> None:
    """End this sign-in; the token answers nobody from here on."""
    session.execute(
        update(SignIn)
        .where(SignIn.token_hash == _token_hash(token), SignIn.ended_at.is_(None))
        .values(ended_at=at)
    )


def change_role(
    session: Session, person: Person, *, role: Role, organisation: Organisation, by: Actor, at: datetime
) -> None:
    """Give `person` another role; every sign-in under the old one ends at once."""
    if HOME_OF_ROLE[role] != organisation.kind:
        raise Invalid({"role": [f"{role} belongs to a {HOME_OF_ROLE[role]}, not to a {organisation.kind}"]})
    old = person.role
    person.role = role
    person.organisation = organisation
    end_sign_ins(session, person, at)
    ledger.append(
        session,
        act="person.change_role",
        subject=f"person:{person.id}",
        by=by,
        at=at,
        details={"old": old, "new": role.value, "organisation": organisation.name_en},
    )


def disable(session: Session, person: Person, *, by: Actor, at: datetime) -> None:
    """Close an account; its name stays on everything that it did."""
    person.disabled_at = at
    end_sign_ins(session, person, at)
    ledger.append(session, act="person.disable", subject=f"person:{person.id}", by=by, at=at)


def change_password(session: Session, person: Person, *, old: str, new: str, at: datetime) -> None:
    """Replace the password and end every sign-in of `person`."""
    if not _password_fits(person, old):
        raise Invalid({"old": ["this is not the present password"]})
    if len(new) < SHORTEST_PASSWORD:
        raise Invalid({"new": [f"at least {SHORTEST_PASSWORD} characters"]})
    person.password_hash = _hasher().hash(new)
    end_sign_ins(session, person, at)
    ledger.append(
        session, act="person.change_password", subject=f"person:{person.id}", by=person.actor, at=at
    )


def end_sign_ins(session: Session, person: Person, at: datetime) -> None:
    session.flush()
    session.execute(
        update(SignIn).where(SignIn.person_id == person.id, SignIn.ended_at.is_(None)).values(ended_at=at)
    )


def normal_email(email: str) -> str:
    return unicodedata.normalize("NFKC", email).strip().lower()


def _refuse_guessing(session: Session, email: str, address: str, at: datetime) -> None:
    since = at - THROTTLE_WINDOW
    limits = (
        (SignInAttempt.email == email, MOST_FAILURES_PER_EMAIL),
        (SignInAttempt.address == address, MOST_FAILURES_PER_ADDRESS),
    )
    for condition, most in limits:
        count, oldest = session.execute(
            select(func.count(), func.min(SignInAttempt.at)).where(condition, SignInAttempt.at > since)
        ).one()
        if count >= most:
            raise TooManyAttempts(oldest + THROTTLE_WINDOW)


def _password_fits(person: Person | None, password: str) -> bool:
    # An unknown e-mail costs the same time as a wrong password, so that nobody can list accounts.
    known = person.password_hash if person else _decoy_hash()
    try:
        _hasher().verify(known, password)
    except (VerificationError, InvalidHashError):
        return False
    return person is not None


@lru_cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@lru_cache
def _decoy_hash() -> str:
    return _hasher().hash(secrets.token_hex(16))


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
