"""The whole journey in a browser: sign in as each role, from the draft to the public decision."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from experiments.collection.models import DataSource
from tests.journeys.conftest import DISTRICTS, Live
from tests.journeys.person import PATIENCE_MS, Person

pytestmark = pytest.mark.browser


def test_a_pilot_goes_from_draft_to_public_decision(page: Page, live: Live) -> None:
    page.set_default_timeout(PATIENCE_MS)
    person = Person(page, live)

    person.sign_in("author")
    number = register(person)
    person.press("Send to the city")
    person.sign_out()

    person.sign_in("city")
    open_case(person, number)
    person.follow("Give the city's opinion")
    person.press("Give the city's opinion")
    person.sees("Missing data for required field.")
    person.fill(opinion="We agree.", required_actions__0="Say how school hours are handled.")
    person.press("Give the city's opinion")
    person.sign_out()

    person.sign_in("author")
    open_case(person, number)
    person.sees("Say how school hours are handled.")
    person.follow("Answer the required actions")
    page.locator("textarea[name^='answers.']").fill("The route avoids the schools.")
    person.press("Save the answers")
    person.follow("Law change")
    person.sees("Without it the exemption cannot be granted:")
    person.follow("Name evidence")
    person.choose("criterion", "benefit")
    person.tick("shown_by", "document")
    person.fill(document="The evaluation", would_show="Nobody is hurt.")
    person.press("Save")
    person.sign_out()

    person.sign_in("signatory")
    open_case(person, number)
    person.press("Sign and file")
    person.sign_out()

    person.sign_in("ministry")
    open_case(person, number)
    person.follow("Open the consultation")
    page.get_by_label("The police").check()
    person.press("Notify the ministries")
    person.sees("Not every ministry has replied. Silence is not consent.")
    person.sign_out()

    person.sign_in("police")
    open_case(person, number)
    person.follow("Reply to the consultation")
    person.tick("reply", "agree_with_conditions")
    person.fill(text="Agreed with one condition.")
    person.press("Give this reply")
    person.sees("Name at least one condition.")
    person.fill(
        conditions__0__text="At most 30 km/h.",
        conditions__0__legal_basis="Art. 49(8)",
        conditions__0__necessity="Pedestrians.",
        conditions__0__proportionality="Two minutes a round.",
    )
    person.press("Give this reply")
    person.sign_out()

    person.sign_in("ministry")
    open_case(person, number)
    person.press("Close the consultation")
    person.sign_out()

    deliberate(person, number)

    person.sign_in("decider")
    open_case(person, number)
    person.follow("Grant the exemption")
    person.fill(reason="Necessary, safe and proportionate.")
    person.press("Grant the exemption")
    person.sees("Imposed")
    person.sign_out()

    person.sign_in("evaluator")
    open_case(person, number)
    person.follow("Write the analysis plan")
    write_plan(person, live, controls=False)
    person.press("Save the draft")
    person.sees("A plan needs control districts.")
    write_plan(person, live)
    person.press("Save the draft")
    person.press("Lock the plan")
    person.sees("SHA-256")
    person.sign_out()

    prepare(person, number)
    live.clock.catch_up()

    person.sign_in("signatory")
    open_case(person, number)
    person.press("Start the pilot")
    person.sees("Pilot started")
    person.sign_out()
    wait_for_readings(person)

    person.sign_in("evaluator")
    person.go("/evaluator")
    page.get_by_role("button", name=re.compile("^Run the evaluation now")).click()
    read = page.get_by_role("link", name=re.compile("^Read the result and sign it"))
    for _ in range(60):
        if read.count():
            break
        page.wait_for_timeout(500)
        person.go("/evaluator")
    read.click()
    person.sees("Expand with conditions")
    person.press("Sign the result")
    person.sign_out()

    person.sign_in("ministry")
    open_case(person, number)
    person.follow("Propose a decision")
    person.tick("outcome", "stop")
    person.fill(reasons="The operator has lost its insurance.")
    person.press("Propose")
    person.sees("This proposal goes against the finding")
    person.sign_out()

    person.sign_in("decider")
    open_case(person, number)
    person.give_reason("Decide against the finding", "Without insurance it cannot go on.")
    person.sees("Waiting for a second decider")
    person.sign_out()

    person.sign_in("second")
    open_case(person, number)
    person.give_reason("Confirm as second decider", "I have seen the insurer's letter.")
    person.sees("Decided")
    person.sign_out()

    person.go(f"/pilots/{number}")
    person.sees("Stop")
    person.sees("Without insurance it cannot go on.")
    person.sees("I have seen the insurer's letter.")
    person.sees("Expand with conditions")
    person.is_not_hindered()
    for path in ("/", "/programmes", "/sign-in"):
        person.go(path)
        person.is_not_hindered()


def register(person: Person) -> str:
    """The company's form: first with fields missing, then complete. Returns the number."""
    person.follow("Register a pilot")
    person.press("Save the draft")
    person.sees("There is a problem")
    today = person.live.first_day
    for name, label in (("site", "Testville"), ("evaluator", "The institute"), ("lead", "The ministry")):
        person.page.locator(f'select[name="{name}"]').select_option(label=label)
    person.fill(
        title_ko="자율주행 셔틀",
        title_en="Autonomous shuttle",
        summary_ko="두 동에서 셔틀이 다닙니다.",
        summary_en="A shuttle runs in two districts.",
        technology="autonomous shuttle",
        contact="02-000-0000",
        planned_from=today.isoformat(),
        planned_to=(today + timedelta(days=180)).isoformat(),
        articles="여객자동차 운수사업법 제4조",
        requested_months="6",
    )
    person.tick("districts", "D01", "D02")
    person.tick("kind", "demonstration")
    person.tick("ground", "no_standard")
    for box in person.page.locator("textarea[name^='contents.']").all():
        box.fill("As described in the attached plan.")
    person.press("Save the draft")
    person.sees("The draft is registered as")
    found = re.search(r"RS-\d{4}-\d{4}", person.page.locator("main").inner_text())
    assert found
    return found.group()


