"""Programme, Call, Bid and Site."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.districts import Territory
from experiments.orm import Base, Identified
from sandbox.organisations import Organisation


class BidStatus(StrEnum):
    SUBMITTED = "submitted"
    SELECTED = "selected"
    NOT_SELECTED = "not_selected"


class Programme(Identified, Base):
    """A national programme, such as the hub smart city programme."""

    __tablename__ = "programme"

    code: Mapped[str] = mapped_column(unique=True)
    name_ko: Mapped[str]
    name_en: Mapped[str]
    ministry_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    is_synthetic: Mapped[bool] = mapped_column(default=False)

    ministry: Mapped[Organisation] = relationship()
    calls: Mapped[list[Call]] = relationship(back_populates="programme", order_by="Call.year")


class Call(Identified, Base):
    """One year's call for bids with its figures; money in won, shares in per cent."""

    __tablename__ = "call"
    __table_args__ = (
        UniqueConstraint("programme_id", "year"),
        CheckConstraint("quota > 0", name="quota_is_positive"),
        CheckConstraint("state_share_pct BETWEEN 0 AND 100", name="share_is_a_percentage"),
        CheckConstraint("closes_on >= opens_on", name="closes_after_opening"),
    )

    programme_id: Mapped[int] = mapped_column(ForeignKey(Programme.id))
    year: Mapped[int]
    quota: Mapped[int]
    budget_cap_won: Mapped[int] = mapped_column(BigInteger)
    state_share_pct: Mapped[int]
    duration_years: Mapped[int]
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    notice_ko: Mapped[str] = mapped_column(Text)
    notice_en: Mapped[str] = mapped_column(Text)

    programme: Mapped[Programme] = relationship(back_populates="calls")
    bids: Mapped[list[Bid]] = relationship(back_populates="call", order_by="Bid.id")


class Bid(Identified, Base):
    """A city's bid in a call."""

    __tablename__ = "bid"
    __table_args__ = (UniqueConstraint("call_id", "city_id"),)

    call_id: Mapped[int] = mapped_column(ForeignKey(Call.id))
    city_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    summary_ko: Mapped[str] = mapped_column(Text)
    summary_en: Mapped[str] = mapped_column(Text)
    budget_won: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(default=BidStatus.SUBMITTED)
    submitted_at: Mapped[datetime]

    call: Mapped[Call] = relationship(back_populates="bids")
    city: Mapped[Organisation] = relationship()


class Site(Identified, Base):
    """A chosen city with its districts: where pilots run."""

    __tablename__ = "site"

    city_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id), index=True)
    territory_id: Mapped[int] = mapped_column(ForeignKey(Territory.id), unique=True)
    bid_id: Mapped[int | None] = mapped_column(ForeignKey(Bid.id), unique=True)
    selected_at: Mapped[datetime]

    city: Mapped[Organisation] = relationship(lazy="joined")
    territory: Mapped[Territory] = relationship(lazy="joined")
    bid: Mapped[Bid | None] = relationship()
