"""An invitation into an office, as its link proves it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.orm import Base, Identified
from sandbox.organisations import Organisation


class Invitation(Identified, Base):
    """Who was invited as what, by whom; `token_hash` is SHA-256 of what the link holds."""

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint("accepted_at IS NULL OR withdrawn_at IS NULL", name="accepted_or_withdrawn"),
        CheckConstraint("(accepted_at IS NULL) = (person_id IS NULL)", name="accepted_means_who"),
        CheckConstraint("email = lower(email)", name="email_is_lower_case"),
    )

    organisation_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id), index=True)
    email: Mapped[str]
    role: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_by_name: Mapped[str]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    withdrawn_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship(lazy="joined")
