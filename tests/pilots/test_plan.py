"""The pilot's plan: what the institution permits, and the ledger's record of what was fixed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import select

from experiments.errors import Invalid, Refused, WrongMoment
from sandbox.ledger import LedgerEntry
from sandbox.pilots import plan as plans
from sandbox.pilots import registration
from tests.factories import (
    AMENDED,
    DECIDED,
    DECIDED_AGAINST,
    FILED,
    GRANTED,
    LOCKED,
    REFUSED,
    RESOLVED,
    WITHDRAWN,
    amend_plan,
    application_values,
    create_case,
    grant,
    lock_plan,
    pilot_values,
    plan_document,
    save_plan,
)


def neighbour(case, history=GRANTED, **changes):
    """Another pilot on the same site."""
    other = create_case(case.session)
    other.pilot = registration.register(
        case.session,
        site=case.site,
        evaluator=other.people["evaluator"].organisation,
        lead=other.people["reviewer"].organisation,
        regime_id="kr-smart-city",
        values=pilot_values(**changes),
        application_values=application_values(),
        by=other.actor("author"),
        at=other.tick(),
    )
    other.people["city_reviewer"] = case.people["city_reviewer"]
    return other.walk(history)


def test_before_the_grant_the_planned_days_are_permitted(session):
    permit = plans.permit_of(session, create_case(session, FILED).pilot)
    assert (permit.first_day, permit.last_day) == (date(2026, 7, 1), date(2027, 6, 30))
    assert permit.treatable == {"D01", "D02"}


def test_the_grant_says_which_days_are_permitted(session):
    case = create_case(session, RESOLVED)
    grant(case, granted_from=date(2026, 9, 1), granted_to=date(2027, 2, 28))
    permit = plans.permit_of(session, case.pilot)
    assert (permit.first_day, permit.last_day) == (date(2026, 9, 1), date(2027, 2, 28))


def test_a_plan_outside_the_granted_days_is_not_locked(session):
    case = create_case(session, RESOLVED)
    grant(case, granted_from=date(2026, 9, 1), granted_to=date(2027, 2, 28))
    save_plan(case)
    with pytest.raises(Invalid) as refusal:
        lock_plan(case)
    assert set(refusal.value.errors) == {"window.intervention_from", "window.intervention_to"}


@pytest.mark.parametrize(
    ("history", "changes", "busy"),
    [
        (GRANTED, {"districts": ["D05"]}, {"D05"}),
        (FILED, {"districts": ["D05"]}, set()),
        (REFUSED, {"districts": ["D05"]}, set()),
        (WITHDRAWN, {"districts": ["D05"]}, set()),
    ],
)
def test_districts_of_other_pilots_are_no_controls(session, history, changes, busy):
    case = create_case(session, GRANTED)
    neighbour(case, history, **changes)
    assert plans.permit_of(session, case.pilot).districts_elsewhere_treated == busy


@pytest.mark.parametrize(
    ("granted_from", "granted_to", "busy"),
    [
        (date(2026, 4, 1), date(2026, 6, 30), set()),
        (date(2026, 4, 1), date(2026, 7, 1), {"D05"}),
        (date(2027, 6, 30), date(2028, 1, 1), {"D05"}),
        (date(2027, 7, 1), date(2028, 1, 1), set()),
    ],
)
def test_only_pilots_of_the_same_days_are_in_the_way(session, granted_from, granted_to, busy):
    case = create_case(session, GRANTED)
    other = neighbour(case, RESOLVED, districts=["D05"])
    other.at = datetime.combine(granted_from, time(), tzinfo=UTC)
    grant(other, granted_from=granted_from, granted_to=granted_to)
    assert plans.permit_of(session, case.pilot).districts_elsewhere_treated == busy


def test_a_pilot_is_not_in_its_own_way(session):
    case = create_case(session, LOCKED)
    assert plans.permit_of(session, case.pilot).districts_elsewhere_treated == set()


@pytest.mark.parametrize("history", [LOCKED, AMENDED])
def test_the_digest_of_every_version_stands_in_the_ledger(session, history):
    case = create_case(session, history)
    acts = select(LedgerEntry.details).where(LedgerEntry.act.in_(["pilot.lock_plan", "pilot.amend_plan"]))
    recorded = [
        json.loads(details)["sha256"] for details in session.scalars(acts.order_by(LedgerEntry.number))
    ]
    assert recorded == [version.sha256 for version in case.pilot.experiment.versions]


@pytest.mark.parametrize("history", [REFUSED, WITHDRAWN, DECIDED, DECIDED_AGAINST])
@pytest.mark.parametrize("verb", ["save_draft", "lock", "amend"])
def test_nothing_is_planned_for_a_pilot_that_is_over(session, history, verb):
    case = create_case(session, history)
    with pytest.raises(WrongMoment) as refusal:
        act(case, verb, "evaluator")
    assert refusal.value.status == case.pilot.status


@pytest.mark.parametrize("history", [FILED, REFUSED])
@pytest.mark.parametrize("verb", ["save_draft", "lock", "amend"])
def test_the_wrong_person_is_refused_at_any_moment(session, history, verb):
    case = create_case(session, history)
    with pytest.raises(Refused):
        act(case, verb, "reviewer")


def test_a_locked_plan_is_only_amended(session):
    case = create_case(session, LOCKED)
    with pytest.raises(WrongMoment):
        save_plan(case)
    amend_plan(case)
    assert [version.number for version in case.pilot.experiment.versions] == [1, 2]


def act(case, verb, who):
    rest = {
        "save_draft": (plan_document(case),),
        "lock": (),
        "amend": (plan_document(case, seed=7),),
    }[verb]
    reason = {"reason": "Because."} if verb == "amend" else {}
    getattr(plans, verb)(case.session, case.pilot, *rest, by=case.actor(who), at=case.tick(), **reason)
