"""Records and rows hold each other: whatever is changed on one side only is found and named."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from experiments.canonical import canonical, digest
from experiments.evaluation.models import Evaluation
from experiments.registrations.models import PlanVersion
from sandbox import audit, db, ledger
from sandbox.audit import Mismatch, mismatches
from sandbox.cli import main
from sandbox.decisions.models import Decision
from sandbox.demo.command import DemonstrationFailed, _print_counts
from sandbox.ledger import LedgerEntry
from tests import factories, published


@pytest.fixture
def case(session):
    """A pilot whose plan was carried out, and whose result was signed and decided."""
    return factories.create_case(session, published.DECIDED)


def number_of(session, act):
    return session.scalar(select(LedgerEntry.number).where(LedgerEntry.act == act))


def change(session, table, **values):
    session.execute(update(table).values(values))


def without_guards(session):
    """The ledger as after somebody with all rights took its guards away."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("ALTER TABLE ledger_entry DISABLE TRIGGER USER"))
        return
    named = text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger_entry'")
    for trigger in session.scalars(named).all():
        session.execute(text(f"DROP TRIGGER {trigger}"))


def cut_from(session, act):
    without_guards(session)
    session.execute(delete(LedgerEntry).where(LedgerEntry.number >= number_of(session, act)))


# -- sound ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "history",
    [
        factories.DRAFTED,
        factories.AMENDED,
        published.RAN,
        published.SIGNED,
        published.DECIDED,
        published.DECIDED_AGAINST,
        factories.FIRST_DECIDED_AGAINST,
        (*factories.PROPOSED, factories.send_back),
        (*factories.PROPOSED, factories.send_back, factories.propose("stop"), factories.decide),
    ],
    ids=lambda history: f"{len(history)}_steps",
)
def test_what_people_did_fits_its_records(session, history):
    factories.create_case(session, history[:-1])
    factories.create_case(session, history)
    assert mismatches(session) == []


# -- plans ----------------------------------------------------------------------------------------------


def test_a_plan_rewritten_with_its_digest_is_named(session, case):
    forged = canonical({"seed": 1})
    change(session, PlanVersion, document=forged, sha256=digest(forged))
    where, number = f"{case.pilot.key}/plan_version/1", number_of(session, "pilot.lock_plan")
    assert mismatches(session) == [
        Mismatch(number, where, audit.OTHER_DIGEST),
        Mismatch(number, where, audit.OTHER_TEXT),
    ]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"document": "{}"}, audit.OTHER_TEXT),
        ({"sha256": "f" * 64}, audit.OTHER_DIGEST),
        ({"locked_at": factories.BEGINNING}, audit.OTHER_TIME),
        ({"reason": "None was needed."}, audit.OTHER_REASON),
    ],
)
def test_a_changed_plan_is_named(session, case, values, why):
    change(session, PlanVersion, **values)
    number = number_of(session, "pilot.lock_plan")
    assert mismatches(session) == [Mismatch(number, f"{case.pilot.key}/plan_version/1", why)]


def test_an_amendment_is_held_against_its_own_record(session):
    case = factories.create_case(session, factories.AMENDED)
    session.execute(update(PlanVersion).where(PlanVersion.number == 2).values(reason="A better one."))
    number = number_of(session, "pilot.amend_plan")
    assert mismatches(session) == [
        Mismatch(number, f"{case.pilot.key}/plan_version/2", audit.OTHER_REASON),
    ]


def test_a_removed_plan_is_missed(session):
    case = factories.create_case(session, factories.AMENDED)
    session.execute(delete(PlanVersion).where(PlanVersion.number == 2))
    number = number_of(session, "pilot.amend_plan")
    assert mismatches(session) == [Mismatch(number, f"{case.pilot.key}/plan_version/2", audit.MISSING)]


# -- results --------------------------------------------------------------------------------------------


def test_a_result_rewritten_with_its_digest_and_finding_is_named(session, case):
    forged = canonical(case.evaluation.result() | {"finding": "stop"})
    change(session, Evaluation, document=forged, document_sha256=digest(forged), finding="stop")
    where, number = (
        f"{case.pilot.key}/evaluation/{case.evaluation.id}",
        number_of(session, "pilot.sign_result"),
    )
    assert [m.why for m in mismatches(session) if (m.number, m.where) == (number, where)] == [
        audit.OTHER_DIGEST,
        audit.OTHER_TEXT,
        audit.OTHER_FINDING,
        audit.OTHER_FINDING_IN_TEXT,
    ]


@pytest.mark.parametrize(
    ("values", "whys"),
    [
        ({"finding": "stop"}, [audit.OTHER_FINDING]),
        ({"document": "[]"}, [audit.OTHER_TEXT, audit.OTHER_FINDING_IN_TEXT]),
        ({"document": "no JSON"}, [audit.OTHER_TEXT, audit.OTHER_FINDING_IN_TEXT]),
        ({"signed_at": factories.BEGINNING}, [audit.OTHER_TIME]),
        ({"signed_at": None, "signed_by_id": None}, [audit.OTHER_TIME]),
    ],
)
def test_a_changed_result_is_named(session, case, values, whys):
    change(session, Evaluation, **values)
    where, number = (
        f"{case.pilot.key}/evaluation/{case.evaluation.id}",
        number_of(session, "pilot.sign_result"),
    )
    assert mismatches(session) == [Mismatch(number, where, why) for why in whys]


