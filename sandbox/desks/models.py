"""Tables of desks: the line of a case on a desk, its words for searching, and who takes it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Text, func, literal_column
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.orm import Base, Identified
from sandbox.accounts import Person
from sandbox.organisations import Organisation
from sandbox.pilots.models import Pilot


class DeskLine(Base):
    """One case as it lies on one desk; `desk` names the office and the role, or who reads everything.

    place  the order on the desk as one text: what waits first, then by due date, then the newest
    acts   what the office may do now, as [kind, verb]; lacks: what is in the way, as [kind, verb, [guard]]
    own    the acts of those people of the office for whom they differ (four eyes), by the person's id
    """

    __tablename__ = "desk_line"
    __table_args__ = (Index("ix_desk_line_desk_place", "desk", "place", unique=True),)

    desk: Mapped[str] = mapped_column(primary_key=True)
    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), primary_key=True, index=True)
    place: Mapped[str]
    waits: Mapped[bool]
    due_on: Mapped[date | None]
    status: Mapped[str]
    kind: Mapped[str]
    city_id: Mapped[int]
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    acts: Mapped[list[Any]] = mapped_column(JSON)
    lacks: Mapped[list[Any]] = mapped_column(JSON)
    own: Mapped[dict[str, Any]] = mapped_column(JSON)


class CaseText(Base):
    """What a case is searched by: its public words, and their pairs of letters for the index."""

    __tablename__ = "case_text"
    __table_args__ = (
        Index(
            "ix_case_text_grams",
            func.string_to_array(literal_column("grams"), literal_column("' '")),
            postgresql_using="gin",
        ).ddl_if(dialect="postgresql"),
    )

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    grams: Mapped[str] = mapped_column(Text)


class CaseArticle(Base):
    """A provision that a case wants lifted, written as `sandbox.desks.words.folded` writes it."""

    __tablename__ = "case_article"

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), primary_key=True)
    article: Mapped[str] = mapped_column(primary_key=True, index=True)


class Assignment(Identified, Base):
    """Who of an office takes a case, from when to when; the row without an end counts."""

    __tablename__ = "assignment"
    __table_args__ = (
        CheckConstraint("ended_at IS NULL OR ended_at >= assigned_at", name="ends_after_it_began"),
        Index(
            "uq_assignment_open",
            "pilot_id",
            "organisation_id",
            unique=True,
            sqlite_where=literal_column("ended_at IS NULL"),
            postgresql_where=literal_column("ended_at IS NULL"),
        ),
    )

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    assigned_at: Mapped[datetime]
    assigned_by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    ended_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(foreign_keys=person_id)
