"""Load and check regime files: those that ship with the service, and those of an installation's folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Any

from holidays import list_supported_countries
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from experiments.districts import Zone
from experiments.errors import NotFound
from sandbox.clocks.rules import ClockRule, ClockRuleSchema, Length, LengthSchema
from sandbox.regimes.claims import ClaimRules, ClaimRulesSchema
from sandbox.regimes.committees import (
    CommitteeRules,
    CommitteeRulesSchema,
    Criterion,
    CriterionSchema,
    ReturnReason,
    ReturnReasonSchema,
)
from sandbox.regimes.conditions import (
    AmendmentRules,
    AmendmentRulesSchema,
    ConditionRules,
    ConditionRulesSchema,
)
from sandbox.regimes.measures import Measures, MeasuresSchema, StartGate, StartGateSchema
from sandbox.regimes.period import PeriodRules, PeriodSchema
from sandbox.regimes.remarks import Remark, RemarkSchema, Unverified, UnverifiedSchema, require_place
from sandbox.regimes.risk import RiskRules, RiskRulesSchema
from sandbox.regimes.similar import FastTrackRules, FastTrackSchema

_FOLDER = Path(__file__).parent
_of_the_installation: Path | None = None


@dataclass(frozen=True)
class Ground:
    """A legal ground; `kinds` names the exemption kinds that it is open to."""

    id: str
    source: str
    name_ko: str
    name_en: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """A kind of exemption with its longest period in months (None where the law names none) and the
    provision that says so.

    `begins_within` months of the decision its period begins, and not before it; None: on any day.
    """

    id: str
    name_ko: str
    name_en: str
    source: str
    longest_months: int | None
    longest_months_source: str
    begins_within: int | None = None
    begins_within_source: str = ""


@dataclass(frozen=True)
class PlanItem:
    """One thing that the application's plan must contain, with its provision."""

    id: str
    source: str
    name_ko: str
    name_en: str


@dataclass(frozen=True)
class FileItem:
    """A file that an application comes with; `kinds` names the exemption kinds that it is asked of."""

    id: str
    source: str
    name_ko: str
    name_en: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class CoverItem:
    """The least sum in won that insurance against one kind of damage must cover."""

    id: str
    source: str
    name_ko: str
    name_en: str
    won: int


@dataclass(frozen=True)
class DocumentField:
    """One field that a document must carry, with the provision that asks for it."""

    id: str
    source: str
    name_ko: str
    name_en: str


@dataclass(frozen=True)
class DocumentForm:
    """A certificate or gazette notice as the regime words it.

    act     the act on a case that brings it about
    series  what it is numbered among
    text_ko, text_en  its sentence, with fields in braces
    supersedes, revokes, prolongs  kinds of documents of the same case that it takes the place of,
        ends, or keeps in force beyond their period
    expires  whether it ends with the granted period
    """

    id: str
    act: str
    series: str
    source: str
    name_ko: str
    name_en: str
    text_ko: str
    text_en: str
    fields: tuple[DocumentField, ...]
    supersedes: tuple[str, ...]
    revokes: tuple[str, ...]
    prolongs: tuple[str, ...]
    expires: bool


