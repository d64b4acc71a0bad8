"""Why a cell of a group-time analysis has no effect."""

from __future__ import annotations

from stats.findings import NotComputable


def empty_cell() -> NotComputable:
    """Nobody of the cohort, or none of its controls, was seen in one of the two periods."""
    return NotComputable(
        "empty_cell",
        "비교할 두 기간 가운데 실증 구역이나 대조 구역의 관측값이 없는 기간이 있어 계산할 수 없습니다.",
        "In one of the two periods compared, no treated unit or no control has a reading.",
    )


def adjustment_refused(reason: str) -> NotComputable:
    """The covariates could not be adjusted for in this comparison."""
    return NotComputable(
        "adjustment_refused",
        "이 비교에서는 공변량을 보정할 수 없습니다(실증·대조 구역의 특성이 겹치지 않거나 대조 구역이 부족).",
        f"The covariates cannot be adjusted for in this comparison: {reason}.",
    )
