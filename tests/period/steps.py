"""Steps within the period of a pilot, each taken by the right person."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sandbox.period import changes, ends, extensions, requests, revocations
from sandbox.period.models import Change, Extension, LawRequest, Revocation
from tests.factories import Case


def meeting(case: Case) -> dict[str, Any]:
    """A meeting of today in which the committee agrees."""
    held_on = ends.today(case.pilot, case.at)
    return {"held_on": held_on, "meeting": "2026-7", "agrees": True, "text": "The results are good."}


def on(case: Case, day: date, hour: int = 3) -> None:
    """Let it be `day` in Seoul (03:00 UTC is noon there)."""
    case.at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def by(case: Case, who: str) -> dict[str, Any]:
    return {"by": case.actor(who), "at": case.tick()}


def file_change(case: Case, who: str = "author", **facts: Any) -> Change:
    values = {
        "field": "contents.safety",
        "nature": "substance",
        "after": "A second guard stands at every crossing.",
        "reason": "A near miss in August.",
    } | facts
    return changes.file_change(case.session, case.pilot, **values, **by(case, who))


def documents(case: Case) -> dict[str, str]:
    return {item.id: f"On {item.id}." for item in case.pilot.exemption.regime.period.extension_documents}


def file_extension(case: Case, who: str = "signatory", **facts: Any) -> Extension:
    values = {"months": 12, "documents": documents(case)} | facts
    return extensions.file_extension(case.session, case.pilot, **values, **by(case, who))


def deliberate_extension(case: Case, extension: Extension, **facts: Any) -> None:
    values = meeting(case) | {"months": 6} | facts
    extensions.deliberate(case.session, extension, **values, **by(case, "reviewer"))


def file_request(case: Case, who: str = "signatory") -> LawRequest:
    return requests.file_request(
        case.session,
        case.pilot,
        results="Waiting became shorter by four minutes.",
        wanted="Article 5 should allow signals that wait.",
        **by(case, who),
    )


def assess(case: Case, request: LawRequest) -> None:
    rules = case.pilot.exemption.regime.period
    found = {item.id: f"On {item.id}." for item in rules.criteria}
    requests.assess(case.session, request, assessment=found, **by(case, "reviewer"))


def find_needed(case: Case) -> LawRequest:
    request = file_request(case)
    assess(case, request)
    requests.find_needed(case.session, request, reason="It works.", **by(case, "decider"))
    return request


def open_revocation(case: Case, ground: str = "against_the_plan") -> Revocation:
    return revocations.open_proceeding(
        case.session, case.pilot, ground=ground, facts="It ran at night.", **by(case, "reviewer")
    )


def consult_city(case: Case, revocation: Revocation) -> None:
    revocations.consult_city(case.session, revocation, opinion="Agreed.", **by(case, "city_reviewer"))


def deliberate_revocation(case: Case, revocation: Revocation) -> None:
    revocations.deliberate(case.session, revocation, **meeting(case), **by(case, "reviewer"))


def invite(case: Case, revocation: Revocation, *, days: int = 10) -> None:
    today = ends.today(case.pilot, case.at + timedelta(hours=1))
    revocations.invite(
        case.session,
        revocation,
        invited_on=today,
        hearing_on=today + timedelta(days=days),
        place="Room 301",
        **by(case, "reviewer"),
    )


def hear(case: Case, revocation: Revocation) -> None:
    case.at += timedelta(days=11)
    revocations.hear(
        case.session, revocation, operator_came=False, text="Nobody came.", **by(case, "reviewer")
    )


DUTIES = {
    "reason": "It ran against the plan.",
    "restoration": "Remove the signals.",
    "compensation": "Pay for the kerb.",
}


def revoke(case: Case, revocation: Revocation) -> None:
    revocations.revoke(case.session, revocation, **DUTIES, **by(case, "decider"))


def end_of(case: Case) -> date:
    last = case.pilot.exemption.granted_to
    assert last is not None
    return last
