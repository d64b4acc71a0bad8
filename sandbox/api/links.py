"""From what a person may do with a case to the address that does it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for

from sandbox.db import db
from sandbox.decisions.decide import open_decision
from sandbox.pilots import file
from sandbox.pilots.evaluations import evaluations_of
from sandbox.pilots.file import Move
from sandbox.pilots.models import Pilot
from sandbox.web.rim import actor_or_none

# (part of the case, verb) -> (method, endpoint).
ADDRESSES: Mapping[tuple[str, str], tuple[str, str]] = {
    ("exemption", "edit"): ("PUT", "api-pilots.edit"),
    ("exemption", "revise"): ("PUT", "api-pilots.edit"),
    ("exemption", "send_to_city"): ("POST", "api-moves.send_to_city"),
    ("exemption", "give_opinion"): ("POST", "api-moves.opinion"),
    ("exemption", "answer_actions"): ("POST", "api-moves.answers"),
    ("exemption", "sign"): ("POST", "api-moves.sign"),
    ("exemption", "return_filing"): ("POST", "api-moves.return_filing"),
    ("exemption", "open_consultation"): ("POST", "api-moves.consultation"),
    ("exemption", "close_consultation"): ("POST", "api-moves.close_consultation"),
    ("exemption", "grant"): ("POST", "api-moves.grant"),
    ("exemption", "refuse"): ("POST", "api-moves.refuse"),
    ("exemption", "find_not_required"): ("POST", "api-moves.find_not_required"),
    # A case is tabled and resolved on with the others of its meeting; here stand its meetings.
    ("exemption", "table"): ("GET", "api-committee.of_case"),
    ("exemption", "resolve"): ("GET", "api-committee.of_case"),
    ("exemption", "report_experts"): ("POST", "api-committee.report_experts"),
    ("exemption", "modify"): ("POST", "api-moves.modify"),
    ("exemption", "refile"): ("POST", "api-moves.refile"),
    ("exemption", "withdraw"): ("POST", "api-moves.withdraw"),
    ("consultation", "reply"): ("POST", "api-moves.reply"),
    ("consultation", "ask_supplement"): ("POST", "api-moves.ask_supplement"),
    ("consultation", "extend_reply"): ("POST", "api-moves.extend_reply"),
    ("supplement", "answer"): ("POST", "api-moves.answer_supplement"),
    ("pilot", "start"): ("POST", "api-moves.start"),
    ("pilot", "suspend"): ("POST", "api-moves.suspend"),
    ("pilot", "lift"): ("POST", "api-moves.lift"),
    ("pilot", "finish"): ("POST", "api-moves.finish"),
    ("experiment", "save_draft"): ("PUT", "api-plans.save"),
    ("experiment", "lock"): ("POST", "api-plans.lock"),
    ("experiment", "amend"): ("POST", "api-plans.amend"),
    ("experiment", "sign_result"): ("POST", "api-evaluations.sign"),
    ("decision", "propose"): ("POST", "api-decisions.propose"),
    ("decision", "decide"): ("POST", "api-decisions.decide"),
    ("decision", "decide_against"): ("POST", "api-decisions.decide"),
    ("decision", "confirm"): ("POST", "api-decisions.confirm"),
    ("decision", "send_back"): ("POST", "api-decisions.send_back"),
}


@dataclass(frozen=True)
class Link:
    """An open verb, where it is done, and what is still missing for it."""

    kind: str
    verb: str
    method: str
    href: str
    needs_reason: bool
    needs: tuple[str, ...]
    source: str


def transitions(pilot: Pilot) -> list[Link]:
    """What whoever asks may do with this case, from the table that also checks it."""
    actor = actor_or_none()
    if actor is None or not file.may_read(pilot, actor):
        return []
    return [link for move in file.moves(db.session, pilot, actor) for link in _links(pilot, move)]


def _links(pilot: Pilot, move: Move) -> Iterator[Link]:
    method, endpoint = ADDRESSES[move.kind, move.verb]
    for subject in _subjects(pilot, move):
        href = url_for(endpoint, number=pilot.number, **subject)
        yield Link(move.kind, move.verb, method, href, move.needs_reason, move.needs, move.source)


def _subjects(pilot: Pilot, move: Move) -> list[dict[str, Any]]:
    """What the address names beside the pilot: every run that may be signed, or the open proposal."""
    if move.verb == "sign_result":
        actor = actor_or_none()
        runs = evaluations_of(db.session, pilot)
        return [{"evaluation_id": run.id} for run in runs if actor and file.may_sign(run, pilot, actor)]
    if move.kind == "decision" and move.verb != "propose":
        decision = open_decision(db.session, pilot)
        return [{"decision_id": decision.id}] if decision else []
    return [{}]
