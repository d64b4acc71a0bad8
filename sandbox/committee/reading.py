"""Who may read a meeting, and which cases a member or an expert may read because of one."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import NotFound
from experiments.lifecycle import Actor
from sandbox import access
from sandbox.committee.models import AgendaItem, Assessment, Called, Meeting, MeetingStatus
from sandbox.exemptions.models import Exemption


def meetings(session: Session, actor: Actor) -> list[Meeting]:
    """Every meeting that this person may read, newest first."""
    rows = select(Meeting).order_by(Meeting.begins_on.desc(), Meeting.id.desc())
    if not access.readers_of_committees(actor):
        return []
    if access.committee_member(actor):
        rows = rows.join(Called, Called.meeting_id == Meeting.id).where(
            Called.person_id == actor.person_id, Meeting.status != MeetingStatus.PLANNED
        )
    return list(session.scalars(rows))


def find(session: Session, key: int, actor: Actor) -> Meeting:
    """The meeting; NotFound also for whoever may not read it."""
    meeting = session.get(Meeting, key) if 0 < key < 2**31 else None
    if meeting is None or not may_read(meeting, actor):
        raise NotFound("meeting", str(key))
    return meeting


def may_read(meeting: Meeting, actor: Actor) -> bool:
    """The secretariat, ministries and the auditor; a member from the call on, where they were called."""
    if not access.committee_member(actor):
        return access.readers_of_committees(actor)
    was_called = any(each.person_id == actor.person_id for each in meeting.called)
    return was_called and meeting.status != MeetingStatus.PLANNED


def item_of(meeting: Meeting, key: int) -> AgendaItem:
    """One case of the agenda."""
    for item in meeting.items:
        if item.id == key:
            return item
    raise NotFound("agenda item", str(key))


def items_of(session: Session, exemption: Exemption) -> list[AgendaItem]:
    """Every time this case was on an agenda that was called, oldest first."""
    rows = (
        select(AgendaItem)
        .join(Meeting, Meeting.id == AgendaItem.meeting_id)
        .where(AgendaItem.exemption_id == exemption.id, Meeting.status != MeetingStatus.PLANNED)
    )
    return list(session.scalars(rows.order_by(AgendaItem.id)))


def has_papers(session: Session, exemption: Exemption, actor: Actor) -> bool:
    """Whether a member was called to deliberate on this case, or an expert asked about it."""
    if access.committee_member(actor):
        mine = (
            select(AgendaItem.id)
            .join(Called, Called.meeting_id == AgendaItem.meeting_id)
            .where(AgendaItem.exemption_id == exemption.id, Called.person_id == actor.person_id)
        )
    elif access.expert(actor):
        mine = select(Assessment.id).where(
            Assessment.exemption_id == exemption.id, Assessment.person_id == actor.person_id
        )
    else:
        return False
    return session.scalar(mine.limit(1)) is not None


def assessment_of(session: Session, exemption: Exemption, actor: Actor) -> Assessment:
    """What this expert was asked about this case."""
    row = session.scalar(
        select(Assessment).where(
            Assessment.exemption_id == exemption.id, Assessment.person_id == actor.person_id
        )
    )
    if row is None:
        raise NotFound("assessment", str(exemption.id))
    return row