def deliberate(person: Person, number: str) -> None:
    """The secretariat calls a meeting, its one member declares and votes, the resolution is counted."""
    person.sign_in("secretary")
    person.go("/committee")
    person.tick("mode", "oral")
    person.fill(begins_on=today(person))
    person.press("Prepare a meeting")
    person.choose("case", number)
    person.press("Put on the agenda")
    person.press("Call the meeting")
    person.page.get_by_label("Member", exact=True).check()
    person.press("Note attendance")
    meeting = person.page.url.removeprefix(person.live.url)
    person.sign_out()

    person.sign_in("member")
    person.go(meeting)
    person.tick("has_conflict", "false")
    person.press("Declare")
    person.tick("choice", "approve_with_conditions")
    person.press("Vote")
    person.sign_out()

    person.sign_in("secretary")
    person.go(meeting)
    person.is_not_hindered()
    person.press("Count and record the resolution")
    person.sees("Resolved by majority")
    person.sign_out()


def today(person: Person) -> str:
    return person.live.clock().astimezone(ZoneInfo("Asia/Seoul")).date().isoformat()


def open_case(person: Person, number: str) -> None:
    person.go(f"/cases/{number}")


def prepare(person: Person, number: str) -> None:
    """What the start needs beside the plan: insurance, residents who know, and the baseline."""
    person.sign_in("author")
    person.go(f"/cases/{number}/insurance/policy")
    person.fill(
        insurer="Hangang Insurance",
        number="L-1",
        covers_from=(person.live.first_day - timedelta(days=400)).isoformat(),
        covers_to=(person.live.first_day + timedelta(days=2000)).isoformat(),
    )
    person.press("File this policy")
    person.go(f"/cases/{number}/start")
    person.fill(
        informed_on=today(person),
        how="Letters",
        text="Buses wait for people.",
    )
    person.press("Record")
    person.sees("Attested by the company")
    person.sign_out()
    wait_for_readings(person)


def write_plan(person: Person, live: Live, *, controls: bool = True) -> None:
    """The plan's form, with or without its control districts."""
    person.fill(
        hypothesis_ko="대기시간이 줄어든다.",
        hypothesis_en="Waits fall.",
        primary__minimum_effect="0.5",
        guardrails__0__margin="5",
        window__baseline_from=(live.first_day - timedelta(days=84)).isoformat(),
        districts__why="The other districts of the same city.",
    )
    person.choose("primary.metric", "wait@1")
    person.tick("primary.direction", "decrease")
    person.choose("guardrails.0.metric", "conflicts@1")
    person.tick("guardrails.0.direction", "decrease")
    person.choose("period", "week")
    person.tick("design.method", "did")
    person.tick("design.missing", "available")
    if controls:
        person.tick("districts.control", *(f"D{number:02d}" for number in range(3, DISTRICTS + 1)))


def wait_for_readings(person: Person) -> None:
    """The scheduler collects by itself; look until the source has caught up."""
    for _ in range(120):
        with person.live.sessions() as session:
            source = session.scalars(select(DataSource)).one()
            assert source.failures == 0
            if source.watermark > person.live.clock() - timedelta(days=2):
                return
        person.page.wait_for_timeout(250)
    raise AssertionError("nothing was collected")
