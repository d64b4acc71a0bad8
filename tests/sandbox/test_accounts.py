"""Accounts: passwords, sign-ins that end when they must, and the throttle on guessing."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from marshmallow import ValidationError
from sqlalchemy import func, select

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.lifecycle import Actor
from sandbox import accounts, db, passwords
from sandbox.accounts import HOME_OF_ROLE, PersonSchema, Role, SignIn, SignInAttempt, TooManyAttempts
from sandbox.ledger import LedgerEntry
from sandbox.organisations import OrganisationKind
from tests.factories import BEGINNING, PASSWORD, create_organisation, create_person

SERVICE = Actor(None, "the service", "service")
ADDRESS = "192.0.2.7"


@pytest.fixture(autouse=True)
def _quick_hashing(monkeypatch):
    """The product's hashing takes a tenth of a second on purpose; these tests hash hundreds of times."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: quick)
    passwords._decoy.cache_clear()


@pytest.fixture
def administrator(session):
    return create_person(session, Role.ADMINISTRATOR)


@pytest.fixture
def person(session):
    return create_person(session, Role.EVALUATOR)


def sign_in(session, email, password=PASSWORD, *, address=ADDRESS, at=BEGINNING, hours=10):
    return accounts.sign_in(session, email=email, password=password, address=address, at=at, hours=hours)


def token_for(session, person, *, at=BEGINNING):
    return sign_in(session, person.email, at=at)[1]


def new_person(session, by, **changes):
    facts = {
        "email": "new@example.org",
        "name": "New Person",
        "role": Role.EVALUATOR,
        "organisation": create_organisation(session, OrganisationKind.INSTITUTE),
        "password": PASSWORD,
    } | changes
    return accounts.create_person(session, **facts, by=by, at=BEGINNING)


def acts(session):
    return session.scalars(select(LedgerEntry.act).order_by(LedgerEntry.number)).all()


def failures(session):
    return session.scalar(select(func.count()).select_from(SignInAttempt))


# -- making accounts ---------------------------------------------------------------------------


def test_an_account_can_be_signed_in_to(session, administrator):
    made = new_person(session, administrator.actor)
    person, token = sign_in(session, "new@example.org")
    assert person is made
    assert accounts.person_of(session, token, BEGINNING) is made


def test_the_service_makes_the_first_account(session):
    made = new_person(session, SERVICE)
    entry = session.scalars(select(LedgerEntry).where(LedgerEntry.subject == f"person:{made.id}")).one()
    assert (entry.act, entry.actor_name, entry.actor_id) == ("person.create", "the service", None)


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_only_an_administrator_makes_accounts(session, role):
    with pytest.raises(Refused):
        new_person(session, create_person(session, role).actor)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("kind", list(OrganisationKind))
def test_a_role_belongs_to_one_kind_of_organisation(session, administrator, role, kind):
    organisation = create_organisation(session, kind)
    if HOME_OF_ROLE[role] == kind:
        assert new_person(session, administrator.actor, role=role, organisation=organisation).role == role
    else:
        with pytest.raises(Invalid) as refusal:
            new_person(session, administrator.actor, role=role, organisation=organisation)
        assert set(refusal.value.errors) == {"role"}


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 201])
def test_a_password_has_its_length(session, administrator, password):
    with pytest.raises(Invalid) as refusal:
        new_person(session, administrator.actor, password=password)
    assert set(refusal.value.errors) == {"password"}


def test_an_email_has_one_account_however_it_is_written(session, administrator):
    new_person(session, administrator.actor)
    with pytest.raises(Invalid) as refusal:
        new_person(session, administrator.actor, email=" NEW@Example.ORG ")
    assert set(refusal.value.errors) == {"email"}


@pytest.mark.parametrize("name", ["\u202emoc.live", "a\u200bb", " ", "x" * 101])
def test_a_name_does_not_deceive(name):
    with pytest.raises(ValidationError) as refusal:
        PersonSchema().load(
            {"email": "a@example.org", "name": name, "role": "auditor", "organisation": 1, "password": "x"}
        )
    assert set(refusal.value.messages) == {"name"}


def test_a_password_is_kept_as_an_argon2id_hash(session, administrator):
    assert new_person(session, administrator.actor).password_hash.startswith("$argon2id$")


def test_a_password_fits_however_the_keyboard_composes_it():
    composed = "대한민국 규제샌드박스"
    decomposed = unicodedata.normalize("NFD", composed)
    assert passwords.fits(decomposed, passwords.hashed(composed))


