"""Registering a pilot and editing the draft."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.orm.exc import StaleDataError

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import load
from sandbox import ledger
from sandbox.pilots import registration
from sandbox.pilots.registration import PilotSchema
from sandbox.pilots.table import PILOT
from tests.factories import (
    FILED,
    REGIME,
    RETURNED,
    SENT,
    application_values,
    create_case,
    pilot_values,
)


def register(case, *, who="author", at=None, **changes):
    parties = {
        "site": case.site,
        "evaluator": case.people["evaluator"].organisation,
        "lead": case.people["reviewer"].organisation,
        "regime_id": REGIME,
        "values": pilot_values(),
        "application_values": application_values(),
    } | changes
    return registration.register(case.session, **parties, by=case.actor(who), at=at or case.tick())


def edit(case, *, seen_version=None, **changes):
    registration.edit(
        case.session,
        case.pilot,
        values=pilot_values(**changes),
        application_values=application_values(requested_months=12),
        seen_version=case.pilot.version if seen_version is None else seen_version,
        by=case.actor("author"),
        at=case.tick(),
    )


def test_a_new_pilot_is_a_draft_with_a_number(session):
    case = create_case(session)
    assert case.pilot.status == "draft"
    assert case.pilot.number == f"RS-2026-{case.pilot.id:04d}"
    assert case.pilot.company_id == case.people["author"].organisation_id
    assert [district.code for district in case.pilot.districts] == ["D01", "D02"]


def test_the_year_of_the_number_is_the_sites_own(session):
    case = create_case(session)
    new_year_in_seoul = datetime(2026, 12, 31, 15, 0, tzinfo=UTC)
    assert register(case, at=new_year_in_seoul).number.startswith("RS-2027-")


def test_it_begins_with_an_application_and_an_empty_plan(session):
    pilot = create_case(session).pilot
    assert (pilot.exemption.status, pilot.experiment.status) == ("draft", "draft")
    assert pilot.experiment.draft == {}
    assert pilot.exemption.city_id == pilot.site.city_id


@pytest.mark.parametrize("who", ["signatory", "city_reviewer", "reviewer", "decider", "evaluator", "auditor"])
def test_only_an_author_registers(session, who):
    case = create_case(session)
    with pytest.raises(Refused):
        register(case, who=who)


@pytest.mark.parametrize(
    ("field", "who"),
    [("evaluator", "author"), ("evaluator", "reviewer"), ("lead", "evaluator"), ("lead", "author")],
)
def test_each_part_is_played_by_the_right_kind_of_organisation(session, field, who):
    case = create_case(session)
    with pytest.raises(Invalid) as refusal:
        register(case, **{field: case.people[who].organisation})
    assert set(refusal.value.errors) == {field}


def test_an_unknown_district_is_named_by_its_place(session):
    case = create_case(session)
    with pytest.raises(Invalid) as refusal:
        register(case, values=pilot_values(districts=["D01", "D99"]))
    assert refusal.value.errors == {"districts.1": ["unknown district D99"]}


def test_a_district_of_another_site_is_unknown(session):
    case, other = create_case(session), create_case(session)
    other.site.territory.districts[0].code = "elsewhere"
    with pytest.raises(Invalid):
        register(case, values=pilot_values(districts=["elsewhere"]))


def test_a_district_named_twice_is_one(session):
    pilot = register(create_case(session), values=pilot_values(districts=["D01", "D01"]))
    assert [district.code for district in pilot.districts] == ["D01"]


def test_an_unknown_regime_is_not_found(session):
    with pytest.raises(NotFound):
        register(create_case(session), regime_id="nowhere")


def test_the_registration_stands_in_the_ledger(session):
    case = create_case(session)
    entry = session.query(ledger.LedgerEntry).filter_by(subject=case.pilot.key).one()
    assert (entry.act, entry.actor_id) == ("pilot.register", case.people["author"].id)


# -- editing ----------------------------------------------------------------------------------


def test_an_edit_replaces_pilot_and_application(session):
    case = create_case(session)
    edit(case, title_en="Smarter crossings", districts=["D03"])
    assert case.pilot.title_en == "Smarter crossings"
    assert case.pilot.exemption.requested_months == 12
    assert [district.code for district in case.pilot.districts] == ["D03"]


def test_an_edit_of_the_application_alone_is_a_new_version_of_the_pilot(session):
    case = create_case(session)
    before = case.pilot.version
    edit(case)
    assert case.pilot.version > before


def test_an_edit_on_an_old_version_is_refused_with_what_happened_meanwhile(session):
    case = create_case(session)
    read = case.pilot.version
    edit(case, title_en="Smarter crossings")
    with pytest.raises(WrongMoment) as refusal:
        edit(case, title_en="Cleverer crossings", seen_version=read)
    assert refusal.value.meanwhile[:2] == ("edit", case.people["author"].name)
    assert case.pilot.title_en == "Smarter crossings"


def test_edits_that_race_do_not_overwrite_each_other(session):
    case = create_case(session)
    session.execute(text("UPDATE pilot SET version = version + 1"))
    with pytest.raises(StaleDataError):
        edit(case)


@pytest.mark.parametrize("history", [SENT, FILED])
def test_what_was_sent_cannot_be_edited(session, history):
    case = create_case(session, history)
    with pytest.raises(WrongMoment):
        edit(case)


def test_a_returned_draft_can_be_edited(session):
    case = create_case(session, RETURNED)
    edit(case, title_en="Smarter crossings")
    assert PILOT.past(case.pilot)[-1].verb == "revise"


# -- the form ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title_ko": ""}, "title_ko"),
        ({"title_en": "x" * 201}, "title_en"),
        ({"summary_ko": "x" * 3001}, "summary_ko"),
        ({"contact": "pilot@example.org\u202e"}, "contact"),
        ({"planned_from": "2026-02-30"}, "planned_from"),
        ({"planned_to": "2026-07-01"}, "planned_to"),
        ({"districts": []}, "districts"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_bad_field_is_named(changes, field):
    sent = pilot_values(planned_from="2026-07-01", planned_to="2027-06-30") | changes
    with pytest.raises(Invalid) as refusal:
        load(PilotSchema(), sent)
    assert set(refusal.value.errors) == {field}


def test_a_whole_form_is_read():
    sent = pilot_values(planned_from="2026-07-01", planned_to="2027-06-30")
    assert load(PilotSchema(), sent)["planned_to"] == date(2027, 6, 30)
