"""The lifecycle of a meeting, and who keeps a committee."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from experiments.lifecycle import Actor, Lifecycle, Transition
from sandbox import access, ledger
from sandbox.committee.models import Meeting, MeetingHistory, MeetingStatus
from sandbox.exemptions.models import ExemptionStatus
from sandbox.regimes import Regime

S = MeetingStatus


def keeps(actor: Actor, regime: Regime) -> bool:
    """The delegate where the regime has one (Art. 56, D58), else reviewers of ministries."""
    if regime.committee is None:
        return False
    if regime.committee.delegated_source is not None:
        return access.secretariat(actor)
    return access.ministry_reviewer(actor)


def keeper_of_the_committee(actor: Actor, meeting: Meeting) -> bool:
    return keeps(actor, meeting.regime)


def chair_of_the_meeting(actor: Actor, meeting: Meeting) -> bool:
    """A co-chair who was called to this meeting."""
    return access.committee_member(actor) and any(
        each.is_chair and each.person_id == actor.person_id for each in meeting.called
    )


def a_case_is_on_the_agenda(meeting: Meeting) -> bool:
    return bool(meeting.items)


def every_item_is_resolved(meeting: Meeting) -> bool:
    """A case that was withdrawn meanwhile waits for nothing."""
    return all(
        item.resolution is not None or item.exemption.status != ExemptionStatus.TABLED
        for item in meeting.items
    )


def minutes_are_written(meeting: Meeting) -> bool:
    return bool((meeting.minutes or "").strip())


MEETING: Lifecycle[MeetingStatus] = Lifecycle(
    "meeting",
    MeetingStatus,
    MeetingHistory,
    [
        Transition("edit", (S.PLANNED,), S.PLANNED, keeper_of_the_committee, public=False),
        Transition(
            "call",
            (S.PLANNED,),
            S.CALLED,
            keeper_of_the_committee,
            (a_case_is_on_the_agenda,),
            source="Art. 49(7)",
        ),
        Transition(
            "cancel",
            (S.PLANNED,),
            S.CANCELLED,
            keeper_of_the_committee,
            needs_reason=True,
            source="등록부 규칙 (our rule)",
        ),
        Transition(
            "close",
            (S.CALLED,),
            S.CLOSED,
            keeper_of_the_committee,
            (every_item_is_resolved,),
            source="Art. 49(7)",
        ),
        Transition(
            "sign", (S.CLOSED,), S.SIGNED, chair_of_the_meeting, (minutes_are_written,), source="Art. 49(7)"
        ),
    ],
)


def record(session: Session, meeting: Meeting, verb: str, by: Actor, at: datetime, **details: Any) -> None:
    """Put one act on `meeting` into the ledger."""
    ledger.append(session, act=f"meeting.{verb}", subject=meeting.key, by=by, at=at, details=details)
