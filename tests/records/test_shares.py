"""Every table that hangs on a case has its readers or a reason, and the extract of the ledger is whole."""

from __future__ import annotations

from sqlalchemy import delete, select

from experiments.orm import Base
from sandbox import ledger
from sandbox.amendments.models import Amendment
from sandbox.amendments.table import record as record_amendment
from sandbox.claims.models import ClaimFiling
from sandbox.comments import writing
from sandbox.inspections import inspecting
from sandbox.ledger import LedgerEntry
from sandbox.records.acts import ledger_rows
from sandbox.records.shares import LEFT_OUT, READERS, TO_THE_AUDITOR_ALONE
from sandbox.records.tables import rows, tables_of
from tests.claims.filed import file_claim
from tests.committee.sittings import call_meeting, seat_members
from tests.factories import CONSULTED, GRANTED, RUNNING, create_case
from tests.measures.acts import MORNING

ROOTS = {"pilot", "exemption", "experiment"}
SAID = set(READERS) | set(TO_THE_AUDITOR_ALONE) | set(LEFT_OUT)


def hanging():
    """Tables that point at a case, step by step."""
    found = set(ROOTS)
    for table in Base.metadata.sorted_tables:
        if {key.column.table.name for column in table.c for key in column.foreign_keys} & found:
            found.add(table.name)
    return found


def names(case, who):
    return set(tables_of(case.pilot, case.actor(who)))


def lines(case, who, name):
    return list(rows(case.session, tables_of(case.pilot, case.actor(who))[name]))


def test_every_table_of_a_case_is_shared_or_left_out_with_a_reason():
    assert hanging() == SAID
    assert len(SAID) == len(READERS) + len(TO_THE_AUDITOR_ALONE) + len(LEFT_OUT)
    assert all((TO_THE_AUDITOR_ALONE | LEFT_OUT).values())


def test_the_auditor_gets_all_that_is_not_left_out(session):
    assert names(create_case(session), "auditor") == SAID - set(LEFT_OUT)


def test_parties_get_what_their_pages_show(session):
    case = create_case(session, GRANTED)
    readers_of_claims, readers_of_votes = (
        {"author", "city_reviewer", "reviewer"},
        {"reviewer", "other_reviewer"},
    )
    for who in ("author", "city_reviewer", "reviewer", "other_reviewer", "evaluator"):
        found = names(case, who)
        assert {"pilot_order", "inspection", "condition_terms", "period_extension", "uncertainty"} <= found
        assert ({"claim", "claim_history"} <= found) is (who in readers_of_claims)
        assert ("claim_history" in found) is (who in readers_of_claims)
        assert ("agenda_ballot" in found) is (who in readers_of_votes)
        assert not found & (set(TO_THE_AUDITOR_ALONE) | set(LEFT_OUT))


def test_an_offices_own_comments_go_to_itself_and_the_auditor(session):
    case = create_case(session, RUNNING)
    for audience in ("parties", "office"):
        writing.write(
            session, case.pilot, text=audience, audience=audience, by=case.actor("reviewer"), at=case.tick()
        )
    found = {
        who: [row["text"] for row in lines(case, who, "comment")]
        for who in ("author", "evaluator", "decider", "auditor")
    }
    assert found["author"] == found["evaluator"] == ["parties"]
    assert found["decider"] == found["auditor"] == ["parties", "office"]


def test_a_claim_goes_without_its_claimant(session):
    case = create_case(session, RUNNING)
    file_claim(case)
    assert session.scalars(select(ClaimFiling)).one().address == "192.0.2.1"
    text = "".join(str(lines(case, "auditor", name)) for name in names(case, "auditor"))
    text += "".join(str(row.details) for row in session.scalars(ledger_rows(case.pilot)))
    assert not [word for word in ("Hong Gil-dong", "010-0000", "192.0.2.1", "bollard") if word in text]
    assert [row["amount_won"] for row in lines(case, "author", "claim")] == [350_000]


def test_an_inspection_is_among_the_rows_and_the_acts(session):
    case = create_case(session, RUNNING)
    values = {
        "planned_on": MORNING.date(),
        "is_joint": False,
        "purpose": "How the crossings work.",
    }
    inspecting.plan(session, case.pilot, values, by=case.actor("reviewer"), at=case.tick())
    assert [row["purpose"] for row in lines(case, "author", "inspection")] == ["How the crossings work."]
    assert "inspection.create" in acts(case)


def acts(case):
    return [row.act for row in case.session.scalars(ledger_rows(case.pilot))]


def test_a_meeting_is_in_the_ledger_of_its_case_without_what_it_did_for_others(session):
    case, other = create_case(session, CONSULTED), create_case(session, CONSULTED)
    people = seat_members(case, 3)
    meeting = call_meeting(case, people)
    theirs = other.pilot.exemption.case.key
    ledger.append(
        session,
        act="meeting.vote",
        subject=meeting.key,
        by=people[0].actor,
        at=case.tick(),
        details={"case": theirs, "choice": "reject"},
    )
    assert {"meeting.create", "meeting.add_item", "meeting.call"} <= set(acts(case))
    assert "meeting.vote" not in acts(case)
    assert not [act for act in acts(other) if act.startswith("meeting.")]


def test_law_amendments_and_measurement_are_in_the_ledger_of_their_case(session):
    case = create_case(session, GRANTED)
    item = session.scalars(select(Amendment)).first()
    record_amendment(session, item, "write", case.actor("reviewer"), case.tick())
    subject = f"experiment:{case.pilot.experiment_id}"
    ledger.append(session, act="alert.open", subject=subject, by=case.actor("evaluator"), at=case.tick())
    assert {"amendment.link", "amendment.write", "alert.open"} <= set(acts(case))


def test_it_holds_every_act_on_one_case_alone(session):
    """Where there is one case, only people, places and seats are nobody's file."""
    session.execute(delete(LedgerEntry))
    case = create_case(session, RUNNING)
    seat_members(case, 3)
    of_the_case = {row.number for row in session.scalars(ledger_rows(case.pilot))}
    others = [row for row in session.scalars(select(LedgerEntry)) if row.number not in of_the_case]
    kinds = {row.subject.partition(":")[0] for row in others}
    assert not kinds & {"pilot", "exemption", "experiment", "meeting", "amendment", "claim", "confirmation"}
