"""A refusal is no dead end: the page that was sent comes back with what was typed and what is wrong."""

from __future__ import annotations

import html
import re

import pytest

from tests.factories import (
    ANSWERED,
    CONSULTING,
    DRAFTED,
    FILED,
    GRANTED,
    LOCKED,
    OPINED,
    PROPOSED,
    REMEDIED,
    REPLIED,
    SENT,
    create_person,
    save_plan,
)
from tests.web.office import controls, wrong_fields
from tests.web.visitors import said

EDIT = "company/pilots/{}"
PLAN = "evaluator/{}/plan"
DRAFTED_PLAN = (*GRANTED, save_plan)


def summary(answer):
    """The lines of the error summary."""
    part = re.search(r'error-summary".*?</section>', answer.text, re.S)
    assert part is not None
    lines = re.findall(r"<li>(.*?)</li>", part[0], re.S)
    return [html.unescape(re.sub(r"<[^>]+>", "", line)).strip() for line in lines]


# -- acts that ask for a reason -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("history", "who", "kind", "verb", "act"),
    [
        (FILED, "author", "exemption", "withdraw", "Withdraw the application"),
        (REMEDIED, "decider", "pilot", "lift", "Lift the suspension"),
        (PROPOSED, "decider", "decision", "send_back", "Send back"),
    ],
)
@pytest.mark.parametrize(
    ("reason", "message"), [(" ", "a reason is needed"), ("<b>x" + "y" * 4000, "At most 4000.")]
)
def test_a_refused_reason_opens_its_box_again(office, history, who, kind, verb, act, reason, message):
    office = office(history)
    answer = office.move(who, kind, verb, reason=reason)
    assert answer.status_code == 422
    assert summary(answer) == [f"{act} – Reason: {message}"]
    assert wrong_fields(answer) == {f"reason-{kind}-{verb}"}
    opened = re.findall(r'<details class="transition" open>.*?</details>', answer.text, re.S)
    assert len(opened) == 1
    typed = re.search(r'<textarea[^>]*name="reason"[^>]*>\n(.*?)</textarea>', opened[0], re.S)
    assert html.unescape(typed[1]) == reason
    assert office.pilot.status == office.case.pilot.status


def test_a_box_that_was_not_refused_stays_shut(office):
    page = office(FILED).open("author", "cases/{}").text
    assert '<details class="transition">' in page
    assert "open>" not in page


@pytest.mark.parametrize(("history", "who"), [(FILED, "decider"), (GRANTED, "author")])
def test_a_reason_for_an_act_that_is_not_offered_meets_no_box(office, history, who):
    answer = office(history).move(who, "pilot", "lift", reason="x" * 4001)
    assert answer.status_code == 422
    assert "At most 4000." in said(answer)


# -- the plan -----------------------------------------------------------------------------------------


def test_a_plan_that_cannot_be_stored_is_shown_as_typed(office):
    office = office(DRAFTED_PLAN)
    values = controls(office.open("evaluator", PLAN).text)
    values["seed"], values["title_en"] = str(2**53), "Typed with care"
    answer = office.browser("evaluator").client.post(office.path(PLAN), data=values)
    assert answer.status_code == 422
    assert "9007199254740992" in summary(answer)[0]
    shown = controls(answer.text)
    assert {name: shown.getlist(name) for name in values if name != "csrf_token"} == {
        name: values.getlist(name) for name in values if name != "csrf_token"
    }
    values["seed"] = "7"
    assert office.browser("evaluator").client.post(office.path(PLAN), data=values).status_code == 303


# -- a draft in two tabs ------------------------------------------------------------------------------


def saved_meanwhile(office, rows):
    """The author's form as it was before a colleague saved the draft."""
    company = office.case.people["author"].organisation
    office.case.people["colleague"] = create_person(rows, "company_author", company, name="Lee Do-hyun")
    rows.commit()
    mine = controls(office.open("author", EDIT).text)
    theirs = controls(office.open("colleague", EDIT).text)
    mine["title_en"], theirs["title_en"] = "Mine", "Theirs"
    assert post(office, "colleague", theirs).status_code == 303
    return mine


def post(office, who, values):
    return office.browser(who).client.post(office.path(EDIT), data=values)


def test_what_was_typed_over_a_newer_draft_is_kept(office, rows):
    office = office(DRAFTED)
    mine = saved_meanwhile(office, rows)
    answer = post(office, "author", mine)
    assert answer.status_code == 409
    assert "Your changes are not saved yet Meanwhile: Draft changed, by Lee Do-hyun" in said(answer)
    assert f'href="/cases/{office.number}" target="_blank"' in answer.text
    shown = controls(answer.text)
    for name in set(mine) - {"csrf_token"}:
        assert shown.getlist(name) == mine.getlist(name), name
    assert office.pilot.title_en == "Theirs"
    # Saving once more without a look at the newer draft is refused once more.
    assert post(office, "author", shown).status_code == 409
    assert office.pilot.title_en == "Theirs"


