"""Korean particles after figures, codes and names: each fits the way that what stands before it is read.

Digits are read as 영 일 이 삼 사 오 육 칠 팔 구 and letters by their names, so that "0.470" takes
으로, "D7" and "12%" take 로. The last word counts; what follows it in brackets is not read.
"""

from __future__ import annotations

import re
from typing import Literal

Particle = Literal[
    "을/를", "은/는", "이/가", "과/와", "으로/로", "이라면/라면", "이나/나", "이며/며", "이고/고"
]

_HANGUL, _FINALS, _RIEUL = 0xAC00, 28, 8
_ENDS_IN_RIEUL = frozenset("178Ll")
"""일 칠 팔 엘: a final sound, but 로 rather than 으로."""
_ENDS_IN_CONSONANT = frozenset("036MNRmn")
"""영 삼 육 엠 엔 알; small letters are the ends of words, as in "mean", "system"."""
_BRACKET = re.compile(r"\s*\([^()]*\)$")


def with_particle(text: str, particle: Particle) -> str:
    """`text` followed by the form of `particle` that fits: the first after a consonant, the second else."""
    final = _final(_BRACKET.sub("", text) or text)
    after_consonant, after_vowel = particle.split("/")
    if particle == "으로/로" and final == "ㄹ":
        return text + after_vowel
    return text + (after_consonant if final else after_vowel)


def _final(text: str) -> Literal["", "ㄹ", "other"]:
    """The final consonant of the last syllable as read aloud."""
    last = text.rstrip("'\"”’.,!? )")[-1:]
    if not last or last in "%p":  # 퍼센트, 퍼센트포인트
        return ""
    if "가" <= last <= "힣":
        place = (ord(last) - _HANGUL) % _FINALS
        return "" if place == 0 else "ㄹ" if place == _RIEUL else "other"
    if last in _ENDS_IN_RIEUL:
        return "ㄹ"
    return "other" if last in _ENDS_IN_CONSONANT else ""
