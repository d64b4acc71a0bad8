"""The board: items from the articles of cases, their steps, and what everybody reads of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import Line, Prose
from experiments.lifecycle import Actor, touch
from sandbox.amendments.models import (
    Amendment,
    AmendmentHistory,
    AmendmentStatus,
    EvidenceLine,
    Link,
)
from sandbox.amendments.table import (
    AMENDMENT,
    ministry_of_a_linked_case,
    record,
    reviewer_of_the_competent_ministry,
)
from sandbox.exemptions.models import Exemption
from sandbox.organisations import Organisation, OrganisationKind
from sandbox.period.models import LawRequest
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import PUBLIC_FROM


class AmendmentDraftSchema(Schema):
    """The proposed wording, and what the evidence says by the criteria of the law."""

    draft = Prose(required=True)
    assessment = Prose(load_default="", blank=True)


class AmendmentInForceSchema(Schema):
    in_force_on = fields.Date(required=True)


class AmendmentReportSchema(Schema):
    """When and where the committee was told of a step."""

    reported_on = fields.Date(required=True)
    meeting = Line(required=True)


@dataclass(frozen=True)
class Shown:
    """A line of evidence with the pilot that is to supply it."""

    line: EvidenceLine
    pilot: Pilot


@dataclass(frozen=True)
class Item:
    """One item as everybody reads it: the public pilots that point to it and what they are to show.

    requests  what their operators requested within their periods (Art. 53-3(3))
    """

    amendment: Amendment
    pilots: tuple[Pilot, ...]
    evidence: tuple[Shown, ...]
    past: tuple[AmendmentHistory, ...]
    requests: tuple[LawRequest, ...]


def link_case(session: Session, exemption: Exemption, *, by: Actor, at: datetime) -> list[Amendment]:
    """Point every article of a filed application to its item; an article that is new becomes one."""
    linked = []
    for article in dict.fromkeys(_normal(each) for each in exemption.articles):
        amendment = session.scalar(select(Amendment).where(Amendment.article == article))
        if amendment is None:
            amendment = Amendment(
                article=article, ministry_id=exemption.lead_id, status=AmendmentStatus.IDENTIFIED
            )
            AMENDMENT.begin(session, amendment, by=by, at=at)
            record(session, amendment, "create", by, at)
        if all(link.exemption_id != exemption.id for link in amendment.links):
            amendment.links.append(Link(exemption_id=exemption.id, linked_at=at))
            session.flush()
            record(session, amendment, "link", by, at, case=exemption.case.key)
        linked.append(amendment)
    return linked


def move(
    session: Session, amendment: Amendment, verb: str, *, by: Actor, at: datetime, reason: str | None = None
) -> None:
    """One step of the table; linked operators hear of it. `enter_into_force` has its own use case."""
    AMENDMENT.perform(session, amendment, verb, by=by, at=at, reason=reason)
    details: dict[str, Any] = {"reason": reason} if reason else {}
    record(session, amendment, verb, by, at, **details)


def enter_into_force(
    session: Session, amendment: Amendment, *, in_force_on: date, by: Actor, at: datetime
) -> None:
    """The changed law is in force: operators obtain the ordinary permit without delay (Art. 53(4))."""
    AMENDMENT.check(amendment, "enter_into_force", by=by)
    if in_force_on > at.date():
        raise Invalid({"in_force_on": ["This day has not come."]})
    amendment.in_force_on = in_force_on
    AMENDMENT.perform(session, amendment, "enter_into_force", by=by, at=at)
    record(session, amendment, "enter_into_force", by, at, in_force_on=in_force_on.isoformat())


def write(
    session: Session, amendment: Amendment, *, draft: str, assessment: str, by: Actor, at: datetime
) -> None:
    """The competent ministry writes the wording that it proposes, and what the evidence says."""
    if not reviewer_of_the_competent_ministry(by, amendment):
        raise Refused("amendment.write", "reviewer_of_the_competent_ministry")
    if amendment.status in (AmendmentStatus.COMPLETED, AmendmentStatus.IN_FORCE):
        raise WrongMoment("amendment.write", amendment.status, meanwhile=AMENDMENT.last_move(amendment))
    touch(amendment)
    amendment.draft, amendment.assessment = draft, assessment or None
    session.flush()
    record(session, amendment, "write", by, at, draft=draft)


def hand_over(session: Session, amendment: Amendment, ministry_id: int, *, by: Actor, at: datetime) -> None:
    """Another ministry's law: the item goes to the competent one, before its review begins."""
    if not (reviewer_of_the_competent_ministry(by, amendment) or ministry_of_a_linked_case(by, amendment)):
        raise Refused("amendment.hand_over", "reviewer_of_the_competent_ministry")
    if amendment.status not in (AmendmentStatus.IDENTIFIED, AmendmentStatus.REQUESTED):
        raise WrongMoment("amendment.hand_over", amendment.status, meanwhile=AMENDMENT.last_move(amendment))
    ministry = session.get(Organisation, ministry_id)
    if ministry is None or ministry.kind != OrganisationKind.MINISTRY:
        raise Invalid({"ministry": ["a ministry is needed"]})
    touch(amendment)
    amendment.ministry_id = ministry.id
    session.flush()
    session.refresh(amendment, ["ministry"])
    record(session, amendment, "hand_over", by, at, ministry=ministry.name_en)


