"""The public register: the pilots that anyone may see, searched, sorted and cut into pages."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVarTuple

from marshmallow import EXCLUDE, Schema, fields, validate
from sqlalchemy import ColumnElement, ScalarSelect, Select, SQLColumnExpression, func, or_, select
from sqlalchemy.orm import Session, aliased, lazyload

from experiments.districts import District, Territory
from experiments.errors import NotFound
from experiments.evaluation.models import Evaluation
from experiments.evaluation.rule import Finding
from experiments.registrations.models import PlanVersion
from experiments.registrations.plan_design import planned_evidence
from sandbox.exemptions.models import Exemption
from sandbox.names import Name
from sandbox.organisations import Organisation
from sandbox.pilots.models import Pilot, PilotHistory, PilotStatus
from sandbox.pilots.table import PUBLIC_FROM
from sandbox.programmes.models import Site
from stats.results import Evidence

PAGE_SIZE = 20
LATEST_FIRST = "-registered"
SORTS = (LATEST_FIRST, "registered", "-start", "start", "title", "-title")

Row = TypeVarTuple("Row")
City = aliased(Organisation)
Company = aliased(Organisation)


class Words(fields.String):
    """What someone looks for: normalised; characters that nobody sees are not looked for."""

    def _deserialize(self, value: Any, *around: Any, **options: Any) -> str:
        text = unicodedata.normalize("NFC", super()._deserialize(value, *around, **options))
        seen = (" " if character.isspace() else character for character in text)
        return " ".join("".join(c for c in seen if unicodedata.category(c)[0] != "C").split())


class SearchSchema(Schema):
    """What the address of the list may say; a blank value asks for nothing."""

    class Meta:
        unknown = EXCLUDE

    q = Words(load_default="", validate=validate.Length(max=200))
    status = fields.String(load_default="", validate=validate.OneOf(["", *sorted(PUBLIC_FROM)]))
    technology = Words(load_default="", validate=validate.Length(max=200))
    site = Words(load_default="", validate=validate.Length(max=64))
    finding = fields.String(load_default="", validate=validate.OneOf(["", *(f.value for f in Finding)]))
    sort = fields.String(load_default=LATEST_FIRST, validate=validate.OneOf(SORTS))
    page = fields.Integer(load_default=1, validate=validate.Range(min=1))


@dataclass(frozen=True)
class Entry:
    """One pilot in the list. `first_day` and `last_day` are the granted ones where there are any.

    evidence  the level that the finding rests on, as `stats.results.Evidence`; None without a finding
    """

    number: str
    title_ko: str
    title_en: str
    summary_ko: str
    summary_en: str
    status: str
    technology: str
    site: Name
    company: Name
    is_synthetic: bool
    first_day: date
    last_day: date
    finding: str | None
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Listing:
    """One page of what was found, and how many pilots the whole register holds."""

    entries: tuple[Entry, ...]
    found: int
    page: int
    pages: int
    registered: int
    with_result: int


@dataclass(frozen=True)
class Choices:
    """What the filters offer: only what some public pilot has."""

    technologies: tuple[str, ...]
    sites: tuple[tuple[str, Name], ...]


def is_public() -> ColumnElement[bool]:
    """Pilots that anyone may see: filed at least once; a returned filing stays."""
    # Whoever gives up a draft that was never filed has published nothing, so nothing stays.
    filings = select(PilotHistory.id).where(PilotHistory.subject_id == Pilot.id, PilotHistory.verb == "file")
    return Pilot.status.in_(PUBLIC_FROM) & or_(Pilot.status != PilotStatus.WITHDRAWN, filings.exists())


def find(session: Session, number: str) -> Pilot:
    """The public pilot of this number; NotFound otherwise."""
    # PostgreSQL refuses NUL bytes in a text, where SQLite just finds nothing.
    known = number.isprintable()
    pilot = session.scalar(select(Pilot).where(Pilot.number == number, is_public())) if known else None
    if pilot is None:
        raise NotFound("pilot", number)
    return pilot


def search(session: Session, wanted: Mapping[str, Any], *, language: str) -> Listing:
    """The page of the list that `wanted`, as `SearchSchema` loads it, asks for."""
    conditions = [is_public(), *_conditions(wanted)]
    found = session.scalar(_joined(select(func.count())).where(*conditions)) or 0
    pages = max(1, -(-found // PAGE_SIZE))
    page = min(wanted["page"], pages)
    rows = (
        _joined(select(Pilot, City, Company, Territory.synthetic, Exemption, latest_finding(), latest_plan()))
        .where(*conditions)
        .order_by(*_order(wanted["sort"], language))
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
        .options(lazyload("*"))
    )
    registered = session.scalar(select(func.count()).select_from(Pilot).where(is_public())) or 0
    with_result = session.scalar(_with_result()) or 0
    return Listing(
        entries=tuple(_entry(*row) for row in session.execute(rows)),
        found=found,
        page=page,
        pages=pages,
        registered=registered,
        with_result=with_result,
    )


def entries_before(
    session: Session, wanted: Mapping[str, Any], *, key: int | None, most: int
) -> tuple[tuple[Entry, ...], int | None]:
    """Newest first, at most `most` entries older than the pilot with this key, and the key to go on from.

    Unlike pages, stretches cut by a key neither repeat nor miss an entry while pilots are added.
    """
    conditions = [is_public(), *_conditions(wanted)]
    if key is not None:
        conditions.append(Pilot.id < key)
    rows = session.execute(
        _joined(select(Pilot, City, Company, Territory.synthetic, Exemption, latest_finding(), latest_plan()))
        .where(*conditions)
        .order_by(Pilot.id.desc())
        .limit(most + 1)
        .options(lazyload("*"))
    ).all()
    shown = rows[:most]
    return tuple(_entry(*row) for row in shown), shown[-1][0].id if len(rows) > most else None


def choices(session: Session) -> Choices:
    """Technologies and sites of the public pilots."""
    technologies = select(Pilot.technology).where(is_public()).distinct().order_by(Pilot.technology)
    sites = (
        select(Territory.code, City.name_ko, City.name_en)
        .select_from(Site)
        .join(Territory, Territory.id == Site.territory_id)
        .join(City, City.id == Site.city_id)
        .where(Site.id.in_(select(Pilot.site_id).where(is_public())))
        .order_by(City.name_ko)
    )
    return Choices(
        technologies=tuple(session.scalars(technologies)),
        sites=tuple((code, Name(name_ko, name_en)) for code, name_ko, name_en in session.execute(sites)),
    )


def _with_result() -> Select[int]:
    """How many public pilots have a signed evaluation, asked from the few that are signed."""
    return (
        select(func.count(Evaluation.experiment_id.distinct()))
        .join(Pilot, Pilot.experiment_id == Evaluation.experiment_id)
        .where(Evaluation.signed_at.is_not(None), is_public())
    )


def latest_finding() -> ScalarSelect[str | None]:
    """The finding of a pilot's latest signed evaluation, as a column."""
    return (
        select(Evaluation.finding)
        .where(Evaluation.experiment_id == Pilot.experiment_id, Evaluation.signed_at.is_not(None))
        .order_by(Evaluation.signed_at.desc(), Evaluation.id.desc())
        .limit(1)
        .correlate(Pilot)
        .scalar_subquery()
    )


