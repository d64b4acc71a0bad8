"""Organisations (기업, 기관): the legal persons and authorities that people act for."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column

from experiments.fields import Line
from experiments.orm import Base, Identified


class OrganisationKind(StrEnum):
    COMPANY = "company"
    CITY = "city"
    MINISTRY = "ministry"
    INSTITUTE = "institute"
    OPERATOR = "operator"


class Organisation(Identified, Base):
    """A company, a city, a ministry, an evaluating institute, or the operator of this registry."""

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


class OrganisationSchema(Schema):
    """An organisation as an administrator enters it."""

    kind = fields.String(required=True, validate=validate.OneOf([kind.value for kind in OrganisationKind]))
    name_ko = Line(required=True)
    name_en = Line(required=True)
    registration_number = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(r"^\d{3}-\d{2}-\d{5}$", error="Use the form 123-45-67890."),
    )


def create_organisation(session: Session, **values: Any) -> Organisation:
    """A new organisation from validated `values`."""
    organisation = Organisation(**values)
    session.add(organisation)
    session.flush()
    return organisation