def test_a_longer_password_is_not_cut_to_fit():
    longest = "x" * passwords.LONGEST
    assert not passwords.fits(longest + "y", passwords.hashed(longest))


# -- signing in and out ------------------------------------------------------------------------


def test_a_wrong_password_is_kept_as_a_failure(session, person):
    assert sign_in(session, person.email, "wrong password") is None
    attempt = session.scalars(select(SignInAttempt)).one()
    assert (attempt.email, attempt.address, attempt.at) == (person.email, ADDRESS, BEGINNING)


def test_an_unknown_email_fails_as_a_wrong_password_does(session):
    assert sign_in(session, "nobody@example.org") is None
    assert failures(session) == 1


def test_a_closed_account_cannot_be_signed_in_to(session, person, administrator):
    accounts.disable(session, person, by=administrator.actor, at=BEGINNING)
    assert sign_in(session, person.email) is None


def test_the_database_does_not_know_the_token(session, person):
    token = token_for(session, person)
    assert session.scalars(select(SignIn.token_hash)).one() != token


def test_every_sign_in_has_a_token_of_its_own(session, person):
    assert token_for(session, person) != token_for(session, person)


def test_a_sign_in_ends_with_its_hours(session, person):
    token = sign_in(session, person.email, hours=10)[1]
    assert accounts.person_of(session, token, BEGINNING + timedelta(hours=9, minutes=59)) is person
    assert accounts.person_of(session, token, BEGINNING + timedelta(hours=10)) is None


def test_sign_out_ends_this_sign_in_and_no_other(session, person):
    here, elsewhere = token_for(session, person), token_for(session, person)
    accounts.sign_out(session, here, BEGINNING)
    assert accounts.person_of(session, here, BEGINNING) is None
    assert accounts.person_of(session, elsewhere, BEGINNING) is person


def test_signing_in_and_out_stands_in_the_ledger(session, person):
    accounts.sign_out(session, token_for(session, person), BEGINNING)
    assert acts(session) == ["person.sign_in", "person.sign_out"]


def test_a_token_that_nobody_has_signs_nobody_out(session, person):
    token_for(session, person)
    accounts.sign_out(session, "a token that nobody has", BEGINNING)
    assert acts(session) == ["person.sign_in"]


# -- changes that end every sign-in -------------------------------------------------------------


def change_role(session, person, administrator, role=Role.EVALUATOR, **changes):
    organisation = create_organisation(session, HOME_OF_ROLE[role])
    values = {"role": role, "organisation": organisation, "by": administrator.actor, "at": BEGINNING}
    accounts.change_role(session, person, **values | changes)


def disable(session, person, administrator):
    accounts.disable(session, person, by=administrator.actor, at=BEGINNING)


def give_password(session, person, administrator, password="a password on a slip of paper"):
    accounts.give_password(session, person, password=password, by=administrator.actor, at=BEGINNING)


def change_password(session, person, administrator):
    new = "an even longer password"
    assert accounts.change_password(session, person, old=PASSWORD, new=new, address=ADDRESS, at=BEGINNING)


@pytest.mark.parametrize("change", [change_role, disable, give_password, change_password])
def test_a_change_ends_every_sign_in_at_once(session, person, administrator, change):
    tokens = [token_for(session, person), token_for(session, person)]
    change(session, person, administrator)
    assert [accounts.person_of(session, token, BEGINNING) for token in tokens] == [None, None]


@pytest.mark.parametrize("change", [change_role, disable, give_password, change_password])
def test_a_change_leaves_the_sign_ins_of_others_alone(session, person, administrator, change):
    token = token_for(session, administrator)
    change(session, person, administrator)
    assert accounts.person_of(session, token, BEGINNING) is administrator


def test_a_change_of_role_says_what_it_was_before(session, person, administrator):
    change_role(session, person, administrator, Role.AUDITOR)
    entry = session.scalars(select(LedgerEntry).where(LedgerEntry.act == "person.change_role")).one()
    assert '"role":"evaluator"' in entry.details
    assert '"role":"auditor"' in entry.details


@pytest.mark.parametrize("change", [change_role, disable, give_password])
def test_nobody_changes_their_own_account(session, administrator, change):
    with pytest.raises(Refused) as refusal:
        change(session, administrator, administrator)
    assert refusal.value.rule == "not_ones_own_account"


@pytest.mark.parametrize("change", [change_role, disable, give_password])
@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_only_an_administrator_changes_accounts(session, person, change, role):
    with pytest.raises(Refused):
        change(session, person, create_person(session, role))