def latest_plan() -> ScalarSelect[str | None]:
    """The text of the plan that a pilot's latest signed evaluation carried out, as a column."""
    return (
        select(PlanVersion.document)
        .join(Evaluation, Evaluation.plan_version_id == PlanVersion.id)
        .where(Evaluation.experiment_id == Pilot.experiment_id, Evaluation.signed_at.is_not(None))
        .order_by(Evaluation.signed_at.desc(), Evaluation.id.desc())
        .limit(1)
        .correlate(Pilot)
        .scalar_subquery()
    )


def _joined(query: Select[*Row]) -> Select[*Row]:
    return (
        query.select_from(Pilot)
        .join(Site, Site.id == Pilot.site_id)
        .join(Territory, Territory.id == Site.territory_id)
        .join(City, City.id == Site.city_id)
        .join(Company, Company.id == Pilot.company_id)
        .join(Exemption, Exemption.id == Pilot.exemption_id)
    )


def _conditions(wanted: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted["q"]:

        def says(column: Any) -> ColumnElement[bool]:
            return column.icontains(wanted["q"], autoescape=True)

        # Residents know the name of their district.
        there = Pilot.districts.any(says(District.name_ko) | says(District.name_en))
        conditions.append(or_(there, *(says(column) for column in SEARCHED)))
    for name, column in (
        ("status", Pilot.status),
        ("technology", Pilot.technology),
        ("site", Territory.code),
        ("finding", latest_finding()),
    ):
        if wanted[name]:
            conditions.append(column == wanted[name])
    return conditions


SEARCHED = (
    Pilot.number,
    Pilot.title_ko,
    Pilot.title_en,
    Pilot.summary_ko,
    Pilot.summary_en,
    Pilot.technology,
    Company.name_ko,
    Company.name_en,
)


def _order(sort: str, language: str) -> tuple[SQLColumnExpression[Any], ...]:
    columns: dict[str, SQLColumnExpression[Any]] = {
        "registered": Pilot.registered_at,
        "start": func.coalesce(Exemption.granted_from, Pilot.planned_from),
        "title": func.lower(Pilot.title_ko if language == "ko" else Pilot.title_en),
    }
    column = columns[sort.removeprefix("-")]
    # The key at the end keeps pages apart where rows are alike.
    return (column.desc(), Pilot.id.desc()) if sort.startswith("-") else (column.asc(), Pilot.id.asc())


def _entry(
    pilot: Pilot,
    city: Organisation,
    company: Organisation,
    synthetic: bool,
    exemption: Exemption,
    finding: str | None,
    plan: str | None,
) -> Entry:
    copied = ("number", "title_ko", "title_en", "summary_ko", "summary_en", "status", "technology")
    return Entry(
        **{name: getattr(pilot, name) for name in copied},
        site=Name.of(city),
        company=Name.of(company),
        is_synthetic=synthetic,
        first_day=exemption.granted_from or pilot.planned_from,
        last_day=exemption.granted_to or pilot.planned_to,
        finding=finding,
        evidence=None if plan is None else planned_evidence(json.loads(plan)),
    )
