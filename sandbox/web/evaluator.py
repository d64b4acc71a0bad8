"""The evaluator's desk: write, lock and amend the plan; run the evaluation; sign its result."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from experiments.errors import Invalid, WrongMoment
from experiments.evaluation.models import Evaluation
from experiments.fields import load
from experiments.registrations import plan_problems
from sandbox import access
from sandbox.db import db
from sandbox.desks import lists
from sandbox.desks.lists import WantedSchema
from sandbox.names import district_names
from sandbox.pilots import evaluations, file
from sandbox.pilots import plan as plans
from sandbox.pilots.models import Pilot
from sandbox.pilots.result import result_of
from sandbox.web import design_advice, desks, drafts, forms, labels, plan_form, results, words
from sandbox.web.rim import actor, now, today

pages = Blueprint("evaluator", __name__, url_prefix="/evaluator")


@pages.get("")
def desk() -> ResponseReturnValue:
    query = {name: value for name, value in request.args.items() if value.strip()}
    found = lists.desk(db.session, actor(), load(WantedSchema(), query), today=today())
    return desks.shown(
        "evaluator/desk.html",
        found,
        query=query,
        may_run=access.evaluator(actor()),
        runs=evaluations.runs_of_locked(db.session, [line.pilot_id for line in found.lines]),
    )


@pages.route("/<number>/plan", methods=["GET", "POST"])
def plan(number: str) -> ResponseReturnValue:
    """The draft of the analysis plan; saving keeps it as it is, locking is a second step."""
    pilot = file.find(db.session, number, actor())
    if request.method == "POST":
        draft = plan_form.read(request.form, pilot.experiment.draft)
        try:
            plans.save_draft(db.session, pilot, draft, seen_version=_seen_version(), by=actor(), at=now())
        except Invalid as error:
            return _plan_page(pilot, draft, errors=error.errors)
        drafts.sent("plan", number)
        flash(gettext("The draft is saved."), "success")
        return redirect(url_for("evaluator.plan", number=number), 303)
    in_force = pilot.experiment.plan
    if in_force is not None:
        return _plan_page(pilot, in_force.contents(), locked=True)
    return _plan_page(pilot, pilot.experiment.draft or plan_form.blank(pilot))


@pages.get("/<number>/plan/advice")
def advice(number: str) -> ResponseReturnValue:
    """Which design the readings from before the start can carry, and why."""
    pilot = file.find(db.session, number, actor())
    page, may_write = "evaluator/advice.html", access.evaluator(actor())
    try:
        found = plans.advice_on(db.session, pilot, by=actor(), at=now())
    except Invalid as error:
        return render_template(page, pilot=pilot, may_write=may_write, problems=error.errors)
    return render_template(page, pilot=pilot, may_write=may_write, shown=design_advice.shown(found))


@pages.post("/<number>/plan/lock")
def lock(number: str) -> ResponseReturnValue:
    """Fix the saved draft as the plan."""
    pilot = file.find(db.session, number, actor())
    try:
        version = plans.lock(db.session, pilot, by=actor(), at=now())
    except Invalid as error:
        draft = pilot.experiment.draft or plan_form.blank(pilot)
        return _plan_page(pilot, draft, errors=error.errors)
    flash(gettext("The plan is locked. SHA-256: %(sha256)s", sha256=version.sha256), "success")
    return redirect(url_for("cases.file", number=number), 303)


@pages.route("/<number>/plan/amend", methods=["GET", "POST"])
def amend(number: str) -> ResponseReturnValue:
    """Supersede the locked plan, with the reason."""
    pilot = file.find(db.session, number, actor())
    in_force = pilot.experiment.plan
    if in_force is None:
        raise WrongMoment("experiment.amend", pilot.experiment.status, needs="plan_is_locked")
    if request.method == "POST":
        data = plan_form.read(request.form, in_force.contents())
        try:
            plans.amend(
                db.session,
                pilot,
                data,
                seen_version=_seen_version(),
                by=actor(),
                at=now(),
                reason=forms.reason(request.form),
            )
        except Invalid as error:
            return _plan_page(pilot, data, errors=error.errors, amending=True)
        flash(words.deed("experiment", "amend"), "success")
        return redirect(url_for("cases.file", number=number), 303)
    return _plan_page(pilot, in_force.contents(), amending=True)


@pages.post("/<number>/evaluations")
def run(number: str) -> ResponseReturnValue:
    """Ask for a run; a worker takes it within a heartbeat."""
    pilot = file.find(db.session, number, actor())
    evaluations.request_run(db.session, pilot, by=actor(), at=now())
    flash(
        gettext("The evaluation is waiting for a worker. Load this page again in a few seconds."), "success"
    )
    return redirect(url_for("evaluator.desk"), 303)


@pages.get("/evaluations/<key:run_id>")
def result(run_id: int) -> ResponseReturnValue:
    """A finished run before it is signed, for those who may see it."""
    evaluation, pilot = _run(run_id)
    if evaluation.document is None:
        abort(404)
    names = district_names(db.session, pilot.site.territory_id)
    return render_template(
        "evaluator/result.html",
        evaluation=evaluation,
        pilot=pilot,
        shown=results.shown(result_of(evaluation), names),
        may_sign=file.may_sign(evaluation, pilot, actor()),
    )


@pages.post("/evaluations/<key:run_id>/sign")
def sign(run_id: int) -> ResponseReturnValue:
    """Sign: the result becomes public."""
    evaluation, pilot = _run(run_id)
    evaluations.sign(db.session, pilot, evaluation, by=actor(), at=now())
    flash(words.deed("experiment", "sign_result"), "success")
    return redirect(url_for("register.pilot", number=pilot.number), 303)


def _run(run_id: int) -> tuple[Evaluation, Pilot]:
    evaluation = db.get_or_404(Evaluation, run_id)
    pilot = evaluations.pilot_of(db.session, evaluation)
    return evaluation, file.find(db.session, str(pilot.number), actor())


def _seen_version() -> int:
    return request.form.get("version", 0, type=int)


def _plan_page(
    pilot: Pilot,
    draft: dict[str, Any],
    *,
    errors: dict[str, list[str]] | None = None,
    locked: bool = False,
    amending: bool = False,
) -> ResponseReturnValue:
    problems = errors or ({} if locked else _problems(pilot, draft))
    wrong = plan_form.at_controls(errors or {}, draft)
    page = render_template(
        "evaluator/plan.html",
        pilot=pilot,
        plan=plan_form.shown(draft),
        version=request.form.get("version", pilot.experiment.version),
        reason=request.form.get("reason", ""),
        choices=plan_form.choices(db.session, pilot),
        errors=wrong,
        labels=labels.of_plan(wrong),
        problems=plan_form.at_controls(problems, draft),
        locked=locked and not amending,
        amending=amending,
        draft_address=None if locked or amending else drafts.address("plan", str(pilot.number)),
        was_posted=request.method == "POST",
    )
    return page, 422 if errors else 200


def _problems(pilot: Pilot, draft: dict[str, Any]) -> dict[str, list[str]]:
    """What still keeps the draft from being locked."""
    return plan_problems(db.session, pilot.site.territory_id, draft, plans.permit_of(db.session, pilot))
