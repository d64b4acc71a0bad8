"""The programmes as the public reads them: calls with their figures, bids and chosen sites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from sandbox.names import Name
from sandbox.programmes.models import Bid, Call, Programme, Site


@dataclass(frozen=True)
class BidFacts:
    """A city's bid; `selected_at` and `site_code` stand where it was chosen."""

    city: Name
    summary_ko: str
    summary_en: str
    budget_won: int
    status: str
    submitted_at: datetime
    site_code: str | None
    selected_at: datetime | None


@dataclass(frozen=True)
class CallFacts:
    """One year's call: money in won, the state's share in per cent."""

    year: int
    quota: int
    budget_cap_won: int
    state_share_pct: int
    duration_years: int
    opens_on: date
    closes_on: date
    notice_ko: str
    notice_en: str
    bids: tuple[BidFacts, ...]

    @property
    def selected(self) -> int:
        return sum(bid.selected_at is not None for bid in self.bids)


@dataclass(frozen=True)
class ProgrammeFacts:
    """A national programme and its calls, the latest first."""

    code: str
    name_ko: str
    name_en: str
    ministry: Name
    is_synthetic: bool
    calls: tuple[CallFacts, ...]


def programmes_with_calls(session: Session) -> tuple[ProgrammeFacts, ...]:
    """Every programme, by code."""
    rows = session.scalars(
        select(Programme)
        .order_by(Programme.code)
        .options(
            joinedload(Programme.ministry),
            selectinload(Programme.calls).selectinload(Call.bids).joinedload(Bid.city),
        )
    )
    sites = {site.bid_id: site for site in session.scalars(select(Site).where(Site.bid_id.is_not(None)))}
    return tuple(_programme(row, sites) for row in rows)


def _programme(row: Programme, sites: Mapping[int | None, Site]) -> ProgrammeFacts:
    return ProgrammeFacts(
        code=row.code,
        name_ko=row.name_ko,
        name_en=row.name_en,
        ministry=Name.of(row.ministry),
        is_synthetic=row.is_synthetic,
        calls=tuple(_call(call, sites) for call in reversed(row.calls)),
    )


def _call(row: Call, sites: Mapping[int | None, Site]) -> CallFacts:
    copied = (
        *("year", "quota", "budget_cap_won", "state_share_pct", "duration_years"),
        *("opens_on", "closes_on", "notice_ko", "notice_en"),
    )
    return CallFacts(
        **{name: getattr(row, name) for name in copied},
        bids=tuple(_bid(bid, sites.get(bid.id)) for bid in row.bids),
    )


def _bid(row: Bid, site: Site | None) -> BidFacts:
    return BidFacts(
        city=Name.of(row.city),
        summary_ko=row.summary_ko,
        summary_en=row.summary_en,
        budget_won=row.budget_won,
        status=row.status,
        submitted_at=row.submitted_at,
        site_code=site.territory.code if site else None,
        selected_at=site.selected_at if site else None,
    )
