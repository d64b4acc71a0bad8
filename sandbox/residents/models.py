"""The record that residents were informed of a pilot."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from experiments.orm import Base, Identified
from sandbox.pilots.models import Pilot


class ResidentNotice(Identified, Base):
    """One time that residents were informed; never edited, another one is recorded beside it.

    by_city  recorded by the city, which thereby confirms it; else the company attests it
    """

    __tablename__ = "resident_notice"

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), index=True)
    informed_on: Mapped[date]
    how: Mapped[str]
    text: Mapped[str] = mapped_column(Text)
    link: Mapped[str]
    by_city: Mapped[bool]
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    recorded_by_name: Mapped[str]