@dataclass(frozen=True)
class Regime:
    """One law as of one text."""

    id: str
    version: str
    as_of: str
    as_of_ko: str
    as_of_en: str
    name_ko: str
    name_en: str
    zone: str
    takes_applications: bool
    holidays: str
    grounds: tuple[Ground, ...]
    kinds: tuple[Kind, ...]
    plan_contents: tuple[PlanItem, ...]
    attachments: tuple[FileItem, ...]
    minimum_cover: tuple[CoverItem, ...]
    clocks: tuple[ClockRule, ...]
    claims: ClaimRules | None
    countdown: tuple[Length, ...]
    documents: tuple[DocumentForm, ...]
    return_reasons: tuple[ReturnReason, ...]
    approval_criteria: tuple[Criterion, ...]
    committee: CommitteeRules | None
    start_gate: StartGate | None
    measures: Measures | None
    period: PeriodRules | None
    conditions: ConditionRules | None
    amendments: AmendmentRules | None
    risk: RiskRules | None
    fast_track: FastTrackRules | None
    remarks: tuple[Remark, ...]
    unverified: tuple[Unverified, ...]

    def not_verified(self, about: str) -> tuple[Unverified, ...]:
        """What was not checked about a place in the file, or about what stands inside it."""
        return tuple(each for each in self.unverified if f"{each.about}.".startswith(f"{about}."))

    @property
    def has_confirmation(self) -> bool:
        """Whether agencies can be asked if a permit is needed at all."""
        return bool(self.clocks_started_by("agency_notified"))

    def kind(self, key: str) -> Kind:
        return _one(self.kinds, key, "exemption kind")

    def ground(self, key: str) -> Ground:
        return _one(self.grounds, key, "ground")

    def clock(self, key: str) -> ClockRule:
        return _one(self.clocks, key, "clock")

    def document(self, key: str) -> DocumentForm:
        return _one(self.documents, key, "document")

    def documents_of(self, act: str) -> tuple[DocumentForm, ...]:
        """The documents that `act` brings about, in the order in which they are issued."""
        return tuple(form for form in self.documents if form.act == act)

    def files_asked_of(self, kind: str) -> tuple[FileItem, ...]:
        """The files that an application of this kind must come with."""
        return tuple(item for item in self.attachments if kind in item.kinds)

    def clocks_started_by(self, event: str) -> tuple[ClockRule, ...]:
        """The clocks that `event` sets going."""
        return tuple(rule for rule in self.clocks if rule.starts_on == event)


class _NamedSchema(Schema):
    id = fields.String(required=True)
    source = fields.String(required=True)
    name_ko = fields.String(required=True)
    name_en = fields.String(required=True)


class _PeriodSchema(Schema):
    value = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))
    source = fields.String(required=True)


class _CoverSchema(_NamedSchema):
    won = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))


class _GroundSchema(_NamedSchema):
    kinds = fields.List(fields.String(), load_default=None)


class _KindSchema(_NamedSchema):
    longest_months = fields.Nested(_PeriodSchema, required=True, allow_none=True)
    begins_within = fields.Nested(_PeriodSchema, load_default=None)


class _DocumentSchema(_NamedSchema):
    act = fields.String(required=True)
    series = fields.String(required=True, validate=validate.OneOf(["certificate", "notice"]))
    text_ko = fields.String(required=True)
    text_en = fields.String(required=True)
    fields_ = fields.List(fields.Nested(_NamedSchema), required=True, data_key="fields")
    supersedes = fields.List(fields.String(), load_default=list)
    revokes = fields.List(fields.String(), load_default=list)
    prolongs = fields.List(fields.String(), load_default=list)
    expires = fields.Boolean(load_default=False)

    @validates_schema
    def the_sentence_names_fields_of_the_document(self, data: Mapping[str, Any], **_: Any) -> None:
        known = {field["id"] for field in data["fields_"]} | {"number"}
        for name in ("text_ko", "text_en"):
            if unknown := {key for _, key, _, _ in Formatter().parse(data[name]) if key is not None} - known:
                raise ValidationError(f"Unknown fields {sorted(unknown)} in {data['id']}.", name)


