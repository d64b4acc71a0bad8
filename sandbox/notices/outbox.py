"""Telling people: notices are written by the act that causes them, and go with it or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields, validate
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from experiments.fields import Whole
from experiments.lifecycle import Actor
from sandbox.accounts import Person
from sandbox.notices.models import MailMode, Notice, NoticeSetting
from sandbox.roles import Role
from sandbox.webhooks.queue import enqueue

ZONE = ZoneInfo("Asia/Seoul")
DIGEST_AT = time(9, 0)
REMINDER_DAYS = (14, 3, 0)
MOST_REMINDERS = 8
LONGEST_DISTANCE = 400

COMPANY = frozenset({Role.COMPANY_AUTHOR, Role.COMPANY_SIGNATORY})
AUTHORS = frozenset({Role.COMPANY_AUTHOR})
SIGNATORIES = frozenset({Role.COMPANY_SIGNATORY})
CITY = frozenset({Role.CITY_REVIEWER})
DATA = frozenset({Role.CITY_DATA_OFFICER})
REVIEWERS = frozenset({Role.MINISTRY_REVIEWER})
AGENCIES = CITY | REVIEWERS
DECIDERS = frozenset({Role.DECIDER})
MEMBERS = frozenset({Role.COMMITTEE_MEMBER})
EXPERTS = frozenset({Role.EXPERT})
EVALUATORS = frozenset({Role.EVALUATOR})


@dataclass(frozen=True)
class Office:
    """People of one organisation, by their roles."""

    organisation_id: int
    roles: frozenset[Role]


class SettingsSchema(Schema):
    """How a person wants to be told; distances are in days before the due date."""

    mail = fields.String(required=True, validate=validate.OneOf([mode.value for mode in MailMode]))
    language = fields.String(required=True, validate=validate.OneOf(["ko", "en"]))
    reminder_days = fields.List(
        Whole(validate=validate.Range(0, LONGEST_DISTANCE)),
        required=True,
        validate=validate.Length(max=MOST_REMINDERS),
    )


@dataclass(frozen=True)
class Wishes:
    """How someone wants to be told."""

    mail: MailMode = MailMode.EACH
    language: str = "ko"
    reminder_days: tuple[int, ...] = REMINDER_DAYS


def tell(
    session: Session,
    code: str,
    *,
    subject: str,
    to: Iterable[Office],
    at: datetime,
    by: Actor | None = None,
    facts: Mapping[str, Any] | None = None,
    once: str | None = None,
) -> int:
    """Tell everybody in the offices `to`, but whoever acted, and the programs of these offices.

    Returns how many people were told.

    once  what keeps it from being told twice; without it every act is told of
    """
    offices = list(to)
    organisations = {office.organisation_id for office in offices}
    enqueue(session, code, subject=subject, to=organisations, at=at, facts=facts, once=once)
    told = 0
    for person in _people(session, offices, but=by):
        key = f"{code}:{subject}:{once or uuid4().hex}"
        if once and _is_told(session, person, key):
            continue
        notice = Notice(person_id=person.id, key=key, code=code, subject=subject, at=at)
        notice.facts = dict(facts or {})
        notice.mail_after = mail_after(wishes_of(session, person.id).mail, at)
        session.add(notice)
        told += 1
    session.flush()
    return told


def wishes_of(session: Session, person_id: int) -> Wishes:
    """How this person wants to be told; the defaults where nothing was said."""
    setting = session.get(NoticeSetting, person_id)
    if setting is None:
        return Wishes()
    return Wishes(MailMode(setting.mail), setting.language, tuple(setting.reminder_days))


def wish(session: Session, *, mail: str, language: str, reminder_days: Iterable[int], by: Actor) -> None:
    """Change how the actor is told from now on."""
    assert by.person_id is not None  # only people are told
    setting = session.get(NoticeSetting, by.person_id) or NoticeSetting(person_id=by.person_id)
    setting.mail, setting.language = mail, language
    setting.reminder_days = sorted(set(reminder_days), reverse=True)
    session.add(setting)
    session.flush()


def inbox(session: Session, person_id: int, *, most: int = 200) -> list[Notice]:
    """This person's notices, the unseen first, newest first."""
    query = (
        select(Notice)
        .where(Notice.person_id == person_id)
        .order_by(Notice.seen_at.is_not(None), Notice.id.desc())
        .limit(most)
    )
    return list(session.scalars(query))


def unseen(session: Session, person_id: int) -> int:
    """How many notices this person has not seen."""
    waiting = and_(Notice.person_id == person_id, Notice.seen_at.is_(None))
    return session.scalar(select(func.count()).select_from(Notice).where(waiting)) or 0


def see(session: Session, *, by: Actor, at: datetime, notice_id: int | None = None) -> None:
    """The actor has seen one of their notices, or all of them."""
    query = select(Notice).where(Notice.person_id == by.person_id, Notice.seen_at.is_(None))
    if notice_id is not None:
        query = query.where(Notice.id == notice_id)
    for notice in session.scalars(query):
        notice.seen_at = at
    session.flush()


def mail_after(mode: MailMode, at: datetime) -> datetime | None:
    """When a notice of this moment may be mailed: at once, at the next morning's digest, or never."""
    if mode is MailMode.NONE:
        return None
    if mode is MailMode.EACH:
        return at
    local = at.astimezone(ZONE)
    morning = datetime.combine(local.date(), DIGEST_AT, tzinfo=ZONE)
    return morning if local <= morning else morning + timedelta(days=1)


def _people(session: Session, offices: Iterable[Office], *, but: Actor | None) -> list[Person]:
    wanted = [
        and_(Person.organisation_id == office.organisation_id, Person.role.in_(sorted(office.roles)))
        for office in dict.fromkeys(offices)
    ]
    if not wanted:
        return []
    query = select(Person).where(or_(*wanted), Person.disabled_at.is_(None)).order_by(Person.id)
    return [person for person in session.scalars(query) if but is None or person.id != but.person_id]


def _is_told(session: Session, person: Person, key: str) -> bool:
    query = select(Notice.id).where(Notice.person_id == person.id, Notice.key == key)
    return session.scalar(query) is not None
