"""How a condition is checked, changed and shown by evidence: who may, when, and what is kept."""

from __future__ import annotations

from datetime import date

import pytest

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import load
from sandbox.conditions import binding, desk, proof
from sandbox.conditions.binding import AgreedTermsSchema, TermsSchema
from tests.conditions.bound import bind, by_evidence, check, create_running, evidence_terms, metric_terms
from tests.factories import CONSULTED, GRANTED, create_case

LATER = date(2026, 8, 4)


def agreed(case, **changes):
    terms = metric_terms(case, bound=20.0, first_due_on=date(2026, 8, 31))
    return terms | {"text": "At most 20 minutes.", "reason": "No harm is shown."} | changes


def ask(case, duty, who="author"):
    return binding.ask_change(
        case.session,
        duty,
        wanted="At most 20 minutes.",
        reason="The bound is too tight.",
        proof="A trial without harm.",
        by=case.actor(who),
        at=case.tick(),
    )


def test_until_it_is_imposed_the_ministry_may_say_it_anew(session):
    case = create_case(session, CONSULTED)
    bind(case, "other_reviewer")
    duty = bind(case, "reviewer", evidence_terms(case))
    assert [terms.basis for terms in duty.versions] == ["metric", "evidence"]


@pytest.mark.parametrize("who", ["author", "city_reviewer", "decider", "evaluator", "other_decider"])
def test_nobody_else_says_how_it_is_checked(session, who):
    with pytest.raises(Refused):
        bind(create_case(session, CONSULTED), who)


def test_an_imposed_condition_is_bound_once(session):
    case = create_case(session, GRANTED)
    bind(case)
    with pytest.raises(WrongMoment):
        bind(case)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"metric": "nothing"}, {"metric"}),
        ({"purpose_item": "nothing"}, {"purpose_item"}),
        ({"first_due_on": date(9999, 12, 31)}, {"first_due_on"}),
    ],
)
def test_terms_fit_the_case(session, changes, fields):
    case = create_case(session, CONSULTED)
    with pytest.raises(Invalid) as error:
        bind(case, values=metric_terms(case, **changes))
    assert set(error.value.errors) == fields


@pytest.mark.parametrize("missing", ["metric", "bound", "side", "gathering"])
def test_a_metric_needs_its_bound(session, missing):
    case = create_case(session, CONSULTED)
    with pytest.raises(Invalid) as error:
        load(TermsSchema(), metric_terms(case, as_text=True, **{missing: None if missing == "bound" else ""}))
    assert set(error.value.errors) == {missing}


def test_an_agreed_change_is_the_next_version_from_tomorrow(session):
    case, duty = create_running(session)
    ask(case, duty)
    values = load(AgreedTermsSchema(), agreed(case) | {"first_due_on": "2026-08-31"})
    binding.agree_change(session, duty, values, by=case.actor("decider"), at=case.tick())
    assert (duty.status, duty.terms.number, duty.terms.bound) == ("standing", 2, 20.0)
    assert duty.terms.valid_from > duty.versions[0].valid_from
    assert duty.changes[0].is_agreed


def test_a_refused_change_leaves_the_terms(session):
    case, duty = create_running(session)
    ask(case, duty)
    binding.refuse_change(session, duty, by=case.actor("decider"), at=case.tick(), reason="No.")
    assert (duty.status, duty.terms.number, duty.changes[0].is_agreed) == ("standing", 1, False)


def test_a_lifted_condition_is_judged_no_more(session):
    case, duty = create_running(session)
    binding.lift(session, duty, by=case.actor("decider"), at=case.tick(), reason="Not needed.")
    assert check(case, LATER) == 0


def test_evidence_is_filed_for_a_due_day_once_and_accepted(session):
    case, duty = create_running(session, by_evidence)
    day = proof.due_days(duty)[0]
    filed = file(case, duty, day)
    with pytest.raises(WrongMoment):
        file(case, duty, day)
    assert check(case, LATER) == 0
    proof.accept_evidence(session, filed, by=case.actor("reviewer"), at=case.tick())
    assert [(found.due_on, found.verdict, found.basis) for found in duty.checks] == [
        (day, "kept", "evidence")
    ]


def test_returned_evidence_is_a_breach_once_its_day_has_passed(session):
    case, duty = create_running(session, by_evidence)
    filed = file(case, duty, proof.due_days(duty)[0])
    proof.return_evidence(session, filed, by=case.actor("reviewer"), at=case.tick(), reason="Unsigned.")
    check(case, LATER)
    assert [breach.status for breach in duty.breaches] == ["open"]


def test_evidence_for_no_due_day_is_refused(session):
    case, duty = create_running(session, by_evidence)
    with pytest.raises(Invalid):
        file(case, duty, date(2026, 8, 1))


def test_conditions_of_another_case_are_not_there(session):
    _, duty = create_running(session)
    other = create_case(session, GRANTED)
    with pytest.raises(NotFound):
        binding.bound_condition(session, other.pilot, duty.condition_id)


def test_the_dashboard_is_of_the_offices_that_watch(session):
    case, _ = create_running(session)
    for who, seen in (("reviewer", 1), ("city_reviewer", 1), ("auditor", 1), ("other_city_reviewer", 0)):
        assert len(desk.dashboard(session, case.actor(who))) == seen, who


def file(case, duty, day):
    return proof.file_evidence(
        case.session, duty, due_on=day, text="The roster.", by=case.actor("author"), at=case.tick()
    )