@pytest.mark.parametrize("change", [change_role, disable, give_password])
def test_a_closed_account_stays_as_it_is(session, person, administrator, change):
    disable(session, person, administrator)
    with pytest.raises(WrongMoment):
        change(session, person, administrator)


def test_a_new_role_must_fit_the_organisation(session, person, administrator):
    company = create_organisation(session, OrganisationKind.COMPANY)
    with pytest.raises(Invalid) as refusal:
        change_role(session, person, administrator, organisation=company)
    assert set(refusal.value.errors) == {"role"}


def test_a_given_password_replaces_the_forgotten_one(session, person, administrator):
    give_password(session, person, administrator)
    assert sign_in(session, person.email) is None
    assert sign_in(session, person.email, "a password on a slip of paper") is not None


def test_a_short_password_is_not_given(session, person, administrator):
    with pytest.raises(Invalid) as refusal:
        give_password(session, person, administrator, password="short")
    assert set(refusal.value.errors) == {"password"}


# -- one's own password ------------------------------------------------------------------------


def test_the_new_password_replaces_the_old_one(session, person):
    change_password(session, person, None)
    assert sign_in(session, person.email) is None
    assert sign_in(session, person.email, "an even longer password") is not None


def test_a_wrong_old_password_changes_nothing_and_is_kept_as_a_failure(session, person):
    before = person.password_hash
    changed = accounts.change_password(
        session, person, old="wrong", new="an even longer password", address=ADDRESS, at=BEGINNING
    )
    assert (changed, person.password_hash, failures(session)) == (False, before, 1)


def test_a_short_new_password_is_refused(session, person):
    with pytest.raises(Invalid) as refusal:
        accounts.change_password(session, person, old=PASSWORD, new="short", address=ADDRESS, at=BEGINNING)
    assert set(refusal.value.errors) == {"new"}


# -- the throttle ------------------------------------------------------------------------------


def fail(session, times, *, email="target@example.org", address=ADDRESS, at=BEGINNING):
    for number in range(times):
        who = email.format(number=number)
        from_where = address.format(number=number)
        assert sign_in(session, who, "wrong password", address=from_where, at=at) is None


def test_an_email_is_closed_after_six_failures_wherever_they_come_from(session, person):
    fail(session, 6, email=person.email, address="192.0.2.{number}")
    with pytest.raises(TooManyAttempts) as refusal:
        sign_in(session, person.email, address="198.51.100.1")
    assert refusal.value.until == BEGINNING + timedelta(minutes=15)


def test_five_failures_do_not_close_an_email(session, person):
    fail(session, 5, email=person.email)
    assert sign_in(session, person.email) is not None


def test_an_address_is_closed_after_thirty_failures_whoever_was_tried(session, person):
    fail(session, 30, email="p{number}@example.org")
    with pytest.raises(TooManyAttempts):
        sign_in(session, person.email)


def test_others_sign_in_while_one_email_is_closed(session, person):
    fail(session, 6)
    assert sign_in(session, person.email, address="198.51.100.1") is not None


def test_the_window_ends(session, person):
    fail(session, 6, email=person.email)
    assert sign_in(session, person.email, at=BEGINNING + timedelta(minutes=15)) is not None


def test_tries_while_closed_do_not_prolong_the_window(session, person):
    fail(session, 6, email=person.email)
    with pytest.raises(TooManyAttempts):
        sign_in(session, person.email, "wrong again", at=BEGINNING + timedelta(minutes=14))
    assert sign_in(session, person.email, at=BEGINNING + timedelta(minutes=15)) is not None


def test_changing_the_password_is_throttled_too(session, person):
    fail(session, 6, email=person.email)
    with pytest.raises(TooManyAttempts):
        change_password(session, person, None)


def test_failures_are_forgotten_when_they_no_longer_count(session):
    fail(session, 3)
    fail(session, 1, at=BEGINNING + timedelta(minutes=15))
    assert failures(session) == 1


def test_guesses_sent_at_once_are_counted_one_by_one(committed_database):
    sessions = db.sessions_for(committed_database)
    with sessions.begin() as session:
        email = create_person(session).email

    def guess(_):
        try:
            with sessions.begin() as session:
                return sign_in(session, email, "wrong password")
        except TooManyAttempts:
            return "closed"

    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(guess, range(12)))
    sessions.kw["bind"].dispose()
    assert sorted(answers, key=str) == [None] * 6 + ["closed"] * 6
