"""Marshmallow fields for what people write: normalised, and refused where it deceives the eye."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from experiments.errors import Invalid

# Bidirectional overrides and isolates reorder what is shown; zero-width marks hide in names.
_DECEIVING = re.compile("[\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\u2060\ufeff]")
_MOST_MARKS_IN_A_ROW = 4
# Hangul fillers count as letters and the empty Braille cell as a symbol, though all are drawn as nothing.
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")

# What an integer column holds on every database.
LARGEST_WHOLE = 2**31 - 1
_WHOLE = re.compile(r"[+-]?[0-9]{1,20}")
_REAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


def clean(text: str, *, lines: bool) -> str:
    """`text` in NFC without outer blanks; ValidationError for controls, overrides and stacked marks."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    allowed = "\n\t" if lines else ""
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in allowed:
            raise ValidationError("Control characters are not allowed.")
    if _DECEIVING.search(text):
        raise ValidationError("Invisible or direction-changing characters are not allowed.")
    if _longest_run_of_marks(text) > _MOST_MARKS_IN_A_ROW:
        raise ValidationError("Too many combining marks in a row.")
    return text


def is_blank(text: str) -> bool:
    """Whether nothing of `text` is seen: no letter, number, sign or symbol (Unicode L, N, P, S)."""
    return not any(unicodedata.category(c)[0] in "LNPS" and c not in _BLANK_LETTERS for c in text)


def _longest_run_of_marks(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        longest = max(longest, run)
    return longest


class Text(fields.String):
    """One line (`Line`) or several (`Prose`); required means not blank."""

    lines = False
    longest = 200

    def __init__(self, *, longest: int | None = None, blank: bool = False, **options: Any) -> None:
        self.blank = blank
        super().__init__(validate=validate.Length(max=longest or self.longest), **options)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any
    ) -> str:
        text = clean(super()._deserialize(value, attr, data, **options), lines=self.lines)
        if is_blank(text):
            if not self.blank:
                raise self.make_error("required")
            return ""
        return text


class Line(Text):
    """A name or title: one line of at most 200 characters."""


class Prose(Text):
    """An explanation: paragraphs, at most 8,000 characters."""

    lines = True
    longest = 8000


class Whole(fields.Integer):
    """A whole number of at most 32 bits, as a number or as its ASCII digits; 7.9 is not taken for 7."""

    def _validated(self, value: Any) -> int:
        if isinstance(value, float) or (isinstance(value, str) and not _WHOLE.fullmatch(value.strip())):
            raise self.make_error("invalid")
        number = int(super()._validated(value))
        if abs(number) > LARGEST_WHOLE:
            raise self.make_error("too_large")
        return number


class Real(fields.Float):
    """A finite number, as a number or as ASCII decimals; 1_000 and full-width digits are refused."""

    def _validated(self, value: Any) -> float:
        if isinstance(value, str) and not _REAL.fullmatch(value.strip()):
            raise self.make_error("invalid")
        return float(super()._validated(value))


def flat_errors(messages: Any, prefix: str = "") -> dict[str, list[str]]:
    """Marshmallow's nested messages by dotted field path, as `Invalid` carries them."""
    if isinstance(messages, dict):
        flat: dict[str, list[str]] = {}
        for key, value in messages.items():
            flat.update(flat_errors(value, f"{prefix}.{key}" if prefix else str(key)))
        return flat
    texts = messages if isinstance(messages, list) else [messages]
    return {prefix or "_schema": [str(text) for text in texts]}


def load(schema: Schema, data: Any) -> Any:
    """What `schema` makes of `data`; Invalid by dotted field path where it refuses."""
    try:
        return schema.load(data)
    except ValidationError as error:
        raise Invalid(flat_errors(error.messages)) from error
