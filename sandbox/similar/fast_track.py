"""Ask for the fast track, and answer: the lifecycle of a request, and its acts."""

from __future__ import annotations

from datetime import datetime

from marshmallow import Schema
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.fields import Line, Prose
from experiments.lifecycle import Actor, Lifecycle, Transition
from sandbox import ledger
from sandbox.exemptions.models import Exemption, ExemptionStatus
from sandbox.exemptions.table import (
    author_of_the_company,
    people_of_the_company,
    secretariat_or_reviewer_of_the_lead,
)
from sandbox.notices.outbox import COMPANY, REVIEWERS, Office, tell
from sandbox.pilots.models import Pilot
from sandbox.similar.models import FastTrack, FastTrackHistory, FastTrackStatus
from sandbox.similar.sameness import differences, track_of

S = FastTrackStatus
E = ExemptionStatus
BEFORE_CONSULTATION = frozenset({E.DRAFT, E.RETURNED, E.LOCAL_REVIEW, E.LOCAL_DONE, E.SUBMITTED})


class FastTrackRequestSchema(Schema):
    """The number of the approved case, and in what this one is the same."""

    earlier = Line(required=True, longest=40)
    statement = Prose(required=True, longest=4000)


def author_who_applies(actor: Actor, track: FastTrack) -> bool:
    return author_of_the_company(actor, track.exemption)


def people_who_apply(actor: Actor, track: FastTrack) -> bool:
    return people_of_the_company(actor, track.exemption)


def secretariat_or_lead_ministry(actor: Actor, track: FastTrack) -> bool:
    return secretariat_or_reviewer_of_the_lead(actor, track.exemption)


def application_is_filed(track: FastTrack) -> bool:
    """Filed, and no ministry is notified yet."""
    return track.exemption.status == E.SUBMITTED


def ministries_are_not_notified_yet(track: FastTrack) -> bool:
    return track.exemption.status in BEFORE_CONSULTATION


FAST_TRACK: Lifecycle[FastTrackStatus] = Lifecycle(
    "fast_track",
    FastTrackStatus,
    FastTrackHistory,
    [
        Transition(
            "ask_again",
            (S.REFUSED, S.WITHDRAWN),
            S.ASKED,
            author_who_applies,
            (ministries_are_not_notified_yet,),
        ),
        Transition(
            "accept",
            (S.ASKED,),
            S.ACCEPTED,
            secretariat_or_lead_ministry,
            (application_is_filed,),
            needs_reason=True,
        ),
        Transition(
            "refuse",
            (S.ASKED,),
            S.REFUSED,
            secretariat_or_lead_ministry,
            (application_is_filed,),
            needs_reason=True,
        ),
        Transition(
            "withdraw",
            (S.ASKED, S.ACCEPTED),
            S.WITHDRAWN,
            people_who_apply,
            (ministries_are_not_notified_yet,),
        ),
    ],
)


def ask(
    session: Session, pilot: Pilot, earlier: Pilot, *, statement: str, by: Actor, at: datetime
) -> FastTrack:
    """Ask that the application goes the fast way, naming the approved case that it is the same as.

    earlier  a public pilot. Invalid where it is not approved, or the regime's criteria do not all hold.
    """
    exemption = pilot.exemption
    if not author_of_the_company(by, exemption):
        raise Refused("fast_track.ask", author_of_the_company.__name__)
    if exemption.regime.fast_track is None:
        raise WrongMoment("fast_track.ask", exemption.status, needs="regime_has_a_fast_track")
    if exemption.status not in BEFORE_CONSULTATION:
        raise WrongMoment("fast_track.ask", exemption.status, needs=ministries_are_not_notified_yet.__name__)
    track = track_of(session, exemption)
    if track is not None:
        FAST_TRACK.check(track, "ask_again", by=by)
    _check_same(session, exemption, earlier.exemption)
    is_new = track is None
    track = track or FastTrack(exemption=exemption, status=S.ASKED)
    track.earlier, track.statement, track.asked_at = earlier.exemption, statement, at
    track.answer_reason = None
    if is_new:
        FAST_TRACK.begin(session, track, by=by, at=at)
    else:
        FAST_TRACK.perform(session, track, "ask_again", by=by, at=at)
    _record(session, track, "ask", by, at, earlier=str(earlier.number))
    return track


def accept(session: Session, track: FastTrack, *, by: Actor, at: datetime, reason: str) -> None:
    """Take the case for the same: ministries then reply within the shorter period."""
    FAST_TRACK.check(track, "accept", by=by, reason=reason)
    _check_same(session, track.exemption, track.earlier)
    _answer(session, track, "accept", by, at, reason)


def refuse(session: Session, track: FastTrack, *, by: Actor, at: datetime, reason: str) -> None:
    """The case goes the ordinary way."""
    _answer(session, track, "refuse", by, at, reason)


def withdraw(session: Session, track: FastTrack, *, by: Actor, at: datetime) -> None:
    """The company no longer asks for it."""
    FAST_TRACK.perform(session, track, "withdraw", by=by, at=at)
    _record(session, track, "withdraw", by, at)


def named(session: Session, track: FastTrack) -> Pilot:
    """The pilot of the approved case that the request names."""
    return session.scalars(select(Pilot).where(Pilot.exemption_id == track.earlier_id)).unique().one()


def _answer(session: Session, track: FastTrack, verb: str, by: Actor, at: datetime, reason: str) -> None:
    FAST_TRACK.perform(session, track, verb, by=by, at=at, reason=reason)
    track.answer_reason = reason.strip()
    _record(session, track, verb, by, at, reason=reason.strip())


def _check_same(session: Session, exemption: Exemption, earlier: Exemption) -> None:
    if earlier.id == exemption.id or earlier.status != E.APPROVED:
        raise Invalid({"earlier": ["Only a case that was approved before can be named."]})
    if differences(session, exemption, earlier):
        raise Invalid({"earlier": ["The case does not share what the law wants shared."]})


def _record(session: Session, track: FastTrack, verb: str, by: Actor, at: datetime, **details: str) -> None:
    exemption, act = track.exemption, f"fast_track.{verb}"
    ledger.append(session, act=act, subject=exemption.case.key, by=by, at=at, details=details)
    to = Office(exemption.company_id, COMPANY)
    if verb in ("ask", "withdraw"):
        to = Office(exemption.lead_id, REVIEWERS)
    tell(session, act, subject=exemption.case.key, to=[to], by=by, at=at)
