"""The case file and the acts on it: opinion, answers, consultation, replies, grant, proposal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, WrongMoment
from experiments.fields import load
from experiments.lifecycle import Actor
from sandbox import access, decisions
from sandbox.accounts import Person
from sandbox.db import db
from sandbox.decisions.decide import ProposalSchema, latest_decision
from sandbox.decisions.models import Outcome
from sandbox.exemptions import application, review
from sandbox.exemptions.decide import GrantSchema, follows
from sandbox.exemptions.models import Consultation, ExemptionStatus, Reply
from sandbox.exemptions.review import ConsultationSchema, OpinionSchema, ReplySchema
from sandbox.exemptions.table import EXEMPTION
from sandbox.insurance.cover import gaps_of
from sandbox.organisations import Organisation, OrganisationKind
from sandbox.pilots import case, file, operation
from sandbox.pilots.evaluations import signed_result
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import people_of_the_company
from sandbox.similar.sameness import starts_with
from sandbox.suspensions import suspending
from sandbox.web import clock_words, complaints, drafts, forms, insurance_words, labels, words
from sandbox.web.rim import actor, now, today


@dataclass(frozen=True)
class Refusal:
    """An act whose reason was not accepted, with the reason as it was typed."""

    kind: str
    verb: str
    reason: str
    error: Invalid

    def at_box(self, offered: Iterable[file.Move]) -> dict[str, list[str]]:
        """The errors under the name of the act's box; the error itself where no box is offered."""
        has_box = any(
            (move.kind, move.verb) == (self.kind, self.verb) and move.needs_reason and not move.needs
            for move in offered
        )
        if not has_box or "reason" not in self.error.errors:
            raise self.error
        return {f"reason.{self.kind}.{self.verb}": self.error.errors["reason"]}


pages = Blueprint("cases", __name__, url_prefix="/cases")

ROWS_OF_CONDITIONS = 3
ROWS_OF_ACTIONS = 4


@pages.get("/<number>", endpoint="file")
def file_page(number: str) -> ResponseReturnValue:
    return _file(_pilot(number))


@pages.post("/<number>/moves/<kind>/<verb>")
def move(number: str, kind: str, verb: str) -> ResponseReturnValue:
    """One act without a form of its own; `reason` is posted where one is asked for."""
    act = MOVES.get((kind, verb))
    if act is None:
        abort(404)
    pilot = _pilot(number)
    try:
        act(db.session, pilot, actor(), now(), forms.reason(request.form))
    except Invalid as error:
        db.session.rollback()
        return _file(pilot, Refusal(kind, verb, request.form.get("reason", ""), error))
    return _done(number, kind, verb)


@pages.route("/<number>/opinion", methods=["GET", "POST"])
def opinion(number: str) -> ResponseReturnValue:
    """The city's opinion with the actions that it requires."""
    pilot = _pilot(number)
    sent = forms.Sent(request.form)
    if request.method == "POST":
        try:
            values = load(
                OpinionSchema(),
                {
                    "opinion": sent.one("opinion"),
                    "required_actions": sent.lines("required_actions", ROWS_OF_ACTIONS),
                },
            )
            review.give_opinion(db.session, pilot.exemption, **values, by=actor(), at=now())
            drafts.sent("opinion", number)
            return _done(number, "exemption", "give_opinion")
        except Invalid as error:
            sent.refuse(error)
    draft = drafts.address("opinion", number)
    return _form("cases/opinion.html", pilot, sent, rows=ROWS_OF_ACTIONS, draft_address=draft)


@pages.route("/<number>/actions", methods=["GET", "POST"])
def actions(number: str) -> ResponseReturnValue:
    """The company's answers to the required actions."""
    pilot = _pilot(number)
    sent = forms.Sent(request.form)
    if request.method == "POST":
        try:
            names = {f"answers.{action.id}": action.id for action in pilot.exemption.required_actions}
            texts = sent.texts(list(names), longest=4000)
            answers = {names[name]: text for name, text in texts.items()}
            application.answer_actions(db.session, pilot.exemption, answers, by=actor(), at=now())
            return _done(number, "exemption", "answer_actions")
        except Invalid as error:
            sent.refuse(error)
    return _form("cases/actions.html", pilot, sent)


