"""What a result says beside its numbers: judgements on its assumptions, and reasons for silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from stats.errors import DocumentError

Level = Literal["ok", "caution", "fail"]


@dataclass(frozen=True)
class NotComputable:
    """In the place of a number that does not exist: why, as a code and in plain words."""

    reason_code: str
    sentence_ko: str
    sentence_en: str

    def document(self) -> dict[str, Any]:
        """`{"not_computable": code, "sentence_ko": ..., "sentence_en": ...}`."""
        return {
            "not_computable": self.reason_code,
            "sentence_ko": self.sentence_ko,
            "sentence_en": self.sentence_en,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> NotComputable:
        """The value of which `document()` was made."""
        return cls(document["not_computable"], document["sentence_ko"], document["sentence_en"])


@dataclass(frozen=True)
class Finding:
    """A diagnostic: `number` is what was measured, `level` how far the result may be relied upon.

    A check that could not be made has a `NotComputable` in the place of its number.
    """

    level: Level
    code: str
    number: float | NotComputable
    sentence_ko: str
    sentence_en: str

    def document(self) -> dict[str, Any]:
        """JSON-able, keys as the fields."""
        return {
            "level": self.level,
            "code": self.code,
            "number": number_document(self.number),
            "sentence_ko": self.sentence_ko,
            "sentence_en": self.sentence_en,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Finding:
        """The value of which `document()` was made."""
        if document["level"] not in get_args(Level):
            raise DocumentError("level", f"{document['level']!r} is not a level")
        return cls(
            level=document["level"],
            code=document["code"],
            number=number_from(document["number"]),
            sentence_ko=document["sentence_ko"],
            sentence_en=document["sentence_en"],
        )


def number_document(number: float | NotComputable) -> float | dict[str, Any]:
    """A number as itself, a reason as its document."""
    return number.document() if isinstance(number, NotComputable) else number


def number_from(document: Any) -> float | NotComputable:
    """The inverse of `number_document`."""
    return NotComputable.from_document(document) if isinstance(document, Mapping) else float(document)


def optional_float(document: Any) -> float | None:
    """A number, or None for null."""
    return None if document is None else float(document)
