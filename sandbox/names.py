"""Names in both languages, as values that outlive the rows they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.districts import District


class Named(Protocol):
    """A row or a value with its name in Korean and in English."""

    @property
    def name_ko(self) -> str: ...

    @property
    def name_en(self) -> str: ...


@dataclass(frozen=True)
class Name:
    """What something is called, in Korean and in English."""

    name_ko: str
    name_en: str

    @classmethod
    def of(cls, subject: Named) -> Name:
        """The name that `subject` bears now."""
        return cls(subject.name_ko, subject.name_en)


def district_names(session: Session, territory_id: int) -> dict[str, Name]:
    """Code -> name of every district of a territory."""
    rows = session.scalars(select(District).where(District.territory_id == territory_id))
    return {row.code: Name.of(row) for row in rows}
