"""The desk as it is read: one page of lines, filtered, in order, cut by a key and not by counting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from marshmallow import EXCLUDE, Schema, fields, validate
from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import Session, aliased

from experiments.districts import Territory
from experiments.lifecycle import Actor
from sandbox import access
from sandbox.accounts import Person
from sandbox.clocks.models import Clock
from sandbox.desks import words
from sandbox.desks.keeping import EVERY_CASE, EVERY_FILED_CASE, QUIET_VERBS, catch_up, desk_of
from sandbox.desks.models import DeskLine
from sandbox.exemptions.models import Exemption
from sandbox.names import Name
from sandbox.organisations import Organisation
from sandbox.pilots.models import Pilot
from sandbox.pilots.register import Words
from sandbox.programmes.models import Site

PAGE_SIZE = 25
MINE, NOBODYS, EVERYBODYS = "mine", "nobodys", "all"
Company = aliased(Organisation)


class _Question(Words):
    """Words to look for; of more than anybody would type only the beginning is."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return super()._deserialize(value, *args, **kwargs)[: words.LONGEST_QUESTION]


class WantedSchema(Schema):
    """What the address of a desk may say; a blank value asks for nothing."""

    class Meta:
        unknown = EXCLUDE

    q = _Question(load_default="")
    status = Words(load_default="", validate=validate.Length(max=40))
    kind = Words(load_default="", validate=validate.Length(max=40))
    city = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 2**31 - 1))
    within = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(0, 3660))
    whose = fields.String(load_default="", validate=validate.OneOf(["", MINE, NOBODYS, EVERYBODYS]))
    after = Words(load_default="", validate=validate.Length(max=40))


@dataclass(frozen=True)
class Line:
    """One case on a desk: what it is, what this person may do next, what is in the way, until when."""

    pilot_id: int
    number: str
    title_ko: str
    title_en: str
    company: Name
    site: Name
    kind: str
    regime_id: str
    regime_version: str
    status: str
    exemption_status: str
    waits_for_me: bool
    due_on: date | None
    acts: tuple[tuple[str, str], ...]
    lacks: tuple[tuple[str, str, tuple[str, ...]], ...]
    assignee: str | None

    @property
    def next_act(self) -> tuple[str, str] | None:
        """The one act that the case waits for; None where it waits for nobody here."""
        return next((act for act in self.acts if act[1] not in QUIET_VERBS), None) or (
            self.acts[0] if self.waits_for_me and self.acts else None
        )


@dataclass(frozen=True)
class Desk:
    """A page of a desk; `after` is where the next page goes on, None on the last."""

    lines: tuple[Line, ...]
    after: str | None


def desk(session: Session, actor: Actor, wanted: dict[str, Any], *, today: date) -> Desk:
    """The page of the actor's desk that `wanted`, as `WantedSchema` loads it, asks for."""
    catch_up(session)  # what this very transaction did counts
    query = (
        select(
            DeskLine,
            *(Pilot.number, Pilot.title_ko, Pilot.title_en),
            *(Company.name_ko, Company.name_en, Territory.name_ko, Territory.name_en),
            *(Exemption.status, Exemption.regime_id, Exemption.regime_version, Person.name),
        )
        .join(Pilot, Pilot.id == DeskLine.pilot_id)
        .join(Company, Company.id == Pilot.company_id)
        .join(Site, Site.id == Pilot.site_id)
        .join(Territory, Territory.id == Site.territory_id)
        .join(Exemption, Exemption.id == Pilot.exemption_id)
        .outerjoin(Person, Person.id == DeskLine.assignee_id)
        .where(DeskLine.desk == _whose(actor, wanted["whose"]), *_conditions(session, actor, wanted, today))
        .order_by(DeskLine.place)
        .limit(PAGE_SIZE + 1)
    )
    rows = session.execute(query).all()
    shown = rows[:PAGE_SIZE]
    return Desk(
        tuple(_line(actor, row) for row in shown), shown[-1][0].place if len(rows) > len(shown) else None
    )


