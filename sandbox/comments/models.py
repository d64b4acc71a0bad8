"""The table of comments; a comment is never edited, and taken back it leaves its row."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.orm import Base, Identified
from sandbox.organisations import Organisation
from sandbox.pilots.models import Pilot


class Audience(StrEnum):
    """Who reads a comment: the parties of the file, or the office of whoever wrote it."""

    PARTIES = "parties"
    OFFICE = "office"


class Comment(Identified, Base):
    """One comment; `text` is gone once it is taken back, and the reason stands in its place."""

    __tablename__ = "comment"
    __table_args__ = (
        CheckConstraint("audience IN ('parties', 'office')", name="audience_is_known"),
        CheckConstraint(
            "(retracted_at IS NULL) = (text IS NOT NULL) "
            "AND (retracted_at IS NULL) = (retracted_reason IS NULL)",
            name="retracted_means_reason",
        ),
        Index("ix_comment_pilot_id_id", "pilot_id", "id"),
    )

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id))
    audience: Mapped[str]
    text: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    author_name: Mapped[str]
    author_role: Mapped[str]
    organisation_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    retracted_at: Mapped[datetime | None]
    retracted_reason: Mapped[str | None] = mapped_column(Text)

    organisation: Mapped[Organisation] = relationship(lazy="joined")