def test_whoever_read_the_newer_draft_may_replace_it(office, rows):
    office = office(DRAFTED)
    shown = controls(post(office, "author", saved_meanwhile(office, rows)).text)
    shown["read_version"] = str(office.pilot.version)
    assert post(office, "author", shown).status_code == 303
    assert office.pilot.title_en == "Mine"


def test_a_draft_saved_after_the_reading_is_not_replaced(office, rows):
    office = office(DRAFTED)
    shown = controls(post(office, "author", saved_meanwhile(office, rows)).text)
    shown["read_version"] = str(office.pilot.version)
    again = controls(office.open("colleague", EDIT).text)
    again["title_en"] = "Theirs again"
    assert post(office, "colleague", again).status_code == 303
    assert post(office, "author", shown).status_code == 409
    assert office.pilot.title_en == "Theirs again"


def test_a_mistake_in_an_old_form_does_not_make_it_new(office, rows):
    office = office(DRAFTED)
    mine = saved_meanwhile(office, rows)
    mine["title_ko"] = " "
    answer = post(office, "author", mine)
    assert answer.status_code == 422
    mended = controls(answer.text)
    mended["title_ko"] = "제목"
    assert post(office, "author", mended).status_code == 409
    assert office.pilot.title_en == "Theirs"


# -- summaries name the field -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("history", "who", "page", "values", "lines"),
    [
        (SENT, "city_reviewer", "opinion", {}, {"Opinion: Missing data for required field."}),
        (
            SENT,
            "city_reviewer",
            "opinion",
            {"opinion": "So.", "required_actions.1": "x" * 1001},
            {"Action 2: At most 1000."},
        ),
        (OPINED, "author", "actions", {}, {"Action 1: Missing data for required field."}),
        (
            FILED,
            "reviewer",
            "consultation",
            {},
            {"Competent ministries: name at least one competent ministry"},
        ),
        (
            CONSULTING,
            "other_reviewer",
            "reply",
            {"reply": "agree_with_conditions", "text": "So.", "conditions.1.text": "Signs."},
            {
                f"Condition 2 – {label}: Missing data for required field."
                for label in ("Legal basis", "Why it is necessary", "Why it is proportionate")
            },
        ),
        (
            CONSULTING,
            "other_reviewer",
            "reply",
            {"reply": "agree_with_conditions", "text": "So."},
            {"Conditions: Name at least one condition."},
        ),
        (
            PROPOSED,
            "reviewer",
            "proposal",
            {"outcome": "stop", "reasons": " "},
            {"Reasons: Missing data for required field."},
        ),
    ],
)
def test_the_summary_of_a_form_of_a_case_names_the_field(office, history, who, page, values, lines):
    answer = office(history).send(who, f"cases/{{}}/{page}", **values or {"nothing": "1"})
    assert answer.status_code == 422
    assert set(summary(answer)) == lines


def test_the_summary_of_a_new_pilot_names_every_field(office):
    answer = office().send("author", "company/pilots/new", **{"contents.budget": "x"})
    assert answer.status_code == 422
    assert len(summary(answer)) >= 15
    assert {"Site: Choose a site.", "Lead ministry: Choose a ministry."} <= set(summary(answer))
    assert all(re.match(r"[A-Z][^:]+: \S", line) for line in summary(answer)), summary(answer)


def test_plan_contents_are_called_as_the_regime_calls_them(office):
    office = office(DRAFTED)
    item = office.case.pilot.exemption.regime.plan_contents[0]
    values = controls(office.open("author", EDIT).text)
    values[f"contents.{item.id}"] = "a\x07b"
    answer = post(office, "author", values)
    assert summary(answer) == [f"{item.name_en}: Control characters are not allowed."]


def test_the_summary_of_a_plan_names_every_field(office):
    answer = office(GRANTED).send("evaluator", f"{PLAN}/lock")
    assert answer.status_code == 422
    assert any(line.startswith("Hypothesis in English: ") for line in summary(answer))
    assert all(re.match(r"[A-Z][^:]+: \S", line) for line in summary(answer)), summary(answer)


# -- a consultation that was answered -----------------------------------------------------------------


def test_a_ministry_that_has_replied_is_told_so(office):
    office = office(REPLIED)
    for answer in (
        office.open("other_reviewer", "cases/{}/reply"),
        office.send("other_reviewer", "cases/{}/reply", reply="", text=""),
    ):
        assert answer.status_code == 409
        assert re.search(r"Meanwhile: Consultation answered, by Ministry reviewer \d+, 2026-", said(answer))


@pytest.mark.parametrize("history", [ANSWERED, LOCKED])
def test_whoever_was_never_asked_finds_no_consultation(office, history):
    assert office(history).open("decider", "cases/{}/reply").status_code in {403, 404}
