"""What can be wrong with a hub's answer.

    HubFault          the answer cannot be used; says where: address, page, JSON path
    └── PassingFault  likely to pass by itself (busy, timed out): worth asking again

Whatever is quoted from an answer goes through `quote` first.
"""

from __future__ import annotations

import re

from experiments.errors import DomainError

LONGEST_QUOTE = 200
# What is looked at to quote from it: secrets go before the cut, or half of one could stay at its edge.
_LOOKED_AT = 8_192
_HIDDEN = "***"
_SCHEME = re.compile(
    r"\b(Bearer|Basic)(\s+|\+|%20)(?!(?:auth\w*|realm|token|scheme)(?![\w.~+/=%-]))[\w.~+/=%\\-]+",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"""(?<![a-z])((?:(?:proxy-)?authorization|(?:set-)?cookie2?)\\*["']?\s*[:=]\s*)"""
    r"""(?:(\[?\s*\\*["'])[^"']*|(?!\[?\s*\\*["'])[^\r\n"'}]+)""",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"""((?:access|refresh|id)_token|client_secret|password)(\\*["']?\s*[:=]\s*\\*["']?)[^\s"'&,;}\\]+""",
    re.IGNORECASE,
)


class HubFault(DomainError):
    """`reason`, and where: `url` as asked, `page` counted from 1, `path` inside the JSON document."""

    def __init__(
        self,
        reason: str,
        *,
        url: str,
        page: int | None = None,
        path: str | None = None,
        status: int | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        self.reason = reason
        self.url = url
        self.page = page
        self.path = path
        self.status = status
        self.retry_after_seconds = retry_after_seconds
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """The reason with its place, without the address."""
        place = [f"page {self.page}"] if self.page is not None else []
        place += [f"at {self.path}"] if self.path is not None else []
        return f"{', '.join(place)}: {self.reason}" if place else self.reason


class PassingFault(HubFault):
    """A fault that may be gone at the next try; `retry_after_seconds` is what the hub asked for."""


def quote(text: object) -> str:
    """Foreign text fit for a message, a log line and the database: short, without control characters and
    without what hubs repeat of who asked them."""
    known = discreet(str(text)[:_LOOKED_AT])
    shown = "".join(c if c.isprintable() else "�" for c in known[: LONGEST_QUOTE + 1])
    return shown if len(shown) <= LONGEST_QUOTE else shown[:LONGEST_QUOTE] + "…"


def discreet(text: str) -> str:
    """`text` without what follows Bearer and Basic, and without the values of cookies, of fields for
    authorization and of those that OAuth2 calls secrets and tokens."""
    text = _SCHEME.sub(rf"\1\2{_HIDDEN}", text)
    text = _FIELD.sub(lambda found: f"{found[1]}{found[2] or ''}{_HIDDEN}", text)
    return _TOKEN.sub(rf"\1\2{_HIDDEN}", text)
