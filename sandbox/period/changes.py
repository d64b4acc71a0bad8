"""Changes of an approved pilot: classified by the regime's rules, recorded or decided, then applied."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from difflib import SequenceMatcher
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.evaluation.models import Evaluation
from experiments.fields import Prose
from experiments.lifecycle import Actor, touch
from sandbox import access, documents
from sandbox.clocks import running
from sandbox.period.deliberation import deliberated
from sandbox.period.models import Change, ChangeReply, ChangeStatus
from sandbox.period.tables import CHANGE, record
from sandbox.pilots.models import GOING_ON, Pilot
from sandbox.pilots.table import author_of_the_company
from sandbox.regimes.period import ChangeNature, PeriodRules

OPEN = (ChangeStatus.FILED, ChangeStatus.CONSULTING, ChangeStatus.DELIBERATED)
OF_PILOT = ("title_ko", "title_en", "summary_ko", "summary_en", "technology", "contact")
OF_OPERATOR = {
    "operator_name_ko": "name_ko",
    "operator_name_en": "name_en",
    "operator_address": "address",
}
ARTICLES, DISTRICTS = "articles", "districts"
CONTENTS = "contents."
LONGEST = {"summary_ko": 3000, "summary_en": 3000, "technology": 80}


class PilotChangeSchema(Schema):
    """A change as the company files it: what, into what, why, and by which rule."""

    field = fields.String(required=True)
    nature = fields.String(required=True)
    after = Prose(required=True)
    reason = Prose(required=True, longest=4000)


class ChangeReplySchema(Schema):
    """A ministry's reply on a change."""

    agrees = fields.Boolean(required=True)
    text = Prose(required=True)


def changeable(pilot: Pilot) -> tuple[str, ...]:
    """What of this pilot can be changed, by name."""
    contents = (f"{CONTENTS}{item.id}" for item in pilot.exemption.regime.plan_contents)
    return (*OF_PILOT, *OF_OPERATOR, *contents, ARTICLES, DISTRICTS)


def value_of(pilot: Pilot, field: str) -> str:
    """How `field` stands now; lists with one entry on each line."""
    if field in OF_OPERATOR:
        return str(getattr(pilot.company, OF_OPERATOR[field]) or "")
    if field.startswith(CONTENTS):
        return pilot.exemption.contents.get(field.removeprefix(CONTENTS), "")
    if field == ARTICLES:
        return "\n".join(pilot.exemption.articles)
    if field == DISTRICTS:
        return "\n".join(district.code for district in pilot.districts)
    return str(getattr(pilot, field))


def classified(rules: PeriodRules, *, nature: str, field: str, before: str, after: str) -> ChangeNature:
    """The rule that the change falls under; Invalid where it is not open to such a change (D55(1))."""
    known = {each.id: each for each in rules.change_natures}
    if nature not in known:
        raise Invalid({"nature": ["This regime has no such rule."]})
    rule = known[nature]
    if not any(_covers(pattern, field) for pattern in rule.fields):
        raise Invalid({"nature": ["This rule is not open to what is to be changed."]})
    if rule.most_letters is not None and letters_apart(before, after) > rule.most_letters:
        raise Invalid({"after": [f"Under this rule at most {rule.most_letters} letters change."]})
    return rule


def letters_apart(before: str, after: str) -> int:
    """How many letters were taken out or put in, at the least that a comparison finds."""
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return sum(max(b - a, d - c) for step, a, b, c, d in steps if step != "equal")


def file_change(
    session: Session,
    pilot: Pilot,
    *,
    field: str,
    nature: str,
    after: str,
    reason: str,
    by: Actor,
    at: datetime,
) -> Change:
    """File a change: a minor one is recorded and applied at once, another goes the long way (Art. 52(2))."""
    if not author_of_the_company(by, pilot):
        raise Refused("change.create", "author_of_the_company")
    rules = pilot.exemption.regime.period
    if rules is None or pilot.status not in GOING_ON:
        raise WrongMoment("change.create", pilot.status, needs="pilot_goes_on")
    latest = latest_change(session, pilot)
    if latest is not None and latest.status in OPEN:
        raise WrongMoment("change.create", latest.status, meanwhile=CHANGE.last_move(latest))
    before = _checked(pilot, field, after)
    rule = classified(rules, nature=nature, field=field, before=before, after=after)
    # Two changes at once must not both start from the same state.
    touch(pilot)
    change = Change(
        pilot_id=pilot.id,
        number=_next_number(session, pilot),
        field=field,
        before=before,
        after=after,
        reason=reason,
        nature=rule.id,
        is_minor=rule.is_minor,
        plan_phase=plan_phase(session, pilot),
        status=ChangeStatus.RECORDED if rule.is_minor else ChangeStatus.FILED,
    )
    change.pilot = pilot
    CHANGE.begin(session, change, by=by, at=at)
    if rule.is_minor:
        _apply(pilot, field, after)
    _record(
        session, change, "create", by, at, before=before, after=after, nature=rule.id, minor=rule.is_minor
    )
    return change


