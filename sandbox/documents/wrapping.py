"""Korean words and dates that stay whole on paper: lines break at spaces, as `keep-all` does in browsers.

WeasyPrint does not know that property and would break between any two syllables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

LONGEST_WORD = 14
"""In characters; a longer one may break anywhere, or it would stand out of a narrow column."""

STYLE = ".w { white-space: nowrap; }"

_TAG = re.compile(r"(<[^>]*>)")
_WORD = re.compile(r"[^\s<>]*(?:[가-힣]|\d{4}-\d\d-\d\d)[^\s<>]*")
_VERBATIM = ("style", "title", "script")


def with_whole_words(html: str) -> str:
    """`html`, whose texts are escaped, with every Korean word and date as an element of `STYLE`'s class."""
    return "".join(_pieces(html))


def _pieces(html: str) -> Iterator[str]:
    verbatim = False
    for position, piece in enumerate(_TAG.split(html)):
        if position % 2:
            name = piece.strip("</>").split(maxsplit=1)[:1]
            if name and name[0] in _VERBATIM:
                verbatim = not piece.startswith("</")
            yield piece
        else:
            yield piece if verbatim else _WORD.sub(_kept, piece)


def _kept(found: re.Match[str]) -> str:
    word = found.group()
    return f'<span class="w">{word}</span>' if 1 < len(unescape(word)) <= LONGEST_WORD else word
