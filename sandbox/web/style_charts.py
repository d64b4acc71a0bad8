"""Every chart on invented numbers, for the style page."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from sandbox.web import charts as drawn
from sandbox.web import coverage, maps

Say = Callable[[str, str], str]


def charts(say: Say) -> Mapping[str, drawn.Figure]:
    """Every chart, on invented numbers."""
    return {
        "paths": _paths(say),
        "placebos": _placebos(say),
        "events": _events(say),
        "guardrail": _guardrail(say),
        "map": _map(say),
        "coverage": _coverage(say),
    }


YEARS = tuple(str(year) for year in range(1990, 2021))


def _wave(position: float, seed: float) -> float:
    """A repeatable wobble in [-1, 1]."""
    return math.sin(position * 0.9 + seed * 2.7) * 0.6 + math.sin(position * 2.3 + seed) * 0.4


def _paths(say: Say) -> drawn.Figure:
    synthetic = tuple(118 - 0.9 * i + 3 * _wave(i, 1) for i in range(31))
    treated = tuple(v + _wave(i, 5) - max(0, i - 17) * 1.9 for i, v in enumerate(synthetic))
    values = drawn.TwoPaths(
        periods=YEARS,
        treated=treated,
        counterfactual=synthetic,
        first_treated="2008",
        value_label=say("연간 판매량 (1인당 갑)", "Packs sold per person and year"),
        period_label=say("연도", "Year"),
        treated_label=say("실증 구역", "Treated district"),
        counterfactual_label=say("합성통제", "Synthetic control"),
        start_label=say("실증 시작", "Pilot starts"),
    )
    return drawn.figure(
        drawn.treated_and_counterfactual,
        values,
        id="paths",
        title=say("실증 구역과 합성통제", "Treated district and its synthetic control"),
        description=say(
            "두 선이 시작 전에 겹치고 시작 뒤에 벌어지면, 벌어진 만큼이 추정 효과입니다.",
            "Where the lines agree before the start and part after it, the gap is the estimated effect.",
        ),
    )


def _placebos(say: Say) -> drawn.Figure:
    names = [say(f"대조 {n}", f"Control {n}") for n in range(1, 25)]
    gaps = {
        name: tuple(
            (1.5 + (n % 5) * 0.7) * _wave(i, n) + max(0, i - 17) * 0.35 * _wave(n, 3) for i in range(31)
        )
        for n, name in enumerate(names)
    }
    values = drawn.PlaceboGaps(
        periods=YEARS,
        treated_gap=tuple(1.2 * _wave(i, 5) - max(0, i - 17) * 1.9 for i in range(31)),
        placebo_gaps=gaps,
        first_treated="2008",
        value_label=say("합성통제와의 차이 (1인당 갑)", "Gap to the synthetic control (packs per person)"),
        period_label=say("연도", "Year"),
        treated_label=say("실증 구역", "Treated district"),
        placebo_label=say("대조 구역 24곳 (위약검정)", "24 controls, as placebos"),
        start_label=say("실증 시작", "Pilot starts"),
    )
    return drawn.figure(
        drawn.placebo_gaps,
        values,
        id="placebos",
        title=say("위약검정", "Placebo gaps"),
        description=say(
            "굵은 선이 회색 선들보다 크게 벗어날수록 우연으로 보기 어렵습니다.",
            "The farther the bold line leaves the grey ones, the harder it is to call the gap chance.",
        ),
    )


def _events(say: Say) -> drawn.Figure:
    offsets = tuple(range(-9, 13))
    estimates = tuple(
        0.0 if k == -1 else 0.18 * _wave(k, 2) - (0.13 * min(k + 1, 8) if k >= 0 else 0) for k in offsets
    )
    half = tuple(0.26 + 0.015 * abs(k) for k in offsets)
    values = drawn.EventStudy(
        offsets=offsets,
        estimates=estimates,
        lower=tuple(e - h for e, h in zip(estimates, half, strict=True)),
        upper=tuple(e + h for e, h in zip(estimates, half, strict=True)),
        reference=-1,
        value_label=say(
            "대기시간 차이 (분), 95% 신뢰구간", "Difference in waiting time (minutes), 95% interval"
        ),
        offset_label=say("실증 시작 후 경과 (개월)", "Months since the start"),
        estimate_label=say("추정치", "Estimate"),
        lower_label=say("하한", "Lower"),
        upper_label=say("상한", "Upper"),
        reference_label=say("기준 시점", "Reference"),
        before_label=say("시작 전", "Before"),
        after_label=say("시작 후", "After"),
    )
    return drawn.figure(
        drawn.event_study,
        values,
        id="events",
        title=say("시점별 효과", "Effect by month"),
        description=say(
            "시작 전 추정치가 0 근처여야 대조 구역과의 비교를 믿을 수 있습니다.",
            "Estimates before the start should lie near zero for the comparison to be credible.",
        ),
    )


def _guardrail(say: Say) -> drawn.Figure:
    start = datetime(2026, 4, 13, tzinfo=UTC)
    periods = tuple((start + timedelta(days=7 * week)).date().isoformat() for week in range(30))
    estimates = tuple(0.02 * week + 0.12 * _wave(week, 4) / (1 + week / 6) for week in range(30))
    half = tuple(1.5 / math.sqrt(week + 2) for week in range(30))
    values = drawn.GuardrailTrack(
        periods=periods,
        estimates=estimates,
        lower=tuple(e - h for e, h in zip(estimates, half, strict=True)),
        upper=tuple(e + h for e, h in zip(estimates, half, strict=True)),
        margin=0.5,
        harm_above=True,
        value_label=say("보행자 상충 건수 차이 (하루)", "Difference in pedestrian conflicts per day"),
        period_label=say("주", "Week of"),
        estimate_label=say("누적 추정치와 95% 구간", "Cumulative estimate, 95% interval"),
        lower_label=say("하한", "Lower"),
        upper_label=say("상한", "Upper"),
        margin_label=say("허용 한계 +0.5", "Margin +0.5"),
    )
    return drawn.figure(
        drawn.guardrail_track,
        values,
        id="guardrail",
        title=say("안전지표: 보행자 상충", "Guardrail: pedestrian conflicts"),
        description=say(
            "구간 전체가 한계 아래면 안전, 전체가 위면 위해, 걸치면 아직 알 수 없습니다.",
            "Wholly below the margin is safe, wholly above is harm, across it is not known yet.",
        ),
    )


NAMES = (
    ("솔샘동", "Solsaem"), ("여울동", "Yeoul"), ("한들동", "Handeul"), ("별내동", "Byeollae"),
    ("미르동", "Mireu"), ("가람동", "Garam"), ("다솜동", "Dasom"), ("누리동", "Nuri"),
    ("아라동", "Ara"), ("새벽동", "Saebyeok"), ("은하동", "Eunha"), ("도담동", "Dodam"),
    ("나래동", "Narae"), ("햇살동", "Haetsal"), ("푸른동", "Pureun"), ("고운동", "Goun"),
    ("보람동", "Boram"), ("초롱동", "Chorong"), ("단비동", "Danbi"), ("이슬동", "Iseul"),
)  # fmt: skip


def _corner(column: int, row: int) -> list[float]:
    shift_x, shift_y = 0.3 * _wave(column * 3 + row * 7, 1), 0.3 * _wave(column * 5 + row * 2, 2)
    return [127.0 + 0.018 * (column + shift_x), 36.5 - 0.014 * (row + shift_y)]


def _map(say: Say) -> drawn.Figure:
    districts = []
    for place, name in enumerate(NAMES):
        column, row = place % 5, place // 5
        corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1), (column, row)]
        role = (
            maps.Role.TREATED
            if place in (6, 7, 12)
            else maps.Role.OTHER
            if place in (0, 4, 15)
            else maps.Role.CONTROL
        )
        outline = {"type": "Polygon", "coordinates": [[_corner(*corner) for corner in corners]]}
        districts.append(maps.MapDistrict(say(*name), role, outline))
    values = maps.DistrictMap(
        districts=tuple(districts),
        role_labels={
            maps.Role.TREATED: say("실증 구역", "Treated"),
            maps.Role.CONTROL: say("대조 구역", "Control"),
            maps.Role.OTHER: say("그 밖의 구역", "Other"),
        },
        district_label=say("구역", "District"),
        role_label=say("구분", "Role"),
    )
    return drawn.figure(
        maps.district_map,
        values,
        id="map",
        title=say("가온시 (가상) 구역", "Districts of Gaon (synthetic)"),
        description=say(
            "실증 구역 3곳과 대조 구역 14곳입니다.", "Three treated districts and fourteen controls."
        ),
    )


def _coverage(say: Say) -> drawn.Figure:
    start = datetime(2026, 4, 13, tzinfo=UTC)
    periods = tuple((start + timedelta(days=7 * week)).date().isoformat() for week in range(30))
    rows = {
        say(*name): tuple(
            None
            if (n, week) in ((2, 11), (2, 12), (5, 27))
            else min(1.0, 1.02 - 0.25 * max(0.0, _wave(week, n)))
            for week in range(30)
        )
        for n, name in enumerate(NAMES[:8])
    }
    values = coverage.CoverageCalendar(
        periods=periods,
        shares=rows,
        period_label=say("주", "Week of"),
        full_label=say("빠짐없음", "Complete"),
        part_label=say("일부 빠짐", "Partly missing"),
        none_label=say("없음", "No readings"),
    )
    return drawn.figure(
        coverage.coverage_calendar,
        values,
        id="coverage",
        title=say("수집 현황", "Readings by district and week"),
        description=say("칸 하나가 한 구역의 한 주입니다.", "One cell is one week of one district."),
    )
