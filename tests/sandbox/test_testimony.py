"""Whatever somebody edits in a table that acts filled is named, with the act that filled it."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import delete, insert, select, update

from experiments.canonical import digest
from experiments.lifecycle import HistoryRow
from experiments.orm import Base
from sandbox import audit, ledger
from sandbox.audit import findings
from sandbox.committee.models import AgendaItem, Ballot, Meeting
from sandbox.documents import OfficialDocument, is_as_issued
from sandbox.exemptions.models import ExemptionHistory
from sandbox.ledger.witness import FACTS, witnessed_tables
from sandbox.orders.models import Order
from sandbox.period.models import Change, Extension, Revocation
from tests import factories, published


def whys(session):
    session.flush()
    session.expire_all()
    return {(each.where.split("/", 1)[1].split("/")[0], each.why) for each in findings(session).mismatches}


def test_every_listed_table_and_column_is_there_and_every_history_stands_beside_them():
    histories = {m.local_table.name for m in Base.registry.mappers if issubclass(m.class_, HistoryRow)}
    assert set(witnessed_tables()) == set(FACTS) | histories


def test_an_untouched_register_holds_against_its_ledger(session):
    factories.create_case(session, published.DECIDED)
    found = findings(session)
    assert found.mismatches == ()
    assert found.witnessed > 0


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("exemption", "granted_to", date(2199, 1, 1)),
        ("exemption", "decision_reasons", "Another reason."),
        ("exemption", "local_opinion", "Another opinion."),
        ("consultation", "reply", "disagree"),
        ("consultation", "text", "Another reply."),
        ("condition", "text", "No condition."),
        ("condition", "is_imposed", False),
        ("official_document", "document", "{}"),
        ("exemption_history", "actor_name", "Somebody else"),
        ("exemption_history", "verb", "refuse"),
        ("pilot_history", "at", factories.BEGINNING),
        ("decision_history", "reason", "Another reason."),
    ],
)
def test_an_edited_fact_is_named(session, table, column, value):
    factories.create_case(session, published.DECIDED)
    session.flush()
    stored = Base.metadata.tables[table]
    assert session.execute(update(stored).values({column: value})).rowcount
    assert (table, audit.OTHER_FACT) in whys(session)


def of_the_committee(case):
    """A meeting with minutes, its item and a vote on it, as one act leaves them."""
    meeting = Meeting(
        regime_id=factories.REGIME,
        regime_version="2026-09",
        committee="c",
        number=1,
        mode="oral",
        begins_on=date(2026, 4, 1),
        ends_on=date(2026, 4, 1),
        minutes="As it went.",
    )
    item = AgendaItem(
        meeting=meeting, exemption=case.pilot.exemption, resolution="approve", arithmetic={"approve": 1}
    )
    item.ballots.append(Ballot(person_id=case.actor("author").person_id, choice="approve", cast_at=case.at))
    return [meeting, item]


def within_the_period(case):
    """What is filed, ordered and decided within a period, as acts leave it."""
    pilot, day = case.pilot, date(2026, 4, 1)
    return [
        Revocation(pilot=pilot, ground="fraud", facts="What happened.", opened_at=case.at),
        Extension(pilot=pilot, documents={}, months_asked=6, ends_before=day, filed_at=case.at),
        Change(
            pilot=pilot,
            number=1,
            field="title",
            before="a",
            after="b",
            reason="r",
            nature="n",
            is_minor=True,
            plan_phase="before",
        ),
        Order(
            pilot=pilot,
            kind="correct",
            legal_ground="Art. 52(4)",
            content="Do it.",
            announced_at=case.at,
            answer_by=day,
        ),
    ]


@pytest.mark.parametrize(
    ("put", "table", "column", "value"),
    [
        (of_the_committee, "meeting", "minutes", "Otherwise."),
        (of_the_committee, "agenda_item", "resolution", "reject"),
        (of_the_committee, "agenda_ballot", "choice", "reject"),
        (within_the_period, "revocation", "facts", "Nothing happened."),
        (within_the_period, "period_extension", "months_asked", 12),
        (within_the_period, "pilot_change", "after", "c"),
        (within_the_period, "pilot_order", "content", "Leave it."),
    ],
)
def test_an_edited_fact_of_a_committee_or_a_period_is_named(session, put, table, column, value):
    case = factories.create_case(session)
    session.add_all(put(case))
    ledger.append(session, act="test.put", subject=case.pilot.key, by=case.actor("author"), at=case.at)
    assert findings(session).mismatches == ()
    session.execute(update(Base.metadata.tables[table]).values({column: value}))
    assert (table, audit.OTHER_FACT) in whys(session)


def test_a_removed_fact_is_named(session):
    factories.create_case(session, published.DECIDED)
    session.execute(delete(ExemptionHistory))
    assert ("exemption_history", audit.GONE) in whys(session)


def test_what_no_act_vouches_for_is_counted_and_not_called_sound(session):
    case = factories.create_case(session, published.DECIDED)
    before = findings(session).unwitnessed
    values = {"subject_id": case.pilot.exemption_id, "verb": "grant", "old_status": "x", "new_status": "y"}
    session.execute(
        insert(ExemptionHistory).values(
            **values, at=factories.BEGINNING, actor_name="Nobody", actor_role="decider"
        )
    )
    assert findings(session).unwitnessed == before + 1


def test_a_document_forged_together_with_its_hash_is_named_and_not_as_issued(session):
    factories.create_case(session, published.DECIDED)
    document = session.scalars(select(OfficialDocument)).first()
    assert is_as_issued(session, document)
    values = {"document": "{}", "sha256": digest("{}")}
    chosen = OfficialDocument.id == document.id
    session.execute(update(OfficialDocument).where(chosen).values(values))
    session.expire_all()
    assert not is_as_issued(session, document)
    assert (document.kind, audit.OTHER_DOCUMENT) in whys(session)
