"""The board follows an operator's request to amend the law, and what the lead ministry finds of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from experiments.lifecycle import Actor
from sandbox.amendments import board
from sandbox.amendments.models import Amendment
from sandbox.amendments.table import AMENDMENT, offices_of, record
from sandbox.clocks.running import SERVICE
from sandbox.exemptions.models import Exemption
from sandbox.notices.outbox import Office, tell


def requested(session: Session, exemption: Exemption, *, request: int, at: datetime) -> list[Amendment]:
    """The operator of this case requested the amendment in time (Art. 53-3(3)); which items moved."""
    return _follow(session, exemption, "request_by_operator", request=request, by=SERVICE, at=at, reason=None)


def found(
    session: Session,
    exemption: Exemption,
    verb: str,
    *,
    request: int,
    by: Actor,
    at: datetime,
    reason: str | None = None,
) -> list[Amendment]:
    """What the lead ministry did with a request moves the items that it may move and that wait for it.

    An item of another ministry's law stays: that ministry has its own word. Returns which items moved.
    """
    return _follow(session, exemption, verb, request=request, by=by, at=at, reason=reason)


def _follow(
    session: Session,
    exemption: Exemption,
    verb: str,
    *,
    request: int,
    by: Actor,
    at: datetime,
    reason: str | None,
) -> list[Amendment]:
    moved = [
        item
        for item in board.items_of(session, exemption)
        if any(step.verb == verb for step in AMENDMENT.open_to(item, by))
    ]
    facts = {"case": exemption.case.key, "law_request": request} | ({"reason": reason} if reason else {})
    for item in moved:
        AMENDMENT.perform(session, item, verb, by=by, at=at, reason=reason)
        record(session, item, verb, by, at, tells=False, **facts)
    _tell_others(session, exemption, moved, f"amendment.{verb}", once=f"law_request:{request}", by=by, at=at)
    return moved


def _tell_others(
    session: Session,
    asking: Exemption,
    moved: Iterable[Amendment],
    code: str,
    *,
    once: str,
    by: Actor,
    at: datetime,
) -> None:
    """Once for each case, however many its articles; the asking case hears of its request itself."""
    articles: dict[int, list[str]] = {}
    offices: dict[int, tuple[str, list[Office]]] = {}
    for item in moved:
        for link in item.links:
            if link.exemption_id != asking.id:
                articles.setdefault(link.exemption_id, []).append(item.article)
                _key, told = offices.setdefault(link.exemption_id, (link.exemption.case.key, []))
                told += [office for office in offices_of(item, link) if office not in told]
    for exemption_id, (subject, to) in offices.items():
        facts = {"article": ", ".join(articles[exemption_id])}
        tell(session, code, subject=subject, to=to, by=by, at=at, facts=facts, once=once)