@pages.route("/<number>/consultation", methods=["GET", "POST"])
def consultation(number: str) -> ResponseReturnValue:
    """Which ministries are asked."""
    pilot = _pilot(number)
    sent = forms.Sent(request.form)
    ministries = db.session.scalars(
        select(Organisation).where(Organisation.kind == OrganisationKind.MINISTRY).order_by(Organisation.id)
    ).all()
    if request.method == "POST":
        try:
            chosen = load(ConsultationSchema(), {"ministries": sent.many("ministries")})["ministries"]
            asked = [ministry for ministry in ministries if ministry.id in chosen]
            review.open_consultation(db.session, pilot.exemption, asked, by=actor(), at=now())
            return _done(number, "exemption", "open_consultation")
        except Invalid as error:
            sent.refuse(error)
    notified = starts_with(db.session, pilot.exemption)
    (reply_clock,) = pilot.exemption.regime.clocks_started_by(notified)
    return _form("cases/consultation.html", pilot, sent, ministries=ministries, reply_clock=reply_clock)


@pages.route("/<number>/reply", methods=["GET", "POST"])
def reply(number: str) -> ResponseReturnValue:
    """One ministry's written reply."""
    pilot = _pilot(number)
    asked = file.consultation_of(pilot, actor())
    if asked is None:
        abort(404)
    if asked.reply is not None:
        raise WrongMoment("consultation.reply", asked.reply, meanwhile=_replied(asked))
    sent = forms.Sent(request.form)
    if request.method == "POST":
        try:
            values = load(
                ReplySchema(),
                {
                    "reply": sent.one("reply"),
                    "text": sent.one("text"),
                    "conditions": sent.rows(
                        "conditions",
                        ("text", "legal_basis", "necessity", "proportionality"),
                        ROWS_OF_CONDITIONS,
                    ),
                },
            )
            review.reply(db.session, asked, **values, by=actor(), at=now())
            drafts.sent("reply", number)
            flash(gettext("The reply is recorded."), "success")
            return _back(number)
        except Invalid as error:
            sent.refuse(error)
    replies = [(each.value, words.status("reply", each)[0]) for each in Reply]
    return _form(
        "cases/reply.html",
        pilot,
        sent,
        asked=asked,
        replies=replies,
        rows=ROWS_OF_CONDITIONS,
        draft_address=drafts.address("reply", number),
    )


@pages.route("/<number>/grant", methods=["GET", "POST"])
def grant(number: str) -> ResponseReturnValue:
    """The decider grants: period, conditions, reasons."""
    pilot = _pilot(number)
    sent = forms.Sent(request.form)
    if request.method == "POST":
        try:
            values = load(
                GrantSchema(),
                {
                    "granted_from": sent.one("granted_from"),
                    "granted_to": sent.one("granted_to"),
                    "conditions": sent.many("conditions"),
                    "reason": sent.one("reason"),
                    "against": sent.one("against"),
                },
            )
            case.grant(db.session, pilot, **values, by=actor(), at=now())
            return _done(number, "exemption", "grant")
        except Invalid as error:
            sent.refuse(error)
    return _form("cases/grant.html", pilot, sent, follows=follows(pilot.exemption, "grant"))


@pages.route("/<number>/proposal", methods=["GET", "POST"])
def proposal(number: str) -> ResponseReturnValue:
    """Propose a decision on the latest signed result."""
    pilot = _pilot(number)
    evaluation = signed_result(db.session, pilot)
    if evaluation is None:
        raise WrongMoment("decision.propose", pilot.status, needs="result_is_signed")
    sent = forms.Sent(request.form)
    if request.method == "POST":
        try:
            values = load(
                ProposalSchema(),
                {
                    "evaluation_id": evaluation.id,
                    "outcome": sent.one("outcome"),
                    "reasons": sent.one("reasons"),
                },
            )
            del values["evaluation_id"]
            decisions.propose(db.session, pilot, evaluation, **values, by=actor(), at=now())
            flash(gettext("The proposal waits for a decider."), "success")
            return _back(number)
        except Invalid as error:
            sent.refuse(error)
    outcomes = [(each.value, words.outcome(each)[0]) for each in Outcome]
    return _form("cases/proposal.html", pilot, sent, evaluation=evaluation, outcomes=outcomes)


Act = Callable[[Session, Pilot, Actor, datetime, str], None]


def _on_exemption(use_case: Callable[..., None], *, reason: bool = False) -> Act:
    def act(session: Session, pilot: Pilot, by: Actor, at: datetime, why: str) -> None:
        use_case(session, pilot.exemption, by=by, at=at, **({"reason": why} if reason else {}))

    return act


def _on_pilot(use_case: Callable[..., None], *, reason: bool = False) -> Act:
    def act(session: Session, pilot: Pilot, by: Actor, at: datetime, why: str) -> None:
        use_case(session, pilot, by=by, at=at, **({"reason": why} if reason else {}))

    return act


