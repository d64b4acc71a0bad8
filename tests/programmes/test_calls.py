"""From a call to a site."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from experiments.errors import Invalid, Refused, WrongMoment
from sandbox.accounts import Role
from sandbox.ledger import LedgerEntry
from sandbox.organisations import OrganisationKind
from sandbox.programmes import open_call, select_site, submit_bid
from tests.factories import (
    bid_contents,
    call_figures,
    create_bid,
    create_call,
    create_organisation,
    create_person,
    create_programme,
    create_territory,
)

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def staff(session, role, home):
    return create_person(session, role, home).actor


def of_the_ministry(session, call, role=Role.DECIDER):
    return staff(session, role, call.programme.ministry)


def bid(session, call, *, city=None, at=AT, **contents):
    city = city or create_organisation(session, OrganisationKind.CITY)
    by = staff(session, Role.CITY_REVIEWER, city)
    return submit_bid(session, call, city=city, by=by, at=at, **bid_contents(**contents))


# -- the call -------------------------------------------------------------------------------------------


def test_a_call_is_opened_with_its_years_figures(session):
    programme = create_programme(session)
    by = staff(session, Role.MINISTRY_REVIEWER, programme.ministry)
    call = open_call(session, programme, by=by, at=AT, **call_figures(quota=2))
    assert (call.year, call.quota, programme.calls) == (2026, 2, [call])


def test_only_the_programmes_ministry_opens_calls(session):
    programme = create_programme(session)
    by = create_person(session, Role.MINISTRY_REVIEWER).actor
    with pytest.raises(Refused):
        open_call(session, programme, by=by, at=AT, **call_figures())


@pytest.mark.parametrize(
    ("figures", "field"),
    [
        ({"closes_on": date(2026, 1, 31)}, "closes_on"),
        ({"quota": 0}, "quota"),
        ({"budget_cap_won": 0}, "budget_cap_won"),
        ({"state_share_pct": 101}, "state_share_pct"),
        ({"state_share_pct": -1}, "state_share_pct"),
        ({"duration_years": 0}, "duration_years"),
        ({"notice_en": " "}, "notice_en"),
    ],
)
def test_a_bad_figure_is_named(session, figures, field):
    programme = create_programme(session)
    by = staff(session, Role.MINISTRY_REVIEWER, programme.ministry)
    with pytest.raises(Invalid) as refusal:
        open_call(session, programme, by=by, at=AT, **call_figures(**figures))
    assert set(refusal.value.errors) == {field}


def test_a_year_has_one_call(session):
    call = create_call(session)
    by = of_the_ministry(session, call)
    with pytest.raises(Invalid) as refusal:
        open_call(session, call.programme, by=by, at=AT, **call_figures())
    assert set(refusal.value.errors) == {"year"}


# -- the bid --------------------------------------------------------------------------------------------


def test_a_bid_waits_for_the_choice(session):
    made = bid(session, create_call(session))
    assert (made.status, made.submitted_at) == ("submitted", AT)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (datetime(2026, 1, 31, 14, 59, tzinfo=UTC), False),
        (datetime(2026, 1, 31, 15, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 31, 14, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 31, 15, 0, tzinfo=UTC), False),
    ],
)
def test_a_call_is_open_by_the_calendar_of_seoul(session, at, is_open):
    call = create_call(session)
    if is_open:
        assert bid(session, call, at=at).status == "submitted"
        return
    with pytest.raises(WrongMoment) as refusal:
        bid(session, call, at=at)
    assert refusal.value.needs == "call_is_open"


def test_a_bid_stays_within_the_cap(session):
    call = create_call(session, budget_cap_won=1_000)
    assert bid(session, call, budget_won=1_000).budget_won == 1_000
    with pytest.raises(Invalid) as refusal:
        bid(session, call, budget_won=1_001)
    assert set(refusal.value.errors) == {"budget_won"}


@pytest.mark.parametrize("contents", [{"budget_won": 0}, {"budget_won": -5}])
def test_a_bid_asks_for_something(session, contents):
    with pytest.raises(Invalid) as refusal:
        bid(session, create_call(session), **contents)
    assert set(refusal.value.errors) == {"budget_won"}


def test_a_city_bids_once(session):
    call = create_call(session)
    city = bid(session, call).city
    with pytest.raises(WrongMoment) as refusal:
        bid(session, call, city=city)
    assert refusal.value.needs == "no_bid_yet"


def test_nobody_bids_for_another_city(session):
    city = create_organisation(session, OrganisationKind.CITY)
    by = create_person(session, Role.CITY_REVIEWER).actor
    with pytest.raises(Refused):
        submit_bid(session, create_call(session), city=city, by=by, at=AT, **bid_contents())


# -- the choice -----------------------------------------------------------------------------------------


def test_a_chosen_bid_makes_its_city_a_site(session):
    chosen = create_bid(session)
    by = of_the_ministry(session, chosen.call)
    territory = create_territory(session)
    site = select_site(session, chosen, territory=territory, by=by, at=AT)
    assert (site.city_id, site.territory_id, site.bid_id) == (chosen.city_id, territory.id, chosen.id)
    assert chosen.status == "selected"


def test_the_quota_is_kept(session):
    call = create_call(session, quota=1)
    first, second = create_bid(session, call), create_bid(session, call)
    by = of_the_ministry(session, call)
    select_site(session, first, territory=create_territory(session), by=by, at=AT)
    with pytest.raises(WrongMoment) as refusal:
        select_site(session, second, territory=create_territory(session), by=by, at=AT)
    assert refusal.value.needs == "quota_left"


def test_a_bid_is_chosen_once(session):
    chosen = create_bid(session, create_call(session, quota=2))
    by = of_the_ministry(session, chosen.call)
    select_site(session, chosen, territory=create_territory(session), by=by, at=AT)
    with pytest.raises(WrongMoment):
        select_site(session, chosen, territory=create_territory(session), by=by, at=AT)


def test_a_territory_is_one_site(session):
    call = create_call(session, quota=2)
    first, second = create_bid(session, call), create_bid(session, call)
    by, territory = of_the_ministry(session, call), create_territory(session)
    select_site(session, first, territory=territory, by=by, at=AT)
    with pytest.raises(Invalid) as refusal:
        select_site(session, second, territory=territory, by=by, at=AT)
    assert set(refusal.value.errors) == {"territory"}


@pytest.mark.parametrize("role", [Role.MINISTRY_REVIEWER])
def test_a_decider_chooses(session, role):
    chosen = create_bid(session)
    with pytest.raises(Refused):
        select_site(
            session,
            chosen,
            territory=create_territory(session),
            by=of_the_ministry(session, chosen.call, role),
            at=AT,
        )


def test_every_step_stands_in_the_ledger(session):
    programme = create_programme(session)
    ministry = programme.ministry
    call = open_call(
        session, programme, by=staff(session, Role.MINISTRY_REVIEWER, ministry), at=AT, **call_figures()
    )
    made = bid(session, call)
    select_site(
        session,
        made,
        territory=create_territory(session),
        by=staff(session, Role.DECIDER, ministry),
        at=AT,
    )
    acts = session.scalars(select(LedgerEntry.act).order_by(LedgerEntry.number))
    assert list(acts) == ["call.open", "bid.submit", "site.select"]
