"""The final report: drawn from the registry, filed in time, supplemented, published with two keys."""

from __future__ import annotations

from datetime import timedelta

import pytest

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from sandbox.period import ends
from sandbox.reports import filing, prefill
from sandbox.reports.table import missing_items
from sandbox.uncertainties import register
from tests.factories import (
    DECIDED_AGAINST,
    FINISHED,
    PROPOSED,
    REPORTED,
    RUNNING,
    create_case,
    decide,
    file_report,
    finish,
)
from tests.period.steps import by

CONTENTS = {
    "goals": "Waiting fell by four minutes.",
    "conditions": "All were kept.",
    "damage": "None.",
    "results": "The signals work.",
}


def save(case, who="author", **contents):
    return filing.save(case.session, case.pilot, contents=CONTENTS | contents, **by(case, who))


def filed(session, history=FINISHED):
    case = create_case(session, history)
    report = save(case)
    filing.file_report(session, report, **by(case, "signatory"))
    return case, report


def k08(case):
    return ends.clock_of_report(case.session, case.pilot)


def test_the_registry_writes_the_first_draft(session):
    case = create_case(session, FINISHED)
    begun = prefill.prefilled(session, case.pilot)
    assert set(begun) == set(CONTENTS)
    assert case.pilot.exemption.contents["purpose"] in begun["goals"]
    assert all(c.text in begun["conditions"] for c in case.pilot.exemption.conditions if c.is_imposed)


def test_the_end_starts_thirty_days(session):
    case = create_case(session, FINISHED)
    assert (k08(case).due_on - k08(case).started_on).days >= 30


def test_the_report_moves_the_pilot_and_ends_the_clock(session):
    case, report = filed(session)
    assert (case.pilot.status, report.status) == ("reported", "filed")
    assert k08(case).ended_on is not None


def test_an_empty_item_keeps_it_from_being_filed(session):
    case = create_case(session, FINISHED)
    report = save(case, damage=" ")
    assert missing_items(report) == ["damage"]
    with pytest.raises(WrongMoment) as refusal:
        filing.file_report(session, report, **by(case, "signatory"))
    assert refusal.value.needs == "report_is_complete"


def test_nothing_is_filed_before_the_end(session):
    case = create_case(session, RUNNING)
    report = save(case)
    with pytest.raises(WrongMoment):
        filing.file_report(session, report, **by(case, "signatory"))


def test_the_author_does_not_sign(session):
    case = create_case(session, FINISHED)
    report = save(case)
    with pytest.raises(Refused):
        filing.file_report(session, report, **by(case, "author"))
    with pytest.raises(Refused):
        save(case, "other_author")
    with pytest.raises(Invalid):
        save(case, poems="None.")


def test_a_decision_does_not_take_the_duty_away(session):
    stopped = (*FINISHED, *DECIDED_AGAINST[len(REPORTED) :])
    case = create_case(session, stopped)
    assert (case.pilot.status, k08(case).is_running) == ("stopped", True)
    report = save(case)
    filing.file_report(session, report, **by(case, "signatory"))
    assert (case.pilot.status, k08(case).is_running) == ("stopped", False)


def test_a_pilot_whose_period_has_ended_is_not_concluded_before_its_report(session):
    case = create_case(session, (*FINISHED, *PROPOSED[len(REPORTED) :]))
    with pytest.raises(WrongMoment) as refusal, session.begin_nested():
        decide(case)
    assert refusal.value.needs == "due_report_is_filed"
    session.expire_all()
    case.walk((file_report, decide))
    assert case.pilot.status == "concluded"


def test_an_uncertainty_that_is_not_settled_keeps_the_report_from_being_filed(session):
    case = create_case(session, RUNNING)
    named = {"text": "Do drivers yield?", "linked_to": "metric", "link": case.primary.code}
    uncertainty = register.name(session, case.pilot, **named, **by(case, "evaluator"))
    finish(case)
    with pytest.raises(WrongMoment) as refusal, session.begin_nested():
        file_report(case)
    assert refusal.value.needs == "every_uncertainty_is_settled"
    session.expire_all()
    register.settle(session, uncertainty, "answer", reason="They do, mostly.", **by(case, "evaluator"))
    file_report(case)
    assert case.pilot.status == "reported"


def test_a_late_report_is_overdue_for_everybody(session):
    case = create_case(session, FINISHED)
    due_on = k08(case).due_on
    assert not filing.is_overdue(session, case.pilot, today=due_on)
    assert filing.is_overdue(session, case.pilot, today=due_on + timedelta(days=1))


def test_supplements_go_in_rounds(session):
    case, report = filed(session)
    due_on = case.at.date() + timedelta(days=14)
    for who in ("city_reviewer", "other_reviewer"):
        filing.demand(session, report, text="Say more.", due_on=due_on, **by(case, who))
    filing.supplement(session, report, answer="More.", **by(case, "author"))
    with pytest.raises(WrongMoment) as refusal:
        filing.file_again(session, report, **by(case, "signatory"))
    assert refusal.value.needs == "every_demand_is_answered"
    filing.supplement(session, report, answer="Even more.", **by(case, "author"))
    filing.file_again(session, report, **by(case, "signatory"))
    filing.accept(session, report, **by(case, "reviewer"))
    assert report.status == "accepted"


@pytest.mark.parametrize("days", [0, 400])
def test_a_demand_has_a_sensible_day(session, days):
    case, report = filed(session)
    day = case.at.date() + timedelta(days=days)
    with pytest.raises(Invalid):
        filing.demand(session, report, text="Say more.", due_on=day, **by(case, "reviewer"))


@pytest.mark.parametrize("who", ["author", "evaluator", "decider", "other_city_reviewer"])
def test_only_authorities_demand(session, who):
    case, report = filed(session)
    with pytest.raises(Refused):
        filing.demand(session, report, text="More.", due_on=case.at.date(), **by(case, who))


def test_it_is_public_when_both_agreed(session):
    case, report = filed(session)
    with pytest.raises(Refused):
        filing.consent(session, report, **by(case, "author"))
    filing.consent(session, report, **by(case, "signatory"))
    assert not report.is_public
    with pytest.raises(WrongMoment):
        filing.consent(session, report, **by(case, "signatory"))
    filing.consent(session, report, **by(case, "decider"))
    assert report.is_public


def test_the_authority_gives_written_proof(session):
    case, report = filed(session)
    with pytest.raises(Refused):
        filing.prove(session, report, text="Done.", **by(case, "reviewer"))
    proof = filing.prove(session, report, text="Done.", **by(case, "decider"))
    assert len(proof.sha256) == 64


def test_a_draft_is_the_companys_own(session):
    case = create_case(session, FINISHED)
    report = save(case)
    assert filing.may_read(report, case.actor("signatory"))
    assert not filing.may_read(report, case.actor("reviewer"))


def test_there_is_no_report_to_act_on(session):
    with pytest.raises(NotFound):
        filing.open_report(session, create_case(session, FINISHED).pilot)
