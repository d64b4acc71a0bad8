"""Desks and files agree on who reads a case; what waits for somebody stands first."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import event

from experiments.errors import Invalid, NotFound, Refused
from experiments.fields import load
from sandbox.accounts import Role
from sandbox.desks import assigning, lists
from sandbox.desks.keeping import renew_missing
from sandbox.desks.lists import PAGE_SIZE, WantedSchema
from sandbox.desks.models import Assignment, CaseText, DeskLine
from sandbox.pilots import file, registration
from tests.factories import (
    ANSWERED,
    CONSULTED,
    CONSULTING,
    DECIDED,
    DRAFTED,
    FILED,
    GRANTED,
    LOCKED,
    OPINED,
    PARTIES,
    PROPOSED,
    READY,
    REGIME,
    RETURNED,
    SENT,
    SIGNED,
    Case,
    application_values,
    create_case,
    create_person,
    pilot_values,
    reply_of_the_lead,
    withdraw,
)

# Roles that have another desk: data sources, accounts.
WITHOUT_CASES = {"data_officer", "administrator", "member", "expert"}
WITH_CASES = sorted(set(PARTIES) - WITHOUT_CASES)


def lines(case, who, **query):
    wanted = load(WantedSchema(), query)
    return lists.desk(case.session, case.actor(who), wanted, today=case.at.date()).lines


def is_found(case, who, **query):
    return case.pilot.id in [line.pilot_id for line in lines(case, who, **query)]


def line(case, who):
    return next(each for each in lines(case, who) if each.pilot_id == case.pilot.id)


# -- who sees what ------------------------------------------------------------------------------------


@pytest.mark.parametrize("history", [DRAFTED, SENT, FILED, RETURNED, GRANTED, (withdraw,), (*SENT, withdraw)])
def test_whoever_may_read_the_file_finds_the_case_and_nobody_else(session, history):
    case = create_case(session, history)
    readers = {who for who in WITH_CASES if file.may_read(case.pilot, case.actor(who))}
    assert {who for who in WITH_CASES if is_found(case, who, whose="all")} == readers


def test_a_desk_holds_what_its_office_has_a_part_in(session):
    case = create_case(session, CONSULTING)
    assert {who for who in WITH_CASES if is_found(case, who)} == {
        *("author", "signatory", "city_reviewer", "reviewer", "decider", "second_decider"),
        *("other_reviewer", "evaluator", "auditor", "secretary"),
    }


# -- what waits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("history", "waiting"),
    [
        (DRAFTED, {"author"}),
        (SENT, {"city_reviewer"}),
        (OPINED, {"author"}),
        (ANSWERED, {"signatory"}),
        (FILED, {"reviewer", "secretary", "evaluator"}),
        (CONSULTING, {"reviewer", "other_reviewer", "evaluator"}),
        ((*CONSULTING, reply_of_the_lead), {"other_reviewer", "evaluator"}),
        (CONSULTED, {"secretary", "evaluator"}),
        # The condition of these histories is imposed, and nobody has said how it is checked.
        (GRANTED, {"evaluator", "reviewer", "other_reviewer"}),
        (LOCKED, {"reviewer", "other_reviewer"}),
        (READY, {"signatory", "reviewer", "other_reviewer"}),
        (SIGNED, {"reviewer"}),
        # A filed report waits for the ministry to accept it, decided or not.
        (PROPOSED, {"decider", "second_decider", "reviewer"}),
        (DECIDED, {"reviewer"}),
    ],
)
def test_a_case_waits_for_whoever_has_the_next_word(session, history, waiting):
    case = create_case(session, history)
    found = {
        who
        for who in WITH_CASES
        if any(each.waits_for_me for each in lines(case, who) if each.pilot_id == case.pilot.id)
    }
    assert found == waiting


def test_a_plan_waits_for_its_evaluator_until_it_is_locked(session):
    assert not line(create_case(session, LOCKED), "evaluator").waits_for_me


def test_the_next_act_is_the_one_that_the_case_waits_for(session):
    case = create_case(session, SENT)
    assert line(case, "city_reviewer").next_act == ("exemption", "give_opinion")
    assert line(case, "author").next_act is None


def test_what_is_in_the_way_is_named(session):
    case = create_case(session, OPINED)
    assert ("exemption", "sign", ("every_required_action_is_answered",)) in [
        (kind, verb, needs[:1]) for kind, verb, needs in line(case, "signatory").lacks
    ]


# -- due dates and order ------------------------------------------------------------------------------


def test_an_open_reply_is_due_on_its_statutory_day(session):
    case = create_case(session, CONSULTING)
    asked = case.pilot.exemption.consultations[0]
    assert isinstance(asked.due_on, date)
    assert line(case, "other_reviewer").due_on == asked.due_on


def test_who_replied_has_no_day_to_keep_and_the_lead_watches_the_others(session):
    case = create_case(session, (*CONSULTING, reply_of_the_lead))
    assert line(case, "reviewer").due_on == case.pilot.exemption.consultations[1].due_on
    assert line(case, "author").due_on is None


def test_what_waits_stands_first_then_the_newest(session):
    case = create_case(session, FILED)
    cases = [case, *(again(case) for _ in range(2))]
    found = [each.pilot_id for each in lines(case, "reviewer", whose="")]
    assert found == [case.pilot.id]
    drafts = [each.pilot_id for each in lines(case, "author")]
    assert drafts == [cases[2].pilot.id, cases[1].pilot.id, case.pilot.id]


# -- filters ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"q": "CROSSINGS"}, True),
        ({"q": "횡단"}, True),
        ({"q": "단"}, True),
        ({"q": "스마트 횡단"}, True),
        ({"q": "횡단 스마트"}, False),
        ({"q": "nothing like it"}, False),
        ({"q": "%"}, False),
        ({"q": "_"}, False),
        ({"q": "\x00"}, True),
        ({"status": "in_review"}, True),
        ({"status": "draft"}, False),
        ({"status": "\x00"}, True),
        ({"kind": "demonstration"}, True),
        ({"kind": "innovation"}, False),
        ({"whose": "nobodys"}, True),
        ({"whose": "mine"}, False),
        ({"within": "3660"}, False),
        ({"status": "in_review", "q": "shuttle"}, False),
    ],
)
def test_a_desk_is_searched_and_filtered(session, wanted, expected):
    assert is_found(create_case(session, FILED), "reviewer", **wanted) is expected


def test_a_case_is_found_by_its_number_and_its_city(session):
    case = create_case(session, FILED)
    assert is_found(case, "reviewer", q=case.pilot.number, city=str(case.pilot.site.city_id))
    assert not is_found(case, "reviewer", city=str(case.pilot.exemption.lead_id))


def test_what_is_due_later_is_left_out(session):
    case = create_case(session, CONSULTING)
    left = (case.pilot.exemption.consultations[0].due_on - case.at.date()).days
    assert is_found(case, "other_reviewer", within=str(left))
    assert not is_found(case, "other_reviewer", within=str(left - 1))


@pytest.mark.parametrize("query", [{"within": "x"}, {"within": "99999999999"}, {"city": "-1"}])
def test_what_no_filter_takes_is_refused(query):
    with pytest.raises(Invalid):
        load(WantedSchema(), query)


def test_a_changed_title_is_found_and_the_old_one_is_not(session):
    case = create_case(session)
    registration.edit(
        session,
        case.pilot,
        values=pilot_values(title_ko="자율주행 로봇의 실증"),
        application_values=application_values(),
        seen_version=case.pilot.version,
        by=case.actor("author"),
        at=case.tick(),
    )
    assert all(is_found(case, "author", q=part) for part in ("주행", "로봇", "실증"))
    assert not is_found(case, "author", q="횡단보도")


# -- pages, and what they cost --------------------------------------------------------------------------


def again(case, title_ko="스마트 횡단보도"):
    """Another draft of the same company."""
    other = Case(case.session, case.site, case.people, case.primary, case.guardrail)
    other.pilot = registration.register(
        case.session,
        site=case.site,
        evaluator=case.pilot.evaluator,
        lead=case.pilot.exemption.lead,
        regime_id=REGIME,
        values=pilot_values(title_ko=title_ko),
        application_values=application_values(),
        by=case.actor("author"),
        at=case.tick(),
    )
    return other


def queries(case, who):
    """How many questions one page of a desk asks, with nothing left to catch up."""
    asked = []
    lines(case, who)
    case.session.expire_all()

    def note(*_args):
        asked.append(1)

    engine = case.session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        lines(case, who)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(asked)


def test_pages_follow_one_another_and_cost_the_same_however_many_cases(session):
    case = create_case(session)
    few = queries(case, "author")
    numbers = {again(case).pilot.id for _ in range(PAGE_SIZE)} | {case.pilot.id}
    assert queries(case, "author") == few
    actor = case.actor("author")
    first = lists.desk(session, actor, load(WantedSchema(), {}), today=case.at.date())
    rest = lists.desk(session, actor, load(WantedSchema(), {"after": first.after}), today=case.at.date())
    assert len(first.lines) == PAGE_SIZE
    assert rest.after is None
    assert {each.pilot_id for each in first.lines + rest.lines} == numbers


def test_cases_from_before_there_were_desks_get_their_lines(session):
    case = create_case(session, FILED)
    before = len(lines(case, "reviewer"))
    for model in (DeskLine, CaseText):
        session.query(model).delete()
    session.expunge_all()
    assert lines(case, "reviewer") == ()
    assert renew_missing(session) >= 1
    assert len(lines(case, "reviewer")) == before


# -- who takes a case -----------------------------------------------------------------------------------


def test_an_office_gives_a_case_to_one_of_its_people_and_to_another(session):
    case = create_case(session, FILED)
    reviewer = case.people["reviewer"]
    second = create_person(session, Role.MINISTRY_REVIEWER, reviewer.organisation)
    for person in (second, reviewer):
        assert assigning.assign(session, [case.pilot.id], person.id, by=reviewer.actor, at=case.tick()) == 1
    assert line(case, "reviewer").assignee == reviewer.name
    assert is_found(case, "reviewer", whose="mine")
    assert [row.ended_at is None for row in session.query(Assignment).order_by(Assignment.id)][-2:] == [
        False,
        True,
    ]
    assert assigning.assign(session, [case.pilot.id], None, by=reviewer.actor, at=case.tick()) == 1
    assert is_found(case, "reviewer", whose="nobodys")


def test_the_same_person_again_changes_nothing(session):
    case = create_case(session, FILED)
    reviewer = case.people["reviewer"]
    acts = [
        assigning.assign(session, [case.pilot.id], reviewer.id, by=reviewer.actor, at=case.tick())
        for _ in "12"
    ]
    assert acts == [1, 0]


@pytest.mark.parametrize("who", ["author", "decider", "auditor", "evaluator"])
def test_only_reviewing_offices_assign(session, who):
    case = create_case(session, FILED)
    with pytest.raises(Refused):
        assigning.assign(session, [case.pilot.id], None, by=case.actor(who), at=case.tick())


def test_nobody_assigns_what_lies_elsewhere_or_to_strangers(session):
    case = create_case(session, FILED)
    with pytest.raises(NotFound):
        assigning.assign(session, [case.pilot.id], None, by=case.actor("other_city_reviewer"), at=case.tick())
    stranger = case.people["other_reviewer"].id
    with pytest.raises(Invalid):
        assigning.assign(session, [case.pilot.id], stranger, by=case.actor("reviewer"), at=case.tick())
    with pytest.raises(Invalid):
        assigning.assign(session, [], None, by=case.actor("reviewer"), at=case.tick())
