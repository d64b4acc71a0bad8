"""Words as cases are searched by: any part of a word is found, in Korean as in English.

Korean glues particles and compounds together, so words are no unit to index; pairs of letters are. The
pairs only lead to the candidates, the text itself decides.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from sqlalchemy import ColumnElement, Text, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from sandbox.desks.models import CaseText
from sandbox.pilots.models import Pilot

LONGEST_QUESTION = 200


def folded(text: str) -> str:
    """`text` as it is compared: composed, without case and what nobody sees, single spaces."""
    composed = unicodedata.normalize("NFC", text)
    seen = "".join(c if c.isprintable() else " " if c.isspace() else "" for c in composed)
    return " ".join(seen.casefold().split())


def grams(text: str) -> set[str]:
    """Pairs of neighbouring letters in each word of a folded text."""
    return {word[i : i + 2] for word in text.split() for i in range(len(word) - 1)}


def document(texts: Iterable[str]) -> tuple[str, str]:
    """What is stored of these texts: the folded text, a line for each, and its pairs of letters."""
    lines = [folded(text) for text in texts]
    return "\n".join(lines), " ".join(sorted(set().union(*map(grams, lines))))


def says(session: Session, question: str) -> ColumnElement[bool]:
    """That the words of a pilot hold what is asked, as one phrase; a condition on a query with `Pilot`."""
    wanted = folded(question)
    held = select(CaseText.pilot_id).where(CaseText.text.contains(wanted, autoescape=True))
    pairs = sorted(grams(wanted))
    if pairs and session.get_bind().dialect.name == "postgresql":
        stored = func.string_to_array(CaseText.grams, literal_column("' '"), type_=ARRAY(Text))
        held = held.where(stored.contains(cast(pairs, ARRAY(Text))))
    return Pilot.id.in_(held)
