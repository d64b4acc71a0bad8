"""Keep a draft, give it back to its owner, forget it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.orm import Session, sessionmaker

from experiments.lifecycle import Actor
from sandbox.accounts import Person
from sandbox.drafts.models import FormDraft

LARGEST_BYTES = 64 * 1024
MOST_CONTROLS = 600


@dataclass(frozen=True)
class Place:
    """Which form about what: the name of a form, and what this person fills it in about."""

    form: str
    subject: str


class DraftSchema(Schema):
    """Values by control, at most 64 kB of them in UTF-8."""

    fields_ = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 120)),
        values=fields.List(fields.String(), validate=validate.Length(max=200)),
        required=True,
        data_key="fields",
        validate=validate.Length(max=MOST_CONTROLS),
    )

    @validates_schema
    def is_not_too_large(self, data: Mapping[str, Any], **_: Any) -> None:
        texts = [*data["fields_"], *(text for values in data["fields_"].values() for text in values)]
        if sum(len(text.encode(errors="replace")) for text in texts) > LARGEST_BYTES:
            raise ValidationError("A draft holds 64 kB at most.", "fields")


def save(
    session: Session, place: Place, typed: Mapping[str, list[str]], *, by: Actor, at: datetime
) -> FormDraft:
    """Keep what was typed in the place of what was typed before. No act on the case, so no ledger row."""
    assert by.person_id is not None  # whoever types is a person
    draft = find(session, place, by=by) or FormDraft(
        owner_id=by.person_id, form=place.form, subject=place.subject
    )
    draft.fields, draft.saved_at = dict(typed), at
    session.add(draft)
    session.flush()
    return draft


def find(session: Session, place: Place, *, by: Actor) -> FormDraft | None:
    """The person's own draft; there is no way to anybody else's."""
    return session.scalar(select(FormDraft).where(_own(place, by)))


def discard(session: Session, place: Place, *, by: Actor) -> None:
    """Forget the person's own draft: it was sent, or thrown away."""
    session.execute(delete(FormDraft).where(_own(place, by)))


def colleagues(session: Session, place: Place, *, by: Actor) -> list[tuple[str, datetime]]:
    """Who else of the person's office has a draft of this form, and when it was saved last, newest first.

    Of what they typed nothing is told.
    """
    if by.organisation_id is None:
        return []
    rows = session.execute(
        select(Person.name, FormDraft.saved_at)
        .join(Person, Person.id == FormDraft.owner_id)
        .where(
            FormDraft.form == place.form,
            FormDraft.subject == place.subject,
            Person.organisation_id == by.organisation_id,
            Person.id != by.person_id,
        )
        .order_by(FormDraft.saved_at.desc())
    )
    return [(name, saved_at) for name, saved_at in rows]


class ForgetDrafts:
    """A duty of the heartbeat: once an hour it forgets drafts that nobody touched for so many days."""

    def __init__(self, sessions: sessionmaker[Session], clock: Callable[[], datetime], *, days: int) -> None:
        self._sessions = sessions
        self._clock = clock
        self._keep = timedelta(days=days)
        self._done_at: datetime | None = None

    def __call__(self) -> None:
        at = self._clock()
        if self._done_at is None or at - self._done_at >= timedelta(hours=1):
            self._done_at = at
            with self._sessions.begin() as session:
                session.execute(delete(FormDraft).where(FormDraft.saved_at < at - self._keep))


def _own(place: Place, by: Actor) -> ColumnElement[bool]:
    return and_(
        FormDraft.owner_id == by.person_id,
        FormDraft.form == place.form,
        FormDraft.subject == place.subject,
    )
