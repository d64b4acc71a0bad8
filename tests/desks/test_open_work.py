"""What an operating case waits for stands on the desk of whoever has to act, until it is done."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import event, select

from sandbox.claims import handling
from sandbox.conditions import proof
from sandbox.conditions.desk import dashboard
from sandbox.conditions.models import Breach
from sandbox.desks import open_work
from sandbox.incidents import reporting
from sandbox.inspections import inspecting
from sandbox.lifecycles import LIFECYCLES
from sandbox.notices.models import Notice
from sandbox.orders import hearing
from sandbox.remedies import doing
from sandbox.reports import filing
from sandbox.web import words
from tests.claims.filed import file_claim
from tests.conditions.bound import bind, by_evidence, check, create_running, read_month
from tests.conditions.test_checking import RIPE
from tests.desks.test_lists import line, lines
from tests.factories import FINISHED, GRANTED, RUNNING, create_case
from tests.measures.acts import announce, checklist, plan_inspection, report_incident
from tests.period.steps import by
from tests.reports.test_filing import filed

FINDING = {"result": "finding", "text": "A sign is missing.", "due_on": date(2026, 4, 1)}


def has(case, who, kind, verb):
    return (kind, verb) in line(case, who).acts


def test_a_breach_is_explained_then_closed(session):
    case, _duty = create_running(session)
    read_month(case, 11.0)
    check(case, RIPE)
    breach = session.scalars(select(Breach)).one()
    assert line(case, "author").next_act == ("condition_breach", "explain")
    assert not has(case, "reviewer", "condition_breach", "close")
    proof.explain(session, breach, explanation="A signal failed.", **by(case, "author"))
    assert not has(case, "author", "condition_breach", "explain")
    assert line(case, "reviewer").next_act == ("condition_breach", "close")
    proof.close(session, breach, reason="Repaired.", **by(case, "reviewer"))
    assert line(case, "reviewer").next_act is None


def test_a_task_of_an_inspection_is_due_on_its_day(session):
    case = create_case(session, (*RUNNING, bind))
    inspection = plan_inspection(case)
    assert has(case, "city_reviewer", "inspection", "record")
    inspecting.write_down(session, inspection, checklist(damage=FINDING), **by(case, "city_reviewer"))
    assert line(case, "author").next_act == ("remedy_task", "report")
    assert line(case, "author").due_on == FINDING["due_on"]
    (task,) = doing.tasks_of(session, case.pilot)
    doing.report(session, task, report="It stands again.", **by(case, "author"))
    assert line(case, "author").next_act is None
    assert has(case, "reviewer", "remedy_task", "accept")
    doing.accept(session, task, **by(case, "city_reviewer"))
    assert line(case, "reviewer").next_act is None


def test_an_announced_order_waits_for_the_company(session):
    case = create_case(session, (*RUNNING, bind))
    order = announce(case)
    assert line(case, "author").next_act == ("order", "state_position")
    hearing.state_position(session, order, text="We agree.", **by(case, "author"))
    assert line(case, "author").next_act is None
    assert has(case, "decider", "order", "issue")


def test_an_incident_waits_for_what_came_of_it_and_to_be_closed(session):
    case = create_case(session, (*RUNNING, bind))
    reported = report_incident(case)
    assert line(case, "author").next_act == ("incident", "follow_up")
    reporting.follow_up(session, reported, text="It was a cable.", **by(case, "author"))
    assert line(case, "author").next_act is None
    assert line(case, "reviewer").next_act == ("incident", "close")


def test_a_demand_is_answered_then_the_report_is_filed_again(session):
    case, report = filed(session, FINISHED)
    due_on = date(2026, 12, 1)
    filing.demand(session, report, text="Say more.", due_on=due_on, **by(case, "city_reviewer"))
    assert line(case, "author").next_act == ("report", "supplement")
    assert line(case, "author").due_on == due_on
    assert ("report", "file_again", ("every_demand_is_answered",)) in line(case, "signatory").lacks
    filing.supplement(session, report, answer="More.", **by(case, "author"))
    assert not has(case, "author", "report", "supplement")
    assert line(case, "signatory").next_act == ("report", "file_again")
    filing.file_again(session, report, **by(case, "signatory"))
    assert line(case, "reviewer").next_act == ("report", "accept")


def test_a_claim_is_answered_then_reported(session):
    case = create_case(session, (*RUNNING, bind))
    claim = file_claim(case).claim
    assert line(case, "signatory").next_act == ("claim", "inform")
    handling.inform(session, claim, information="Call the insurer.", **by(case, "author"))
    assert line(case, "signatory").next_act == ("claim", "pay")
    handling.refuse(session, claim, refusal="A storm.", proof="A photo.", **by(case, "signatory"))
    assert line(case, "author").next_act == ("claim", "report")
    handling.report(session, claim, report="Refused.", **by(case, "author"))
    assert line(case, "author").next_act is None


def test_evidence_waits_for_the_ministry(session):
    case, duty = create_running(session, by_evidence)
    proof.file_evidence(session, duty, due_on=date(2026, 7, 31), text="The roster.", **by(case, "author"))
    assert line(case, "other_reviewer").next_act == ("condition_evidence", "accept")


def test_a_condition_without_terms_is_told_right_after_the_grant(session):
    case = create_case(session, GRANTED)
    told = set(session.scalars(select(Notice.person_id).where(Notice.code == "condition.unbound")))
    people = ("author", "signatory", "reviewer", "other_reviewer")
    assert told == {case.people[who].id for who in people}
    (row,) = dashboard(session, case.actor("reviewer"))
    assert row.standing.duty is None
    assert has(case, "other_reviewer", "condition", "create")
    lack = ("condition", "create", ("condition_is_bound",))
    assert lack in line(case, "author").lacks
    bind(case)
    assert lack not in line(case, "author").lacks
    assert not has(case, "other_reviewer", "condition", "create")
    (row,) = dashboard(session, case.actor("reviewer"))
    assert row.standing.duty is not None


def test_of_another_company_nothing_is_told(session):
    case = create_case(session, (*RUNNING, bind))
    announce(case)
    assert not lines(case, "other_author")


def test_a_desk_asks_as_often_however_much_is_open(session):
    case = create_case(session, (*RUNNING, bind))
    few = asked_for(session, case)
    for _ in range(3):
        report_incident(case)
        file_claim(case)
    lines(case, "author")
    assert asked_for(session, case) == few


def asked_for(session, case):
    """How many statements a desk needs whose lines are kept."""
    lines(case, "author")
    statements = []
    listener = lambda *args: statements.append(args[2])  # noqa: E731
    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", listener)
    lines(case, "author")
    event.remove(engine, "before_cursor_execute", listener)
    return len(statements)


@pytest.mark.parametrize("kind", sorted(open_work.AWAITED))
def test_what_is_awaited_is_in_the_table_and_has_words(kind):
    lifecycle = next(each for _title, each in LIFECYCLES if each.kind == kind)
    for status, verbs in open_work.AWAITED[kind].items():
        for verb in verbs:
            assert status in lifecycle.transition(verb).sources
            assert words.VERBS[kind][verb]