def contest(session: Session, change: Change, *, by: Actor, at: datetime, reason: str) -> None:
    """The lead ministry holds a recorded change to be major: it is taken back, and goes the long way."""
    CHANGE.check(change, "contest", by=by, reason=reason)
    if value_of(change.pilot, change.field) != change.after:
        raise WrongMoment("change.contest", change.status, needs="change_still_stands")
    _apply(change.pilot, change.field, change.before)
    change.is_minor = False
    CHANGE.perform(session, change, "contest", by=by, at=at, reason=reason)
    _record(session, change, "contest", by, at, reason=reason)


def consult(session: Session, change: Change, *, by: Actor, at: datetime) -> None:
    """Ask the ministries of the application again, each with a clock of its own (Art. 52(2), 49(4))."""
    CHANGE.check(change, "consult", by=by)
    exemption = change.pilot.exemption
    asked = [each.ministry for each in exemption.consultations] or [exemption.lead]
    for ministry in dict.fromkeys(asked):
        clocks = running.start(
            session,
            exemption.regime,
            "ministry_notified",
            case=exemption.case,
            subject=_subject(change, ministry.id),
            owed_by_id=ministry.id,
            by=by,
            at=at,
        )
        change.replies.append(ChangeReply(ministry_id=ministry.id, clock_id=clocks[0].id))
    CHANGE.perform(session, change, "consult", by=by, at=at)
    _record(session, change, "consult", by, at)


def reply(session: Session, change: Change, *, agrees: bool, text: str, by: Actor, at: datetime) -> None:
    """One ministry's reply on the change, once."""
    waiting = reply_of(change, by)
    if waiting is None:
        raise Refused("change.reply", "reviewer_of_the_asked_ministry")
    if change.status != ChangeStatus.CONSULTING or waiting.agrees is not None:
        raise WrongMoment("change.reply", change.status, meanwhile=CHANGE.last_move(change))
    touch(change)
    waiting.agrees, waiting.text = agrees, text
    waiting.replied_at, waiting.replied_by_id = at, by.person_id
    case, subject = change.pilot.exemption.case, _subject(change, waiting.ministry_id)
    running.end(session, case, "ministry_replied", subject=subject, by=by, at=at)
    _record(session, change, "reply", by, at, ministry=waiting.ministry_id, agrees=agrees)


def reply_of(change: Change, actor: Actor) -> ChangeReply | None:
    """What this person's ministry was asked about the change."""
    if not access.ministry_reviewer(actor):
        return None
    return next((each for each in change.replies if each.ministry_id == actor.organisation_id), None)


def deliberate(
    session: Session,
    change: Change,
    *,
    held_on: date,
    meeting: str,
    agrees: bool,
    text: str,
    by: Actor,
    at: datetime,
) -> None:
    """Record what the committee resolved on the change."""
    CHANGE.check(change, "deliberate", by=by)
    deliberated(
        change,
        held_on=held_on,
        meeting=meeting,
        agrees=agrees,
        text=text,
        begun_at=CHANGE.past(change)[0].at,
        pilot=change.pilot,
        at=at,
    )
    CHANGE.perform(session, change, "deliberate", by=by, at=at)
    _record(
        session, change, "deliberate", by, at, held_on=held_on.isoformat(), meeting=meeting, agrees=agrees
    )


def approve(session: Session, change: Change, *, by: Actor, at: datetime, reason: str) -> None:
    """Approve the change and apply it, with a new certificate where the regime issues one."""
    CHANGE.check(change, "approve", by=by, reason=reason)
    pilot = change.pilot
    if value_of(pilot, change.field) != change.before:
        raise WrongMoment("change.approve", change.status, needs="nothing_else_changed_it")
    CHANGE.perform(session, change, "approve", by=by, at=at, reason=reason)
    _apply(pilot, change.field, change.after)
    _record(session, change, "approve", by, at, before=change.before, after=change.after, reason=reason)
    documents.issue(session, pilot, "change", by=by, at=at)


