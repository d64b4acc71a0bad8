"""The table of certificates and gazette notices; rows are added and never edited."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.canonical import digest
from experiments.errors import BrokenRecord
from experiments.orm import Base, Identified
from sandbox.pilots.models import Pilot
from sandbox.programmes.models import Site


class OfficialDocument(Identified, Base):
    """One certificate or notice as it was issued.

    series    what it is numbered among: "certificate" or "notice"
    year, sequence  its number, counted from 1 in each year of the regime's zone
    document  canonical JSON (RFC 8785) of everything that stands on it; `sha256` is over these bytes
    valid_to  the last day of the period that it speaks of, where it speaks of one
    """

    __tablename__ = "official_document"
    __table_args__ = (
        UniqueConstraint("series", "year", "sequence"),
        CheckConstraint("(pilot_id IS NULL) <> (site_id IS NULL)", name="is_about_one_thing"),
        CheckConstraint("sequence > 0", name="numbered_from_one"),
        CheckConstraint("series IN ('certificate', 'notice')", name="series_is_known"),
    )

    series: Mapped[str]
    year: Mapped[int]
    sequence: Mapped[int]
    kind: Mapped[str]
    regime_id: Mapped[str]
    regime_version: Mapped[str]
    pilot_id: Mapped[int | None] = mapped_column(ForeignKey(Pilot.id), index=True)
    site_id: Mapped[int | None] = mapped_column(ForeignKey(Site.id), index=True)
    document: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(unique=True)
    valid_to: Mapped[date | None]
    issued_at: Mapped[datetime]
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    issued_by_name: Mapped[str]

    pilot: Mapped[Pilot | None] = relationship()
    site: Mapped[Site | None] = relationship()

    @property
    def number(self) -> str:
        """As it is cited: "2026-3"."""
        return f"{self.year}-{self.sequence}"

    @property
    def about(self) -> str:
        """How the ledger names what it is about."""
        if self.pilot is not None:
            return self.pilot.key
        assert self.site is not None  # a document is about one of the two
        return f"site:{self.site.territory.code}"

    @property
    def is_whole(self) -> bool:
        """Whether its text still has its hash."""
        return digest(self.document) == self.sha256

    def contents(self) -> dict[str, Any]:
        """What stands on it; BrokenRecord where the text is not what was issued."""
        if not self.is_whole:
            raise BrokenRecord("official document", self.number)
        contents: dict[str, Any] = json.loads(self.document)
        return contents
