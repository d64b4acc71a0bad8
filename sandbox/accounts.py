"""Accounts: people, their passwords, their sign-ins and the throttle on guessing.

A sign-in is a row on the server; the browser holds only a random token. It ends on sign-out, on
its hour, and at once when the person's role, organisation or password changes or the account is
closed.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from datetime import datetime, timedelta
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import CheckConstraint, ForeignKey, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from experiments.errors import DomainError, Invalid, Refused, WrongMoment
from experiments.fields import Line
from experiments.lifecycle import Actor
from experiments.orm import Base, Identified
from sandbox import access, ledger, passwords
from sandbox.organisations import Organisation, OrganisationKind
from sandbox.roles import Role as Role  # roles are a word of accounts to everybody else

THROTTLE_WINDOW = timedelta(minutes=15)
MOST_FAILURES_PER_ADDRESS = 30
MOST_FAILURES_PER_EMAIL = 6

HOME_OF_ROLE: dict[Role, OrganisationKind] = {
    Role.COMPANY_AUTHOR: OrganisationKind.COMPANY,
    Role.COMPANY_SIGNATORY: OrganisationKind.COMPANY,
    Role.CITY_REVIEWER: OrganisationKind.CITY,
    Role.CITY_DATA_OFFICER: OrganisationKind.CITY,
    Role.MINISTRY_REVIEWER: OrganisationKind.MINISTRY,
    Role.DECIDER: OrganisationKind.MINISTRY,
    Role.EVALUATOR: OrganisationKind.INSTITUTE,
    Role.SECRETARIAT: OrganisationKind.AGENCY,
    Role.COMMITTEE_MEMBER: OrganisationKind.COMMITTEE,
    Role.EXPERT: OrganisationKind.COMMITTEE,
    Role.AUDITOR: OrganisationKind.OPERATOR,
    Role.ADMINISTRATOR: OrganisationKind.OPERATOR,
}


def _role() -> fields.Enum:
    return fields.Enum(Role, by_value=True, required=True, error_messages={"unknown": "Choose a role."})


def _organisation() -> fields.Integer:
    return fields.Integer(required=True, error_messages={"invalid": "Choose an organisation."})


class TooManyAttempts(DomainError):
    """Sign-in is closed for this e-mail or address until `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"too many failed sign-ins; try again after {until.isoformat()}")
        self.until = until


class PersonSchema(Schema):
    """An account as an administrator enters it, with the password that the person begins with."""

    email = fields.Email(required=True, validate=validate.Length(max=254))
    name = Line(required=True, longest=100)
    role = _role()
    organisation = _organisation()
    password = fields.String(required=True)


class PositionSchema(Schema):
    """What a person is, and for whom."""

    role = _role()
    organisation = _organisation()


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
    """A failed try, kept for the throttle and no longer."""

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
    """A new account; the role must fit the kind of organisation. Invalid by field."""
    _require_administrator(by, "person.create")
    email = normal_email(email)
    problems = _role_faults(role, organisation)
    if faults := passwords.faults(password):
        problems["password"] = faults
    if session.scalar(select(Person.id).where(Person.email == email)) is not None:
        problems["email"] = ["this e-mail has an account"]
    if problems:
        raise Invalid(problems)
    person = Person(email=email, name=name, role=role, password_hash=passwords.hashed(password))
    person.organisation = organisation
    session.add(person)
    session.flush()
    _record(session, person, "create", by, at, role=role.value, organisation=organisation.name_en)
    return person


def change_role(
    session: Session, person: Person, *, role: Role, organisation: Organisation, by: Actor, at: datetime
) -> None:
    """Give `person` another role or organisation; every sign-in under the old one ends at once."""
    _require_administrator(by, "person.change_role")
    _require_somebody_else(by, person, "person.change_role")
    _require_open(person, "person.change_role")
    if problems := _role_faults(role, organisation):
        raise Invalid(problems)
    old_role, old_organisation = person.role, person.organisation
    person.role = role
    person.organisation = organisation
    end_sign_ins(session, person, at)
    _record(
        session,
        person,
        "change_role",
        by,
        at,
        old={"role": str(old_role), "organisation": old_organisation.name_en},
        new={"role": role.value, "organisation": organisation.name_en},
    )


def disable(session: Session, person: Person, *, by: Actor, at: datetime) -> None:
    """Close an account for good; its name stays on everything that it did."""
    _require_administrator(by, "person.disable")
    _require_somebody_else(by, person, "person.disable")
    _require_open(person, "person.disable")
    person.disabled_at = at
    end_sign_ins(session, person, at)
    _record(session, person, "disable", by, at)


def give_password(session: Session, person: Person, *, password: str, by: Actor, at: datetime) -> None:
    """A new password for whoever forgot the old one; every sign-in of `person` ends."""
    _require_administrator(by, "person.give_password")
    _require_somebody_else(by, person, "person.give_password")
    _require_open(person, "person.give_password")
    if faults := passwords.faults(password):
        raise Invalid({"password": faults})
    person.password_hash = passwords.hashed(password)
    end_sign_ins(session, person, at)
    _record(session, person, "give_password", by, at)


def sign_in(
    session: Session, *, email: str, password: str, address: str, at: datetime, hours: int
) -> tuple[Person, str] | None:
    """The person and a fresh token, or None where e-mail or password is wrong (the try is kept).

    Raises TooManyAttempts while the throttle holds. The caller commits in every case.
    """
    email = normal_email(email)
    _refuse_guessing(session, email, address, at)
    person = session.scalar(select(Person).where(Person.email == email, Person.disabled_at.is_(None)))
    if not passwords.fits(password, person.password_hash if person else None):
        _keep_failure(session, email, address, at)
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
    _record(session, person, "sign_in", person.actor, at)
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
    person = person_of(session, token, at)
    if person is None:
        return
    session.execute(update(SignIn).where(SignIn.token_hash == _token_hash(token)).values(ended_at=at))
    _record(session, person, "sign_out", person.actor, at)


def change_password(
    session: Session, person: Person, *, old: str, new: str, address: str, at: datetime
) -> bool:
    """Replace the password and end every sign-in of `person`; False where `old` is wrong (the try is kept).

    Throttled as signing in is: whoever finds an open browser must not guess in peace. The caller
    commits in every case.
    """
    _refuse_guessing(session, person.email, address, at)
    if faults := passwords.faults(new):
        raise Invalid({"new": faults})
    if not passwords.fits(old, person.password_hash):
        _keep_failure(session, person.email, address, at)
        return False
    person.password_hash = passwords.hashed(new)
    end_sign_ins(session, person, at)
    _record(session, person, "change_password", person.actor, at)
    return True


def end_sign_ins(session: Session, person: Person, at: datetime) -> None:
    """Every token of `person` answers nobody from here on."""
    session.flush()
    session.execute(
        update(SignIn).where(SignIn.person_id == person.id, SignIn.ended_at.is_(None)).values(ended_at=at)
    )


def normal_email(email: str) -> str:
    """One spelling per address: normalised, in lower case."""
    return unicodedata.normalize("NFKC", email).strip().lower()


def _require_administrator(by: Actor, verb: str) -> None:
    if not access.administrator_or_service(by):
        raise Refused(verb, "administrator_or_service")


def _require_somebody_else(by: Actor, person: Person, verb: str) -> None:
    if by.person_id == person.id:
        raise Refused(verb, "not_ones_own_account")


def _require_open(person: Person, verb: str) -> None:
    if person.disabled_at is not None:
        raise WrongMoment(verb, "closed", needs="account_is_open")


def _role_faults(role: Role, organisation: Organisation) -> dict[str, list[str]]:
    if HOME_OF_ROLE[role] == organisation.kind:
        return {}
    return {"role": ["this role belongs to another kind of organisation"]}


def _record(session: Session, person: Person, verb: str, by: Actor, at: datetime, **details: Any) -> None:
    subject = f"person:{person.id}"
    ledger.append(session, act=f"person.{verb}", subject=subject, by=by, at=at, details=details)


def _refuse_guessing(session: Session, email: str, address: str, at: datetime) -> None:
    """TooManyAttempts where either limit is reached within the window before `at`."""
    since = at - THROTTLE_WINDOW
    limits = (
        (SignInAttempt.email, email, MOST_FAILURES_PER_EMAIL),
        (SignInAttempt.address, address, MOST_FAILURES_PER_ADDRESS),
    )
    for column, value, most in limits:
        _take_turns(session, f"{column.key}:{value}")
        count, oldest = session.execute(
            select(func.count(), func.min(SignInAttempt.at)).where(column == value, SignInAttempt.at > since)
        ).one()
        if count >= most:
            raise TooManyAttempts(oldest + THROTTLE_WINDOW)


def _take_turns(session: Session, name: str) -> None:
    # A hundred guesses sent at once would all count the failures before any of them has failed.
    # SQLite has one writer; on PostgreSQL tries for one e-mail or address wait for each other.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def _keep_failure(session: Session, email: str, address: str, at: datetime) -> None:
    session.execute(delete(SignInAttempt).where(SignInAttempt.at <= at - THROTTLE_WINDOW))
    session.add(SignInAttempt(email=email, address=address, at=at))
    session.flush()


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