def report_step(
    session: Session,
    step: AmendmentHistory,
    amendment: Amendment,
    *,
    values: Mapping[str, Any],
    by: Actor,
    at: datetime,
) -> None:
    """Note when and where the committee was told of a step; once."""
    if not reviewer_of_the_competent_ministry(by, amendment):
        raise Refused("amendment.report", "reviewer_of_the_competent_ministry")
    if step.reported_on is not None:
        raise WrongMoment("amendment.report", amendment.status, needs="step_is_not_reported")
    if values["reported_on"] > at.date():
        raise Invalid({"reported_on": ["This day has not come."]})
    touch(amendment)
    step.reported_on, step.meeting = values["reported_on"], values["meeting"]
    session.flush()
    record(session, amendment, "report", by, at, step=step.verb, meeting=step.meeting)


def step_of(session: Session, amendment: Amendment, step_id: int) -> AmendmentHistory:
    step = session.get(AmendmentHistory, step_id)
    if step is None or step.subject_id != amendment.id:
        raise NotFound("amendment step", step_id)
    return step


def find(session: Session, amendment_id: int) -> Amendment:
    """The item; it comes to be by a filed application, so that everybody may read it."""
    amendment = session.get(Amendment, amendment_id)
    if amendment is None:
        raise NotFound("amendment", amendment_id)
    return amendment


def items(session: Session) -> list[Item]:
    """The whole board, by article."""
    query = select(Amendment).options(selectinload(Amendment.links)).order_by(Amendment.article)
    amendments = list(session.scalars(query))
    keys = {link.exemption_id for each in amendments for link in each.links}
    return _items(session, amendments, keys)


def item(session: Session, amendment: Amendment) -> Item:
    return _items(session, [amendment], {link.exemption_id for link in amendment.links})[0]


def items_of(session: Session, exemption: Exemption) -> list[Amendment]:
    """The items that this case points to."""
    query = select(Amendment).join(Amendment.links).where(Link.exemption_id == exemption.id)
    return list(session.scalars(query.order_by(Amendment.id)).unique())


def _items(session: Session, amendments: list[Amendment], exemptions: set[int]) -> list[Item]:
    pilots = {
        pilot.exemption_id: pilot
        for pilot in session.scalars(
            select(Pilot).where(Pilot.exemption_id.in_(exemptions), Pilot.status.in_(PUBLIC_FROM))
        ).unique()
    }
    lines = session.scalars(
        select(EvidenceLine)
        .where(EvidenceLine.exemption_id.in_(pilots), EvidenceLine.removed_at.is_(None))
        .order_by(EvidenceLine.id)
    ).all()
    requests = session.scalars(
        select(LawRequest)
        .where(LawRequest.pilot_id.in_([pilot.id for pilot in pilots.values()]))
        .order_by(LawRequest.id)
    ).all()
    past: dict[int, list[AmendmentHistory]] = {}
    steps = select(AmendmentHistory).where(AmendmentHistory.subject_id.in_([each.id for each in amendments]))
    for step in session.scalars(steps.order_by(AmendmentHistory.id)):
        past.setdefault(step.subject_id, []).append(step)
    made = []
    for each in amendments:
        linked = [pilots[link.exemption_id] for link in each.links if link.exemption_id in pilots]
        keys = {pilot.exemption_id for pilot in linked}
        shown = [
            Shown(line, pilots[line.exemption_id])
            for line in lines
            if line.exemption_id in keys and _normal(line.article) == each.article
        ]
        asked = [request for request in requests if request.pilot.exemption_id in keys]
        made.append(
            Item(each, tuple(linked), tuple(shown), tuple(past.get(each.id, ())), requests=tuple(asked))
        )
    return made


def _normal(article: str) -> str:
    return " ".join(article.split())
