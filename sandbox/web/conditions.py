"""Conditions on pages: the room of a case, the dashboard of an office, and what the public reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from experiments.errors import Invalid
from experiments.fields import load
from experiments.lifecycle import Lifecycle
from experiments.metrics import Metric
from sandbox.conditions import binding, desk, proof
from sandbox.conditions.binding import AgreedTermsSchema, ConditionChangeSchema, TermsSchema
from sandbox.conditions.models import Basis, Breach, Duty, DutyStatus
from sandbox.conditions.proof import BreachExplanationSchema, ConditionEvidenceSchema
from sandbox.conditions.table import (
    BREACH,
    CONDITION,
    EVIDENCE,
    author_of_the_company,
    condition_is_imposed,
    may_bind,
)
from sandbox.db import db
from sandbox.exemptions.kept import file_of
from sandbox.exemptions.models import Condition
from sandbox.pilots import file, register
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import is_over
from sandbox.web import complaints, condition_words, forms, kept_files, words
from sandbox.web.filters import pick
from sandbox.web.options import unit
from sandbox.web.rim import actor, file_store, now

pages = Blueprint("conditions", __name__)

TERMS = ("purpose_item", "purpose", "basis", "metric", "bound", "side", "gathering", "evidence", "frequency")
BY_FORM = frozenset({"rebind", "ask_change", "agree_change", "explain"})
Parse = Callable[[forms.Sent], Any]


@pages.get("/cases/<number>/conditions")
def index(number: str) -> ResponseReturnValue:
    return _index(_pilot(number))


@pages.route("/cases/<number>/conditions/<key:condition_id>/terms", methods=["GET", "POST"])
def terms(number: str, condition_id: int) -> ResponseReturnValue:
    """How a condition is checked; by the ministry that asked for it, or the lead ministry."""
    pilot = _pilot(number)
    condition = binding.condition_of(pilot, condition_id)
    sent = forms.Sent(request.form, _begun(pilot, binding.duty_of(db.session, condition)))

    def act() -> None:
        values = load(TermsSchema(), _typed_terms(sent))
        binding.bind(db.session, pilot, condition, values, by=actor(), at=now())

    return _answer(act, sent, pilot, "conditions/terms.html", ("condition", "create"), condition=condition)


@pages.route("/cases/<number>/conditions/<key:condition_id>/change", methods=["GET", "POST"])
def change(number: str, condition_id: int) -> ResponseReturnValue:
    """The company asks for another condition."""
    pilot = _pilot(number)
    duty = binding.bound_condition(db.session, pilot, condition_id)
    sent = forms.Sent(request.form, {"wanted": duty.terms.text})

    def act() -> None:
        values = load(
            ConditionChangeSchema(), {name: sent.one(name) for name in ("wanted", "reason", "proof")}
        )
        binding.ask_change(db.session, duty, **values, by=actor(), at=now())

    return _answer(act, sent, pilot, "conditions/change.html", ("condition", "ask_change"), duty=duty)


@pages.route("/cases/<number>/conditions/<key:condition_id>/agreement", methods=["GET", "POST"])
def agreement(number: str, condition_id: int) -> ResponseReturnValue:
    """The lead ministry agrees to a change, with the terms from then on."""
    pilot = _pilot(number)
    duty = binding.bound_condition(db.session, pilot, condition_id)
    wanted = duty.changes[-1].wanted if duty.changes else duty.terms.text
    sent = forms.Sent(request.form, _begun(pilot, duty) | {"text": wanted})

    def act() -> None:
        typed = _typed_terms(sent) | {name: sent.one(name) for name in ("text", "reason")}
        binding.agree_change(db.session, duty, load(AgreedTermsSchema(), typed), by=actor(), at=now())

    return _answer(
        act,
        sent,
        pilot,
        "conditions/agreement.html",
        ("condition", "agree_change"),
        duty=duty,
        condition=duty.condition,
    )


@pages.route("/cases/<number>/conditions/<key:condition_id>/evidence", methods=["GET", "POST"])
def evidence(number: str, condition_id: int) -> ResponseReturnValue:
    """The company files what shows that a condition is kept."""
    pilot = _pilot(number)
    duty = binding.bound_condition(db.session, pilot, condition_id)
    days = _days_to_file(duty)
    sent = forms.Sent(request.form, {"due_on": days[0] if days else ""})

    def act() -> None:
        values = load(ConditionEvidenceSchema(), {name: sent.one(name) for name in ("due_on", "text")})
        proof.file_evidence(db.session, duty, **values, by=actor(), at=now())

    done = ("condition_evidence", "create")
    return _answer(
        act,
        sent,
        pilot,
        "conditions/evidence.html",
        done,
        duty=duty,
        days=[(day.isoformat(),) * 2 for day in days],
    )


@pages.route("/cases/<number>/breaches/<key:breach_id>/explanation", methods=["GET", "POST"])
def explanation(number: str, breach_id: int) -> ResponseReturnValue:
    """The company says why a condition was broken."""
    pilot = _pilot(number)
    breach = proof.breach_of(db.session, pilot, breach_id)
    sent = forms.Sent(request.form)

    def act() -> None:
        values = load(BreachExplanationSchema(), {"explanation": sent.one("explanation")})
        proof.explain(db.session, breach, **values, by=actor(), at=now())

    done = ("condition_breach", "explain")
    return _answer(act, sent, pilot, "conditions/explanation.html", done, breach=breach)


@pages.post("/cases/<number>/conditions/<key:condition_id>/<verb>")
def move(number: str, condition_id: int, verb: str) -> ResponseReturnValue:
    """The decider refuses a change, or lifts a condition."""
    acts = {"refuse_change": binding.refuse_change, "lift": binding.lift}
    pilot = _pilot(number)
    duty = binding.bound_condition(db.session, pilot, condition_id)
    return _move(pilot, "condition", verb, acts, duty)


@pages.post("/cases/<number>/evidence/<key:evidence_id>/files")
def attach(number: str, evidence_id: int) -> ResponseReturnValue:
    """The company adds a file to evidence."""
    pilot = _pilot(number)
    filed = proof.evidence_of(db.session, pilot, evidence_id)
    try:
        proof.attach(db.session, file_store(), filed, **kept_files.sent_file(), by=actor(), at=now())
    except Invalid as error:
        db.session.rollback()
        return _index(_pilot(number), error.errors)
    flash(words.deed("condition_evidence", "attach"), "success")
    return redirect(url_for("conditions.index", number=pilot.number), 303)


@pages.get("/cases/<number>/evidence/<key:evidence_id>/files/<key:file_id>")
def attached(number: str, evidence_id: int, file_id: int) -> ResponseReturnValue:
    """A file beside evidence, for the parties of the case."""
    filed = proof.evidence_of(db.session, _pilot(number), evidence_id)
    return kept_files.download(file_of(filed.files, file_id))


@pages.post("/cases/<number>/evidence/<key:evidence_id>/<verb>")
def judge(number: str, evidence_id: int, verb: str) -> ResponseReturnValue:
    """The ministry accepts evidence, or returns it."""
    acts = {"accept": proof.accept_evidence, "return": proof.return_evidence}
    pilot = _pilot(number)
    return _move(pilot, "condition_evidence", verb, acts, proof.evidence_of(db.session, pilot, evidence_id))


@pages.post("/cases/<number>/breaches/<key:breach_id>/<verb>")
def follow(number: str, breach_id: int, verb: str) -> ResponseReturnValue:
    """The ministry closes a breach, or asks for another explanation."""
    acts = {"close": proof.close, "ask_again": proof.ask_again}
    pilot = _pilot(number)
    return _move(pilot, "condition_breach", verb, acts, proof.breach_of(db.session, pilot, breach_id))


@pages.get("/conditions")
def dashboard() -> ResponseReturnValue:
    """Every imposed condition of the pilots that this office watches."""
    rows = desk.dashboard(db.session, actor())
    return render_template("conditions/dashboard.html", rows=rows, condition_words=condition_words)


@pages.get("/pilots/<number>/conditions")
def public(number: str) -> ResponseReturnValue:
    """How the conditions of a public pilot are kept."""
    pilot = register.find(db.session, number)
    return render_template(
        "conditions/public.html",
        pilot=pilot,
        standings=desk.in_public(db.session, pilot),
        condition_words=condition_words,
    )


def _pilot(number: str) -> Pilot:
    return file.find(db.session, number, actor())


def _typed_terms(sent: forms.Sent) -> dict[str, Any]:
    typed: dict[str, Any] = {name: sent.one(name) for name in (*TERMS, "first_due_on")}
    return typed | {"bound": sent.one("bound").strip() or None}


def _begun(pilot: Pilot, duty: Duty | None) -> dict[str, Any]:
    """What the form of terms shows at first: the terms in force, or a check by readings."""
    if duty is None:
        return {
            "basis": Basis.METRIC.value,
            "first_due_on": pilot.exemption.granted_from or pilot.planned_from,
        }
    said = duty.terms
    shown = {name: getattr(said, name) for name in (*TERMS, "first_due_on") if name != "metric"}
    return shown | {"metric": said.metric.code if said.metric else ""}


def _days_to_file(duty: Duty) -> list[date]:
    """Due days that wait for evidence, the oldest first."""
    filed = {each.due_on for each in duty.evidence if each.status != "returned"}
    return [day for day in proof.due_days(duty) if day not in filed]


def _answer(
    act: Callable[[], None],
    sent: forms.Sent,
    pilot: Pilot,
    template: str,
    done: tuple[str, str],
    **context: Any,
) -> ResponseReturnValue:
    """One form: do what was posted and go back to the room, or show it with what is wrong."""
    if request.method == "POST":
        try:
            act()
            flash(words.deed(*done), "success")
            return redirect(url_for("conditions.index", number=pilot.number), 303)
        except Invalid as error:
            sent.refuse(error)
    page = render_template(
        template,
        pilot=pilot,
        sent=sent,
        errors=complaints.translated(sent.errors),
        labels={name: str(text) for name, text in condition_words.LABELS.items()},
        condition_words=condition_words,
        metrics=_metrics(),
        purpose_items=[(item.id, pick(item, "name")) for item in pilot.exemption.regime.plan_contents],
        **context,
    )
    return page, 422 if sent.errors else 200


def _metrics() -> list[tuple[str, str]]:
    """The newest version of every metric, as a choice of codes."""
    rows = db.session.scalars(select(Metric).order_by(Metric.code, Metric.version))
    newest = {metric.code: metric for metric in rows}.values()
    return [(metric.code, f"{pick(metric, 'name')} ({unit(metric)})") for metric in newest]


def _move(
    pilot: Pilot, kind: str, verb: str, acts: dict[str, Callable[..., None]], subject: Any
) -> ResponseReturnValue:
    if verb not in acts:
        abort(404)
    name = f"reason.{kind}-{verb}-{subject.id}"
    try:
        acts[verb](db.session, subject, by=actor(), at=now(), reason=forms.reason(request.form))
    except Invalid as error:
        db.session.rollback()
        if "reason" not in error.errors:
            raise
        return _index(_pilot(str(pilot.number)), {name: error.errors["reason"]})
    flash(words.deed(kind, verb), "success")
    return redirect(url_for("conditions.index", number=pilot.number), 303)


def _index(pilot: Pilot, errors: dict[str, list[str]] | None = None) -> ResponseReturnValue:
    wrong = complaints.translated(errors or {})
    page = render_template(
        "conditions/index.html",
        pilot=pilot,
        standings=desk.standings(db.session, pilot),
        condition_words=condition_words,
        may_bind=_may_bind,
        may_file=_may_file,
        may_attach=lambda filed: filed.status == "filed" and author_of_the_company(actor(), filed.duty),
        may_explain=_may_explain,
        forms_of=_forms_of,
        moves=lambda kind, subject: _moves(kind, subject, wrong),
        past=CONDITION.past,
        errors=wrong,
        labels={name: condition_words.label("file" if name == "file" else "reason") for name in wrong},
    )
    return page, 422 if wrong else 200


def _may_bind(pilot: Pilot, condition: Condition, duty: Duty | None) -> bool:
    if pilot.exemption.regime.conditions is None:
        return False
    if duty is None:
        return may_bind(actor(), pilot, condition) and not is_over(pilot)
    return any(each.verb == "rebind" for each in CONDITION.open_to(duty, actor()))


def _may_file(duty: Duty) -> bool:
    is_open = condition_is_imposed(duty) and duty.status != DutyStatus.LIFTED
    return is_open and author_of_the_company(actor(), duty) and bool(_days_to_file(duty))


def _may_explain(breach: Breach) -> bool:
    return any(each.verb == "explain" for each in BREACH.open_to(breach, actor()))


def _forms_of(duty: Duty) -> list[str]:
    """Verbs of this condition that have a form of their own and are open to the reader."""
    return [
        each.verb for each in CONDITION.open_to(duty, actor()) if each.verb in ("ask_change", "agree_change")
    ]


PLACES: dict[str, tuple[Lifecycle[Any], str, str]] = {
    "condition": (CONDITION, "conditions.move", "condition_id"),
    "condition_evidence": (EVIDENCE, "conditions.judge", "evidence_id"),
    "condition_breach": (BREACH, "conditions.follow", "breach_id"),
}


def _moves(kind: str, subject: Any, errors: complaints.Errors) -> list[dict[str, Any]]:
    """What this person may do with the subject by a button."""
    lifecycle, endpoint, name = PLACES[kind]
    duty = subject if kind == "condition" else subject.duty
    key = subject.condition_id if kind == "condition" else subject.id
    made = []
    for each in lifecycle.open_to(subject, actor()):
        if each.verb in BY_FORM:
            continue
        wrong = errors.get(f"reason.{kind}-{each.verb}-{subject.id}")
        made.append(
            {
                "verb": f"{kind}-{each.verb}-{subject.id}",
                "label": words.verb(kind, each.verb),
                "url": url_for(endpoint, number=duty.pilot.number, verb=each.verb, **{name: key}),
                "tone": "secondary",
                "reason": "required" if each.needs_reason else "none",
                "hint": None,
                "typed": request.form.get("reason", "") if wrong else None,
                "errors": wrong,
            }
        )
    return made