def refuse(session: Session, change: Change, *, by: Actor, at: datetime, reason: str) -> None:
    """Refuse the change; the pilot goes on as it was."""
    CHANGE.perform(session, change, "refuse", by=by, at=at, reason=reason)
    _record(session, change, "refuse", by, at, reason=reason)


def withdraw(session: Session, change: Change, *, by: Actor, at: datetime, reason: str) -> None:
    """Take the change back before it is decided; nobody's reply is waited for any more."""
    CHANGE.perform(session, change, "withdraw", by=by, at=at, reason=reason)
    for asked in change.replies:
        if asked.clock.is_running:
            running.void_one(session, asked.clock, by=by, at=at, reason=reason)
    _record(session, change, "withdraw", by, at, reason=reason)


def latest_change(session: Session, pilot: Pilot) -> Change | None:
    """The change filed last."""
    return session.scalar(
        select(Change).where(Change.pilot_id == pilot.id).order_by(Change.number.desc()).limit(1)
    )


def changes_of(session: Session, pilot: Pilot) -> list[Change]:
    """Every change of the pilot, in the order in which they were filed."""
    return list(session.scalars(select(Change).where(Change.pilot_id == pilot.id).order_by(Change.number)))


def plan_phase(session: Session, pilot: Pilot) -> str:
    """Whether the plan stood, and whether results were known, when the change was filed (our rule)."""
    if pilot.experiment.plan is None:
        return "before_the_plan"
    known = select(Evaluation.id).where(
        Evaluation.experiment_id == pilot.experiment_id, Evaluation.document.is_not(None)
    )
    return "after_results" if session.scalar(known.limit(1)) is not None else "before_results"


def _checked(pilot: Pilot, field: str, after: str) -> str:
    """The value as it stands; Invalid where the field is unknown, or the new value is none for it."""
    if field not in changeable(pilot):
        raise Invalid({"field": ["This cannot be changed here."]})
    before = value_of(pilot, field)
    if before == after:
        raise Invalid({"after": ["Nothing would change."]})
    is_line = field in OF_PILOT[:2] + OF_PILOT[4:] or field in OF_OPERATOR
    longest = LONGEST.get(field, 200 if is_line else 8000)
    if len(after) > longest or (is_line and "\n" in after):
        raise Invalid({"after": [f"At most {longest} characters, in one line where it was one."]})
    if field == DISTRICTS:
        _districts(pilot, after)
    if field == ARTICLES and any(len(line) > 120 for line in _lines(after)):
        raise Invalid({"after": ["At most 120 characters on a line."]})
    return before


def _apply(pilot: Pilot, field: str, value: str) -> None:
    touch(pilot)
    if field in OF_OPERATOR:
        setattr(pilot.company, OF_OPERATOR[field], value)
    elif field.startswith(CONTENTS):
        contents: Mapping[str, str] = pilot.exemption.contents
        pilot.exemption.contents = {**contents, field.removeprefix(CONTENTS): value}
    elif field == ARTICLES:
        pilot.exemption.articles = _lines(value)
    elif field == DISTRICTS:
        pilot.districts = _districts(pilot, value)
    else:
        setattr(pilot, field, value)


def _districts(pilot: Pilot, codes: str) -> list[Any]:
    known = {district.code: district for district in pilot.site.territory.districts}
    wanted = list(dict.fromkeys(_lines(codes)))
    if unknown := [code for code in wanted if code not in known]:
        raise Invalid({"after": [f"This territory has no district {unknown[0][:64]}."]})
    return [known[code] for code in wanted]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _covers(pattern: str, field: str) -> bool:
    return field.startswith(pattern[:-1]) if pattern.endswith("*") else field == pattern


def _next_number(session: Session, pilot: Pilot) -> int:
    last = session.scalar(select(func.max(Change.number)).where(Change.pilot_id == pilot.id))
    return (last or 0) + 1


def _subject(change: Change, ministry_id: int) -> str:
    return f"change:{change.id}:ministry:{ministry_id}"


def _record(session: Session, change: Change, verb: str, by: Actor, at: datetime, **details: Any) -> None:
    record(
        session, change.pilot, f"change.{verb}", by, at, change=change.number, field=change.field, **details
    )