class RegimeSchema(Schema):
    """The shape of a regime file; unknown keys are refused so that a typo cannot drop a rule."""

    id = fields.String(required=True)
    version = fields.String(required=True)
    as_of = fields.String(required=True)
    as_of_en = fields.String(load_default="")
    name_ko = fields.String(required=True)
    name_en = fields.String(required=True)
    zone = Zone(required=True)
    takes_applications = fields.Boolean(load_default=True)
    holidays = fields.String(required=True, validate=validate.OneOf(sorted(list_supported_countries())))
    clocks = fields.List(fields.Nested(ClockRuleSchema), required=True)
    grounds = fields.List(fields.Nested(_GroundSchema), required=True)
    kinds = fields.List(fields.Nested(_KindSchema), required=True)
    plan_contents = fields.List(fields.Nested(_NamedSchema), required=True)
    attachments = fields.List(fields.Nested(_GroundSchema), load_default=list)
    minimum_cover = fields.List(fields.Nested(_CoverSchema), load_default=list)
    claims = fields.Nested(ClaimRulesSchema, load_default=None)
    countdown = fields.List(fields.Nested(LengthSchema), load_default=list)
    start_gate = fields.Nested(StartGateSchema, load_default=None)
    measures = fields.Nested(MeasuresSchema, load_default=None)
    period = fields.Nested(PeriodSchema, load_default=None)
    conditions = fields.Nested(ConditionRulesSchema, load_default=None)
    amendments = fields.Nested(AmendmentRulesSchema, load_default=None)
    documents = fields.List(fields.Nested(_DocumentSchema), load_default=list)
    return_reasons = fields.List(fields.Nested(ReturnReasonSchema), load_default=list)
    approval_criteria = fields.List(fields.Nested(CriterionSchema), load_default=list)
    committee = fields.Nested(CommitteeRulesSchema, load_default=None)
    risk = fields.Nested(RiskRulesSchema, load_default=None)
    fast_track = fields.Nested(FastTrackSchema, load_default=None)
    remarks = fields.List(fields.Nested(RemarkSchema), load_default=list)
    unverified = fields.List(fields.Nested(UnverifiedSchema), load_default=list)

    @validates_schema(pass_original=True)
    def what_is_unverified_is_there(
        self, data: Mapping[str, Any], original: Mapping[str, Any], **_: Any
    ) -> None:
        for each in data["unverified"]:
            require_place(original, each.about)

    @validates_schema
    def cases_have_what_they_are_filed_with(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["takes_applications"] and not (data["kinds"] and data["grounds"] and data["plan_contents"]):
            raise ValidationError("Applications need kinds, grounds and contents.", "takes_applications")

    @validates_schema
    def grounds_are_open_to_known_kinds(self, data: Mapping[str, Any], **_: Any) -> None:
        known = {kind["id"] for kind in data["kinds"]}
        for ground in data["grounds"]:
            if unknown := set(ground["kinds"] or ()) - known:
                raise ValidationError(f"Unknown kinds {sorted(unknown)} of ground {ground['id']}.", "grounds")

    @validates_schema
    def attachments_are_asked_of_known_kinds(self, data: Mapping[str, Any], **_: Any) -> None:
        known = {kind["id"] for kind in data["kinds"]}
        for item in data["attachments"]:
            if unknown := set(item["kinds"] or ()) - known:
                raise ValidationError(f"Unknown kinds {sorted(unknown)} of {item['id']}.", "attachments")

    @validates_schema
    def documents_name_known_ones(self, data: Mapping[str, Any], **_: Any) -> None:
        known = {form["id"] for form in data["documents"]}
        for form in data["documents"]:
            if unknown := {*form["supersedes"], *form["revokes"], *form["prolongs"]} - known:
                raise ValidationError(f"Unknown documents {sorted(unknown)} of {form['id']}.", "documents")

    @validates_schema
    def covers_are_named_once(self, data: Mapping[str, Any], **_: Any) -> None:
        named = [item["id"] for item in data["minimum_cover"]]
        if len(named) != len(set(named)):
            raise ValidationError("A kind of damage stands twice.", "minimum_cover")

    @validates_schema
    def consultations_have_one_clock(self, data: Mapping[str, Any], **_: Any) -> None:
        """Each ministry and each agency that is asked is owed one clock, by the rules of this regime."""
        starts = [rule.starts_on for rule in data["clocks"]]
        if data["takes_applications"] and starts.count("ministry_notified") != 1:
            raise ValidationError("Exactly one clock starts on ministry_notified.", "clocks")
        if starts.count("agency_notified") > 1:
            raise ValidationError("At most one clock starts on agency_notified.", "clocks")
        if data["fast_track"] and starts.count("similar_case_notified") != 1:
            raise ValidationError("A fast track needs one clock on similar_case_notified.", "clocks")

    @validates_schema
    def clocks_are_named_once(self, data: Mapping[str, Any], **_: Any) -> None:
        seen: set[str] = set()
        for rule in data["clocks"]:
            if rule.id in seen:
                raise ValidationError(f"{rule.id} stands twice.", "clocks")
            seen.add(rule.id)


@lru_cache
def regimes() -> tuple[Regime, ...]:
    """Every regime version, ordered by id and version; ValueError names a file that is none."""
    folders = [_FOLDER] if _of_the_installation is None else [_FOLDER, _of_the_installation]
    found: dict[tuple[str, str], Regime] = {}
    for path in (path for folder in folders for path in sorted(folder.glob("*.json"))):
        law = _read(path)
        if (law.id, law.version) in found:
            raise ValueError(f"{path.name}: {law.id} {law.version} is there already")
        found[law.id, law.version] = law
    return tuple(found[key] for key in sorted(found))


def use_folder(folder: Path | None) -> None:
    """Read the regime files of `folder` beside those that ship; ValueError names a file that is none, and
    what was read before then stays."""
    global _of_the_installation
    before, _of_the_installation = _of_the_installation, folder
    regimes.cache_clear()
    try:
        regimes()
    except ValueError:
        _of_the_installation = before
        regimes.cache_clear()
        raise


def open_regimes() -> tuple[Regime, ...]:
    """The newest version of every regime under which applications are taken."""
    newest = {law.id: law for law in regimes()}
    return tuple(law for law in newest.values() if law.takes_applications)


def regime(key: str, version: str | None = None) -> Regime:
    """The named version, or the newest one of that regime."""
    found = [r for r in regimes() if r.id == key and version in (None, r.version)]
    if not found:
        raise NotFound("regime", f"{key} {version or ''}".strip())
    return found[-1]


def _read(path: Path) -> Regime:
    try:
        data = RegimeSchema().load(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, ValidationError) as error:
        raise ValueError(f"{path.name}: {error}") from error
    return _regime(data)


def _regime(data: dict[str, Any]) -> Regime:
    kinds = tuple(
        Kind(
            **{key: kind[key] for key in ("id", "name_ko", "name_en", "source")},
            longest_months=kind["longest_months"] and kind["longest_months"]["value"],
            longest_months_source=(kind["longest_months"] or kind)["source"],
            begins_within=kind["begins_within"] and kind["begins_within"]["value"],
            begins_within_source=(kind["begins_within"] or kind)["source"],
        )
        for kind in data["kinds"]
    )
    every_kind = tuple(kind.id for kind in kinds)
    return Regime(
        **{
            key: data[key]
            for key in (
                *("id", "version", "as_of", "name_ko", "name_en", "zone", "holidays", "takes_applications"),
            )
        },
        as_of_ko=data["as_of"],
        as_of_en=data["as_of_en"] or data["as_of"],
        grounds=tuple(Ground(**(g | {"kinds": tuple(g["kinds"] or every_kind)})) for g in data["grounds"]),
        kinds=kinds,
        plan_contents=tuple(PlanItem(**item) for item in data["plan_contents"]),
        attachments=tuple(
            FileItem(**(item | {"kinds": tuple(item["kinds"] or every_kind)})) for item in data["attachments"]
        ),
        minimum_cover=tuple(CoverItem(**item) for item in data["minimum_cover"]),
        clocks=tuple(data["clocks"]),
        claims=data["claims"],
        countdown=tuple(data["countdown"]),
        start_gate=data["start_gate"],
        measures=data["measures"],
        period=data["period"],
        conditions=data["conditions"],
        amendments=data["amendments"],
        documents=tuple(_document(form) for form in data["documents"]),
        return_reasons=tuple(data["return_reasons"]),
        approval_criteria=tuple(data["approval_criteria"]),
        committee=data["committee"],
        risk=data["risk"],
        fast_track=data["fast_track"],
        remarks=tuple(data["remarks"]),
        unverified=tuple(data["unverified"]),
    )


def _document(form: dict[str, Any]) -> DocumentForm:
    return DocumentForm(
        **{name: form[name] for name in ("id", "act", "series", "source")},
        **{name: form[name] for name in ("name_ko", "name_en", "text_ko", "text_en")},
        fields=tuple(DocumentField(**field) for field in form["fields_"]),
        supersedes=tuple(form["supersedes"]),
        revokes=tuple(form["revokes"]),
        prolongs=tuple(form["prolongs"]),
        expires=form["expires"],
    )


def _one(items: tuple[Any, ...], key: str, kind: str) -> Any:
    for item in items:
        if item.id == key:
            return item
    raise NotFound(kind, key)
