"""The rapid confirmation of the demonstration: a robot company asks, one agency answers, one stays silent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.confirmations import replies, requests
from sandbox.confirmations.models import Confirmation
from sandbox.demo.cast import Cast
from sandbox.regimes import regime

REQUEST = {
    "title": "보도 주행 배송 로봇",
    "technology": "자율주행 배송 로봇",
    "description": (
        "시속 6 km 이하로 보도를 달려 상가에서 아파트 단지까지 소포를 배송하는 로봇 10대를 운영하려 합니다."
    ),
    "articles": ["도로교통법 제2조", "보행안전 및 편의증진에 관한 법률 제3조"],
}
PERMIT = {
    "reply": "permit_needed",
    "text": "보도를 통행하는 실외이동로봇은 운행안전 인증을 받아야 합니다.",
    "requirements": "운행안전 인증, 보험 가입, 최대 속도 15 km/h 이하",
    "procedure": "인증기관에 신청서와 시험성적서를 제출합니다. 처리 기간은 30일입니다.",
}
NO_PERMIT = {
    "reply": "no_permit",
    "text": "소관 법령에 따른 허가등은 필요하지 않습니다.",
    "requirements": "",
    "procedure": "",
}


def ask(session: Session, at: datetime, *, cast: Cast) -> None:
    """The company drafts and submits; the ministry asks the police and the city."""
    made = requests.draft(
        session,
        regime=regime("kr-smart-city"),
        lead=cast.office(session, "ministry"),
        values=REQUEST,
        by=cast.actor(session, "author"),
        at=at,
    )
    requests.submit(session, made, by=cast.actor(session, "signatory"), at=at)
    agencies = [cast.office(session, key) for key in ("police", "gaon")]
    replies.route(session, made, agencies, by=cast.actor(session, "ministry"), at=at)


def police_reply(session: Session, at: datetime, *, cast: Cast) -> None:
    """The police say what it takes; the city says nothing, and the law speaks for it."""
    asked = _asked(session)
    police = next(a for a in asked.agencies if a.organisation_id == cast.office(session, "police").id)
    replies.reply(session, police, **PERMIT, by=cast.actor(session, "police"), at=at)


def answer(session: Session, at: datetime, *, cast: Cast) -> None:
    """The ministry adds its own part, and the company is notified."""
    replies.answer(session, _asked(session), **NO_PERMIT, by=cast.actor(session, "ministry"), at=at)


def is_all_in(session: Session) -> bool:
    """Whether the clock of the silent city has been noted as run out."""
    return all(agency.reply for agency in _asked(session).agencies)


def _asked(session: Session) -> Confirmation:
    return session.scalars(select(Confirmation)).unique().one()
