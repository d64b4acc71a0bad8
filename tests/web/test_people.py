"""The administrator's room, and that a change of role is felt at the next request."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from sandbox.accounts import Person, Role
from sandbox.ledger import LedgerEntry
from sandbox.organisations import Organisation, OrganisationKind
from tests.factories import PASSWORD, create_organisation, create_person
from tests.web.visitors import Clock, Visitor, remembering, said, stored


@pytest.fixture
def add(rows):
    """Somebody with an account, of whatever role."""

    def add(role=Role.EVALUATOR, **facts):
        person = create_person(remembering(rows), role, **facts)
        rows.commit()
        return person

    return add


@pytest.fixture
def administrator(add):
    return add(Role.ADMINISTRATOR)


@pytest.fixture
def desk(service, client, administrator):
    Clock(service)
    visitor = Visitor(client)
    visitor.sign_in(administrator)
    return visitor


@pytest.fixture
def elsewhere(service):
    """Another person's browser."""
    client = service.test_client()
    with client.session_transaction() as session:
        session["language"] = "en"
    return Visitor(client)


def account(home, **changes):
    return {
        "name": "Kim Seo-yeon",
        "email": "Kim@Example.org",
        "role": "auditor",
        "organisation": home.id,
        "password": PASSWORD,
    } | changes


# -- reading -----------------------------------------------------------------------------------


def test_the_list_shows_people_and_organisations(desk, add):
    person = add(Role.DECIDER)
    page = desk.read("/people")
    assert f"{person.name} Decider {person.organisation.name_en} {person.email} Never" in page
    home = person.organisation
    assert f"{home.name_en} Ministry – {home.address} Change Address, {home.name_en} 1" in page


def test_the_list_is_searched_by_words_of_name_email_and_organisation(desk, add):
    found, other = add(name="Kim Seo-yeon"), add(name="Park Ji-ho")
    page = desk.read(f"/people?q=kim {found.organisation.name_en}")
    assert found.email in page
    assert other.email not in page


def test_a_percent_sign_is_searched_as_itself(desk, add):
    add()
    assert "Nobody matches" in desk.read("/people?q=%25")


def test_the_list_is_filtered_by_role(desk, add):
    found, other = add(Role.DECIDER), add(Role.EVALUATOR)
    page = desk.read("/people?role=decider")
    assert found.email in page
    assert other.email not in page


def test_a_long_list_has_pages(desk, rows, monkeypatch):
    monkeypatch.setattr("sandbox.directory.PEOPLE_PER_PAGE", 2)
    organisation = create_organisation(rows, OrganisationKind.INSTITUTE)
    for number in range(4):
        create_person(rows, Role.EVALUATOR, organisation, name=f"Z{number}")
    rows.commit()
    assert "5 in total, page 3 of 3" in desk.read("/people?page=9")
    assert "Z3" in desk.read("/people?page=3")


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
@pytest.mark.parametrize("path", ["/people", "/people/new", "/people/organisations/new", "/people/1/role"])
def test_the_room_is_for_administrators(elsewhere, add, role, path):
    elsewhere.sign_in(add(role))
    assert elsewhere.open(path).status_code == 403


# -- opening accounts --------------------------------------------------------------------------


def test_a_new_account_can_be_signed_in_to(desk, elsewhere, administrator):
    answer = desk.send("/people/new", **account(administrator.organisation))
    assert answer.status_code == 303
    assert elsewhere.sign_in("kim@example.org").location == "/ledger"


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"email": "no address"}, "email", "Not a valid email address."),
        ({"name": " "}, "name", "Missing data for required field."),
        ({"name": "a\u202eb"}, "name", "Invisible or direction-changing characters are not allowed."),
        ({"role": ""}, "role", "Choose a role."),
        ({"role": "decider"}, "role", "this role belongs to another kind of organisation"),
        ({"organisation": ""}, "organisation", "Choose an organisation."),
        ({"organisation": 4711}, "organisation", "unknown organisation"),
        ({"password": "short"}, "password", "at least 12 characters"),
    ],
)
def test_a_refused_account_is_explained_at_its_field(desk, administrator, changes, field, message):
    answer = desk.send("/people/new", **account(administrator.organisation, **changes))
    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text
    assert message in said(answer)


def test_a_refused_form_keeps_what_was_typed_but_for_the_password(desk, administrator):
    answer = desk.send("/people/new", **account(administrator.organisation, email=""))
    assert 'value="Kim Seo-yeon"' in answer.text
    assert 'value="auditor" selected' in answer.text
    assert PASSWORD not in answer.text


def test_an_email_is_taken_once(desk, administrator):
    answer = desk.send("/people/new", **account(administrator.organisation, email=administrator.email))
    assert (answer.status_code, "this e-mail has an account" in said(answer)) == (422, True)


# -- changing them -----------------------------------------------------------------------------


