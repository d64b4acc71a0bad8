"""Earlier cases like one, with the reasons: shared articles, the technology, shared words."""

from __future__ import annotations

from dataclasses import dataclass, replace

from marshmallow import Schema, fields, validate
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from experiments.fields import Line
from experiments.lifecycle import Actor
from sandbox import access
from sandbox.desks import words
from sandbox.desks.keeping import catch_up
from sandbox.desks.models import CaseArticle, CaseText
from sandbox.desks.words import folded
from sandbox.exemptions.models import Condition, ExemptionStatus
from sandbox.pilots.models import Pilot
from sandbox.pilots.register import is_public, latest_finding

MOST_SHOWN = 20
MOST_WEIGHED = 200
"""Of each reason so many of the newest cases are weighed, however many there are."""
MOST_WORDS = 8
SHORTEST_WORD = 2
POINTS_OF_ARTICLE, POINTS_OF_TECHNOLOGY, POINTS_OF_WORD = 5, 3, 1


class SearchedSchema(Schema):
    """What a search by hand may say; a blank asks for nothing."""

    articles = fields.List(Line(longest=120), load_default=list, validate=validate.Length(max=30))
    technology = Line(load_default="", longest=80, blank=True)
    q = Line(load_default="", longest=200, blank=True)


@dataclass(frozen=True)
class Wanted:
    """What cases are compared with."""

    articles: tuple[str, ...] = ()
    technology: str = ""
    text: str = ""

    @classmethod
    def of(cls, pilot: Pilot) -> Wanted:
        """What a case says of itself."""
        return cls(tuple(pilot.exemption.articles), pilot.technology, f"{pilot.title_ko} {pilot.title_en}")


@dataclass(frozen=True)
class Similar:
    """An earlier case and what it shares.

    conditions  those imposed, where it was approved
    is_own      of the reader's own company, whose plan texts may be copied
    finding     of its latest signed evaluation
    """

    pilot: Pilot
    articles: tuple[str, ...]
    technology: bool
    words: tuple[str, ...]
    points: int
    conditions: tuple[Condition, ...]
    is_approved: bool
    is_own: bool
    finding: str | None


def similar(session: Session, wanted: Wanted, *, to: Actor, but: Pilot | None = None) -> list[Similar]:
    """Cases that share something, the most alike first, then the newest; only what `to` may read."""
    catch_up(session)  # what this very transaction did counts
    asked = {folded(article) for article in wanted.articles}
    tokens = _tokens(f"{wanted.text} {wanted.technology}")
    technology = folded(wanted.technology)
    reasons: list[ColumnElement[bool]] = []
    if asked:
        lifted = select(CaseArticle.pilot_id).where(CaseArticle.article.in_(asked))
        reasons.append(Pilot.id.in_(lifted))
    if technology:
        reasons.append(func.lower(Pilot.technology) == wanted.technology.strip().lower())
    if tokens:
        reasons.append(or_(*(words.says(session, token) for token in tokens)))
    weighed: dict[int, Pilot] = {}
    for reason in reasons:
        rows = select(Pilot).where(_readable(to), reason).order_by(Pilot.id.desc()).limit(MOST_WEIGHED)
        weighed |= {row.id: row for row in session.scalars(rows).unique() if row is not but}
    texts = _texts(session, weighed)
    found = [_weighed(row, asked, technology, tokens, texts.get(row.id, ""), to) for row in weighed.values()]
    ranked = sorted(found, key=lambda each: (-each.points, -each.pilot.id))[:MOST_SHOWN]
    findings = _findings(session, [each.pilot.id for each in ranked])
    return [_with_outcome(each, findings.get(each.pilot.id)) for each in ranked]


def _readable(actor: Actor) -> ColumnElement[bool]:
    """Filed cases, and a company's own whatever became of them."""
    if access.company_people(actor):
        return or_(is_public(), Pilot.company_id == actor.organisation_id)
    return is_public()


def _weighed(
    pilot: Pilot, asked: set[str], technology: str, tokens: list[str], text: str, to: Actor
) -> Similar:
    articles = tuple(each for each in pilot.exemption.articles if folded(each) in asked)
    shared = tuple(token for token in tokens if token in text)
    is_alike = bool(technology) and folded(pilot.technology) == technology
    is_approved = pilot.exemption.status == ExemptionStatus.APPROVED
    points = (
        POINTS_OF_ARTICLE * len(articles) + POINTS_OF_TECHNOLOGY * is_alike + POINTS_OF_WORD * len(shared)
    )
    is_own = access.company_people(to) and pilot.company_id == to.organisation_id
    return Similar(pilot, articles, is_alike, shared, points, (), is_approved, is_own, None)


def _with_outcome(each: Similar, finding: str | None) -> Similar:
    """With what only those that are shown need to be asked for."""
    imposed = [row for row in each.pilot.exemption.conditions if row.is_imposed] if each.is_approved else []
    return replace(each, conditions=tuple(imposed), finding=finding)


def _tokens(text: str) -> list[str]:
    """The longest words first: short ones say little, and each is a question to the index."""
    found = dict.fromkeys(word for word in folded(text).split() if len(word) >= SHORTEST_WORD)
    return sorted(found, key=len, reverse=True)[:MOST_WORDS]


def _texts(session: Session, weighed: dict[int, Pilot]) -> dict[int, str]:
    rows = session.execute(select(CaseText.pilot_id, CaseText.text).where(CaseText.pilot_id.in_(weighed)))
    return {row.pilot_id: row.text for row in rows}


def _findings(session: Session, ids: list[int]) -> dict[int, str | None]:
    rows = session.execute(select(Pilot.id, latest_finding()).where(Pilot.id.in_(ids)))
    return {row[0]: row[1] for row in rows}
