"""The decider's act on an application."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from experiments.errors import Invalid, Refused
from sandbox.accounts import Role
from sandbox.exemptions import decide
from sandbox.exemptions.models import Resolution
from sandbox.exemptions.table import EXEMPTION
from sandbox.ledger import LedgerEntry
from tests.factories import GRANTED, REFUSED, RESOLVED, TABLED, create_case, grant, resolve


def test_a_grant_keeps_period_reasons_and_imposed_conditions(session):
    exemption = create_case(session, GRANTED).pilot.exemption
    assert (exemption.granted_from, exemption.granted_to) == (date(2026, 7, 1), date(2027, 6, 30))
    assert exemption.decision_reasons == "The benefit outweighs the risk under the condition."
    assert [c.is_imposed for c in exemption.conditions] == [True]


def test_a_condition_that_is_not_chosen_is_not_imposed(session):
    case = create_case(session, (*TABLED, resolve(Resolution.APPROVE)))
    grant(case, conditions=[])
    assert [c.is_imposed for c in case.pilot.exemption.conditions] == [False]


def test_a_condition_of_another_file_is_refused(session):
    theirs = create_case(session, RESOLVED).pilot.exemption.conditions[0]
    case = create_case(session, RESOLVED)
    with pytest.raises(Invalid) as refusal:
        grant(case, conditions=[theirs.id])
    assert set(refusal.value.errors) == {"conditions"}


@pytest.mark.parametrize("granted_to", [date(2026, 6, 30), date(2026, 7, 1)])
def test_a_period_ends_after_it_begins(session, granted_to):
    case = create_case(session, RESOLVED)
    with pytest.raises(Invalid) as refusal:
        grant(case, granted_to=granted_to)
    assert set(refusal.value.errors) == {"granted_to"}


def ask_four_years(case):
    case.pilot.exemption.requested_months = 48


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"granted_from": date(2026, 3, 2)}, "granted_from"),
        ({"granted_from": date(1990, 1, 1), "granted_to": date(1993, 1, 1)}, "granted_from"),
        ({"granted_from": date(2027, 3, 5), "granted_to": date(2028, 1, 1)}, "granted_from"),
        ({"granted_from": date(2050, 1, 1), "granted_to": date(2050, 12, 31)}, "granted_from"),
        ({"granted_to": date(2028, 7, 1)}, "granted_to"),
    ],
)
def test_a_period_begins_soon_after_the_decision_and_is_no_longer_than_applied_for(session, terms, field):
    case = create_case(session, RESOLVED)
    case.at = datetime(2026, 3, 4, 1, tzinfo=UTC)
    with pytest.raises(Invalid) as refusal:
        grant(case, **terms)
    assert set(refusal.value.errors) == {field}


@pytest.mark.parametrize("granted_from", [date(2026, 3, 4), date(2027, 3, 4)])
def test_a_period_of_the_months_applied_for_from_the_first_or_the_last_day(session, granted_from):
    case = create_case(session, RESOLVED)
    case.at = datetime(2026, 3, 4, 1, tzinfo=UTC)
    grant(case, granted_from=granted_from, granted_to=granted_from.replace(year=granted_from.year + 2, day=3))
    assert case.pilot.exemption.status == "approved"


@pytest.mark.parametrize(
    ("granted_from", "longest"),
    [
        (date(2026, 7, 1), date(2030, 6, 30)),
        (date(2026, 7, 15), date(2030, 7, 14)),
        (date(2026, 3, 31), date(2030, 3, 30)),
        (date(2028, 2, 29), date(2032, 2, 28)),
        (date(2027, 3, 1), date(2031, 2, 28)),
    ],
)
def test_the_longest_period_is_four_years_with_both_days(session, granted_from, longest):
    case = create_case(session, (ask_four_years, *RESOLVED))
    case.at = datetime.combine(granted_from, time(), tzinfo=UTC)
    with pytest.raises(Invalid) as refusal:
        grant(case, granted_from=granted_from, granted_to=date.fromordinal(longest.toordinal() + 1))
    assert "Art. 51(2)" in refusal.value.errors["granted_to"][0]
    grant(case, granted_from=granted_from, granted_to=longest)
    assert case.pilot.exemption.status == "approved"


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_grant_needs_reasons(session, reason):
    case = create_case(session, RESOLVED)
    with pytest.raises(Invalid) as refusal:
        grant(case, reason=reason)
    assert set(refusal.value.errors) == {"reason"}
    assert case.pilot.exemption.status == "resolved"


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_refusal_needs_reasons(session, reason):
    case = create_case(session, RESOLVED)
    with pytest.raises(Invalid) as refusal:
        decide.refuse(session, case.pilot.exemption, by=case.actor("decider"), at=case.tick(), reason=reason)
    assert set(refusal.value.errors) == {"reason"}
    assert case.pilot.exemption.status == "resolved"


def test_a_refusal_keeps_its_reasons(session):
    exemption = create_case(session, REFUSED).pilot.exemption
    assert (exemption.status, exemption.decision_reasons) == ("rejected", "The risk is not covered.")
    assert exemption.granted_from is None


@pytest.mark.parametrize("who", ["author", "signatory", "city_reviewer", "reviewer", "other_reviewer"])
@pytest.mark.parametrize("verb", ["grant", "refuse"])
def test_nobody_decides_on_what_they_wrote_or_reviewed(session, who, verb):
    """Also not after moving to the lead ministry as its decider."""
    case = create_case(session, RESOLVED)
    mover = case.people[who]
    mover.role, mover.organisation = Role.DECIDER, case.people["decider"].organisation
    with pytest.raises(Refused) as refusal:
        EXEMPTION.check(case.pilot.exemption, verb, by=mover.actor, reason="Because.")
    assert refusal.value.rule == "decider_who_neither_wrote_nor_reviewed"


def test_the_other_ministrys_decider_has_no_say(session):
    case = create_case(session, RESOLVED)
    with pytest.raises(Refused):
        EXEMPTION.check(case.pilot.exemption, "grant", by=case.actor("other_decider"), reason="Because.")


def test_the_ledger_says_what_was_granted(session):
    case = create_case(session, GRANTED)
    entry = session.scalars(select(LedgerEntry).where(LedgerEntry.act == "exemption.grant")).one()
    assert '"granted_to":"2027-06-30"' in entry.details
    assert "A guard stands at every crossing" in entry.details
    assert entry.actor_id == case.people["decider"].id


def test_the_database_knows_no_grant_without_dates(session):
    case = create_case(session, RESOLVED)
    case.pilot.exemption.status = "approved"
    with pytest.raises(IntegrityError, match="granted_means_dated"):
        session.flush()
