"""Drafting, locking and amending a plan, away from the institution."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime

import pytest
import rfc8785
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from experiments import registrations
from experiments.canonical import canonical
from experiments.errors import BrokenRecord, Invalid, Refused, WrongMoment
from experiments.lifecycle import Actor
from experiments.metrics import supersede
from experiments.registrations import Permit
from experiments.registrations.models import EXPERIMENT
from experiments.registrations.plan import parse_plan
from tests.factories import create_case, plan_document

PERMIT = Permit(
    purpose="Smart crossings",
    treatable=frozenset({"D01", "D02"}),
    first_day=date(2026, 7, 1),
    last_day=date(2027, 6, 30),
)
AT = datetime(2026, 3, 5, tzinfo=UTC)


@pytest.fixture
def case(session):
    return create_case(session)


def save(case, **changes):
    registrations.save_draft(
        case.session, case.pilot.experiment, plan_document(case, **changes), by=case.actor("evaluator"), at=AT
    )


def lock(case, permit=PERMIT, at=AT, who="evaluator"):
    return registrations.lock(case.session, case.pilot.experiment, permit=permit, by=case.actor(who), at=at)


def amend(case, *, reason="The seed had been drawn twice.", **changes):
    return registrations.amend(
        case.session,
        case.pilot.experiment,
        plan_document(case, **changes),
        permit=PERMIT,
        by=case.actor("evaluator"),
        at=AT,
        reason=reason,
    )


def refused(case, permit=PERMIT, **changes) -> dict[str, list[str]]:
    """What a lock of the plan with `changes` complains about, by field."""
    save(case, **changes)
    with pytest.raises(Invalid) as refusal:
        lock(case, permit)
    assert case.pilot.experiment.plan is None
    assert case.pilot.experiment.status == "draft"
    return refusal.value.errors


# -- the lock ---------------------------------------------------------------------------------


def test_a_lock_keeps_the_plan_as_canonical_json_with_its_digest(case):
    save(case)
    version = lock(case)
    assert version.document.encode() == rfc8785.dumps(json.loads(version.document))
    assert version.sha256 == hashlib.sha256(version.document.encode()).hexdigest()
    assert version.contents()["districts"]["treated"] == ["D01", "D02"]


def test_a_lock_says_when_and_by_whom(case):
    save(case)
    version = lock(case)
    evaluator = case.people["evaluator"]
    assert (version.number, version.kind, version.locked_at) == (1, "original", AT)
    assert (version.locked_by_id, version.locked_by_name) == (evaluator.id, evaluator.name)
    assert case.pilot.experiment.status == "locked"


@pytest.mark.parametrize("minimum_effect", [1, 1.0, "1", "1.0"])
def test_two_spellings_of_one_plan_are_one_text(case, minimum_effect):
    plain = plan_document(case, primary=plan_document(case)["primary"] | {"minimum_effect": 1})
    other = plan_document(case, primary=plain["primary"] | {"minimum_effect": minimum_effect})
    shuffled = dict(reversed(other.items()))
    assert canonical(parse_plan(shuffled)) == canonical(parse_plan(plain))


def test_an_unwritten_plan_is_not_locked(case):
    with pytest.raises(Invalid) as refusal:
        lock(case)
    assert {"title_ko", "period", "districts", "primary", "guardrails", "rule"} <= set(refusal.value.errors)


def test_a_draft_may_be_saved_incomplete(case):
    registrations.save_draft(
        case.session, case.pilot.experiment, {"title_ko": "반쯤"}, by=case.actor("evaluator"), at=AT
    )
    case.session.expire_all()
    assert case.pilot.experiment.draft == {"title_ko": "반쯤"}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 2**60])
def test_a_draft_holds_only_what_can_become_canonical(case, number):
    with pytest.raises(Invalid) as refusal:
        save(case, seed=number)
    assert set(refusal.value.errors) == {"_schema"}


@pytest.mark.parametrize("who", ["author", "reviewer", "decider", "auditor", "other_evaluator"])
def test_nobody_else_locks(case, who):
    save(case)
    with pytest.raises(Refused):
        lock(case, who=who)


def test_a_plan_locked_before_the_start_is_prospective(case):
    save(case)
    assert lock(case, at=datetime(2026, 6, 30, 14, 59, tzinfo=UTC)).is_prospective


def test_a_plan_locked_once_the_first_day_has_begun_on_site_is_not(case):
    save(case)
    assert not lock(case, at=datetime(2026, 6, 30, 15, 0, tzinfo=UTC)).is_prospective


# -- after the lock ---------------------------------------------------------------------------


def test_a_locked_plan_cannot_be_edited(case):
    save(case)
    lock(case)
    with pytest.raises(WrongMoment) as refusal:
        save(case, seed=1)
    assert refusal.value.meanwhile[0] == "lock"


def test_a_plan_is_locked_once(case):
    save(case)
    lock(case)
    with pytest.raises(WrongMoment):
        lock(case)


def test_an_amendment_supersedes_and_keeps_the_old_version(case):
    save(case)
    first = lock(case)
    before = first.document
    second = amend(case, seed=7)
    assert case.pilot.experiment.versions == [first, second]
    assert first.document == before
    assert (second.number, second.kind, second.reason) == (2, "amendment", "The seed had been drawn twice.")
    assert case.pilot.experiment.plan is second


@pytest.mark.parametrize("reason", ["", "  "])
def test_an_amendment_needs_a_reason(case, reason):
    save(case)
    lock(case)
    with pytest.raises(Invalid) as refusal:
        amend(case, seed=7, reason=reason)
    assert set(refusal.value.errors) == {"reason"}


def test_an_amendment_is_checked_like_a_plan(case):
    save(case)
    lock(case)
    with pytest.raises(Invalid) as refusal:
        amend(case, guardrails=[])
    assert set(refusal.value.errors) == {"guardrails"}
    assert len(case.pilot.experiment.versions) == 1


def test_nothing_is_amended_before_a_lock(case):
    with pytest.raises(WrongMoment):
        amend(case)


@pytest.mark.parametrize("act", [lock, amend])
def test_two_at_once_do_not_make_two_versions(case, act):
    save(case)
    if act is amend:
        lock(case)
    case.session.execute(text("UPDATE experiment SET version = version + 1"))
    with pytest.raises(StaleDataError):
        act(case)


def test_a_changed_text_is_found_out(case):
    save(case)
    version = lock(case)
    version.document = version.document.replace("20260302", "20260303")
    with pytest.raises(BrokenRecord):
        version.contents()


def test_the_database_wants_a_reason_for_every_amendment(case):
    save(case)
    lock(case)
    amend(case, seed=7).reason = None
    with pytest.raises(IntegrityError, match="amendments_have_reasons"):
        case.session.flush()


def test_a_withdrawn_registration_keeps_its_versions(case):
    save(case)
    version = lock(case)
    registrations.withdraw(
        case.session, case.pilot.experiment, by=case.actor("evaluator"), at=AT, reason="No data will come."
    )
    assert case.pilot.experiment.status == "withdrawn"
    assert case.pilot.experiment.versions == [version]


def test_the_service_never_locks(case):
    save(case)
    with pytest.raises(Refused):
        EXPERIMENT.check(case.pilot.experiment, "lock", by=Actor(None, "The service", "evaluator", None))


# -- what keeps a plan from being locked ------------------------------------------------------


@pytest.mark.parametrize(
    ("districts", "field"),
    [
        ({"control": []}, "districts.control"),
        ({"treated": []}, "districts.treated"),
        ({"control": ["D02", "D03"]}, "districts.control"),
        ({"control": ["D03", "D03"]}, "districts.control"),
        ({"treated": ["D01", "D01"]}, "districts.treated"),
        ({"control": ["D03", "D99"]}, "districts.control.1"),
        ({"treated": ["D01", "D99"]}, "districts.treated.1"),
        ({"why": " "}, "districts.why"),
    ],
)
def test_districts_are_named_where_they_are_wrong(case, districts, field):
    whole = plan_document(case)["districts"] | districts
    permit = Permit("all", frozenset({"D01", "D02", "D99"}), PERMIT.first_day, PERMIT.last_day)
    assert set(refused(case, permit, districts=whole)) == {field}


def test_a_plan_without_controls_says_so(case):
    errors = refused(case, districts=plan_document(case)["districts"] | {"control": []})
    assert errors == {"districts.control": ["A plan needs control districts."]}


def test_a_plan_without_a_guardrail_says_so(case):
    assert refused(case, guardrails=[]) == {"guardrails": ["A plan needs at least one guardrail metric."]}


def test_a_district_outside_the_permit_is_named(case):
    permit = Permit("less", frozenset({"D01"}), PERMIT.first_day, PERMIT.last_day)
    assert refused(case, permit) == {"districts.treated": ["the exemption does not cover D02"]}


def test_a_control_in_which_another_pilot_runs_is_named(case):
    permit = Permit("busy", PERMIT.treatable, PERMIT.first_day, PERMIT.last_day, frozenset({"D04", "D05"}))
    assert refused(case, permit) == {"districts.control": ["another pilot runs in D04, D05"]}


@pytest.mark.parametrize(
    ("window", "field"),
    [
        ({"intervention_from": "2026-06-30"}, "window.intervention_from"),
        ({"intervention_to": "2027-07-01"}, "window.intervention_to"),
        ({"intervention_to": "2026-06-30"}, "window.intervention_to"),
        ({"baseline_from": "2026-07-01"}, "window.intervention_from"),
        ({"baseline_from": "soon"}, "window.baseline_from"),
    ],
)
def test_days_are_named_where_they_are_wrong(case, window, field):
    assert set(refused(case, window=plan_document(case)["window"] | window)) == {field}


@pytest.mark.parametrize(
    ("part", "changes", "field"),
    [
        ("primary", {"code": "nonsense"}, "primary"),
        ("primary", {"version": 2}, "primary"),
        ("primary", {"version": "1"}, "primary.version"),
        ("primary", {"direction": "up"}, "primary.direction"),
        ("primary", {"minimum_effect": 0}, "primary.minimum_effect"),
        ("primary", {"minimum_effect": "1_000"}, "primary.minimum_effect"),
        ("design", {"method": "magic"}, "design.method"),
        ("design", {"alpha": 0.5}, "design.alpha"),
        ("design", {"missing": "guess"}, "design.missing"),
        ("design", {"missing": "available", "method": "synthetic_control"}, "design.missing"),
        ("design", {"missing": "available", "method": "synthetic_did"}, "design.missing"),
        (
            "design",
            {"predictors": [{"metric": "m", "first": "2025-01", "last": "2025-12"}]},
            "design.predictors",
        ),
    ],
)
def test_metrics_and_design_are_named_where_they_are_wrong(case, part, changes, field):
    assert set(refused(case, **{part: plan_document(case)[part] | changes})) == {field}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"margin": 0}, "guardrails.0.margin"),
        ({"margin": -1}, "guardrails.0.margin"),
        ({"code": "nonsense"}, "guardrails.0"),
    ],
)
def test_guardrails_are_named_by_their_place(case, changes, field):
    assert set(refused(case, guardrails=[plan_document(case)["guardrails"][0] | changes])) == {field}


def test_an_unknown_covariate_is_named(case):
    staggered = {"method": "staggered", "covariates": [{"code": "nonsense", "version": 1}]}
    starts = {"starts": {"D01": "2026-07-01", "D02": "2026-09-01"}}
    plan = plan_document(case)
    told = refused(case, design=plan["design"] | staggered, districts=plan["districts"] | starts)
    assert told == {"design.covariates.0": ["unknown metric nonsense version 1"]}


def test_a_metric_stands_in_one_version(case):
    """Panels and published data name a metric by its code alone: one of two versions would be lost."""
    supersede(case.session, case.primary, name_en="Wait, measured anew")
    guardrails = [plan_document(case)["guardrails"][0] | {"code": case.primary.code, "version": 2}]
    assert refused(case, guardrails=guardrails) == {
        "guardrails.0": [f"the plan names {case.primary.code} in another version too"]
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title_ko": ""}, "title_ko"),
        ({"period": "fortnight"}, "period"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**31}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"schema_version": 3}, "schema_version"),
        ({"rule": []}, "rule"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_bad_field_is_named(case, changes, field):
    assert set(refused(case, **changes)) == {field}


def test_a_rule_always_ends(case):
    rule = plan_document(case)["rule"][:-1]
    assert set(refused(case, rule=rule)) == {"rule"}


def test_a_bad_line_of_the_rule_is_named_by_its_place(case):
    rule = plan_document(case)["rule"]
    rule[0]["tests"][1]["threshold"] = "high"
    assert set(refused(case, rule=rule)) == {"rule.0.tests.1.threshold"}


def test_every_wrong_reference_is_told_at_once(case):
    errors = refused(
        case,
        districts=plan_document(case)["districts"] | {"control": ["D98"]},
        guardrails=[plan_document(case)["guardrails"][0] | {"code": "nonsense"}],
    )
    assert set(errors) == {"districts.control.0", "guardrails.0"}
