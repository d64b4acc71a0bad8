"""Uncertainties are settled before the end; guidance is followed or not, and that is confirmed."""

from __future__ import annotations

from datetime import date

import pytest

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from sandbox import decisions
from sandbox.exemptions.models import Exemption
from sandbox.pilots import file
from sandbox.pilots.models import Pilot
from sandbox.uncertainties import guidance, register
from sandbox.uncertainties.models import Guidance, Uncertainty
from sandbox.uncertainties.settled import open_uncertainties
from sandbox.uncertainties.table import GUIDANCE, UNCERTAINTY
from tests.cells import HOMES, Move, cells, expected_rows, row_expected, row_found, rows
from tests.factories import DECIDED, GRANTED, PROPOSED, create_case

BOTH = "evaluator ministry_reviewer"
OF_UNCERTAINTIES = {
    "link": Move("named", "named", BOTH),
    "answer": Move("named", "answered", BOTH, needs_reason=True),
    "test": Move("named", "tested", "evaluator", needs_reason=True),
    "declare_open": Move("named", "declared_open", BOTH, needs_reason=True),
    "reopen": Move("answered tested declared_open", "named", "ministry_reviewer", needs_reason=True),
}
OF_GUIDANCE = {
    "state": Move("given contested", "stated", "company_author"),
    "confirm": Move("stated", "confirmed", "ministry_reviewer"),
    "contest": Move("stated", "contested", "ministry_reviewer", needs_reason=True),
}


def pilot():
    exemption = Exemption(lead_id=HOMES["ministry"])
    return Pilot(company_id=HOMES["company"], evaluator_id=HOMES["institute"], exemption=exemption)


def test_the_tables_are_the_expected_ones():
    assert rows(UNCERTAINTY) == expected_rows(OF_UNCERTAINTIES)
    assert rows(GUIDANCE) == expected_rows(OF_GUIDANCE)


@pytest.mark.parametrize(("status", "verb"), cells(UNCERTAINTY, OF_UNCERTAINTIES))
def test_cell_of_an_uncertainty(status, verb):
    subject = Uncertainty(status=status, pilot=pilot())
    assert row_found(UNCERTAINTY, subject, verb) == row_expected(OF_UNCERTAINTIES, status, verb)


@pytest.mark.parametrize(("status", "verb"), cells(GUIDANCE, OF_GUIDANCE))
def test_cell_of_guidance(status, verb):
    subject = Guidance(status=status, pilot=pilot(), office_id=HOMES["ministry"])
    assert row_found(GUIDANCE, subject, verb) == row_expected(OF_GUIDANCE, status, verb)


def name(case, who="reviewer", **changes):
    said = {"text": "Do drivers yield?", "linked_to": "metric", "link": case.primary.code} | changes
    return register.name(case.session, case.pilot, **said, by=case.actor(who), at=case.tick())


def settle(case, uncertainty, verb, who="evaluator"):
    register.settle(
        case.session, uncertainty, verb, by=case.actor(who), at=case.tick(), reason="They do, mostly."
    )


@pytest.mark.parametrize("verb", ["answer", "test", "declare_open"])
def test_what_was_named_keeps_the_pilot_from_being_concluded_until_it_is_settled(session, verb):
    case = create_case(session, PROPOSED)
    uncertainty = name(case)
    with pytest.raises(WrongMoment) as error:
        decide(case)
    assert error.value.needs == "every_uncertainty_is_settled"
    session.expire_all()
    settle(case, uncertainty, verb)
    assert open_uncertainties(case.pilot) == []
    decide(case)
    assert case.pilot.status == "concluded"


def decide(case):
    with case.session.begin_nested():
        decisions.decide(
            case.session, case.decision, by=case.actor("decider"), at=case.tick(), reason="It is clear."
        )


@pytest.mark.parametrize("who", ["author", "signatory", "auditor", "other_evaluator", "other_city_reviewer"])
def test_the_company_and_strangers_name_nothing(session, who):
    with pytest.raises(Refused):
        name(create_case(session, GRANTED), who)


@pytest.mark.parametrize(
    "changes", [{"link": "nothing"}, {"linked_to": "condition", "link": "999999"}, {"linked_to": "plan_item"}]
)
def test_it_is_linked_to_a_part_of_its_case(session, changes):
    with pytest.raises(Invalid) as error:
        name(create_case(session, GRANTED), **changes)
    assert set(error.value.errors) == {"link"}


def test_what_is_settled_may_be_taken_up_again_while_the_pilot_goes_on(session):
    case = create_case(session, GRANTED)
    uncertainty = name(case)
    settle(case, uncertainty, "answer")
    again = {"by": case.actor("reviewer"), "at": case.tick(), "reason": "Not shown."}
    register.reopen(session, uncertainty, **again)
    assert open_uncertainties(case.pilot) == [uncertainty]


def test_nothing_is_named_once_the_pilot_is_over(session):
    with pytest.raises(WrongMoment):
        name(create_case(session, DECIDED))


def test_guidance_is_stated_contested_and_confirmed(session):
    case = create_case(session, GRANTED)
    told = give(case)
    state(case, told, is_followed=True)
    guidance.contest(session, told, by=case.actor("city_reviewer"), at=case.tick(), reason="Not seen.")
    state(case, told, is_followed=False)
    guidance.confirm(session, told, by=case.actor("city_reviewer"), at=case.tick())
    assert (told.status, told.is_followed) == ("confirmed", False)
    with pytest.raises(WrongMoment):
        state(case, told, is_followed=True)


def test_only_the_office_that_gave_it_confirms(session):
    case = create_case(session, GRANTED)
    told = give(case)
    state(case, told, is_followed=True)
    with pytest.raises(Refused):
        guidance.confirm(session, told, by=case.actor("reviewer"), at=case.tick())


@pytest.mark.parametrize("day", [date(1999, 1, 1), date(9999, 1, 1)])
def test_guidance_is_of_a_day_in_the_life_of_the_pilot(session, day):
    with pytest.raises(Invalid):
        give(create_case(session, GRANTED), given_on=day)


def test_registers_of_another_case_are_not_there(session):
    case, other = create_case(session, GRANTED), create_case(session, GRANTED)
    with pytest.raises(NotFound):
        register.find(session, other.pilot, name(case).id)
    with pytest.raises(NotFound):
        guidance.find(session, other.pilot, give(case).id)


def give(case, given_on=None):
    day = given_on or case.at.date()
    return guidance.give(
        case.session,
        case.pilot,
        text="Slow down near the school.",
        given_on=day,
        by=case.actor("city_reviewer"),
        at=case.tick(),
    )


def state(case, told, *, is_followed):
    guidance.state(
        case.session,
        told,
        is_followed=is_followed,
        statement="At 20 km/h.",
        by=case.actor("author"),
        at=case.tick(),
    )


def test_the_case_file_names_what_is_open_before_the_decision(session):
    case = create_case(session, PROPOSED)
    uncertainty = name(case)
    read = file.case_file(session, case.pilot, case.actor("decider"))
    assert read.open_uncertainties == (uncertainty,)
    settle(case, uncertainty, "answer")
    assert read.open_uncertainties == ()
