"""What official documents are called, and what they count for, in the reader's language."""

from __future__ import annotations

from datetime import date

from flask_babel import format_date, gettext, lazy_gettext

from sandbox.documents import OfficialDocument, Standing
from sandbox.web.filters import day

_ = lazy_gettext

STANDINGS = {
    "in_force": (_("In force"), "success"),
    "prolonged": (_("Deemed extended"), "progress"),
    "superseded": (_("Superseded"), "warning"),
    "revoked": (_("Revoked"), "danger"),
    "expired": (_("Period over"), "neutral"),
}


def number(document: OfficialDocument) -> str:
    """As the document is cited: "제2026-3호" or "No. 2026-3"."""
    return gettext("No. %(number)s", number=document.number)


def day_in_words(day: str) -> str:
    """An ISO day as a certificate writes it: "2026년 3월 2일"."""
    written: str = format_date(date.fromisoformat(day), "long")
    return written


def standing(found: Standing) -> tuple[str, str]:
    """The word and its tone for a tag."""
    label, tone = STANDINGS[found.status]
    return str(label), tone


def sentence(found: Standing, document: OfficialDocument) -> str:
    """What the document counts for today, as a sentence."""
    if found.status == "expired":
        return gettext(
            "It was issued by this register; its period ended on %(day)s.", day=day(document.valid_to)
        )
    if found.by is None:
        return gettext("It was issued by this register and stands as it was issued.")
    when = day(found.by.issued_at)
    if found.status == "revoked":
        return gettext("It was issued by this register and revoked on %(day)s.", day=when)
    if found.status == "superseded":
        return gettext("It was issued by this register and superseded on %(day)s.", day=when)
    return gettext(
        "It was issued by this register; its period is deemed extended by a document of %(day)s.", day=when
    )