# -- decisions ------------------------------------------------------------------------------------------


def test_a_changed_outcome_contradicts_every_act_that_names_it(session, case):
    change(session, Decision, outcome="stop")
    where = f"{case.pilot.key}/decision/{session.scalar(select(Decision.id))}"
    assert mismatches(session) == [
        Mismatch(number_of(session, act), where, audit.OTHER_OUTCOME)
        for act in ("decision.propose", "decision.decide")
    ]


@pytest.mark.parametrize(
    ("values", "act", "why"),
    [
        ({"status": "sent_back", "decided_at": None}, "decision.confirm", audit.OTHER_STATUS),
        ({"decided_at": factories.BEGINNING}, "decision.confirm", audit.OTHER_TIME),
        ({"against_reason": "Nobody minds."}, "decision.decide_against", audit.OTHER_REASON),
    ],
)
def test_a_changed_decision_is_named(session, values, act, why):
    case = factories.create_case(session, published.DECIDED_AGAINST)
    change(session, Decision, **values)
    where = f"{case.pilot.key}/decision/{session.scalar(select(Decision.id))}"
    assert Mismatch(number_of(session, act), where, why) in mismatches(session)


def test_a_decision_that_was_moved_to_another_result_is_named(session, case):
    other = factories.create_case(session, (*published.RUNNING, published.run_later, published.store()))
    change(session, Decision, evaluation_id=other.evaluation.id)
    where = f"{case.pilot.key}/decision/{session.scalar(select(Decision.id))}"
    number = number_of(session, "decision.propose")
    assert mismatches(session) == [Mismatch(number, where, audit.OTHER_EVALUATION)]


# -- the ledger's side ----------------------------------------------------------------------------------


def test_rows_whose_records_were_cut_off_are_named(session, case):
    cut_from(session, "pilot.lock_plan")
    decision = session.scalar(select(Decision.id))
    assert ledger.verify(session).is_sound
    assert mismatches(session) == [
        Mismatch(None, f"{case.pilot.key}/plan_version/1", audit.UNRECORDED),
        Mismatch(None, f"{case.pilot.key}/evaluation/{case.evaluation.id}", audit.UNRECORDED),
        Mismatch(None, f"{case.pilot.key}/decision/{decision}", audit.UNRECORDED),
    ]


def test_a_decided_case_whose_decision_was_cut_off_is_named(session, case):
    cut_from(session, "decision.decide")
    where = f"{case.pilot.key}/decision/{session.scalar(select(Decision.id))}"
    number = number_of(session, "decision.propose")
    assert ledger.verify(session).is_sound
    assert mismatches(session) == [Mismatch(number, where, audit.OTHER_STATUS)]


@pytest.mark.parametrize("details", ["no JSON", "[]", '{"version":[1]}'])
def test_a_record_that_names_no_row_is_named(session, case, details):
    without_guards(session)
    number = number_of(session, "pilot.lock_plan")
    session.execute(update(LedgerEntry).where(LedgerEntry.number == number).values(details=details))
    found = mismatches(session)
    assert [(m.number, m.why) for m in found] == [(None, audit.UNRECORDED), (number, audit.MISSING)]


def test_what_the_session_remembers_does_not_hide_a_change(session, case):
    remembered = case.evaluation
    session.execute(text("UPDATE evaluation SET finding = 'stop'"))
    assert remembered.finding == "expand_conditional"
    assert [m.why for m in mismatches(session)] == [audit.OTHER_FINDING]


# -- where it is told -----------------------------------------------------------------------------------


def test_the_command_names_row_and_record(committed_database, monkeypatch, tmp_path):
    monkeypatch.setenv("SANDBOX_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("SANDBOX_DATABASE_URL", committed_database)
    with Session(db.engine_for(committed_database)) as session:
        case = factories.create_case(session, published.DECIDED)
        session.commit()
        assert CliRunner().invoke(main, ["ledger", "verify"]).exit_code == 0
        change(session, PlanVersion, reason="None was needed.")
        session.commit()
        number, rows = number_of(session, "pilot.lock_plan"), ledger.verify(session).rows
        key = case.pilot.key
    answer = CliRunner().invoke(main, ["ledger", "verify"])
    assert answer.exit_code == 1
    counted, named, _witnessed = answer.output.splitlines()
    assert counted.startswith(f"{rows} rows are sound.")
    assert named == f"{key}/plan_version/1 (record {number}): its reason is not the recorded one."


def test_a_row_without_a_record_says_so():
    assert str(Mismatch(None, "pilot:RS-1/decision/2", audit.UNRECORDED)) == (
        "pilot:RS-1/decision/2 (without a record): no record in the ledger speaks of it."
    )


def test_the_demonstration_fails_on_a_contradiction(session, case):
    change(session, Evaluation, finding="stop")
    with pytest.raises(DemonstrationFailed, match=audit.OTHER_FINDING):
        _print_counts(session, None)
