"""What notices say of the fast track."""

from __future__ import annotations

SIMILAR_TEXTS: dict[str, tuple[str, str]] = {
    "fast_track.ask": (
        "{case}: 기승인 과제와 동일한 과제로 신속 처리를 요청했습니다.",
        "{case}: the fast track is asked for, as for a case approved before.",
    ),
    "fast_track.accept": (
        "{case}: 신속 처리 대상으로 인정되었습니다.",
        "{case}: the case is accepted for the fast track.",
    ),
    "fast_track.refuse": (
        "{case}: 신속 처리 대상으로 인정되지 않았습니다. 일반 절차로 진행됩니다.",
        "{case}: the fast track is refused; the case goes the ordinary way.",
    ),
    "fast_track.withdraw": (
        "{case}: 신속 처리 요청이 철회되었습니다.",
        "{case}: the fast track is no longer asked for.",
    ),
}
