"""What happens while the shuttle runs: an incident, a joint inspection with a task, an order carried out."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.demo.cast import Cast
from sandbox.incidents import reporting
from sandbox.inspections import inspecting
from sandbox.orders import hearing, issuing
from sandbox.pilots.models import Pilot
from sandbox.remedies import doing

FINDING = "비상정지 안내 스티커가 두 대에서 떨어져 있습니다. 다시 붙입니다. (시연)"
CONTENT = "모든 셔틀에 비상정지 안내를 다시 붙이고 안전요원을 교육합니다. (시연)"
DONE = "두 대에 안내를 다시 붙였고 안전요원 여섯 명을 교육하였습니다. (시연)"


def report_incident(session: Session, at: datetime, *, cast: Cast, number: str) -> None:
    """An incident with one injured, reported in time; city and ministry say that they come and see."""
    pilot, author = _pilot(session, number), cast.actor(session, "author")
    values = {
        "severity": "serious",
        "happened_at": at - timedelta(hours=3),
        "place": "정류장 2 (가상)",
        "what": "급정거로 서 있던 승객 한 명이 손목을 짚었습니다. (시연)",
        "deaths": 0,
        "injured": 1,
        "damage_won": 0,
        "done": "승객을 진료받게 하고 운행 기록을 보존하였습니다. (시연)",
    }
    reporting.report(session, pilot, values, by=author, at=at)
    planned = {
        "planned_on": _day(at) + timedelta(days=4),
        "purpose": "사고 뒤 현장 점검 (시연)",
        "is_joint": True,
    }
    inspecting.plan(session, pilot, planned, by=cast.actor(session, "city"), at=at)


def inspect(session: Session, at: datetime, *, cast: Cast, number: str) -> None:
    """Everything is in order but one thing, which becomes a task; the ministry announces an order."""
    pilot = _pilot(session, number)
    (inspection,) = inspecting.inspections_of(session, pilot)
    measures = pilot.exemption.regime.measures
    assert measures is not None  # the law of the city's pilots has them
    items: dict[str, dict[str, Any]] = {
        item.id: {"result": "in_order", "text": "", "due_on": None} for item in measures.inspection_items
    }
    items["conditions"] = {"result": "finding", "text": FINDING, "due_on": _day(at) + timedelta(days=14)}
    found = {"inspected_on": _day(at), "present": "가온시, 국토교통부, 나래모빌리티 (시연)", "items": items}
    inspecting.write_down(session, inspection, found, by=cast.actor(session, "city"), at=at)
    announced = {
        "kind": "corrective",
        "legal_ground": "Art. 52(4)",
        "content": CONTENT,
        "answer_by": _day(at) + timedelta(days=10),
    }
    hearing.announce(session, pilot, announced, by=cast.actor(session, "ministry"), at=at)


def order(session: Session, at: datetime, *, cast: Cast, number: str) -> None:
    """The company agrees, and the Minister's decider orders."""
    (announced,) = hearing.orders_of(session, _pilot(session, number))
    author = cast.actor(session, "author")
    hearing.state_position(session, announced, text="이의 없이 따르겠습니다. (시연)", by=author, at=at)
    values = {
        "content": CONTENT,
        "appeal": "처분이 있음을 안 날부터 90일 안에 행정심판을 청구할 수 있습니다. (시연)",
        "due_on": _day(at) + timedelta(days=30),
        "city_opinion": "",
        "committee_reference": "",
    }
    issuing.issue(session, announced, values, by=cast.actor(session, "decider"), at=at)


def put_right(session: Session, at: datetime, *, cast: Cast, number: str) -> None:
    """The company reports order and task, the ministry accepts both and closes the incident."""
    pilot = _pilot(session, number)
    author, ministry = cast.actor(session, "author"), cast.actor(session, "ministry")
    for task in doing.tasks_of(session, pilot):
        if task.text == FINDING:
            doing.report(session, task, report=DONE, by=author, at=at)
            doing.accept(session, task, by=ministry, at=at)
    (issued,) = hearing.orders_of(session, pilot)
    issuing.report(session, issued, report=DONE, by=author, at=at)
    issuing.accept(session, issued, by=ministry, at=at)
    (incident,) = reporting.incidents_of(session, pilot)
    reporting.close(session, incident, by=ministry, at=at, reason="재발 방지 조치를 확인하였습니다. (시연)")


def _day(at: datetime) -> date:
    return at.astimezone(ZoneInfo("Asia/Seoul")).date()


def _pilot(session: Session, number: str) -> Pilot:
    return session.scalars(select(Pilot).where(Pilot.number == number)).one()