def _on_decision(use_case: Callable[..., None]) -> Act:
    def act(session: Session, pilot: Pilot, by: Actor, at: datetime, why: str) -> None:
        decision = latest_decision(session, pilot)
        if decision is None:
            raise WrongMoment("decision.decide", pilot.status, needs="decision_is_proposed")
        use_case(session, decision, by=by, at=at, reason=why)

    return act


# The acts that need no form of their own, by part of the case and verb.
MOVES: dict[tuple[str, str], Act] = {
    ("exemption", "send_to_city"): _on_exemption(application.send_to_city),
    ("exemption", "sign"): _on_pilot(case.sign),
    ("exemption", "close_consultation"): _on_exemption(review.close_consultation),
    ("exemption", "refile"): _on_exemption(application.refile),
    ("exemption", "withdraw"): _on_pilot(case.withdraw, reason=True),
    ("pilot", "start"): _on_pilot(operation.start),
    ("pilot", "lift"): _on_pilot(suspending.lift, reason=True),
    ("pilot", "finish"): _on_pilot(operation.finish),
    ("decision", "decide"): _on_decision(decisions.decide),
    ("decision", "decide_against"): _on_decision(decisions.decide),
    ("decision", "confirm"): _on_decision(decisions.confirm),
    ("decision", "send_back"): _on_decision(decisions.send_back),
}

# The acts that have a page of their own.
FORMS: dict[tuple[str, str], str] = {
    ("exemption", "edit"): "company.edit",
    ("exemption", "revise"): "company.edit",
    ("exemption", "return_filing"): "rulings.return_filing",
    ("exemption", "report_experts"): "resolutions.index",
    ("exemption", "table"): "resolutions.index",
    ("exemption", "resolve"): "resolutions.index",
    ("exemption", "modify"): "rulings.modify",
    ("exemption", "refuse"): "rulings.refuse",
    ("exemption", "find_not_required"): "rulings.find_not_required",
    ("exemption", "give_opinion"): "cases.opinion",
    ("exemption", "answer_actions"): "cases.actions",
    ("exemption", "open_consultation"): "cases.consultation",
    ("consultation", "reply"): "cases.reply",
    ("consultation", "ask_supplement"): "consultations.supplement",
    ("consultation", "extend_reply"): "consultations.extension",
    ("supplement", "answer"): "consultations.answer",
    ("exemption", "grant"): "cases.grant",
    ("experiment", "save_draft"): "evaluator.plan",
    ("experiment", "lock"): "evaluator.plan",
    ("experiment", "amend"): "evaluator.amend",
    ("experiment", "sign_result"): "evaluator.desk",
    ("decision", "propose"): "cases.proposal",
    ("pilot", "suspend"): "measures.suspend",
}


def _pilot(number: str) -> Pilot:
    return file.find(db.session, number, actor())


def _file(pilot: Pilot, refused: Refusal | None = None) -> ResponseReturnValue:
    case = file.case_file(db.session, pilot, actor())
    errors = complaints.translated(refused.at_box(case.moves)) if refused else {}
    page = render_template(
        "cases/file.html",
        file=case,
        forms_of=FORMS,
        refused=refused,
        errors=errors,
        labels=labels.of_case(errors, pilot),
        clock_words=clock_words,
        today=today(),
        sends_readings=people_of_the_company(actor(), pilot),
        may_read_advice=access.readers_of_advice(actor()),
        cover_gaps=[insurance_words.gap(each) for each in gaps_of(db.session, pilot)],
    )
    return page, 422 if refused else 200


def _replied(asked: Consultation) -> tuple[str, str, str] | None:
    """The ministry's reply, as (verb, person, instant); once the consultation is over, what came after."""
    if asked.exemption.status != ExemptionStatus.CONSULTING:
        return EXEMPTION.last_move(asked.exemption)
    by = db.session.get(Person, asked.replied_by_id) if asked.replied_by_id else None
    return ("reply", by.name, asked.replied_at.isoformat()) if by and asked.replied_at else None


def _back(number: str) -> ResponseReturnValue:
    return redirect(url_for("cases.file", number=number), 303)


def _done(number: str, kind: str, verb: str) -> ResponseReturnValue:
    flash(words.deed(kind, verb), "success")
    return _back(number)


def _form(template: str, pilot: Pilot, sent: forms.Sent, **context: Any) -> ResponseReturnValue:
    errors = complaints.translated(sent.errors)
    page = render_template(
        template, pilot=pilot, sent=sent, errors=errors, labels=labels.of_case(errors, pilot), **context
    )
    return page, 422 if sent.errors else 200
