"""Whether a case is the same as an approved one by its regime, and what that starts."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from sandbox.desks.words import folded
from sandbox.exemptions.models import Exemption, ExemptionStatus
from sandbox.pilots.models import Pilot
from sandbox.regimes.similar import Fact, Shared
from sandbox.similar.models import FastTrack, FastTrackStatus

ORDINARY, FAST = "ministry_notified", "similar_case_notified"


def track_of(session: Session, exemption: Exemption) -> FastTrack | None:
    """The request of this application, whatever became of it."""
    return session.scalar(select(FastTrack).where(FastTrack.exemption_id == exemption.id))


def differences(session: Session, exemption: Exemption, earlier: Exemption) -> tuple[Shared, ...]:
    """What the regime wants shared and the two cases do not share; empty where they are the same."""
    rules = exemption.regime.fast_track
    wanted = rules.same if rules else ()
    return tuple(each for each in wanted if not _is_shared(session, each.id, exemption, earlier))


def starts_with(session: Session, exemption: Exemption) -> str:
    """The event that notifying ministries is in this case: the fast one where it was accepted.

    An application that was changed after the answer and is the same no longer goes the ordinary way.
    """
    track = track_of(session, exemption)
    is_fast = (
        track is not None
        and track.status == FastTrackStatus.ACCEPTED
        and track.earlier.status == ExemptionStatus.APPROVED
        and not differences(session, exemption, track.earlier)
    )
    return FAST if is_fast else ORDINARY


def fast_track_request_is_answered(exemption: Exemption) -> bool:
    """No request for the fast track waits for its answer."""
    session = object_session(exemption)
    track = track_of(session, exemption) if session is not None else None
    return track is None or track.status != FastTrackStatus.ASKED


def _is_shared(session: Session, fact: Fact, exemption: Exemption, earlier: Exemption) -> bool:
    if fact is Fact.ARTICLES:
        return set(map(folded, exemption.articles)) <= set(map(folded, earlier.articles))
    if fact is Fact.KIND:
        return (exemption.regime_id, exemption.kind) == (earlier.regime_id, earlier.kind)
    return _technology(session, exemption) == _technology(session, earlier)


def _technology(session: Session, exemption: Exemption) -> str:
    return folded(session.scalar(select(Pilot.technology).where(Pilot.exemption_id == exemption.id)) or "")