def on_desk(session: Session, actor: Actor, pilot_ids: Iterable[int]) -> list[Pilot]:
    """Those of these cases that lie on the desk of the actor's office."""
    catch_up(session)
    mine = select(DeskLine.pilot_id).where(
        DeskLine.desk == _own_desk(actor), DeskLine.pilot_id.in_(list(pilot_ids))
    )
    return list(session.scalars(select(Pilot).where(Pilot.id.in_(mine)).order_by(Pilot.id)).unique())


def acts_on(session: Session, actor: Actor, pilot: Pilot) -> tuple[tuple[str, str], ...]:
    """(kind, verb) of what this person's desk waits for in this case; of several of a kind it names one."""
    line = session.get(DeskLine, (_own_desk(actor), pilot.id))
    if line is None:
        return ()
    acts = line.own.get(str(actor.person_id), line.acts)
    return tuple((kind, verb) for kind, verb in acts if verb not in QUIET_VERBS)


def cities(session: Session) -> list[Organisation]:
    """The cities that cases may be in."""
    return list(
        session.scalars(
            select(Organisation).where(Organisation.id.in_(select(Site.city_id))).order_by(Organisation.id)
        )
    )


def pilots_of(session: Session, clocks: Iterable[Clock]) -> dict[int, Pilot]:
    """The pilots of the applications that clocks belong to, by the clock's id."""
    case_of = {clock.id: clock.exemption_id for clock in clocks if clock.exemption_id is not None}
    pilots = session.scalars(select(Pilot).where(Pilot.exemption_id.in_(set(case_of.values()))))
    found = {pilot.exemption_id: pilot for pilot in pilots}
    return {clock_id: found[exemption_id] for clock_id, exemption_id in case_of.items()}


def _whose(actor: Actor, whose: str) -> str:
    """Which desk is asked for: the office's own, or everything that the law lets this person read."""
    if access.auditor(actor):
        return EVERY_CASE
    if whose == EVERYBODYS and access.ministry_people(actor):
        return EVERY_FILED_CASE
    return _own_desk(actor)


def _own_desk(actor: Actor) -> str:
    return desk_of(None if access.secretariat(actor) else actor.organisation_id, actor.role)


def _conditions(
    session: Session, actor: Actor, wanted: dict[str, Any], today: date
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        column == wanted[name]
        for name, column in (
            ("status", DeskLine.status),
            ("kind", DeskLine.kind),
            ("city", DeskLine.city_id),
        )
        if wanted[name]
    ]
    if wanted["within"] is not None:
        conditions.append(DeskLine.due_on <= today + timedelta(days=wanted["within"]))
    if wanted["whose"] == MINE:
        conditions.append(DeskLine.assignee_id == actor.person_id)
    if wanted["whose"] == NOBODYS:
        conditions.append(DeskLine.assignee_id.is_(None))
    if wanted["q"]:
        conditions.append(words.says(session, wanted["q"]))
    if wanted["after"]:
        conditions.append(DeskLine.place > wanted["after"])
    return conditions


def _line(actor: Actor, row: Row[*tuple[Any, ...]]) -> Line:
    line: DeskLine
    line, number, title_ko, title_en, company_ko, company_en, site_ko, site_en, *rest = row
    exemption_status, regime_id, regime_version, assignee = rest
    own = line.own.get(str(actor.person_id))
    acts = line.acts if own is None else own
    waits = line.waits and (own is None or any(verb not in QUIET_VERBS for _kind, verb in own))
    return Line(
        pilot_id=line.pilot_id,
        number=number,
        title_ko=title_ko,
        title_en=title_en,
        company=Name(company_ko, company_en),
        site=Name(site_ko, site_en),
        kind=line.kind,
        regime_id=regime_id,
        regime_version=regime_version,
        status=line.status,
        exemption_status=exemption_status,
        waits_for_me=waits,
        due_on=line.due_on,
        acts=tuple((kind, verb) for kind, verb in acts),
        lacks=tuple((kind, verb, tuple(needs)) for kind, verb, needs in line.lacks),
        assignee=assignee,
    )
