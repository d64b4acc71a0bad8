"""The table of drafts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.orm import Base, Identified
from sandbox.accounts import Person


class FormDraft(Identified, Base):
    """What `owner` typed into a form and has not sent: the values of each control by its name.

    subject  what the form is about, such as the number of a case
    """

    __tablename__ = "form_draft"
    __table_args__ = (
        UniqueConstraint("owner_id", "form", "subject"),
        Index("ix_form_draft_form_subject", "form", "subject"),
    )

    owner_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    form: Mapped[str]
    subject: Mapped[str]
    fields: Mapped[dict[str, list[str]]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(index=True)

    owner: Mapped[Person] = relationship()
