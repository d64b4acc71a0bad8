"""The forms of measures: which fields each act asks for, what they begin with, and what is done with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext
from marshmallow import Schema
from sqlalchemy.orm import Session

from experiments.errors import NotFound, Refused, WrongMoment
from experiments.lifecycle import Actor, Lifecycle
from sandbox.incidents import reporting
from sandbox.incidents.table import INCIDENT, who_may_report
from sandbox.inspections import inspecting
from sandbox.inspections.table import INSPECTION, inspector
from sandbox.orders import hearing, issuing, schemas
from sandbox.orders.models import Heard
from sandbox.orders.table import ORDER
from sandbox.pilots.models import GOING_ON, Pilot
from sandbox.pilots.table import PILOT, reviewer_of_the_lead_ministry
from sandbox.regimes.measures import Choice
from sandbox.remedies import doing
from sandbox.remedies.table import TASK
from sandbox.suspensions import proposing, suspending
from sandbox.suspensions.models import Suspension
from sandbox.suspensions.table import PROPOSAL, SUSPENSION
from sandbox.web import measure_words
from sandbox.web.filters import SHOWN_ZONE, language, pick
from sandbox.web.forms import Sent

_ = lazy_gettext

LIFECYCLES: Mapping[str, Lifecycle[Any]] = {
    each.kind: each for each in (SUSPENSION, PROPOSAL, ORDER, INCIDENT, INSPECTION, TASK)
}


@dataclass(frozen=True)
class Input:
    """One control: `kind` is text, prose, date, number, moment, select, tick or radios."""

    name: str
    kind: str
    label: str
    options: Sequence[tuple[str, str]] = ()
    required: bool = True


Options = Callable[[Pilot], Sequence[tuple[str, str]]]
Spec = tuple[str, str]


@dataclass(frozen=True)
class Form:
    """What one act asks for.

    specs    (field, kind of control); a kind that ends with "?" may stay blank
    options  by field, what there is to choose
    begins   what the form shows at first, of a subject and the address's parameters
    check    refuses at once whoever may not, or not now
    """

    title: Any
    schema: type[Schema]
    specs: Sequence[Spec]
    perform: Callable[..., Any]
    options: Mapping[str, Options] = field(default_factory=dict)
    begins: Callable[[Any, Mapping[str, str]], dict[str, Any]] = lambda _subject, _args: {}
    check: Callable[[Pilot, Actor], None] = lambda _pilot, _by: None
    hint: Any = None
    has_rows: bool = False

    # Forms carry their reason themselves; asking whether the act is open needs some.
    stand_in_reason = "-"

    def initial(self, subject: Any, args: Mapping[str, str]) -> dict[str, Any]:
        return self.begins(subject, args)

    def fields(self, pilot: Pilot) -> list[Input]:
        made = []
        for name, kind in self.specs:
            choices = self.options[name](pilot) if name in self.options else ()
            made.append(
                Input(name, kind.rstrip("?"), measure_words.label(name), choices, not kind.endswith("?"))
            )
        return made + (_rows(pilot) if self.has_rows else [])

    def typed(self, sent: Sent, pilot: Pilot) -> dict[str, Any]:
        """What the schema reads: blank dates are none, ticks are booleans, moments are Korean time."""
        values: dict[str, Any] = {}
        for name, kind in self.specs:
            values[name] = _value(sent.one(name), kind)
        if self.has_rows:
            values["items"] = {
                item.id: {
                    "result": sent.one(f"items.{item.id}.result"),
                    "text": sent.one(f"items.{item.id}.text"),
                    "due_on": sent.one(f"items.{item.id}.due_on") or None,
                }
                for item in _measures(pilot).inspection_items
            }
        return {name: value for name, value in values.items() if value is not None}


def _value(text: str, kind: str) -> Any:
    if kind == "tick?":
        return text == "on"
    if kind.endswith("?") and not text.strip():
        return None
    if kind == "moment":
        try:
            moment = datetime.fromisoformat(text)
            return moment.replace(tzinfo=moment.tzinfo or SHOWN_ZONE).isoformat()
        except ValueError:
            return text
    return text


def _rows(pilot: Pilot) -> list[Input]:
    results = [(key, str(label)) for key, label in measure_words.RESULTS.items()]
    made = []
    for item in _measures(pilot).inspection_items:
        name = f"items.{item.id}"
        made.append(Input(f"{name}.result", "radios", pick(item, "name"), results))
        made.append(Input(f"{name}.text", "prose", measure_words.label(f"{name}.text"), required=False))
        made.append(Input(f"{name}.due_on", "date", measure_words.label(f"{name}.due_on"), required=False))
    return made


def _measures(pilot: Pilot) -> Any:
    measures = pilot.exemption.regime.measures
    if measures is None:
        raise NotFound("measures", pilot.exemption.regime.id)
    return measures


def _choices(items: Sequence[Choice]) -> list[tuple[str, str]]:
    return [(item.id, pick(item, "name")) for item in items]


def _may(rule: Callable[[Actor, Pilot], bool], act: str, statuses: frozenset[Any]) -> Callable[..., None]:
    def check(pilot: Pilot, by: Actor) -> None:
        if not rule(by, pilot):
            raise Refused(act, rule.__name__)
        if pilot.status not in statuses:
            raise WrongMoment(act, pilot.status)
        _measures(pilot)

    return check


def _may_suspend(pilot: Pilot, by: Actor) -> None:
    PILOT.check(pilot, "suspend", by=by, reason=Form.stand_in_reason)
    _measures(pilot)


def _suspend(session: Session, pilot: Pilot, values: dict[str, Any], **acting: Any) -> Suspension:
    key = values.pop("proposal", None)
    proposal = proposing.find_proposal(session, pilot, key) if key else None
    return suspending.suspend(session, pilot, **values, proposal=proposal, **acting)


def _stop(session: Session, suspension: Suspension, values: dict[str, Any], **acting: Any) -> None:
    suspending.stop_for_good(session, suspension.pilot, **values, **acting)


def _whole(use_case: Callable[..., Any]) -> Callable[..., Any]:
    """A use case that takes the values as they are."""
    return lambda session, subject, values, **acting: use_case(session, subject, values, **acting)


def _spread(use_case: Callable[..., Any]) -> Callable[..., Any]:
    """A use case that takes each value by its name."""
    return lambda session, subject, values, **acting: use_case(session, subject, **values, **acting)


def _as_announced(order: Any, _args: Mapping[str, str]) -> dict[str, Any]:
    """The order as it was announced, with the regime's own words on appeal in the reader's language."""
    measures = _measures(order.pilot)
    appeal = measures.appeal_ko if language() == "ko" else measures.appeal_en
    return {"content": order.content, "appeal": appeal}


BEGINNINGS: Mapping[str, Form] = {
    "suspension": Form(
        _("Suspend the pilot"),
        suspending.SuspendSchema,
        [("code", "select"), ("reason", "prose"), ("proposal", "hidden?")],
        _suspend,
        options={"code": lambda pilot: _choices(_measures(pilot).suspension_reasons)},
        begins=lambda _pilot, args: {"proposal": args.get("proposal", "")},
        check=_may_suspend,
        hint=_("The pilot stops at once; collection goes on (Art. 52(4)1)."),
    ),
    "order": Form(
        _("Announce an order"),
        schemas.OrderAnnouncementSchema,
        [("kind", "select"), ("legal_ground", "text"), ("content", "prose"), ("answer_by", "date")],
        _whole(hearing.announce),
        options={"kind": lambda pilot: _choices(_measures(pilot).orders)},
        check=_may(reviewer_of_the_lead_ministry, "order.announce", GOING_ON),
        hint=_("The operator is heard before anything is ordered (D55(6))."),
    ),
    "incident": Form(
        _("Report an incident"),
        reporting.IncidentSchema,
        [
            *(("severity", "select"), ("happened_at", "moment"), ("place", "text"), ("what", "prose")),
            *(("deaths", "number"), ("injured", "number"), ("damage_won", "number"), ("done", "prose")),
        ],
        _whole(reporting.report),
        options={"severity": lambda pilot: _severities(pilot)},
        begins=lambda _pilot, _args: {"deaths": 0, "injured": 0, "damage_won": 0},
        check=_may(who_may_report, "incident.report", reporting.REPORTABLE),
    ),
    "inspection": Form(
        _("Plan an inspection"),
        inspecting.InspectionPlanSchema,
        [("planned_on", "date"), ("purpose", "prose"), ("is_joint", "tick?")],
        _whole(inspecting.plan),
        check=_may(inspector, "inspection.plan", inspecting.INSPECTED),
        hint=_("What the ministry plans alone is a request to the city to inspect (D55(3))."),
    ),
}


def _severities(pilot: Pilot) -> list[tuple[str, str]]:
    said = str(_("%(name)s – to be reported within %(hours)s hours"))
    return [
        (each.id, said % {"name": pick(each, "name"), "hours": each.hours})
        for each in _measures(pilot).severities
    ]


FORMS: Mapping[tuple[str, str], Form] = {
    ("suspension", "report_measures"): Form(
        _("Report the measures taken"),
        suspending.SuspensionMeasuresSchema,
        [("measures", "prose")],
        _spread(suspending.report_measures),
    ),
    ("suspension", "stop_for_good"): Form(
        _("Stop the pilot for good"),
        suspending.PermanentStopSchema,
        [("committee_reference", "text"), ("reason", "prose")],
        _stop,
        hint=_("A permanent stop rests on the committee's deliberation; it cannot be undone (Art. 52(4))."),
    ),
    ("order", "state_position"): Form(
        _("State the operator's position"),
        schemas.OrderPositionSchema,
        [("text", "prose")],
        _spread(hearing.state_position),
    ),
    ("order", "record_hearing"): Form(
        _("Record how the operator was heard"),
        schemas.OrderHearingSchema,
        [("heard_as", "select"), ("heard_on", "date"), ("text", "prose")],
        _spread(hearing.record_hearing),
        options={
            "heard_as": lambda _pilot: [
                (key.value, str(measure_words.HEARD[key]))
                for key in (Heard.HEARING, Heard.WAIVER, Heard.SILENCE)
            ]
        },
    ),
    ("order", "issue"): Form(
        _("Issue the order"),
        schemas.OrderIssueSchema,
        [
            *(("content", "prose"), ("appeal", "prose"), ("due_on", "date")),
            *(("city_opinion", "prose?"), ("committee_reference", "text?")),
        ],
        _whole(issuing.issue),
        begins=_as_announced,
        hint=_("City and committee are needed for a partial revocation only (D55(2))."),
    ),
    ("order", "extend"): Form(
        _("Extend the period"),
        schemas.OrderExtensionSchema,
        [("due_on", "date"), ("reason", "prose")],
        _spread(issuing.extend),
    ),
    ("order", "report"): Form(
        _("Report the order carried out"),
        schemas.OrderReportSchema,
        [("report", "prose")],
        _spread(issuing.report),
    ),
    ("incident", "follow_up"): Form(
        _("Add to the incident"),
        reporting.IncidentFollowUpSchema,
        [("text", "prose")],
        _spread(reporting.follow_up),
    ),
    ("inspection", "record"): Form(
        _("Fill in the checklist"),
        inspecting.InspectionRecordSchema,
        [("inspected_on", "date"), ("present", "text")],
        _whole(inspecting.write_down),
        has_rows=True,
        hint=_("Every finding becomes a task of the company with its day. Add photos before you save."),
    ),
    ("remedy_task", "report"): Form(
        _("Report the task done"),
        doing.TaskReportSchema,
        [("report", "prose")],
        _spread(doing.report),
    ),
}

# Acts that need no form: some take a reason beside their button.
PLAIN: Mapping[tuple[str, str], Callable[..., None]] = {
    ("suspension", "accept_measures"): suspending.accept_measures,
    ("suspension", "send_back"): suspending.send_back,
    ("suspension", "close_without_measures"): suspending.close_without_measures,
    ("suspension_proposal", "dismiss"): proposing.dismiss,
    ("order", "accept"): issuing.accept,
    ("order", "send_back"): issuing.send_back,
    ("order", "withdraw"): hearing.withdraw,
    ("incident", "close"): reporting.close,
    ("inspection", "cancel"): inspecting.cancel,
    ("remedy_task", "accept"): doing.accept,
    ("remedy_task", "send_back"): doing.send_back,
}


def find(session: Session, pilot: Pilot, part: str, key: int) -> Any:
    """The item of this pilot; NotFound for one of another."""
    finders: Mapping[str, Callable[..., Any]] = {
        "suspension": suspending.find,
        "suspension_proposal": proposing.find_proposal,
        "order": hearing.find,
        "incident": reporting.find,
        "inspection": inspecting.find,
        "remedy_task": doing.find,
    }
    return finders[part](session, pilot, key)
