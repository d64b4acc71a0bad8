"""Sample content of the style page. Invented, and named so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

Say = Callable[[str, str], str]
FIRST_ACT = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
LONG_REASON = (
    "보험 증권의 종료일이 실증 종료일보다 이릅니다. 증권을 연장해 다시 제출해 주십시오.",
    "The insurance policy ends before the pilot does. Please extend it and submit it again.",
)


def samples(say: Say) -> Mapping[str, Any]:
    """What the macros show."""
    return {
        "tags": _tags(say),
        "timeline": _timeline(say),
        "tasks": _tasks(say),
        "summary": _summary(say),
        "transitions": _transitions(say),
        "columns": _columns(say),
        "rows": _rows(say),
        "cards": _cards(say),
        "figures": _figures(say),
        "errors": {
            "title": [say("사업 이름을 입력해 주십시오.", "Enter the name of the pilot.")],
            "interval": [say("0보다 커야 합니다. 입력값: -60", "Must be greater than 0, not -60.")],
            "method": [say("평가 방법을 하나 고르십시오.", "Choose one method.")],
        },
        "reached": {"registered": FIRST_ACT, "approved": FIRST_ACT + timedelta(days=41)},
    }


def _tags(say: Say) -> list[tuple[str, str]]:
    return [
        (say("작성 중", "Draft"), "neutral"),
        (say("심사 중", "In review"), "progress"),
        (say("수집 중", "Collecting"), "information"),
        (say("승인", "Approved"), "success"),
        (say("보완 요청", "Supplement asked"), "warning"),
        (say("일시 정지", "Suspended"), "danger"),
    ]


def _timeline(say: Say) -> list[dict[str, Any]]:
    acts = [
        (
            0,
            say("신청서를 제출했습니다", "Application submitted"),
            say("㈜바람길 (가상)", "Baramgil Ltd (synthetic)"),
        ),
        (
            9,
            say("보완을 요청했습니다", "Supplement asked for"),
            say("국토교통부 담당자", "Ministry reviewer"),
        ),
        (41, say("조건을 붙여 승인했습니다", "Approved with one condition"), say("결정권자", "Decider")),
    ]
    tags = {41: (say("승인", "Approved"), "success"), 9: (say("보완 요청", "Supplement asked"), "warning")}
    return [
        {
            "at": FIRST_ACT + timedelta(days=days, hours=days % 7),
            "what": what,
            "who": who,
            "reason": say(*LONG_REASON) if days == 9 else None,
            "tag": tags.get(days),
            "url": None,
        }
        for days, what, who in acts
    ]


def _tasks(say: Say) -> list[dict[str, Any]]:
    done, todo, later = (
        say("완료", "Done"),
        say("시작 전", "Not started"),
        say("아직 할 수 없음", "Cannot start yet"),
    )
    return [
        {
            "label": say("사업 개요", "Outline of the pilot"),
            "state": done,
            "tone": "success",
            "url": "#",
            "hint": None,
        },
        {
            "label": say("책임보험 증권", "Liability insurance"),
            "state": todo,
            "tone": "progress",
            "url": "#",
            "hint": say("종료일이 실증 종료일 이후여야 합니다", "It must not end before the pilot does"),
        },
        {"label": say("제출", "Submit"), "state": later, "tone": "neutral", "url": None, "hint": None},
    ]


def _summary(say: Say) -> list[dict[str, Any]]:
    return [
        {"key": say("기업", "Company"), "value": say("㈜바람길 (가상)", "Baramgil Ltd (synthetic)")},
        {"key": say("실증 기간", "Period"), "value": "2026-04-13 – 2027-10-12", "url": "#", "action": None},
        {
            "key": say("실증 구역", "Treated districts"),
            "value": say("솔샘동, 여울동, 한들동", "Solsaem, Yeoul, Handeul"),
        },
        {"key": say("보상 한도", "Cover"), "value": None, "url": "#", "action": say("입력", "Enter")},
    ]


def _transitions(say: Say) -> list[dict[str, str | None]]:
    return [
        {
            "verb": "approve",
            "label": say("승인", "Approve"),
            "url": "#",
            "tone": "primary",
            "reason": "none",
            "hint": say("기업에 바로 통지됩니다.", "The company is told at once."),
        },
        {
            "verb": "ask",
            "label": say("보완 요청", "Ask for a supplement"),
            "url": "#",
            "tone": "secondary",
            "reason": "optional",
            "hint": None,
        },
        {
            "verb": "refuse",
            "label": say("반려", "Refuse"),
            "url": "#",
            "tone": "danger",
            "reason": "required",
            "hint": say("사유는 공개 등록부에 실립니다.", "The reason appears on the public register."),
        },
    ]


def _columns(say: Say) -> list[dict[str, Any]]:
    return [
        {"label": say("실증사업", "Pilot"), "key": "title", "numeric": False},
        {"label": say("거점도시", "Site"), "key": "site", "numeric": False},
        {"label": say("상태", "Status"), "key": None, "numeric": False},
        {"label": say("시작일", "Start"), "key": "start", "numeric": True},
        {"label": say("추정 효과", "Estimate"), "key": None, "numeric": True},
    ]


def _rows(say: Say) -> list[tuple[str, str, tuple[str, str], str, str]]:
    site = say("가온시 (가상)", "Gaon (synthetic)")
    collecting, decided = (
        (say("수집 중", "Collecting"), "information"),
        (say("확대 결정", "Expanded"), "success"),
    )
    return [
        (say("자율주행 셔틀", "Autonomous shuttle"), site, collecting, "2026-04-13", "−1.24"),
        (say("스마트 횡단보도", "Smart crossings"), site, decided, "2025-05-01", "−0.36"),
        (say("드론 배송", "Drone delivery"), site, (say("심사 중", "In review"), "progress"), "–", "–"),
    ]


def _cards(say: Say) -> list[dict[str, Any]]:
    site = say("가온시 (가상)", "Gaon (synthetic)")
    return [
        {
            "title": say("스마트 횡단보도", "Smart crossings"),
            "url": "#",
            "tags": [(say("확대 결정", "Expanded"), "success")],
            "summary": say(
                "보행자를 감지해 신호를 늘리는 횡단보도 네 곳을 대조 구역과 비교했습니다.",
                "Crossings that see pedestrians and lengthen the green, compared with control districts.",
            ),
            "facts": [(say("도시", "Site"), site), (say("기간", "Period"), "2025-05-01 – 2026-04-30")],
        },
        {
            "title": say("자율주행 셔틀", "Autonomous shuttle"),
            "url": "#",
            "tags": [
                (say("수집 중", "Collecting"), "information"),
                (say("안전지표 주의", "Guardrail unclear"), "warning"),
            ],
            "summary": say(
                "세 구역에서 순환 셔틀을 운행하고 버스 대기시간을 봅니다.",
                "A loop shuttle in three districts; the metric is bus waiting time.",
            ),
            "facts": [(say("도시", "Site"), site), (say("기간", "Period"), "2026-04-13 – 2027-10-12")],
        },
        {
            "title": say("드론 배송", "Drone delivery"),
            "url": "#",
            "tags": [(say("심사 중", "In review"), "progress")],
            "summary": None,
            "facts": [(say("도시", "Site"), site)],
        },
    ]


def _figures(say: Say) -> list[dict[str, str | None]]:
    return [
        {
            "label": say("버스 대기시간 변화", "Change of bus waiting time"),
            "value": "−1.24",
            "unit": say("분", "minutes"),
            "note": say("95% 구간 −1.91 ~ −0.57", "95% interval −1.91 to −0.57"),
            "tone": "success",
        },
        {
            "label": say("안전지표", "Guardrail"),
            "value": say("불확실", "Unclear"),
            "unit": None,
            "note": say("구간이 허용 한계를 걸칩니다", "The interval crosses the margin"),
            "tone": "warning",
        },
        {
            "label": say("실증 구역 / 대조 구역", "Treated and control districts"),
            "value": "3 / 18",
            "unit": None,
            "note": None,
            "tone": None,
        },
        {
            "label": say("관측값", "Observations"),
            "value": "41,210",
            "unit": None,
            "note": "2026-11-22 09:00",
            "tone": None,
        },
    ]
