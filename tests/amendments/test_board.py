"""The law-amendment board: evidence by article, items from filed cases, steps that operators hear of."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from experiments.errors import Invalid, Refused, WrongMoment
from sandbox.amendments import board, evidence
from sandbox.amendments.models import Amendment, Link
from sandbox.amendments.table import AMENDMENT
from sandbox.exemptions.models import Exemption
from sandbox.notices.models import Notice
from sandbox.period import requests
from tests.cells import HOMES, Move, cells, expected_rows, row_expected, row_found, rows
from tests.factories import (
    ANSWERED,
    DRAFTED,
    FILED,
    GRANTED,
    RESOLVED,
    RUNNING,
    create_case,
    evidence_line,
    grant,
)
from tests.period import steps

DECIDER = "decider"
TABLE = {
    "request": Move("identified not_needed", "requested", "ministry_reviewer decider", needs_reason=True),
    "request_by_operator": Move("identified not_needed", "requested", "service"),
    "review": Move("requested", "under_review", "ministry_reviewer"),
    "find_needed": Move("under_review escalated", "needed", DECIDER, needs_reason=True),
    "find_not_needed": Move("under_review escalated", "not_needed", DECIDER, needs_reason=True),
    "escalate": Move(
        "under_review needed not_needed", "escalated", "ministry_reviewer decider", needs_reason=True
    ),
    "start": Move("needed", "started", DECIDER),
    "complete": Move("started", "completed", DECIDER),
    "enter_into_force": Move("completed", "in_force", DECIDER),
}


def test_the_table_is_the_expected_one():
    assert rows(AMENDMENT) == expected_rows(TABLE)


@pytest.mark.parametrize(("status", "verb"), cells(AMENDMENT, TABLE))
def test_cell(status, verb):
    item = Amendment(status=status, ministry_id=HOMES["ministry"], draft="New wording.")
    item.links.append(Link(exemption=Exemption(lead_id=HOMES["ministry"])))
    assert row_found(AMENDMENT, item, verb) == row_expected(TABLE, status, verb)


def item_of(case):
    (item,) = board.items_of(case.session, case.pilot.exemption)
    return item


def move(case, verb, who, **more):
    board.move(case.session, item_of(case), verb, by=case.actor(who), at=case.tick(), **more)


def enter(case, who="author", **changes):
    line = evidence_line(case, **changes)
    return evidence.enter_line(case.session, case.pilot.exemption, line, by=case.actor(who), at=case.tick())


def test_an_article_without_evidence_blocks_the_grant(session):
    case = create_case(session, RESOLVED)
    (line,) = evidence.lines_of(session, case.pilot.exemption)
    author = case.actor("author")
    evidence.remove_line(session, case.pilot.exemption, line, by=author, at=case.tick(), reason="Wrong.")
    with pytest.raises(WrongMoment) as error:
        grant(case)
    assert error.value.needs == "every_article_has_its_evidence"
    enter(case, "reviewer")
    grant(case)
    assert case.pilot.exemption.status == "approved"


@pytest.mark.parametrize(
    "changes", [{"article": "Another Act Art. 1"}, {"criterion": "nothing"}, {"metric": "nothing"}]
)
def test_a_line_fits_the_application(session, changes):
    with pytest.raises(Invalid) as error:
        enter(create_case(session, DRAFTED), **changes)
    assert set(error.value.errors) == set(changes)


@pytest.mark.parametrize("who", ["signatory", "city_reviewer", "decider", "other_author", "other_reviewer"])
def test_nobody_else_names_evidence(session, who):
    with pytest.raises(Refused):
        enter(create_case(session, FILED), who)


def test_before_the_filing_the_ministry_does_not_write_in_it(session):
    with pytest.raises(Refused):
        enter(create_case(session, ANSWERED), "reviewer")


def test_what_the_grant_rests_on_stays(session):
    case = create_case(session, GRANTED)
    (line,) = evidence.lines_of(session, case.pilot.exemption)
    with pytest.raises(WrongMoment):
        evidence.remove_line(
            session, case.pilot.exemption, line, by=case.actor("author"), at=case.tick(), reason="No."
        )


def test_cases_with_the_same_article_point_to_one_item(session):
    cases = [create_case(session, FILED), create_case(session, FILED)]
    assert item_of(cases[0]) is item_of(cases[1])
    (item,) = board.items(session)
    assert [pilot.number for pilot in item.pilots] == [case.pilot.number for case in cases]
    assert [shown.line.metric_code for shown in item.evidence] == [case.primary.code for case in cases]


def test_from_the_request_to_the_law_in_force_every_operator_hears_of_it(session):
    case = create_case(session, GRANTED)
    item = item_of(case)
    move(case, "request", "reviewer", reason="The pilot shows it.")
    move(case, "review", "reviewer")
    move(case, "find_needed", "decider", reason="Nobody was hurt.")
    with pytest.raises(WrongMoment) as error:
        move(case, "start", "decider")
    assert error.value.needs == "wording_is_drafted"
    reviewer = case.actor("reviewer")
    board.write(session, item, draft="A new wording.", assessment="", by=reviewer, at=case.tick())
    move(case, "start", "decider")
    move(case, "complete", "decider")
    with pytest.raises(Invalid):
        board.enter_into_force(
            session, item, in_force_on=date(9999, 1, 1), by=case.actor("decider"), at=case.tick()
        )
    today = case.at.date()
    board.enter_into_force(session, item, in_force_on=today, by=case.actor("decider"), at=case.tick())
    told = select(Notice.code).where(Notice.person_id == case.people["author"].id)
    heard = [code for code in session.scalars(told.order_by(Notice.id)) if code.startswith("amendment.")]
    other_ways = ("request_by_operator", "find_not_needed", "escalate")
    assert heard == [f"amendment.{verb}" for verb in TABLE if verb not in other_ways]


def test_a_step_is_reported_to_the_committee_once(session):
    case = create_case(session, FILED)
    item = item_of(case)
    step = board.item(session, item).past[0]
    values = {"reported_on": case.at.date(), "meeting": "The 20th meeting"}
    acting = {"values": values, "by": case.actor("reviewer"), "at": case.tick()}
    board.report_step(session, step, item, **acting)
    assert step.meeting == "The 20th meeting"
    with pytest.raises(WrongMoment):
        board.report_step(session, step, item, **acting)


def test_an_item_is_handed_to_the_competent_ministry(session):
    case = create_case(session, FILED)
    other = case.people["other_reviewer"]
    item = item_of(case)
    board.hand_over(session, item, other.organisation_id, by=case.actor("reviewer"), at=case.tick())
    assert item.ministry is other.organisation
    with pytest.raises(Invalid):
        board.hand_over(session, item, case.pilot.company_id, by=other.actor, at=case.tick())


def notices(session, code):
    return session.scalars(select(Notice).where(Notice.code == code)).all()


def test_the_request_of_an_operator_moves_its_article(session):
    case, neighbour = create_case(session, RUNNING), create_case(session, GRANTED)
    item = item_of(case)
    request = steps.file_request(case)
    assert item.status == "requested"
    assert board.item(session, item).requests == (request,)
    steps.assess(case, request)
    assert item.status == "under_review"
    requests.escalate(session, request, reason="Ministries disagree.", **steps.by(case, "decider"))
    assert item.status == "escalated"
    requests.find_needed(session, request, reason="It works.", **steps.by(case, "decider"))
    assert item.status == "needed"
    told = notices(session, "amendment.find_needed")
    assert {each.subject for each in told} == {neighbour.pilot.exemption.case.key}
    assert len({each.person_id for each in told}) == len(told)


def test_an_article_of_another_ministry_waits_for_that_ministry(session):
    case = create_case(session, RUNNING)
    item = item_of(case)
    other = case.actor("other_reviewer").organisation_id
    board.hand_over(session, item, other, by=case.actor("reviewer"), at=case.tick())
    request = steps.file_request(case)
    steps.assess(case, request)
    requests.find_not_needed(session, request, reason="No.", **steps.by(case, "decider"))
    assert item.status == "requested"


def test_what_is_decided_of_an_article_is_not_requested_again(session):
    case = create_case(session, RUNNING)
    item = item_of(case)
    move(case, "request", "reviewer", reason="The pilot shows it.")
    move(case, "review", "reviewer")
    move(case, "find_needed", "decider", reason="Nobody was hurt.")
    steps.file_request(case)
    assert item.status == "needed"
