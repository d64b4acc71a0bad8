"""Organisations (기업, 기관): the legal persons and authorities that people act for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy import CheckConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from experiments.errors import Invalid, Refused
from experiments.fields import Line
from experiments.lifecycle import Actor
from experiments.orm import Base, Identified
from sandbox import access, ledger


class OrganisationKind(StrEnum):
    COMPANY = "company"
    CITY = "city"
    MINISTRY = "ministry"
    INSTITUTE = "institute"
    AGENCY = "agency"
    COMMITTEE = "committee"
    OPERATOR = "operator"


class Organisation(Identified, Base):
    """Whom people act for.

    A company, a city, a ministry, an evaluating institute, an agency to which ministries delegate
    (Art. 56, D58), a committee, or the operator of this registry.
    """

    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint(
            "kind <> 'company' OR registration_number IS NOT NULL", name="companies_are_registered"
        ),
    )

    kind: Mapped[str]
    name_ko: Mapped[str] = mapped_column(unique=True)
    name_en: Mapped[str] = mapped_column(unique=True)
    registration_number: Mapped[str | None] = mapped_column(unique=True)
    address: Mapped[str | None]


class OrganisationSchema(Schema):
    """An organisation as an administrator enters it; companies have a registration number."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf([kind.value for kind in OrganisationKind], error="Choose a kind."),
    )
    name_ko = Line(required=True)
    name_en = Line(required=True)
    registration_number = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(r"\d{3}-\d{2}-\d{5}\Z", error="Use the form 123-45-67890."),
    )
    address = Line(load_default=None, allow_none=True)

    @validates_schema
    def companies_are_registered(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["kind"] == OrganisationKind.COMPANY and data["registration_number"] is None:
            raise ValidationError("A company has a registration number.", "registration_number")


class AddressSchema(Schema):
    """Where an organisation sits, as certificates and the gazette name it (D52(6))."""

    address = Line(required=True)


def create_organisation(session: Session, *, by: Actor, at: datetime, **values: Any) -> Organisation:
    """A new organisation from what `OrganisationSchema` gives; Invalid for what another one has."""
    if not access.administrator_or_service(by):
        raise Refused("organisation.create", "administrator_or_service")
    taken = {
        name: ["another organisation has this"]
        for name in ("name_ko", "name_en", "registration_number")
        if values.get(name) is not None and _is_taken(session, name, values[name])
    }
    if taken:
        raise Invalid(taken)
    organisation = Organisation(**values)
    session.add(organisation)
    session.flush()
    subject = f"organisation:{organisation.id}"
    ledger.append(session, act="organisation.create", subject=subject, by=by, at=at, details=values)
    return organisation


def change_address(
    session: Session, organisation: Organisation, *, address: str, by: Actor, at: datetime
) -> None:
    """Enter where the organisation sits now; documents that were issued keep what they said."""
    if not access.administrator(by):
        raise Refused("organisation.change_address", "administrator")
    before, organisation.address = organisation.address, address
    subject = f"organisation:{organisation.id}"
    details = {"address": address, "before": before}
    ledger.append(session, act="organisation.change_address", subject=subject, by=by, at=at, details=details)


def _is_taken(session: Session, name: str, value: str) -> bool:
    return session.scalar(select(Organisation.id).where(getattr(Organisation, name) == value)) is not None
