"""Hubs on the page: who keeps which, what is sealed and never shown, and a question that shows what comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from experiments.collection.credentials import Vault
from experiments.collection.models import DataSource, Hub
from sandbox.accounts import Role
from sandbox.ledger import LedgerEntry
from tests.experiments.collection.build import scripted_hub
from tests.factories import (
    BEGINNING,
    create_attempt,
    create_hub,
    create_person,
    create_site,
    create_source,
    hub_values,
)
from tests.web.office import wrong_fields
from tests.web.visitors import Visitor, remembering, said, stored

SECRET = "correct horse battery"
KEY = {"kind": "key_in_header", "name": "X-Api-Key", "secret": SECRET}


@pytest.fixture
def site(rows, site):
    """With its territory loaded: reading it later would begin a transaction beside the service."""
    assert site.territory.code
    rows.commit()
    return site


@pytest.fixture
def hub(rows, site):
    hub = create_hub(remembering(rows), name="Town hub", territory=site.territory.code)
    rows.commit()
    return hub


@pytest.fixture
def elsewhere(rows):
    """A hub of another city."""
    hub = create_hub(remembering(rows), name="Far hub", territory=create_site(rows).territory.code)
    rows.commit()
    return hub


@pytest.fixture
def administrator(rows, service):
    person = create_person(remembering(rows), Role.ADMINISTRATOR)
    rows.commit()
    client = service.test_client()
    with client.session_transaction() as session:
        session["language"] = "en"
    visitor = Visitor(client)
    visitor.sign_in(person)
    return visitor


def typed(site, **changes):
    """What the form of a hub sends."""
    blank = {"tenant": "", "context_url": "", "concurrency": "", "requests_per_minute": ""}
    return hub_values(kind="ngsi_ld", territory=site.territory.code) | blank | changes


def acts(rows, hub):
    return stored(rows, select(LedgerEntry.act).where(LedgerEntry.subject == f"hub:{hub.id}"))


def test_a_hub_is_registered_and_tested_next(officer, rows, site):
    answer = officer.send("/hubs/new", **typed(site, requests_per_minute="30", concurrency="2"))
    (hub,) = stored(rows, select(Hub))
    assert answer.location == f"/hubs/{hub.id}/test"
    assert (hub.requests_per_minute, hub.concurrency, hub.territory_id) == (30, 2, site.territory.id)
    assert acts(rows, hub) == ["hub.register"]


def test_what_is_wrong_is_named_by_its_field(officer, site):
    answer = officer.send(
        "/hubs/new", **typed(site, base_url="ftp://hub.example", zone="Mars", concurrency="many")
    )
    assert wrong_fields(answer) == {"base_url", "zone", "concurrency"}


def test_a_hub_registered_by_mistake_is_withdrawn_with_a_reason_and_its_name_is_free(officer, rows, site):
    officer.send("/hubs/new", **typed(site))
    (hub,) = stored(rows, select(Hub))
    assert wrong_fields(officer.send(f"/hubs/{hub.id}/withdraw", f"/hubs/{hub.id}", reason=" ")) == {"reason"}
    assert officer.send(f"/hubs/{hub.id}/withdraw", f"/hubs/{hub.id}", reason="twice").status_code == 303
    assert officer.open(f"/hubs/{hub.id}").status_code == 404
    assert acts(rows, hub) == ["hub.register", "hub.withdraw"]
    assert officer.send("/hubs/new", **typed(site)).status_code == 303


def test_a_hub_that_a_source_reads_from_is_not_withdrawn(officer, hub, rows, site):
    create_source(remembering(rows), site, hub=hub.name)
    rows.commit()
    page = officer.read(f"/hubs/{hub.id}")
    assert "Withdraw the hub" not in page
    answer = officer.send(f"/hubs/{hub.id}/withdraw", f"/hubs/{hub.id}", reason="twice")
    assert answer.status_code == 409


def test_a_hub_for_another_citys_territory_is_refused(officer, elsewhere, rows):
    other = create_site(remembering(rows))
    assert other.territory.code
    rows.commit()
    assert officer.send("/hubs/new", **typed(other)).status_code == 403


def test_a_hub_for_every_territory_is_the_administrators(officer, administrator, site, rows):
    assert officer.send("/hubs/new", **typed(site, territory="")).status_code == 403
    assert administrator.send("/hubs/new", **typed(site, territory="")).status_code == 303
    assert [hub.territory_id for hub in stored(rows, select(Hub))] == [None]


@pytest.mark.parametrize("page", ["", "/edit", "/credentials", "/test"])
def test_another_citys_hub_is_not_found(officer, elsewhere, page):
    assert officer.open(f"/hubs/{elsewhere.id}{page}").status_code == 404


def test_the_list_shows_the_own_citys_hubs_and_the_common_ones(officer, hub, elsewhere, rows):
    create_hub(rows, name="Common hub")
    rows.commit()
    page = officer.read("/hubs")
    assert "Town hub" in page
    assert "Common hub" in page
    assert "Far hub" not in page


def test_a_common_hub_is_read_and_not_changed_by_a_city(officer, rows):
    hub = create_hub(remembering(rows))
    rows.commit()
    assert "Change the hub" not in officer.read(f"/hubs/{hub.id}")
    assert officer.open(f"/hubs/{hub.id}/edit").status_code == 403


def test_an_auditor_reads_every_hub_and_changes_none(rows, client, service, hub, elsewhere):
    auditor = Visitor(client)
    person = create_person(rows, Role.AUDITOR)
    rows.commit()
    auditor.sign_in(person)
    assert "Far hub" in auditor.read("/hubs")
    assert auditor.open(f"/hubs/{hub.id}/edit").status_code == 403


def test_a_change_is_kept_with_what_was_before(officer, hub, rows, site):
    answer = officer.send(
        f"/hubs/{hub.id}/edit", **typed(site, name="Town hub", tenant="north", version=hub.version)
    )
    assert answer.status_code == 303
    assert stored(rows, select(Hub.tenant)) == ["north"]
    (details,) = stored(rows, select(LedgerEntry.details).where(LedgerEntry.act == "hub.edit"))
    assert '"before"' in details
    assert '"tenant":"north"' in details


def test_a_change_over_a_newer_one_is_refused(officer, hub, site):
    answer = officer.send(f"/hubs/{hub.id}/edit", **typed(site, version=hub.version + 1))
    assert answer.status_code == 409
    assert "Somebody changed this hub" in said(answer)


def test_a_hub_with_sources_keeps_its_kind(officer, hub, rows, site):
    create_source(rows, site, hub=hub.name)
    rows.commit()
    answer = officer.send(f"/hubs/{hub.id}/edit", **typed(site, kind="csv", version=hub.version))
    assert wrong_fields(answer) == {"kind"}


def test_an_answer_under_way_is_refused_after_a_change(officer, hub, rows, site):
    source = create_source(remembering(rows), site, hub=hub.name)
    rows.commit()
    fence = source.fence
    officer.send(f"/hubs/{hub.id}/edit", **typed(site, zone="UTC", version=hub.version))
    assert stored(rows, select(DataSource.fence)) == [fence + 1]


def test_credentials_are_sealed_and_never_shown(officer, hub, rows, service):
    answer = officer.send(f"/hubs/{hub.id}/credentials", **KEY)
    (sealed,) = stored(rows, select(Hub.credentials))
    assert Vault(service.settings.credential_keys).open(sealed).secret == SECRET
    shown = "".join(officer.open(f"/hubs/{hub.id}{page}").text for page in ("", "/edit", "/credentials"))
    assert "X-Api-Key" in shown
    assert SECRET not in shown + answer.text
    assert SECRET not in "".join(stored(rows, select(LedgerEntry.details)))


def test_refused_credentials_do_not_come_back_with_the_form(officer, hub):
    answer = officer.send(f"/hubs/{hub.id}/credentials", **KEY | {"name": "two words"})
    assert wrong_fields(answer) == {"name"}
    assert SECRET not in answer.text


def test_a_token_from_a_private_address_is_refused(officer, hub):
    oauth = {"kind": "client_credentials", "name": "city", "secret": SECRET, "token_url": "ftp://10.0.0.1/t"}
    assert wrong_fields(officer.send(f"/hubs/{hub.id}/credentials", **oauth)) == {"token_url"}


def test_a_token_from_the_metadata_of_the_machine_is_refused(officer, hub):
    address = "http://169.254.169.254/token"
    oauth = {"kind": "client_credentials", "name": "city", "secret": SECRET, "token_url": address}
    assert wrong_fields(officer.send(f"/hubs/{hub.id}/credentials", **oauth)) == {"token_url"}


def test_credentials_are_removed(officer, hub, rows):
    officer.send(f"/hubs/{hub.id}/credentials", **KEY)
    officer.send(f"/hubs/{hub.id}/credentials/remove", f"/hubs/{hub.id}")
    assert stored(rows, select(Hub.credentials)) == [None]
    assert acts(rows, hub)[-1] == "hub.remove_credentials"


@pytest.mark.parametrize(
    ("base_url", "are_kept"),
    [("https://hub.example.org/gateway", True), ("https://elsewhere.example.org", False)],
)
def test_a_hub_that_moves_loses_its_credentials(officer, hub, rows, site, base_url, are_kept):
    officer.send(f"/hubs/{hub.id}/credentials", **KEY)
    (version,) = stored(rows, select(Hub.version))
    officer.send(f"/hubs/{hub.id}/edit", **typed(site, base_url=base_url, version=version))
    assert (stored(rows, select(Hub.credentials)) != [None]) == are_kept


def test_a_rest_is_shown_with_its_failures_and_ended(officer, hub, rows, site):
    source = create_source(rows, site, hub=hub.name)
    create_attempt(
        rows, source, status="failed", error="HTTP 503: busy", error_url="https://hub.example.org/x"
    )
    hub.failures, hub.resting_until = 5, BEGINNING + timedelta(minutes=4)
    rows.commit()
    page = officer.read(f"/hubs/{hub.id}")
    assert "This hub is left alone until" in page
    assert "503" in page
    officer.send(f"/hubs/{hub.id}/wake", f"/hubs/{hub.id}")
    assert stored(rows, select(Hub.resting_until)) == [None]
    assert acts(rows, hub)[-1] == "hub.wake"


def test_a_hub_that_does_not_rest_is_not_woken(officer, hub):
    assert officer.send(f"/hubs/{hub.id}/wake", f"/hubs/{hub.id}/edit").status_code == 409


def test_a_question_shows_the_raw_answer_without_the_secret(officer, rows, site, service):
    service.settings = replace(service.settings, private_hubs=("127.0.0.1:*",))

    def answer(target):
        return 200, {"Content-Type": "application/json", "X-Key": SECRET}, b'{"types": ["DistrictObserved"]}'

    with scripted_hub(answer) as base_url:
        officer.send("/hubs/new", **typed(site, base_url=base_url))
        (hub,) = stored(rows, select(Hub))
        officer.send(f"/hubs/{hub.id}/credentials", **KEY)
        page = said(officer.send(f"/hubs/{hub.id}/test", path="/ngsi-ld/v1/types"))
    assert "The hub answers" in page
    assert '{"types": ["DistrictObserved"]}' in page
    assert SECRET not in page


def test_a_question_to_a_hub_that_may_not_be_called_says_why(officer, rows, site):
    hub = create_hub(remembering(rows), territory=site.territory.code)
    hub.base_url = "http://127.0.0.1:8080"
    rows.commit()
    page = said(officer.send(f"/hubs/{hub.id}/test", path=""))
    assert "The answer cannot be used" in page
    assert "SANDBOX_PRIVATE_HUBS" in page


def test_a_broker_is_not_asked_a_question(officer, rows, site):
    broker = typed(site, kind="mqtt", base_url="mqtts://broker.example.org")
    answer = officer.send("/hubs/new", **broker)
    assert "Test the hub" not in officer.read(answer.location)
    assert officer.open(f"{answer.location}/test").status_code == 404


@pytest.mark.parametrize("path", ["types", "@evil.example", "/a b"])
def test_a_path_must_lie_below_the_hub(officer, hub, path):
    answer = officer.send(f"/hubs/{hub.id}/test", path=path)
    assert wrong_fields(answer) == {"path"}


def test_a_source_is_offered_the_own_citys_hubs_alone(officer, hub, elsewhere):
    page = officer.open("/sources/new").text
    assert "Town hub" in page
    assert "Far hub" not in page
