"""Organisations: complete, named once, made by administrators, written down."""

from __future__ import annotations

import pytest
from marshmallow import ValidationError
from sqlalchemy import select

from experiments.errors import Invalid, Refused
from sandbox.accounts import Role
from sandbox.ledger import LedgerEntry
from sandbox.organisations import OrganisationSchema, create_organisation
from tests.factories import BEGINNING, create_person


def facts(**changes):
    return {
        "kind": "company",
        "name_ko": "가온모빌리티",
        "name_en": "Gaon Mobility",
        "registration_number": "123-45-67890",
    } | changes


def create(session, role=Role.ADMINISTRATOR, **changes):
    by = create_person(session, role).actor
    return create_organisation(session, **facts(**changes), by=by, at=BEGINNING)


def refused_fields(**changes):
    with pytest.raises(ValidationError) as refusal:
        OrganisationSchema().load(facts(**changes))
    return set(refusal.value.messages)


def test_making_one_stands_in_the_ledger(session):
    organisation = create(session)
    entry = session.scalars(select(LedgerEntry)).one()
    assert (entry.act, entry.subject) == ("organisation.create", f"organisation:{organisation.id}")


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_only_an_administrator_makes_one(session, role):
    with pytest.raises(Refused):
        create(session, role)


@pytest.mark.parametrize("field", ["name_ko", "name_en", "registration_number"])
def test_a_name_or_number_is_taken_once(session, field):
    create(session)
    other = facts(name_ko="다른 회사", name_en="Another", registration_number="999-99-99999")
    with pytest.raises(Invalid) as refusal:
        create(session, **other | {field: facts()[field]})
    assert set(refusal.value.errors) == {field}


def test_a_company_needs_its_registration_number():
    assert refused_fields(registration_number=None) == {"registration_number"}


def test_an_office_needs_none(session):
    loaded = OrganisationSchema().load(facts(kind="ministry", registration_number=None))
    assert create(session, **loaded).registration_number is None


@pytest.mark.parametrize("number", ["1234567890", "123-45-678901", "123-45-67890\n", "a23-45-67890"])
def test_a_registration_number_has_its_form(number):
    assert refused_fields(registration_number=number) == {"registration_number"}


def test_a_kind_is_known():
    assert refused_fields(kind="club") == {"kind"}
