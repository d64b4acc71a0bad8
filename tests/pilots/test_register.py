"""Which pilots the register shows, in which order, and what it says of each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from sqlalchemy import event

from experiments.canonical import digest
from experiments.errors import BrokenRecord, NotFound
from experiments.evaluation.models import Evaluation
from experiments.fields import load
from sandbox.exemptions import application
from sandbox.pilots import case as cases
from sandbox.pilots import chronicle, dataset, published, register
from sandbox.pilots.register import SearchSchema
from tests import factories, results
from tests.factories import AMENDED, FILED, GRANTED, LOCKED, RETURNED, RUNNING, WITHDRAWN, create_case
from tests.published import DECIDED, DECIDED_AGAINST, MEASURED, RAN, SIGNED, measure, run_later, store


def titles(session, language="en", **asked):
    listing = register.search(session, load(SearchSchema(), asked), language=language)
    return [entry.title_en for entry in listing.entries]


@contextmanager
def statements(engine) -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


# -- who is in the list -------------------------------------------------------------------------


def test_draft_is_not_in_the_register(session):
    create_case(session)
    assert titles(session) == []


def test_filed_pilot_is_in_the_register(session):
    create_case(session, FILED, title_en="Shuttle")
    assert titles(session) == ["Shuttle"]


def test_returned_filing_stays_public(session):
    case = create_case(session, RETURNED)
    assert published.published(session, case.pilot.number).status == "returned"


def test_withdrawn_pilot_stays(session):
    create_case(session, WITHDRAWN, title_en="Shuttle")
    assert titles(session) == ["Shuttle"]


def test_draft_given_up_before_filing_was_never_public(session):
    case = create_case(session)
    cases.withdraw(session, case.pilot, by=case.actor("author"), at=case.tick(), reason="No funding.")
    with pytest.raises(NotFound):
        published.published(session, case.pilot.number)
    assert titles(session) == []


@pytest.mark.parametrize("number", ["", "RS-1999-0001", "RS-2026-0001\x00", "' OR 1=1 --"])
def test_unknown_number_is_not_found(session, number):
    create_case(session, FILED)
    with pytest.raises(NotFound):
        register.find(session, number)


# -- search, filters, order, pages --------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "SHUTTLE",
        "huttl",
        "셔틀",
        "driverless",
        "운전자",
        "autonom",
        "  autonomous   shuttle ",
        "shut\u200btle",
    ],
)
def test_search_finds_parts_of_words_in_both_languages(session, words):
    create_case(
        session,
        FILED,
        title_ko="자율주행 셔틀",
        title_en="Autonomous shuttle",
        summary_ko="운전자가 없다.",
        summary_en="A driverless loop.",
    )
    create_case(session, FILED, title_en="Drones", title_ko="드론", technology="drone")
    assert titles(session, q=words) == ["Autonomous shuttle"]


def test_search_finds_the_company_and_the_number(session):
    case = create_case(session, FILED, title_en="Shuttle")
    create_case(session, FILED, title_en="Drones")
    case.pilot.company.name_ko = "㈜바람길"
    session.flush()
    assert titles(session, q="바람길") == ["Shuttle"]
    assert titles(session, q=case.pilot.number.lower()) == ["Shuttle"]


@pytest.mark.parametrize("sign", ["%", "_", "/", "\\", "'"])
def test_signs_of_patterns_are_looked_for_as_they_stand(session, sign):
    create_case(session, FILED, title_en=f"Half{sign}off")
    create_case(session, FILED, title_en="Whole")
    assert titles(session, q=sign) == [f"Half{sign}off"]


def test_filters_narrow_the_list(session):
    shuttle = create_case(session, FILED, title_en="Shuttle", technology="shuttle")
    create_case(session, GRANTED, title_en="Drones", technology="drone")
    assert titles(session, status="approved") == ["Drones"]
    assert titles(session, technology="shuttle") == ["Shuttle"]
    assert titles(session, site=shuttle.site.territory.code) == ["Shuttle"]
    assert titles(session, technology="shuttle", status="approved") == []


def test_finding_is_that_of_the_latest_signed_result(session):
    worse = dict(results.GOOD_INPUTS) | {"guardrails.harmed": 1.0}
    create_case(session, (*SIGNED, factories.request_evaluation, store(inputs=worse), factories.sign_result))
    create_case(session, RAN, title_en="Not signed")
    assert titles(session, finding="safety_stop") == ["Smart crossings"]
    assert titles(session, finding="expand_conditional") == []


def test_sort_by_title_follows_the_language(session):
    create_case(session, FILED, title_en="Banana", title_ko="가")
    create_case(session, FILED, title_en="apple", title_ko="나")
    assert titles(session, sort="title") == ["apple", "Banana"]
    assert titles(session, sort="title", language="ko") == ["Banana", "apple"]


def test_sort_by_start_uses_the_granted_day(session):
    create_case(session, FILED, title_en="Early", planned_from=date(2026, 1, 1))
    create_case(session, FILED, title_en="Late", planned_from=date(2026, 9, 1))
    assert titles(session, sort="start") == ["Early", "Late"]
    assert titles(session, sort="-start") == ["Late", "Early"]


def test_pages_hold_twenty_and_never_repeat(session, monkeypatch):
    monkeypatch.setattr(register, "PAGE_SIZE", 2)
    for number in range(5):
        create_case(session, FILED, title_en=f"Pilot {number}")
    pages = [titles(session, page=page) for page in (1, 2, 3)]
    assert pages == [["Pilot 4", "Pilot 3"], ["Pilot 2", "Pilot 1"], ["Pilot 0"]]


def test_page_after_the_last_is_the_last(session):
    create_case(session, FILED, title_en="Shuttle")
    assert titles(session, page=10**30) == ["Shuttle"]


def test_counts_are_of_the_whole_register(session):
    create_case(session)
    create_case(session, FILED)
    create_case(session, SIGNED)
    listing = register.search(session, load(SearchSchema(), {"q": "nothing like it"}), language="en")
    assert (listing.registered, listing.with_result, listing.found) == (2, 1, 0)


def test_list_asks_as_often_for_many_pilots_as_for_one(session, engine):
    def asked() -> int:
        session.expire_all()
        with statements(engine) as seen:
            titles(session)
            register.choices(session)
        return len(seen)

    create_case(session, FILED)
    once = asked()
    for _ in range(3):
        create_case(session, SIGNED)
    assert asked() == once


# -- what the page of a pilot says --------------------------------------------------------------


def test_only_imposed_conditions_are_published(session):
    case = create_case(session, GRANTED)
    page = published.published(session, case.pilot.number)
    assert len(page.relief.conditions) == sum(c.is_imposed for c in case.pilot.exemption.conditions) > 0


def test_condition_that_was_not_imposed_stays_in_the_file(session):
    case = create_case(session, GRANTED)
    case.pilot.exemption.conditions[0].is_imposed = False
    session.flush()
    assert published.published(session, case.pilot.number).relief.conditions == ()


def test_places_before_the_lock_are_the_pilots_own(session):
    page = published.published(session, create_case(session, FILED).pilot.number)
    assert [place.code for place in page.places_of("treated")] == ["D01", "D02"]
    assert page.places_of("control") == ()


def test_places_after_the_lock_are_the_plans(session):
    page = published.published(session, create_case(session, LOCKED).pilot.number)
    assert [place.code for place in page.places_of("control")] == ["D03", "D04", "D05", "D06"]


def test_plan_keeps_every_version(session):
    page = published.published(session, create_case(session, AMENDED).pilot.number)
    assert [edition.reason for edition in page.plan.editions] == [None, "The seed had been drawn twice."]
    assert page.plan.contents["seed"] == 7


def test_unsigned_result_is_not_published(session):
    number = create_case(session, RAN).pilot.number
    assert published.published(session, number).result is None
    with pytest.raises(NotFound):
        published.signed_evaluation(session, number)


def test_signed_result_is_published_with_its_digest(session):
    case = create_case(session, SIGNED)
    result = published.published(session, case.pilot.number).result
    assert result.document_sha256 == digest(case.evaluation.document)
    assert result.finding == "expand_conditional"


def test_changed_result_is_never_handed_out(session):
    case = create_case(session, SIGNED)
    case.evaluation.document = case.evaluation.document.replace('"coverage":0.97', '"coverage":0.99')
    session.flush()
    with pytest.raises(BrokenRecord):
        published.signed_evaluation(session, case.pilot.number)


def test_changed_plan_is_never_handed_out(session):
    case = create_case(session, LOCKED)
    version = case.pilot.experiment.plan
    version.document = version.document.replace('"seed":20260302', '"seed":20260303')
    session.flush()
    with pytest.raises(BrokenRecord):
        published.plan_version(session, case.pilot.number)


def test_evaluation_of_another_pilot_is_not_found(session):
    here, there = create_case(session, SIGNED), create_case(session, SIGNED)
    with pytest.raises(NotFound):
        published.signed_evaluation(session, here.pilot.number, there.evaluation.id)


def test_earlier_signed_result_stays_reachable(session):
    case = create_case(session, SIGNED)
    earlier = case.evaluation
    case.walk((factories.request_evaluation, store(), factories.sign_result))
    assert published.signed_evaluation(session, case.pilot.number).id == case.evaluation.id != earlier.id
    assert published.signed_evaluation(session, case.pilot.number, earlier.id) is earlier


def test_ruling_against_the_finding_names_both_deciders_with_their_reasons(session):
    case = create_case(session, DECIDED_AGAINST)
    (ruling,) = published.published(session, case.pilot.number).rulings
    assert ruling.is_against_the_finding
    assert [(act.person, act.reason) for act in ruling.deciders] == [
        (case.people["decider"].name, "The evidence is clear."),
        (case.people["second_decider"].name, "The finding leaves out what the city needs."),
    ]


def test_open_proposal_is_no_ruling(session):
    case = create_case(session, (*SIGNED, factories.propose("stop")))
    assert published.published(session, case.pilot.number).rulings == ()


# -- timeline and chain -------------------------------------------------------------------------


def verbs(session, case):
    return [f"{act.kind}.{act.verb}" for act in chronicle.acts(session, case.pilot)]


def test_timeline_tells_each_step_once(session):
    assert verbs(session, create_case(session, DECIDED)) == [
        "pilot.create",
        "exemption.send_to_city",
        "exemption.give_opinion",
        "exemption.answer_actions",
        "exemption.sign",
        "exemption.open_consultation",
        "exemption.close_consultation",
        "exemption.table",
        "exemption.resolve",
        "exemption.grant",
        "experiment.lock",
        "pilot.start",
        "experiment.sign_result",
        "decision.decide",
    ]


def test_step_that_takes_the_pilot_along_carries_its_status(session):
    acts = chronicle.acts(session, create_case(session, DECIDED).pilot)
    carried = {act.verb: act.pilot_status for act in acts if act.kind != "pilot" and act.pilot_status}
    assert carried == {"sign": "in_review", "grant": "approved", "decide": "concluded"}


def test_edits_of_a_draft_are_not_public(session):
    case = create_case(session)
    application.edit(
        session, case.pilot.exemption, factories.application_values(), by=case.actor("author"), at=case.tick()
    )
    assert verbs(session, case) == ["pilot.create"]


def test_people_of_the_company_are_not_named(session):
    case = create_case(session, DECIDED)
    acts = chronicle.acts(session, case.pilot)
    theirs = [act for act in acts if act.role.startswith("company")]
    assert {(act.person, act.office.name_en) for act in theirs} == {(None, case.pilot.company.name_en)}


def test_those_who_decide_and_sign_are_named(session):
    case = create_case(session, DECIDED)
    named = {act.person for act in chronicle.acts(session, case.pilot)} - {None}
    assert named == {case.people["decider"].name, case.people["evaluator"].name}


@pytest.mark.parametrize(
    ("history", "stage"),
    [
        (FILED, "registered"),
        (GRANTED, "approved"),
        (LOCKED, "plan_locked"),
        (RUNNING, "collecting"),
        (SIGNED, "evaluated"),
        (DECIDED, "decided"),
        (DECIDED_AGAINST, "decided"),
    ],
)
def test_chain_stands_at_the_last_stage_reached(session, history, stage):
    acts = chronicle.acts(session, create_case(session, history).pilot)
    assert chronicle.chain(acts).current == stage


def test_plan_locked_before_approval_does_not_skip_the_approval(session):
    case = create_case(session, (*FILED, factories.save_plan, factories.lock_plan))
    chain = chronicle.chain(chronicle.acts(session, case.pilot))
    assert chain.current == "registered"
    assert set(chain.reached) == {"registered", "plan_locked"}


# -- the data behind a result -------------------------------------------------------------------


def test_data_are_the_cells_that_the_evaluation_read(session):
    case = create_case(session, MEASURED)
    cells = dataset.cells(session, case.evaluation)
    assert len(cells) == 2 * 6 * 24
    found = {(c.metric, c.district, c.period): c for c in cells}
    assert found[case.primary.code, "D01", "2025-07"].value == 10.0
    assert found[case.primary.code, "D06", "2025-09"].value is None
    assert found[case.guardrail.code, "D06", "2025-09"].value == 15.0


def test_data_say_who_was_treated_and_from_when(session):
    cells = dataset.cells(session, create_case(session, MEASURED).evaluation)
    assert {cell.district for cell in cells if cell.is_treated} == {"D01", "D02"}
    assert min(cell.period for cell in cells if cell.is_after) == "2026-07"


def test_data_that_no_longer_fit_the_digest_are_not_handed_out(session):
    case = create_case(session, (*RUNNING, measure, run_later, store(), factories.sign_result))
    with pytest.raises(BrokenRecord):
        dataset.cells(session, session.get_one(Evaluation, case.evaluation.id))


def test_a_pilot_is_found_by_the_name_of_a_district(session):
    case = create_case(session, FILED, title_en="Shuttle")
    name = case.pilot.districts[0].name_en
    assert titles(session, q=name.lower()) == ["Shuttle"]
