"""From a call to a site: open, bid, select."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from experiments.districts import Territory
from experiments.errors import Invalid, Refused, WrongMoment
from experiments.lifecycle import Actor
from sandbox import access, ledger
from sandbox.organisations import Organisation
from sandbox.programmes.models import Bid, BidStatus, Call, Programme, Site


def open_call(session: Session, programme: Programme, *, by: Actor, at: datetime, **figures: Any) -> Call:
    """A new call of `programme`; its figures are data, checked by the database."""
    _require(access.ministry_staff_of(by, programme.ministry_id), "call.open", "ministry_staff_of")
    if figures["closes_on"] < figures["opens_on"]:
        raise Invalid({"closes_on": ["the call closes before it opens"]})
    call = Call(programme_id=programme.id, **figures)
    session.add(call)
    session.flush()
    ledger.append(
        session,
        act="call.open",
        subject=f"call:{programme.code}-{call.year}",
        by=by,
        at=at,
        details={"quota": call.quota},
    )
    return call


def submit_bid(
    session: Session, call: Call, *, city: Organisation, by: Actor, at: datetime, **contents: Any
) -> Bid:
    """A city's bid while the call is open; the budget stays within the call's cap."""
    _require(access.city_staff_of(by, city.id), "bid.submit", "city_staff_of")
    if not call.opens_on <= at.date() <= call.closes_on:
        raise WrongMoment("bid.submit", "closed", needs="call_is_open")
    if contents["budget_won"] > call.budget_cap_won:
        raise Invalid({"budget_won": [f"above the call's cap of {call.budget_cap_won:,} won"]})
    bid = Bid(call_id=call.id, city_id=city.id, submitted_at=at, **contents)
    session.add(bid)
    session.flush()
    ledger.append(
        session, act="bid.submit", subject=f"bid:{bid.id}", by=by, at=at, details={"city": city.name_en}
    )
    return bid


def select_site(session: Session, bid: Bid, *, territory: Territory, by: Actor, at: datetime) -> Site:
    """Choose a bid: its city becomes a site, within the call's quota."""
    _require(access.decider_at(by, bid.call.programme.ministry_id), "bid.select", "decider_at")
    if bid.status != BidStatus.SUBMITTED:
        raise WrongMoment("bid.select", bid.status)
    chosen = session.scalar(
        select(func.count()).where(Bid.call_id == bid.call_id, Bid.status == BidStatus.SELECTED)
    )
    if chosen is not None and chosen >= bid.call.quota:
        raise WrongMoment("bid.select", bid.status, needs="quota_left")
    bid.status = BidStatus.SELECTED
    site = Site(city_id=bid.city_id, territory_id=territory.id, bid_id=bid.id, selected_at=at)
    session.add(site)
    session.flush()
    ledger.append(
        session, act="site.select", subject=f"site:{territory.code}", by=by, at=at, details={"bid": bid.id}
    )
    return site


def _require(holds: bool, verb: str, rule: str) -> None:
    if not holds:
        raise Refused(verb, rule)
