"""From a call to a site: open, bid, select."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from experiments.districts import Territory
from experiments.errors import Invalid, Refused, WrongMoment
from experiments.lifecycle import Actor
from sandbox import access, ledger
from sandbox.organisations import Organisation
from sandbox.programmes.models import Bid, BidStatus, Call, Programme, Site

# The days of a national call are days in Korea.
ZONE = ZoneInfo("Asia/Seoul")


def open_call(session: Session, programme: Programme, *, by: Actor, at: datetime, **figures: Any) -> Call:
    """A new call of `programme`; its figures are data of that year. Invalid by figure."""
    _require(access.ministry_staff_of(by, programme.ministry_id), "call.open", "ministry_staff_of")
    _check_figures(session, programme, figures)
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
    if not call.opens_on <= at.astimezone(ZONE).date() <= call.closes_on:
        raise WrongMoment("bid.submit", "closed", needs="call_is_open")
    if session.scalar(select(Bid.id).where(Bid.call_id == call.id, Bid.city_id == city.id)) is not None:
        raise WrongMoment("bid.submit", BidStatus.SUBMITTED, needs="no_bid_yet")
    if contents["budget_won"] <= 0:
        raise Invalid({"budget_won": ["more than nothing"]})
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
    # Deciders of one call choose one after the other, so that the quota holds.
    session.refresh(bid.call, with_for_update=True)
    session.refresh(bid)
    if bid.status != BidStatus.SUBMITTED:
        raise WrongMoment("bid.select", bid.status)
    if session.scalar(select(Site.id).where(Site.territory_id == territory.id)) is not None:
        raise Invalid({"territory": [f"{territory.code} is a site already"]})
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


def _check_figures(session: Session, programme: Programme, figures: Mapping[str, Any]) -> None:
    errors: dict[str, list[str]] = {}
    for name in ("quota", "budget_cap_won", "duration_years"):
        if figures[name] <= 0:
            errors[name] = ["more than nothing"]
    if not 0 <= figures["state_share_pct"] <= 100:
        errors["state_share_pct"] = ["from 0 to 100 per cent"]
    if figures["closes_on"] < figures["opens_on"]:
        errors["closes_on"] = ["the call closes before it opens"]
    for name in ("notice_ko", "notice_en"):
        if not figures[name].strip():
            errors[name] = ["a notice is needed"]
    same_year = select(Call.id).where(Call.programme_id == programme.id, Call.year == figures["year"])
    if session.scalar(same_year) is not None:
        errors["year"] = ["this year has a call"]
    if errors:
        raise Invalid(errors)


def _require(holds: bool, verb: str, rule: str) -> None:
    if not holds:
        raise Refused(verb, rule)