def test_a_change_of_role_is_felt_at_the_next_request(desk, elsewhere, rows, add):
    person = add(Role.ADMINISTRATOR)
    elsewhere.sign_in(person)
    assert elsewhere.open("/people").status_code == 200
    answer = desk.send(f"/people/{person.id}/role", role="auditor", organisation=person.organisation.id)
    assert answer.status_code == 303
    assert elsewhere.open("/people").location.startswith("/sign-in")
    elsewhere.sign_in(person)
    assert elsewhere.open("/people").status_code == 403


def test_a_closed_account_is_signed_out_at_once_and_for_good(desk, elsewhere, add):
    person = add()
    elsewhere.sign_in(person)
    assert desk.send(f"/people/{person.id}/disable", f"/people/{person.id}/role").status_code == 303
    assert not elsewhere.is_signed_in
    assert elsewhere.sign_in(person).status_code == 422


def test_a_given_password_signs_out_and_lets_in(desk, elsewhere, add):
    person = add()
    elsewhere.sign_in(person)
    new = "a password on a slip of paper"
    desk.send(f"/people/{person.id}/password", f"/people/{person.id}/role", password=new)
    assert not elsewhere.is_signed_in
    assert elsewhere.sign_in(person, new).status_code == 303


def test_a_short_given_password_is_refused_at_its_field(desk, add):
    person = add()
    answer = desk.send(f"/people/{person.id}/password", f"/people/{person.id}/role", password="short")
    assert (answer.status_code, 'href="#field-password"' in answer.text) == (422, True)


def test_the_own_account_offers_nothing(desk, administrator):
    page = desk.open(f"/people/{administrator.id}/role").text
    assert "another administrator does" in page
    assert f'action="/people/{administrator.id}' not in page


@pytest.mark.parametrize("act", ["role", "password", "disable"])
def test_nobody_changes_their_own_account(desk, rows, administrator, act):
    values = {"role": "auditor", "organisation": administrator.organisation_id, "password": PASSWORD}
    answer = desk.send(f"/people/{administrator.id}/{act}", "/people/new", **values)
    assert answer.status_code == 403
    assert "another administrator does" in said(answer)
    assert stored(rows, select(Person.role).where(Person.id == administrator.id)) == ["administrator"]


def test_a_closed_account_is_not_closed_twice(desk, add):
    person = add()
    desk.send(f"/people/{person.id}/disable", f"/people/{person.id}/role")
    again = desk.send(f"/people/{person.id}/disable", "/people/new")
    assert (again.status_code, "The account is closed." in said(again)) == (409, True)


def test_a_person_who_is_not_there_is_not_found(desk):
    assert desk.open("/people/4711/role").status_code == 404


def test_every_change_stands_in_the_ledger(desk, rows, administrator, add):
    person = add(Role.AUDITOR)
    form = f"/people/{person.id}/role"
    desk.send(form, role="administrator", organisation=person.organisation.id)
    desk.send(f"/people/{person.id}/disable", form)
    query = (
        select(LedgerEntry).where(LedgerEntry.subject == f"person:{person.id}").order_by(LedgerEntry.number)
    )
    entries = stored(rows, query)
    assert [entry.act for entry in entries] == ["person.change_role", "person.disable"]
    assert {entry.actor_id for entry in entries} == {administrator.id}


# -- organisations -----------------------------------------------------------------------------


def company(**changes):
    return {
        "kind": "company",
        "name_ko": "가온모빌리티",
        "name_en": "Gaon Mobility",
        "registration_number": "123-45-67890",
    } | changes


def test_an_organisation_is_entered(desk, rows):
    answer = desk.send("/people/organisations/new", **company())
    assert answer.status_code == 303
    assert stored(rows, select(Organisation.name_ko).where(Organisation.kind == "company")) == [
        "가온모빌리티"
    ]


def test_an_organisation_gets_the_address_that_documents_name(desk, rows):
    desk.send("/people/organisations/new", **company(address="가온시 나래로 11"))
    of_companies = select(Organisation.id, Organisation.address).where(Organisation.kind == "company")
    ((key, address),) = rows.execute(of_companies).all()
    rows.commit()
    assert address == "가온시 나래로 11"
    page = f"/people/organisations/{key}/address"
    assert desk.send(page, address=" ").status_code == 422
    assert desk.send(page, address="가온시 이음길 22").status_code == 303
    assert [row.address for row in rows.execute(of_companies)] == ["가온시 이음길 22"]


def test_an_office_needs_no_registration_number(desk):
    answer = desk.send("/people/organisations/new", **company(kind="city", registration_number=" "))
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": ""}, "kind"),
        ({"name_ko": ""}, "name_ko"),
        ({"name_en": ""}, "name_en"),
        ({"registration_number": ""}, "registration_number"),
        ({"registration_number": "12345"}, "registration_number"),
    ],
)
def test_a_refused_organisation_is_explained_at_its_field(desk, changes, field):
    answer = desk.send("/people/organisations/new", **company(**changes))
    assert (answer.status_code, f'href="#field-{field}"' in answer.text) == (422, True)


def test_a_name_is_taken_once(desk):
    desk.send("/people/organisations/new", **company())
    again = desk.send("/people/organisations/new", **company(registration_number="999-99-99999"))
    assert (again.status_code, said(again).count("another organisation has this")) == (422, 4)
