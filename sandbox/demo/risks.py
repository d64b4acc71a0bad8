"""What companies say of the risks of their pilots, and the sign-offs that this calls for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.demo.cast import Cast
from sandbox.pilots.models import Pilot
from sandbox.regimes.risk import Signer
from sandbox.risks import answers, sign_offs

EXPLANATIONS = {
    "shuttle": {
        "bodily_harm": "셔틀이 보행자와 부딪칠 수 있습니다. 안전요원이 타고, 통학로에서는 속도를 제한합니다.",
        "public_space": "일반 도로를 달립니다. 정류장과 차량에 실증 중임을 알리고 문의처를 붙입니다.",
    },
    "crossings": {
        "personal_data": "영상에 보행자가 찍힙니다. 현장 장치에서 바로 비식별 처리하고 저장하지 않습니다.",
    },
    "drones": {
        "bodily_harm": "드론이 떨어질 수 있습니다. 주거지와 학교 위로 날지 않고 낙하산을 답니다.",
        "other_laws": "야간 비행은 항공 관계 법령에 어긋날 수 있어 하지 않습니다.",
    },
}
STATEMENT = "제출된 자료와 현장을 살펴 위험을 줄이는 방법이 충분하다고 확인하였습니다. (시연용 가상 확인)"


def answer(session: Session, at: datetime, *, cast: Cast, number: str, key: str, author: str) -> None:
    """The company answers every question; where it says yes, it says what keeps the risk small."""
    exemption, said = _pilot(session, number).exemption, EXPLANATIONS[key]
    given = {
        question.id: {"is_yes": question.id in said, "explanation": said.get(question.id, "")}
        for question in answers.rules_of(exemption).questions
    }
    answers.answer(session, exemption, given, by=cast.actor(session, author), at=at)


def sign_off(session: Session, at: datetime, *, cast: Cast, number: str) -> None:
    """The city and the lead ministry give every sign-off that the answers call for."""
    exemption = _pilot(session, number).exemption
    for each in answers.required(session, exemption):
        by = cast.actor(session, "city" if each.kind.by is Signer.CITY else "ministry")
        sign_offs.give(session, exemption, each.kind.id, statement=STATEMENT, by=by, at=at)


def _pilot(session: Session, number: str) -> Pilot:
    return session.scalars(select(Pilot).where(Pilot.number == number)).one()
