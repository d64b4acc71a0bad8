"""Template filters: instants in Seoul time, days, won, numbers."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import get_locale

from sandbox.provisions import in_korean

SHOWN_ZONE = ZoneInfo("Asia/Seoul")


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(
        instant=instant, day=day, won=won, number=number, pick=pick, provision=provision
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def language() -> str:
    """The language of this answer: "ko" or "en"."""
    return str(get_locale() or "ko")[:2]


def instant(value: datetime | None) -> str:
    """Date and time in Seoul, to the minute; as it stands at the very ends of the calendar."""
    return _in_seoul(value).strftime("%Y-%m-%d %H:%M") if value else ""


def day(value: date | datetime | str | None) -> str:
    """An ISO day; instants are cut in Seoul."""
    if isinstance(value, datetime):
        value = _in_seoul(value).date()
    return value if isinstance(value, str) else value.isoformat() if value else ""


def _in_seoul(value: datetime) -> datetime:
    try:
        return value.astimezone(SHOWN_ZONE)
    except OverflowError:
        return value


def won(value: int | None) -> str:
    """Money as whole won."""
    if value is None:
        return ""
    return f"{value:,}원" if language() == "ko" else f"KRW {value:,}"


def number(value: float | None, digits: int = 2) -> str:
    """A decimal with a true minus sign; empty where there is none."""
    if value is None:
        return ""
    return f"{value:,.{digits}f}".replace("-", "−")


def provision(citation: str | None) -> str:
    """A citation of the law as the reader's language writes it."""
    return in_korean(citation or "") if language() == "ko" else citation or ""


def pick(subject: object, name: str) -> str:
    """`name_ko` or `name_en` of a subject (or mapping), by the language of this answer."""
    key = f"{name}_{language()}"
    value = subject.get(key) if isinstance(subject, dict) else getattr(subject, key)
    return str(value)
