"""Requests to amend the law: deemed extension, outcome, conversion, and the end of a period."""

from __future__ import annotations

from datetime import timedelta

import pytest

from experiments.errors import Refused, WrongMoment
from sandbox.clocks import running
from sandbox.documents.standing import documents_of
from sandbox.period import conversions, ends, requests
from sandbox.period.late import TooLate
from tests.factories import (
    RUNNING,
    SUSPENDED,
    answer_actions,
    close_measures,
    create_case,
    give_opinion,
    lift,
    send_to_city,
    sign_application,
    suspend,
)
from tests.period.steps import assess, by, end_of, file_request, find_needed, on
from tests.period.test_extensions import LAST_DAY_TO_FILE, clocks

CONVERSION = {"ground": "inappropriate", "months": 24}


def after_the_end(case, days=1):
    """Let the day after the period come, with a beat of the service."""
    on(case, end_of(case) + timedelta(days=days))
    running.lapse(case.session, at=case.at)
    return ends.tick(case.session, at=case.tick())


def test_the_period_is_deemed_extended_and_certified(session):
    case = create_case(session, RUNNING)
    file_request(case)
    assert case.pilot.status == "deemed_extended"
    certificate = documents_of(session, case.pilot)[-1]
    assert (certificate.kind, len(certificate.sha256)) == ("deemed_extension_certificate", 64)
    assert after_the_end(case) == []
    assert not ends.is_any_over(session, at=case.at)


def test_one_day_late_the_right_is_lost(session):
    case = create_case(session, RUNNING)
    on(case, LAST_DAY_TO_FILE + timedelta(days=1))
    with pytest.raises(TooLate):
        file_request(case)


def test_the_author_does_not_request(session):
    with pytest.raises(Refused):
        file_request(create_case(session, RUNNING), "author")


def test_no_outcome_without_the_criteria(session):
    case = create_case(session, RUNNING)
    request = file_request(case)
    with pytest.raises(WrongMoment):
        requests.find_needed(session, request, reason="Now.", **by(case, "decider"))
    assess(case, request)
    requests.escalate(session, request, reason="Ministries disagree.", **by(case, "decider"))
    requests.find_needed(session, request, reason="It works.", **by(case, "decider"))
    assert [clock.is_running for clock in clocks(case, "K13")] == [True]


def test_an_amendment_not_needed_ends_what_was_deemed(session):
    case = create_case(session, RUNNING)
    request = file_request(case)
    assess(case, request)
    requests.find_not_needed(session, request, reason="No.", **by(case, "decider"))
    assert case.pilot.status == "running"


def test_after_the_period_it_leads_to_the_report(session):
    case = create_case(session, RUNNING)
    request = file_request(case)
    assess(case, request)
    on(case, end_of(case) + timedelta(days=40))
    requests.find_not_needed(session, request, reason="No.", **by(case, "decider"))
    assert case.pilot.status == "report_due"
    assert clocks(case, "K08")[0].started_on == end_of(case) + timedelta(days=40)


def test_who_does_not_convert_in_time_has_ended(session):
    case = create_case(session, RUNNING)
    find_needed(case)
    assert after_the_end(case, days=200) != []
    assert case.pilot.status == "report_due"


def converted(session, history=RUNNING):
    """The demonstration, and the case of its successor as far as its city."""
    case = create_case(session, history)
    find_needed(case)
    made = conversions.begin(session, case.pilot, **CONVERSION, **by(case, "author"))
    old, case.pilot = case.pilot, made.successor
    return case, old, made


def test_an_application_is_taken_over(session):
    case, old, made = converted(session)
    assert case.pilot.exemption.kind == "innovation"
    assert case.pilot.exemption.contents == old.exemption.contents
    assert set(made.waived) <= set(old.exemption.contents)
    assert old.status == "deemed_extended"


def test_the_kind_of_the_project_limits_the_grounds(session):
    case = create_case(session, RUNNING)
    find_needed(case)
    with pytest.raises(Exception, match="ground"):
        conversions.begin(session, case.pilot, ground="impossible", months=24, **by(case, "author"))


def test_conversion_applied_for_after_three_months_is_refused(session):
    case, _old, _made = converted(session)
    case.walk((send_to_city, give_opinion, answer_actions))
    case.at += timedelta(days=100)
    with pytest.raises((TooLate, WrongMoment)):
        sign_application(case)


def test_the_approved_successor_ends_the_demonstration(session):
    case, old, _made = converted(session)
    conversions.filed(session, case.pilot, **by(case, "signatory"))
    old_case, case.pilot = case.pilot, old
    assert after_the_end(case, days=200) == []
    conversions.granted(session, old_case, **by(case, "decider"))
    assert old.status == "converted"


def test_a_period_ends_on_the_day_after(session):
    case = create_case(session, RUNNING)
    on(case, end_of(case), hour=14)
    assert ends.tick(session, at=case.at) == []
    on(case, end_of(case), hour=15)  # midnight in Seoul
    assert ends.tick(session, at=case.at) == [case.pilot]
    assert case.pilot.status == "report_due"
    assert clocks(case, "K08")[0].due_on == end_of(case) + timedelta(days=30)
    assert {clock.rule_id for clock in case.pilot.exemption.clocks if clock.is_running} == {"K08"}


def test_a_suspended_pilot_ends_too(session):
    case = create_case(session, SUSPENDED)
    assert after_the_end(case) == [case.pilot]


def test_a_suspension_leads_back_to_the_deemed_period(session):
    case = create_case(session, RUNNING)
    file_request(case)
    suspend(case)
    assert after_the_end(case) == []
    case.walk((close_measures, lift))
    assert case.pilot.status == "deemed_extended"


def test_an_innovation_project_goes_on_until_the_law_is_amended(session):
    case = create_case(session, RUNNING)
    case.pilot.exemption.kind = "innovation"
    assert after_the_end(case) == [case.pilot]
    assert case.pilot.status == "deemed_extended"
    assert ends.tick(session, at=case.tick()) == []
    with pytest.raises(Refused):
        requests.complete_amendment(session, case.pilot, reason="Done.", **by(case, "reviewer"))
    requests.complete_amendment(session, case.pilot, reason="In force.", **by(case, "decider"))
    assert case.pilot.status == "report_due"


def test_a_signed_case_that_is_no_conversion_is_none(session):
    case = create_case(session, RUNNING)
    assert conversions.into(session, case.pilot) is None
