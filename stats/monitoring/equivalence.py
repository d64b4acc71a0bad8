"""Reading an estimate against a margin: a guardrail must not get worse by more than so much.

The whole interval is compared with the margin (Piaggio et al. 2012, CONSORT for non-inferiority), so a
(1 - alpha) interval tests each side at alpha / 2. "unclear" is an answer: the data exclude neither harm
nor its absence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from stats import words
from stats.arguments import checked_arguments
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.results import Estimate

Better: TypeAlias = Literal["higher", "lower"]
Status: TypeAlias = Literal["safe", "harmed", "unclear"]


@dataclass(frozen=True)
class NonInferiority:
    """What an interval says about harm beyond a margin.

    status  "safe": the interval lies wholly on the good side of the margin; "harmed": wholly beyond it
            on the bad side; "unclear": neither, or there is no interval
    margin  the largest tolerable worsening, 0 or more, in the unit of the estimate
    limit   the effect at which harm begins: -margin where higher is better, +margin where lower is
    """

    status: Status
    margin: float
    better: Better
    limit: float
    sentence_ko: str
    sentence_en: str

    def document(self) -> dict[str, Any]:
        """JSON-able, keys as the fields."""
        return {
            "status": self.status,
            "margin": self.margin,
            "better": self.better,
            "limit": self.limit,
            "sentence_ko": self.sentence_ko,
            "sentence_en": self.sentence_en,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> NonInferiority:
        """The value of which `document()` was made."""
        return cls(
            status=document["status"],
            margin=float(document["margin"]),
            better=document["better"],
            limit=float(document["limit"]),
            sentence_ko=document["sentence_ko"],
            sentence_en=document["sentence_en"],
        )


@checked_arguments
def non_inferiority(estimate: Estimate | NotComputable, *, margin: float, better: Better) -> NonInferiority:
    """`estimate` against `margin` (0 or more, in its unit), where `better` is "higher" or "lower".

    `EstimationError` refuses a negative or infinite margin and an unknown direction.
    """
    if not 0 <= margin < float("inf"):
        raise EstimationError("margin", f"must be 0 or more and finite, not {margin!r}")
    if better not in get_args(Better):
        raise EstimationError("better", f"must be one of {', '.join(get_args(Better))}, not {better!r}")
    limit = -margin if better == "higher" and margin > 0 else margin
    interval = estimate if isinstance(estimate, NotComputable) else estimate.inference.interval
    if isinstance(interval, NotComputable):
        return NonInferiority(
            "unclear",
            margin,
            better,
            limit,
            f"악화 여부를 판단할 수 없습니다. {interval.sentence_ko}",
            f"Whether it got worse cannot be judged. {interval.sentence_en}",
        )
    worst, best = (interval.low, interval.high) if better == "higher" else (-interval.high, -interval.low)
    status: Status = "safe" if worst > -margin else "harmed" if best < -margin else "unclear"
    within, beyond = words.figure(margin), words.figure(limit)
    sentence_ko, sentence_en = {
        "safe": (
            f"악화가 허용 한계({within})를 넘었을 가능성은 배제됩니다.",
            f"A worsening beyond the margin of {within} is ruled out.",
        ),
        "harmed": (
            f"허용 한계({within})를 넘어 악화되었습니다: 구간 전체가 {beyond}의 나쁜 쪽에 있습니다.",
            f"It got worse beyond the margin of {within}: the interval lies on the bad side of {beyond}.",
        ),
        "unclear": (
            f"악화가 허용 한계({within})를 넘었는지 자료로는 가릴 수 없습니다.",
            f"The data neither show nor rule out a worsening beyond the margin of {within}.",
        ),
    }[status]
    return NonInferiority(status, margin, better, limit, sentence_ko, sentence_en)
