"""Similar cases and the fast track, for the parties of a case and for whoever is about to apply."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from experiments.errors import NotFound
from sandbox.api.pages import party_pilot, readable_pilot
from sandbox.api.room import Answer, Room
from sandbox.api.values import ReasonSchema
from sandbox.db import db
from sandbox.pilots import register
from sandbox.pilots.models import Pilot
from sandbox.similar import copying, fast_track, sameness
from sandbox.similar.copying import CopySchema
from sandbox.similar.fast_track import FastTrackRequestSchema
from sandbox.similar.models import FastTrack
from sandbox.similar.search import SearchedSchema, Similar, Wanted, similar
from sandbox.web.rim import actor, now

resources = Room(
    "api-similar", __name__, url_prefix="", description="Cases like a case, and the fast track for the same."
)


class PublicConditionSchema(Schema):
    id = fields.Integer()
    text = fields.String()
    legal_basis = fields.String()


class SimilarSchema(Schema):
    """An earlier case, what it shares, and what became of it."""

    number = fields.String(attribute="pilot.number")
    title_ko = fields.String(attribute="pilot.title_ko")
    title_en = fields.String(attribute="pilot.title_en")
    status = fields.String(attribute="pilot.exemption.status")
    articles = fields.List(fields.String())
    shares_technology = fields.Boolean(attribute="technology")
    words = fields.List(fields.String())
    points = fields.Integer()
    conditions = fields.List(fields.Nested(PublicConditionSchema))
    finding = fields.String(allow_none=True)
    is_own = fields.Boolean()


class TrackSchema(Schema):
    """A request for the fast track, and its answer."""

    status = fields.String()
    earlier = fields.String()
    statement = fields.String()
    asked_at = fields.AwareDateTime()
    answer_reason = fields.String(allow_none=True)


class SimilarRoomSchema(Schema):
    fast_track = fields.Nested(TrackSchema, allow_none=True)
    cases = fields.List(fields.Nested(SimilarSchema))


@resources.post("/similar", endpoint="search")
@resources.arguments(SearchedSchema)
@resources.response(200, SimilarSchema(many=True))
def search(sent: dict[str, Any]) -> list[Similar]:
    """Earlier cases that share rules, technology or words, the most alike first; nothing is stored."""
    return similar(db.session, Wanted(tuple(sent["articles"]), sent["technology"], sent["q"]), to=actor())


@resources.get("/pilots/<number>/similar", endpoint="read")
@resources.response(200, SimilarRoomSchema)
def read(number: str) -> Answer:
    """Cases like this one, and its request for the fast track."""
    return _shown(party_pilot(number)), {}


@resources.post("/pilots/<number>/similar/copy", endpoint="copy")
@resources.arguments(CopySchema)
@resources.response(200, SimilarRoomSchema)
def copy(sent: dict[str, Any], number: str) -> Answer:
    """Add chosen texts of an earlier case to the own draft."""
    pilot = party_pilot(number)
    source = readable_pilot(sent.pop("source"))
    copying.copy(db.session, pilot, source, **sent, by=actor(), at=now())
    return _shown(pilot), {}


@resources.post("/pilots/<number>/fast-track", endpoint="ask")
@resources.arguments(FastTrackRequestSchema)
@resources.response(201, SimilarRoomSchema)
def ask(sent: dict[str, Any], number: str) -> Answer:
    """Ask for the fast track, naming the approved case that this one is the same as."""
    pilot = party_pilot(number)
    earlier = register.find(db.session, sent["earlier"])
    fast_track.ask(db.session, pilot, earlier, statement=sent["statement"], by=actor(), at=now())
    return _shown(pilot), {}


@resources.post("/pilots/<number>/fast-track/accept", endpoint="accept")
@resources.arguments(ReasonSchema)
@resources.response(200, SimilarRoomSchema)
def accept(sent: dict[str, Any], number: str) -> Answer:
    """Take the case for the same; ministries reply within the shorter period."""
    pilot = party_pilot(number)
    fast_track.accept(db.session, _track(pilot), by=actor(), at=now(), **sent)
    return _shown(pilot), {}


@resources.post("/pilots/<number>/fast-track/refuse", endpoint="refuse")
@resources.arguments(ReasonSchema)
@resources.response(200, SimilarRoomSchema)
def refuse(sent: dict[str, Any], number: str) -> Answer:
    """The case goes the ordinary way."""
    pilot = party_pilot(number)
    fast_track.refuse(db.session, _track(pilot), by=actor(), at=now(), **sent)
    return _shown(pilot), {}


@resources.post("/pilots/<number>/fast-track/withdraw", endpoint="withdraw")
@resources.response(200, SimilarRoomSchema)
def withdraw(number: str) -> Answer:
    """Ask for the fast track no longer."""
    pilot = party_pilot(number)
    fast_track.withdraw(db.session, _track(pilot), by=actor(), at=now())
    return _shown(pilot), {}


def _track(pilot: Pilot) -> FastTrack:
    track = sameness.track_of(db.session, pilot.exemption)
    if track is None:
        raise NotFound("fast track", str(pilot.number))
    return track


def _shown(pilot: Pilot) -> dict[str, Any]:
    track = sameness.track_of(db.session, pilot.exemption)
    names = ("status", "statement", "asked_at", "answer_reason")
    return {
        "fast_track": track
        and {name: getattr(track, name) for name in names}
        | {"earlier": fast_track.named(db.session, track).number},
        "cases": similar(db.session, Wanted.of(pilot), to=actor(), but=pilot),
    }
