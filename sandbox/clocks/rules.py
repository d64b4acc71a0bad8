"""A clock as a regime's data states it: what starts it, how long it runs, how its days are counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema


class Count(StrEnum):
    """How days are counted; the statutes name neither, so each rule states which one it takes.

    CIVIL     the first day is left out; a last day on a Saturday or holiday moves to the next working
              day (Civil Act Art. 157, 159-161)
    PETITION  the first day counts, Saturdays and holidays do not; for periods of six days or more
              (Civil Petitions Treatment Act Art. 19)
    """

    CIVIL = "civil"
    PETITION = "petition"


class Unit(StrEnum):
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class Direction(StrEnum):
    """AFTER runs on from an event; BEFORE ends that long ahead of one."""

    AFTER = "after"
    BEFORE = "before"


class Bound(StrEnum):
    """LATEST: the act is late after the day; EARLIEST: it is too early before the period has passed."""

    LATEST = "latest"
    EARLIEST = "earliest"


class Lapse(StrEnum):
    """What the law makes of a lapse. Nothing here approves anything."""

    DEEMED_NOT_REQUIRED = "deemed_not_required"
    ESCALATE = "escalate"
    OVERDUE = "overdue"
    REVOCATION_GROUND = "revocation_ground"
    RIGHT_LOST = "right_lost"
    FINE_RISK = "fine_risk"
    MEASURE = "measure"
    NOT_BEFORE = "not_before"


class Owed(StrEnum):
    """Who has to act before the clock runs out, as a role in the case."""

    COMPANY = "company"
    CITY = "city"
    LEAD = "lead"
    MINISTRY = "ministry"
    AGENCY = "agency"


EVENTS = frozenset(
    {
        *("agency_notified", "agency_replied", "confirmation_received", "confirmation_answered"),
        *("ministry_notified", "ministry_replied", "file_complete", "agenda_set", "decided"),
        *(
            "approved",
            "pilot_started",
            "period_ends",
            "demonstration_ends",
            "period_ended",
            "extension_filed",
        ),
        *("amendment_requested", "amendment_needed", "conversion_filed", "report_filed"),
        *("insurance_renewed", "renewal_filed", "claim_filed", "claim_answered", "claim_reported"),
        *("order_issued", "order_done", "zone_plan_published", "zone_tabled", "zone_gazetted"),
        *("papers_closed", "plan_sent", "plan_answered", "plan_supplement_asked", "plan_supplemented"),
        *("hearing_on", "hearing_announced"),
        # Of regimes other than the first: a case like one approved before, a filing decided as a whole, a
        # period that is deemed extended while the law is amended.
        *("similar_case_notified", "application_filed", "deemed_extension_begins", "amendment_decided"),
    }
)
"""What can happen in a case or a programme; a rule names which of these start and end its clock."""

LONGEST = {Unit.DAY: 3660, Unit.MONTH: 120, Unit.YEAR: 10}
SHORTEST_PETITION_DAYS = 6


@dataclass(frozen=True)
class Length:
    """So many days, calendar months or years."""

    value: int
    unit: Unit

    @property
    def months(self) -> int:
        """The length in calendar months; of days there is none."""
        return self.value * (12 if self.unit is Unit.YEAR else 1)


@dataclass(frozen=True)
class Extension:
    """By how much the clock may be lengthened, and how often."""

    length: Length
    times: int


@dataclass(frozen=True)
class ClockRule:
    """One row of the clock table.

    starts_on   the event that starts it, or, counted backwards, the day that it precedes
    ends_on     the events that end it
    owed_by     who has to act
    outlives_case  whether it runs on when the case that it belongs to is over
    stops       whether it can be stopped; the days on which it stands still are not counted
    gross_cap   the longest that it runs, stops included; None: no cap
    unverified  what of this row no text was found for (Korean and English sentences)
    """

    id: str
    name_ko: str
    name_en: str
    source: str
    starts_on: str
    ends_on: tuple[str, ...]
    owed_by: Owed
    length: Length
    direction: Direction
    bound: Bound
    count: Count
    stops: bool
    gross_cap: Length | None
    extension: Extension | None
    on_lapse: Lapse
    outlives_case: bool
    unverified_ko: str
    unverified_en: str


class LengthSchema(Schema):
    value = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))
    unit = fields.Enum(Unit, by_value=True, required=True)

    @validates_schema
    def is_bounded(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["value"] > LONGEST[data["unit"]]:
            raise ValidationError(f"At most {LONGEST[data['unit']]}.", "value")

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Length:
        return Length(**data)


class ExtensionSchema(Schema):
    length = fields.Nested(LengthSchema, required=True)
    times = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Extension:
        return Extension(**data)


class ClockRuleSchema(Schema):
    """The shape of a clock in a regime file."""

    id = fields.String(required=True, validate=validate.Regexp(r"[A-Z]\d{2}[a-z]?"))
    name_ko = fields.String(required=True)
    name_en = fields.String(required=True)
    source = fields.String(required=True)
    starts_on = fields.String(required=True, validate=validate.OneOf(sorted(EVENTS)))
    ends_on = fields.List(fields.String(validate=validate.OneOf(sorted(EVENTS))), required=True)
    owed_by = fields.Enum(Owed, by_value=True, required=True)
    length = fields.Nested(LengthSchema, required=True)
    direction = fields.Enum(Direction, by_value=True, load_default=Direction.AFTER)
    bound = fields.Enum(Bound, by_value=True, load_default=Bound.LATEST)
    count = fields.Enum(Count, by_value=True, load_default=Count.CIVIL)
    stops = fields.Boolean(load_default=False)
    gross_cap = fields.Nested(LengthSchema, load_default=None)
    extension = fields.Nested(ExtensionSchema, load_default=None)
    on_lapse = fields.Enum(Lapse, by_value=True, required=True)
    outlives_case = fields.Boolean(load_default=False)
    unverified_ko = fields.String(load_default="")
    unverified_en = fields.String(load_default="")

    @validates_schema
    def can_be_counted(self, data: Mapping[str, Any], **_: Any) -> None:
        in_days = data["length"].unit is Unit.DAY
        errors: dict[str, list[str]] = {}
        if data["stops"] and not in_days:
            errors["stops"] = ["Only a clock in days can stand still."]
        if data["gross_cap"] is not None and not data["stops"]:
            errors["gross_cap"] = ["A cap needs a clock that can stop."]
        for name in ("gross_cap", "extension"):
            given = data[name].length if isinstance(data[name], Extension) else data[name]
            if given is not None and (given.unit is Unit.DAY) != in_days:
                errors[name] = ["Days and months do not mix in one clock."]
        if data["count"] is Count.PETITION and not (
            in_days and data["length"].value >= SHORTEST_PETITION_DAYS
        ):
            errors["count"] = ["Days are counted in this way from six days on."]
        if data["direction"] is Direction.BEFORE and (data["stops"] or data["count"] is Count.PETITION):
            errors["direction"] = ["A clock that precedes an event neither stops nor skips days."]
        if bool(data["unverified_ko"]) != bool(data["unverified_en"]):
            errors["unverified_en"] = ["Say it in both languages."]
        if errors:
            raise ValidationError(errors)

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> ClockRule:
        return ClockRule(**(dict(data) | {"ends_on": tuple(data["ends_on"])}))
