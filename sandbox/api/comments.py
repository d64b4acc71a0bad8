"""Comments on a case: those that the caller may read, a new one, taking one's own back."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from experiments.fields import Whole
from sandbox.api.pages import party_pilot
from sandbox.api.room import Answer, Room
from sandbox.api.values import NameSchema
from sandbox.comments import writing
from sandbox.comments.writing import CommentSchema, RetractionSchema
from sandbox.db import db
from sandbox.web.rim import actor, now

resources = Room(
    "api-comments",
    __name__,
    url_prefix="/pilots/<number>/comments",
    description="Comments on a case, for its parties or for the writer's own office.",
)


class WrittenCommentSchema(Schema):
    """A comment; `text` is null once it is taken back."""

    id = fields.Integer()
    audience = fields.String()
    text = fields.String(allow_none=True)
    at = fields.AwareDateTime()
    author = fields.String(attribute="author_name")
    organisation = fields.Nested(NameSchema)
    retracted_at = fields.AwareDateTime(allow_none=True)
    retracted_reason = fields.String(allow_none=True)


class CommentsQuerySchema(Schema):
    before = Whole(
        load_default=None,
        validate=validate.Range(min=1),
        metadata={"description": "goes on from this comment's id"},
    )


class CommentListSchema(Schema):
    items = fields.List(fields.Nested(WrittenCommentSchema))


@resources.get("", endpoint="index")
@resources.arguments(CommentsQuerySchema, location="query")
@resources.response(200, CommentListSchema)
def index(query: dict[str, Any], number: str) -> Answer:
    """What the caller may read, newest first."""
    return {"items": writing.comments_of(db.session, party_pilot(number), actor(), **query)}, {}


@resources.post("", endpoint="write")
@resources.arguments(CommentSchema)
@resources.response(201, WrittenCommentSchema)
def write(values: dict[str, Any], number: str) -> Answer:
    """Add a comment; everybody who may read it is told."""
    return writing.write(db.session, party_pilot(number), **values, by=actor(), at=now()), {}


@resources.post("/<key:comment_id>/retract", endpoint="retract")
@resources.arguments(RetractionSchema)
@resources.response(200, WrittenCommentSchema)
def retract(values: dict[str, Any], number: str, comment_id: int) -> Answer:
    """Take one's own comment back; the words go, the reason stays."""
    return writing.retract(db.session, party_pilot(number), comment_id, **values, by=actor(), at=now()), {}
