"""Write a comment, read what is meant for one, take one's own back."""

from __future__ import annotations

from datetime import datetime

from marshmallow import Schema, fields, validate
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import Prose
from experiments.lifecycle import LONGEST_REASON, Actor
from sandbox import ledger
from sandbox.comments.models import Audience, Comment
from sandbox.notices.outbox import Office, tell
from sandbox.pilots import file
from sandbox.pilots.models import Pilot
from sandbox.roles import Role

LONGEST_COMMENT = 4000
PAGE_SIZE = 100
READERS_ONLY = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})


class CommentSchema(Schema):
    """A comment as typed, and who is to read it."""

    text = Prose(required=True, longest=LONGEST_COMMENT)
    audience = fields.String(
        required=True,
        validate=validate.OneOf([each.value for each in Audience], error="Choose who reads it."),
    )


class RetractionSchema(Schema):
    """Why a comment is taken back."""

    reason = Prose(required=True, longest=LONGEST_REASON)


def party_of_the_file(actor: Actor, pilot: Pilot) -> bool:
    """People of the offices that have a part in the case, once they may read it; who only looks on, reads."""
    exemption = pilot.exemption
    offices = {pilot.company_id, exemption.city_id, exemption.lead_id, pilot.evaluator_id}
    offices |= {asked.ministry_id for asked in exemption.consultations}
    return actor.organisation_id in offices and actor.role not in READERS_ONLY and file.may_read(pilot, actor)


def write(session: Session, pilot: Pilot, *, text: str, audience: str, by: Actor, at: datetime) -> Comment:
    """Add a comment and tell everybody who may read it."""
    if not party_of_the_file(by, pilot):
        raise Refused("comment.write", "party_of_the_file")
    assert by.person_id is not None  # the service comments on nothing
    assert by.organisation_id is not None
    comment = Comment(
        pilot_id=pilot.id,
        audience=audience,
        text=text,
        at=at,
        author_id=by.person_id,
        author_name=by.name,
        author_role=by.role,
        organisation_id=by.organisation_id,
    )
    session.add(comment)
    session.flush()
    _record(session, pilot, comment, "write", by, at)
    tell(session, "comment.write", subject=pilot.key, to=_readers(pilot, comment), by=by, at=at)
    return comment


def comments_of(session: Session, pilot: Pilot, actor: Actor, *, before: int | None = None) -> list[Comment]:
    """What this reader of the file may read, newest first, at most a page; `before` goes on from a key."""
    mine = Comment.organisation_id == actor.organisation_id
    query = select(Comment).where(
        Comment.pilot_id == pilot.id, or_(Comment.audience == Audience.PARTIES, mine)
    )
    if before is not None:
        query = query.where(Comment.id < before)
    return list(session.scalars(query.order_by(Comment.id.desc()).limit(PAGE_SIZE)))


def retract(
    session: Session, pilot: Pilot, comment_id: int, *, reason: str, by: Actor, at: datetime
) -> Comment:
    """Take one's own comment back: its words go, the row and the reason stay."""
    comment = session.get(Comment, comment_id)
    if comment is None or comment.pilot_id != pilot.id or not _may_read(comment, by):
        raise NotFound("comment", str(comment_id))
    if comment.author_id != by.person_id:
        raise Refused("comment.retract", "author_of_the_comment")
    if comment.retracted_at is not None:
        raise WrongMoment("comment.retract", "retracted")
    if not reason.strip():
        raise Invalid({"reason": ["a reason is needed"]})
    comment.text, comment.retracted_at, comment.retracted_reason = None, at, reason
    session.flush()
    _record(session, pilot, comment, "retract", by, at)
    return comment


def _may_read(comment: Comment, actor: Actor) -> bool:
    return comment.audience == Audience.PARTIES or comment.organisation_id == actor.organisation_id


def _readers(pilot: Pilot, comment: Comment) -> list[Office]:
    """The offices that a comment is for: those of them that may read the file already."""
    exemption = pilot.exemption
    if comment.audience == Audience.OFFICE:
        offices = {comment.organisation_id}
    else:
        offices = {pilot.company_id, exemption.city_id, exemption.lead_id, pilot.evaluator_id}
        offices |= {asked.ministry_id for asked in exemption.consultations}
    told = []
    for organisation_id in sorted(offices):
        roles = {
            role
            for role in set(Role) - READERS_ONLY
            if file.may_read(pilot, Actor(0, "", role, organisation_id))
        }
        if roles:
            told.append(Office(organisation_id, frozenset(roles)))
    return told


def _record(session: Session, pilot: Pilot, comment: Comment, verb: str, by: Actor, at: datetime) -> None:
    # The ledger says that it was written and for whom; the words are for their readers.
    details = {"comment": comment.id, "audience": comment.audience}
    ledger.append(session, act=f"comment.{verb}", subject=pilot.key, by=by, at=at, details=details)
