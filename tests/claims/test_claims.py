"""Claims from filing to report: clocks, receipts, what is sealed, told and erased."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from experiments.canonical import digest
from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import load
from sandbox import receipts
from sandbox.claims import desk, filing, handling
from sandbox.claims.desk import Counts
from sandbox.claims.filing import TooManyClaims, claim_schema
from sandbox.claims.handling import ClaimPaymentSchema, ClaimRefusalSchema
from sandbox.claims.models import ClaimFiling
from sandbox.clocks import running
from sandbox.ledger import LedgerEntry
from sandbox.notices import reminders
from sandbox.notices.models import Notice
from sandbox.pilots import operation
from sandbox.regimes import regime
from tests.claims.filed import SEAL, claim_values, file_claim, informed, paid, refused
from tests.factories import GRANTED, REGIME, RUNNING, create_case

ITEMS = ("name", "contact", "relation", "damage", "amount", "basis")


def told(session, code):
    return set(session.scalars(select(Notice.person_id).where(Notice.code == code)))


def test_the_form_has_the_items_of_the_decree():
    law = regime(REGIME).claims
    assert tuple(item.id for item in law.items) == ITEMS
    with pytest.raises(Invalid) as error:
        load(claim_schema(regime(REGIME)), dict.fromkeys(ITEMS, " "))
    assert set(error.value.errors) == set(ITEMS)


@pytest.mark.parametrize(
    "changes", [{"name": "x" * 201}, {"damage": "x" * 100_000}, {"amount": "0"}, {"amount": "1e3"}]
)
def test_what_a_claim_cannot_say_is_refused_at_its_field(changes):
    with pytest.raises(Invalid) as error:
        load(claim_schema(regime(REGIME)), claim_values(**changes))
    assert set(error.value.errors) == set(changes)


def test_a_claim_starts_thirty_days(session):
    case = create_case(session, RUNNING)
    filed = file_claim(case)
    (clock,) = desk.clocks_of(session, filed.claim)
    # Thirty days after 3 March 2026 end on Thursday, 2 April.
    assert (clock.rule_id, clock.started_on, clock.due_on) == ("K10", date(2026, 3, 3), date(2026, 4, 2))
    assert clock.owed_by_id == case.pilot.company_id


def test_a_pilot_that_never_started_takes_no_claims(session):
    with pytest.raises(WrongMoment):
        file_claim(create_case(session, GRANTED))


def test_nothing_personal_stands_in_the_open(session):
    case = create_case(session, RUNNING)
    claim = file_claim(case).claim
    written = [claim.sealed, *session.scalars(select(LedgerEntry.details))]
    written += [json.dumps(facts) for facts in session.scalars(select(Notice.facts))]
    for text in ("Hong Gil-dong", "010-0000-0000", "bicycle", "workshop"):
        assert not any(text in each for each in written)
    assert desk.contents(claim, SEAL) == claim_values()


def test_a_receipt_is_found_in_the_ledger_and_covers_the_claim(session):
    claim = file_claim(create_case(session, RUNNING)).claim
    assert digest(desk.document_of(claim, SEAL)) == claim.receipt
    found = receipts.check(session, claim.receipt.upper() + " ")
    assert (found.act, found.is_sound) == ("claim.file", True)


def test_two_claims_of_the_same_words_have_different_receipts(session):
    case = create_case(session, RUNNING)
    assert file_claim(case).claim.receipt != file_claim(case).claim.receipt


def test_a_row_that_does_not_hold_the_receipt_is_no_proof(session):
    claim = file_claim(create_case(session, RUNNING)).claim
    session.get_one(receipts.Receipt, claim.receipt).entry_number -= 1
    session.flush()
    assert not receipts.check(session, claim.receipt).is_sound


@pytest.mark.parametrize("sha256", ["", "0" * 64, "nonsense", "x" * 100_000])
def test_what_no_ledger_knows_is_no_receipt(session, sha256):
    with pytest.raises(NotFound):
        receipts.check(session, sha256)


def test_only_the_secret_opens_the_claim(session):
    filed = file_claim(create_case(session, RUNNING))
    assert filing.claim_of(session, filed.token) is filed.claim
    for token in ("", filed.claim.token_hash, str(filed.claim.number)):
        with pytest.raises(NotFound):
            filing.claim_of(session, token)


def test_one_address_cannot_flood_a_pilot(session):
    case = create_case(session, RUNNING)
    moment = case.at

    def file_at(address, later=timedelta()):
        case.at = moment + later
        file_claim(case, address)

    for _ in range(filing.MOST_PER_ADDRESS):
        file_at("192.0.2.1")
    with pytest.raises(TooManyClaims):
        file_at("192.0.2.1")
    file_at("192.0.2.2")
    file_at("192.0.2.1", filing.THROTTLE_WINDOW)


def test_addresses_are_forgotten_after_the_hour(session):
    case = create_case(session, RUNNING)
    file_claim(case)
    assert not filing.forget_addresses(session, at=case.at)
    assert filing.forget_addresses(session, at=case.at + filing.THROTTLE_WINDOW)
    assert session.scalars(select(ClaimFiling)).all() == []


def test_payment_ends_the_first_clock_and_starts_fifteen_days(session):
    claim = paid(create_case(session, RUNNING)).claim
    first, second = desk.clocks_of(session, claim)
    assert not first.is_running
    # Fifteen days after 3 March 2026 end on Wednesday, 18 March.
    assert (second.rule_id, second.due_on) == ("K11", date(2026, 3, 18))


@pytest.mark.parametrize("answer", [paid, refused])
def test_the_report_ends_the_last_clock(session, answer):
    case = create_case(session, RUNNING)
    claim = answer(case).claim
    handling.report(session, claim, report="Settled.", by=case.actor("author"), at=case.tick())
    assert claim.status == "reported"
    assert [clock.is_running for clock in desk.clocks_of(session, claim)] == [False, False]


@pytest.mark.parametrize("day", [date(2026, 3, 2), date(2026, 3, 4), date(9999, 12, 31)])
def test_a_payment_lies_between_the_claim_and_today(session, day):
    case = create_case(session, RUNNING)
    claim = informed(case).claim
    with pytest.raises(Invalid) as error:
        handling.pay(session, claim, paid_won=1, paid_on=day, by=case.actor("signatory"), at=case.tick())
    assert set(error.value.errors) == {"paid_on"}
    assert claim.status == "informed"


@pytest.mark.parametrize("field", ["refusal", "proof"])
def test_a_refusal_needs_its_text_and_its_proof(field):
    with pytest.raises(Invalid) as error:
        load(ClaimRefusalSchema(), {"refusal": "No.", "proof": "A photo."} | {field: " "})
    assert set(error.value.errors) == {field}


def test_no_sum_is_no_payment():
    with pytest.raises(Invalid) as error:
        load(ClaimPaymentSchema(), {"paid_won": 0, "paid_on": "2026-03-03"})
    assert set(error.value.errors) == {"paid_won"}


def test_who_is_told(session):
    case = create_case(session, RUNNING)
    refused(case)
    people = case.people
    authorities = {people["reviewer"].id, people["city_reviewer"].id}
    assert told(session, "claim.file") == authorities | {people["author"].id, people["signatory"].id}
    assert told(session, "claim.refuse") == authorities


def test_a_lapse_is_told_and_answers_nothing(session):
    case = create_case(session, RUNNING)
    claim = file_claim(case).claim
    at = case.at + timedelta(days=32)
    reminders.tell_of_lapses(session, running.lapse(session, at=at), at=at)
    assert claim.status == "filed"
    assert {case.people["author"].id, case.people["reviewer"].id} <= told(session, "clock.lapsed")


def test_a_claim_outlives_its_pilot(session):
    case = create_case(session, RUNNING)
    claim = file_claim(case).claim
    operation.finish(session, case.pilot, by=case.actor("signatory"), at=case.tick())
    assert desk.clocks_of(session, claim)[0].is_running
    assert file_claim(case).claim.number != claim.number


def test_the_public_reads_counts(session):
    case = create_case(session, RUNNING)
    file_claim(case)
    paid(case)
    refused(case)
    assert desk.counts(session, case.pilot) == Counts(filed=3, waiting=1, paid=1, refused=1)


@pytest.mark.parametrize(
    "who", ["other_author", "other_signatory", "other_city_reviewer", "other_reviewer", "evaluator"]
)
def test_nobody_else_finds_a_claim(session, who):
    case = create_case(session, RUNNING)
    claim = file_claim(case).claim
    with pytest.raises(NotFound):
        desk.find(session, case.pilot, claim.number, case.actor(who))
    with pytest.raises(Refused):
        handling.inform(session, claim, information="x", by=case.actor(who), at=case.tick())


def test_a_claim_of_another_pilot_is_not_found(session):
    case, other = create_case(session, RUNNING), create_case(session, RUNNING)
    claim = file_claim(other).claim
    with pytest.raises(NotFound):
        desk.find(session, case.pilot, claim.number, case.actor("author"))


def test_what_identifies_people_is_erased_after_its_years(session):
    case = create_case(session, RUNNING)
    claim = refused(case).claim
    handling.report(session, claim, report="Settled.", by=case.actor("author"), at=case.tick())
    assert handling.erase(session, at=case.at + timedelta(days=5 * 365)) == 0
    assert handling.erase(session, at=case.at + timedelta(days=5 * 366)) == 1
    assert desk.contents(claim, SEAL) is None
    assert (claim.proof, claim.amount_won) == ("", 350_000)
    assert receipts.check(session, claim.receipt).is_sound
