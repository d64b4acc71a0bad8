"""Evaluations: ask for a run, follow it, read its document, sign it."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for
from marshmallow import Schema, fields

from experiments.errors import NotFound
from experiments.evaluation.models import Evaluation
from sandbox.api.pages import party_pilot, readable_pilot, sees_unsigned_results, shown_runs
from sandbox.api.room import Answer, Room, document
from sandbox.api.shapes import EvaluationSchema
from sandbox.db import db
from sandbox.pilots import evaluations, file
from sandbox.pilots.models import Pilot
from sandbox.web.rim import actor, actor_or_none, now

resources = Room(
    "api-evaluations",
    __name__,
    url_prefix="/pilots/<number>/evaluations",
    description="Runs of the locked plan. A signed one is public with its document.",
)

# The largest key that a column holds; a longer number is no address.
KEY = "<int(max=2147483647):evaluation_id>"


class EvaluationsSchema(Schema):
    items = fields.List(fields.Nested(EvaluationSchema))


@resources.get("", endpoint="index")
@resources.response(200, EvaluationsSchema)
def index(number: str) -> dict[str, list[Any]]:
    """Every run for the parties of the case, the signed ones for everybody; newest first."""
    pilot = readable_pilot(number)
    runs = evaluations.evaluations_of(db.session, pilot)
    return {"items": shown_runs(pilot, [run for run in runs if _may_read(run, pilot)])}


@resources.post("", endpoint="request")
@resources.response(202, EvaluationSchema)
def request_run(number: str) -> Answer:
    """Ask for a run of the plan in force; a worker takes it within a heartbeat."""
    run = evaluations.request_run(db.session, party_pilot(number), by=actor(), at=now())
    return run, {"Location": url_for("api-evaluations.read", number=number, evaluation_id=run.id)}


@resources.get(f"/{KEY}", endpoint="read")
@resources.response(200, EvaluationSchema)
def read(number: str, evaluation_id: int) -> Any:
    """One run: whether it has finished, and, once signed, what its rule found."""
    pilot = readable_pilot(number)
    (run,) = shown_runs(pilot, [_readable_run(pilot, evaluation_id)])
    return run


@resources.get(f"/{KEY}/document", endpoint="document")
@resources.response(200)
def result(number: str, evaluation_id: int) -> Response:
    """The result, byte for byte as its SHA-256 covers it; the entity tag is that digest."""
    pilot = readable_pilot(number)
    run = _readable_run(pilot, evaluation_id)
    if run.document is None or not (run.signed_at or sees_unsigned_results(pilot)):
        raise NotFound("result", evaluation_id)
    run.result()  # a text without its digest is never handed out
    return document(run.document, str(run.document_sha256))


@resources.post(f"/{KEY}/sign", endpoint="sign")
@resources.response(200, EvaluationSchema)
def sign(number: str, evaluation_id: int) -> Evaluation:
    """Sign a finished result: it becomes public."""
    pilot = party_pilot(number)
    run = _readable_run(pilot, evaluation_id)
    evaluations.sign(db.session, pilot, run, by=actor(), at=now())
    return run


def _readable_run(pilot: Pilot, key: int) -> Evaluation:
    run = db.session.get(Evaluation, key)
    if run is None or run.experiment_id != pilot.experiment_id or not _may_read(run, pilot):
        raise NotFound("evaluation", key)
    return run


def _may_read(run: Evaluation, pilot: Pilot) -> bool:
    asking = actor_or_none()
    return run.signed_at is not None or (asking is not None and file.may_read(pilot, asking))
