"""The case file and the acts on it: who reads what, what is refused and how that is told."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from sandbox.decisions import DECISION, Decision
from sandbox.exemptions.models import Resolution
from sandbox.exemptions.table import EXEMPTION
from sandbox.ledger import LedgerEntry
from sandbox.pilots.file import NOT_OFFERED
from sandbox.pilots.models import PilotHistory
from sandbox.pilots.table import PILOT
from sandbox.web.cases import FORMS, MOVES
from tests.factories import (
    ANSWERED,
    CONSULTED,
    CONSULTING,
    DECIDED,
    DRAFTED,
    EVALUATED,
    FILED,
    FINISHED,
    FIRST_DECIDED_AGAINST,
    GRANTED,
    LOCKED,
    OPINED,
    PARTIES,
    PROPOSED,
    PROPOSED_AGAINST,
    READY,
    REMEDIED,
    REPLIED,
    RUNNING,
    SENT,
    SIGNED,
    SUSPENDED,
    TABLED,
    condition_values,
    resolve,
)
from tests.web.office import wrong_fields
from tests.web.visitors import said

HOSTILE = '<script>alert("x")</script>'

# The committee approves, and asks for no condition.
AGREED = (*TABLED, resolve(Resolution.APPROVE))


def paths_of_a_case(office):
    """(method, address) of every page and act on one case, and on its run."""
    for rule in office.service.url_map.iter_rules():
        room = rule.endpoint.partition(".")[0]
        if room in {"cases", "company", "evaluator"} and rule.arguments & {"number", "run_id"}:
            values = {"number": office.number, "run_id": office.run_id, "kind": "pilot", "verb": "finish"}
            named = {name: values[name] for name in rule.arguments}
            with office.service.test_request_context():
                address = office.service.url_map.bind("localhost").build(rule.endpoint, named)
            yield from ((method, address) for method in rule.methods & {"GET", "POST"})


# -- who may read -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "who",
    [
        "other_author",
        "other_signatory",
        "other_city_reviewer",
        "other_evaluator",
        "administrator",
        None,
    ],
)
def test_strangers_learn_nothing_of_a_case(office, who):
    office = office(EVALUATED, contact="desk 0123-4567")
    paths = list(paths_of_a_case(office))
    assert len(paths) > 20
    browser = office.browser(who)
    for method, path in paths:
        answer = (
            browser.open(path)
            if method == "GET"
            else browser.send(path, "/sign-in" if not who else "/password")
        )
        wanted = {302} if who is None else {403, 404}
        assert answer.status_code in wanted, (method, path, answer.status)
        assert office.case.pilot.title_en not in answer.text
        assert "desk 0123-4567" not in answer.text
    assert office.pilot.status == "reported"


def test_whoever_may_not_read_a_case_is_told_what_is_told_of_no_case(office):
    office = office(FILED)
    one = office.open("other_author", "cases/{}")
    other = office.browser("other_author").open("/cases/RS-2026-9999")
    assert (one.status_code, other.status_code) == (404, 404)
    assert said(one).replace(office.number, "") == said(other).replace("RS-2026-9999", "")


@pytest.mark.parametrize(
    "number", ["nonsense", "%00", "a%0Ab", "RS-2026-0001%00", "%F0%9F%9A%8C", "a" * 3000]
)
def test_a_number_that_is_none_is_not_found(office, number):
    assert office().browser("auditor").open(f"/cases/{number}").status_code == 404


# The committee reads what stands on its agenda, its experts what they were asked about.
NOT_YET_ASKED = {"administrator", "member", "expert"}


@pytest.mark.parametrize(
    "who",
    sorted(who for who in PARTIES if not who.startswith("other_") and who not in NOT_YET_ASKED),
)
def test_every_party_reads_a_filed_case(office, who):
    office = office(REPLIED)
    page = office.read(who, "cases/{}")
    assert office.case.pilot.title_en in page
    assert "Agrees with conditions" in page


def test_a_draft_is_the_companys_own(office):
    office = office(DRAFTED)
    seen = {who: office.open(who, "cases/{}").status_code for who in ("author", "city_reviewer", "reviewer")}
    assert seen == {"author": 200, "city_reviewer": 404, "reviewer": 404}


def test_without_signing_in_one_is_led_to_the_form_and_back(office):
    office = office(FILED)
    answer = office.open(None, "cases/{}")
    assert answer.status_code == 302
    assert answer.location == f"/sign-in?next=/cases/{office.number}"


# -- the file -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize(
    "history", [DRAFTED, OPINED, REPLIED, GRANTED, SUSPENDED, EVALUATED, PROPOSED_AGAINST, DECIDED]
)
def test_the_file_opens_at_every_moment_in_both_languages(office, history, language):
    office = office(history, language=language)
    answer = office.open("auditor", "cases/{}")
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text
    assert office.number in answer.text


def test_the_history_names_who_did_what_and_why(office):
    page = office(SUSPENDED).read("auditor", "cases/{}")
    assert re.search(r"Pilot suspended.*Decider \d+ · Decider.*A signal failed\.", page)


def test_what_only_a_condition_keeps_one_from_is_told(office):
    page = office(OPINED).read("signatory", "cases/{}")
    assert "Sign and file : Every action that the city requires must be answered first." in page


def test_every_open_act_has_a_button_or_a_form(office):
    """Each move that a file can offer is known to the page."""
    for lifecycle in (EXEMPTION, PILOT, DECISION):
        offered = {t.verb for t in lifecycle.transitions} - NOT_OFFERED.get(lifecycle.kind, set())
        assert {(lifecycle.kind, verb) for verb in offered} <= set(MOVES) | set(FORMS)


def test_what_people_wrote_is_shown_as_they_wrote_it(office):
    office = office(OPINED, title_en=HOSTILE, summary_en=HOSTILE, technology=HOSTILE, contact=HOSTILE)
    for who, page in (
        ("author", "cases/{}"),
        ("author", "company"),
        ("city_reviewer", "cases-desk"),
        ("author", "cases/{}/actions"),
    ):
        text = office.open(who, page).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;" in text


# -- acts without a form ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("history", "who", "kind", "verb", "status"),
    [
        (DRAFTED, "author", "exemption", "send_to_city", "local_review"),
        (ANSWERED, "signatory", "exemption", "sign", "submitted"),
        (FILED, "author", "exemption", "withdraw", "withdrawn"),
        (REPLIED, "reviewer", "exemption", "close_consultation", "consulted"),
        (READY, "signatory", "pilot", "start", "running"),
        (REMEDIED, "decider", "pilot", "lift", "running"),
        (RUNNING, "signatory", "pilot", "finish", "report_due"),
        (PROPOSED, "decider", "decision", "decide", "decided"),
        (PROPOSED, "decider", "decision", "send_back", "sent_back"),
        (PROPOSED_AGAINST, "decider", "decision", "decide_against", "awaiting_second"),
        (FIRST_DECIDED_AGAINST, "second_decider", "decision", "confirm", "decided"),
    ],
)
def test_a_button_does_what_it_says(office, history, who, kind, verb, status):
    office = office(history)
    page = office.open(who, "cases/{}").text
    assert f'action="/cases/{office.number}/moves/{kind}/{verb}"' in page
    answer = office.move(who, kind, verb, reason="Because it is so.")
    assert (answer.status_code, answer.location) == (303, f"/cases/{office.number}")
    found = {
        "exemption": lambda: office.pilot.exemption.status,
        "pilot": lambda: office.pilot.status,
        "decision": lambda: office.stored(select(Decision.status))[0],
    }[kind]()
    assert found == status


@pytest.mark.parametrize("kind", ["pilot", "exemption", "nonsense"])
@pytest.mark.parametrize("verb", ["approve", "file", "conclude", "edit", "grant", "__class__"])
def test_an_act_that_is_none_is_not_found(office, kind, verb):
    office = office(CONSULTED)
    assert office.move("decider", kind, verb).status_code == 404
    assert office.pilot.status == "in_review"


@pytest.mark.parametrize(
    ("history", "who", "kind", "verb"),
    [
        (DRAFTED, "signatory", "exemption", "send_to_city"),
        (ANSWERED, "author", "exemption", "sign"),
        (LOCKED, "author", "pilot", "start"),
        (REMEDIED, "reviewer", "pilot", "lift"),
        (RUNNING, "author", "pilot", "finish"),
        (PROPOSED, "reviewer", "decision", "decide"),
        (PROPOSED, "author", "decision", "decide"),
        (FIRST_DECIDED_AGAINST, "decider", "decision", "confirm"),
    ],
)
def test_the_wrong_person_is_refused(office, history, who, kind, verb):
    office = office(history)
    before = office.stored(select(LedgerEntry.number))
    answer = office.move(who, kind, verb, reason="Because.")
    assert answer.status_code == 403
    assert "Nothing was changed." in said(answer)
    assert f'action="/cases/{office.number}/moves/{kind}/{verb}"' not in office.open(who, "cases/{}").text
    acts = office.stored(select(LedgerEntry.act).where(LedgerEntry.number > len(before)))
    assert set(acts) <= {"person.sign_in"}


def test_whoever_decided_first_is_told_why_not_twice(office):
    answer = office(FIRST_DECIDED_AGAINST).move("decider", "decision", "confirm", reason="Because.")
    assert "A second decider is needed" in said(answer)


@pytest.mark.parametrize(
    ("history", "who", "kind", "verb", "told"),
    [
        (
            FILED,
            "signatory",
            "exemption",
            "sign",
            r"Meanwhile: Application signed and filed, by Company signatory \d+, 2026-03-02 1\d:00",
        ),
        (RUNNING, "decider", "pilot", "lift", r"Meanwhile: Pilot started, by Company signatory \d+"),
        (FINISHED, "signatory", "pilot", "start", r"Meanwhile: Pilot finished, by Company signatory \d+"),
        (GRANTED, "signatory", "pilot", "start", r"The analysis plan has not been locked\."),
        (CONSULTING, "reviewer", "exemption", "close_consultation", r"Not every ministry has replied\."),
        (DECIDED, "decider", "decision", "decide", r"Meanwhile: Decided, by Decider \d+"),
        (SIGNED, "decider", "decision", "decide", r"There is no proposal"),
    ],
)
def test_at_the_wrong_moment_one_is_told_what_happened(office, history, who, kind, verb, told):
    answer = office(history).move(who, kind, verb, reason="Because.")
    assert answer.status_code == 409
    assert re.search(told, said(answer)), said(answer)


@pytest.mark.parametrize(
    ("history", "who", "kind", "verb"),
    [
        (FILED, "author", "exemption", "withdraw"),
        (REMEDIED, "decider", "pilot", "lift"),
        (PROPOSED, "decider", "decision", "send_back"),
        (PROPOSED_AGAINST, "decider", "decision", "decide"),
        (FIRST_DECIDED_AGAINST, "second_decider", "decision", "confirm"),
    ],
)
@pytest.mark.parametrize("reason", ["", " \n "])
def test_a_reason_is_asked_for_by_name(office, history, who, kind, verb, reason):
    office = office(history)
    answer = office.move(who, kind, verb, reason=reason)
    assert answer.status_code == 422
    assert "a reason is needed" in said(answer)
    assert office.pilot.status == office.case.pilot.status


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("a\u202eb", "Invisible or direction-changing characters are not allowed."),
        ("a\x00b", "Control characters are not allowed."),
        ("a" * 4001, "At most 4000."),
    ],
)
def test_a_reason_that_deceives_or_does_not_end_is_refused(office, reason, message):
    answer = office(FILED).move("author", "exemption", "withdraw", reason=reason)
    assert (answer.status_code, message in said(answer)) == (422, True)


def test_of_two_presses_of_a_button_one_counts(office):
    office = office(READY)
    answers = [office.move("signatory", "pilot", "start").status_code for _ in range(2)]
    assert answers == [303, 409]
    starts = select(PilotHistory.id).where(PilotHistory.verb == "start")
    assert len(office.stored(starts)) == 1


# -- forms: refused with what was typed, each error at its field -------------------------------------


def blanks(*names):
    return dict.fromkeys(names, " ")


FORMS_SENT_BLANK = [
    (SENT, "city_reviewer", "opinion", {"opinion": " ", "required_actions.0": "Put up signs."}, {"opinion"}),
    (CONSULTING, "other_reviewer", "reply", {"reply": "", "text": " "}, {"reply", "text"}),
    (
        CONSULTING,
        "other_reviewer",
        "reply",
        {"reply": "agree_with_conditions", "text": "Yes."},
        {"conditions"},
    ),
    (
        CONSULTING,
        "other_reviewer",
        "reply",
        {"reply": "agree", "text": "Yes."}
        | {f"conditions.0.{name}": text for name, text in condition_values().items()},
        {"conditions"},
    ),
    (
        CONSULTING,
        "other_reviewer",
        "reply",
        {"reply": "agree_with_conditions", "text": "Yes.", "conditions.1.text": "A guard stands there."},
        {"conditions-1-legal_basis", "conditions-1-necessity", "conditions-1-proportionality"},
    ),
    (FILED, "reviewer", "consultation", {}, {"ministries"}),
    (FILED, "reviewer", "return", {"reason": "Wrong."}, {"codes"}),
    (AGREED, "decider", "refusal", {"reason": "No."}, {"against"}),
    (FILED, "reviewer", "consultation", {"ministries": "nonsense"}, {"ministries"}),
    (
        AGREED,
        "decider",
        "grant",
        {"granted_from": "", "granted_to": "", "reason": " "},
        {"granted_from", "granted_to", "reason"},
    ),
    (
        AGREED,
        "decider",
        "grant",
        {"granted_from": "2026-07-01", "granted_to": "2026-07-01", "reason": "Good."},
        {"granted_to"},
    ),
    (
        AGREED,
        "decider",
        "grant",
        {"granted_from": "2026-07-01", "granted_to": "2036-07-01", "reason": "Good."},
        {"granted_to"},
    ),
    (
        AGREED,
        "decider",
        "grant",
        {"granted_from": "2026-07-01", "granted_to": "2027-06-30", "conditions": "4711", "reason": "Good."},
        {"conditions"},
    ),
    (SIGNED, "reviewer", "proposal", {"outcome": "", "reasons": ""}, {"outcome", "reasons"}),
    (SIGNED, "reviewer", "proposal", {"outcome": "invalid", "reasons": "Good."}, {"outcome"}),
]


@pytest.mark.parametrize(("history", "who", "page", "values", "wrong"), FORMS_SENT_BLANK)
def test_a_refused_form_links_each_error_to_its_field_and_keeps_the_rest(
    office, history, who, page, values, wrong
):
    office = office(history)
    before = office.pilot.exemption.version
    answer = office.send(who, f"cases/{{}}/{page}", **values)
    assert answer.status_code == 422
    assert wrong_fields(answer) == wrong
    for name, typed in values.items():
        if len(typed) > 10 and typed.strip():
            assert typed in answer.text, name
    assert office.pilot.exemption.version == before


@pytest.mark.parametrize(
    ("history", "who", "page", "values", "wrong"), [FORMS_SENT_BLANK[0], FORMS_SENT_BLANK[7]]
)
def test_errors_are_korean_on_a_korean_page(office, history, who, page, values, wrong):
    answer = office(history, language="ko").send(who, f"cases/{{}}/{page}", **values)
    assert wrong_fields(answer) == wrong
    for english in ("Missing data", "Not a valid", "required field"):
        assert english not in answer.text


def test_every_unanswered_action_is_named(office):
    office = office(OPINED)
    actions = office.pilot.exemption.required_actions
    office.case.session.add(type(actions[0])(exemption_id=actions[0].exemption_id, text="Train the staff."))
    office.case.session.commit()
    ids = [action.id for action in office.pilot.exemption.required_actions]
    answer = office.send("author", "cases/{}/actions", **blanks(*(f"answers.{key}" for key in ids)))
    assert answer.status_code == 422
    assert wrong_fields(answer) == {f"answers-{key}" for key in ids}


@pytest.mark.parametrize(
    ("history", "who", "page", "values", "status"),
    [
        (
            SENT,
            "city_reviewer",
            "opinion",
            {"opinion": "Good.", "required_actions.2": "Put up signs."},
            "local_done",
        ),
        (
            AGREED,
            "decider",
            "grant",
            {"granted_from": "2026-07-01", "granted_to": "2027-06-30", "reason": "Good."},
            "approved",
        ),
        (
            FILED,
            "secretary",
            "return",
            {"codes": "missing_attachment", "reason": "The plan of the area is missing."},
            "returned",
        ),
        (AGREED, "decider", "refusal", {"reason": "No.", "against": "An accident since."}, "rejected"),
        (AGREED, "decider", "not-required", {"reason": "No.", "against": "Free by now."}, "not_required"),
    ],
)
def test_a_complete_form_is_accepted(office, history, who, page, values, status):
    office = office(history)
    answer = office.send(who, f"cases/{{}}/{page}", **values)
    assert (answer.status_code, answer.location) == (303, f"/cases/{office.number}")
    assert office.pilot.exemption.status == status


def test_ministries_are_asked_and_their_replies_shown(office):
    office = office(FILED)
    asked = [office.case.people[who].organisation for who in ("reviewer", "other_reviewer")]
    office.send("reviewer", "cases/{}/consultation", ministries=[each.id for each in asked])
    office.send("other_reviewer", "cases/{}/reply", reply="disagree", text="Too early.")
    page = office.read("reviewer", "cases/{}")
    assert "Disagrees 2026-05-01 Too early." in page
    assert "No reply yet" in page


def test_conditions_are_imposed_as_ticked(office):
    office = office(AGREED)
    form = office.open("decider", "cases/{}/grant").text
    condition = office.pilot.exemption.conditions[0].id
    assert re.search(rf'name="conditions" value="{condition}" checked', form)
    office.send(
        "decider", "cases/{}/grant", granted_from="2026-07-01", granted_to="2027-06-30", reason="Good."
    )
    assert "Not imposed" in office.read("author", "cases/{}")


@pytest.mark.parametrize(
    ("history", "who", "page"),
    [
        (CONSULTING, "decider", "opinion"),
        (CONSULTING, "evaluator", "grant"),
        (CONSULTING, "author", "reply"),
        (CONSULTING, "city_reviewer", "actions"),
        (CONSULTING, "decider", "consultation"),
        (SIGNED, "evaluator", "proposal"),
    ],
)
def test_a_form_is_for_its_role(office, history, who, page):
    office = office(history)
    assert office.open(who, f"cases/{{}}/{page}").status_code == 403
    assert office.send(who, f"cases/{{}}/{page}").status_code == 403


@pytest.mark.parametrize(
    ("history", "who", "page", "values"),
    [
        (
            AGREED,
            "other_decider",
            "grant",
            {"granted_from": "2026-07-01", "granted_to": "2027-06-30", "reason": "Good."},
        ),
        (FILED, "other_reviewer", "consultation", {}),
        (SIGNED, "other_reviewer", "proposal", {"outcome": "stop", "reasons": "Because."}),
    ],
)
def test_a_form_is_for_the_lead_ministry(office, history, who, page, values):
    office = office(history)
    ministry = (
        {"ministries": office.case.people["reviewer"].organisation.id} if page == "consultation" else {}
    )
    assert office.send(who, f"cases/{{}}/{page}", **values, **ministry).status_code == 403


@pytest.mark.parametrize(
    ("history", "who", "page", "values", "told"),
    [
        (OPINED, "city_reviewer", "opinion", {"opinion": "Good."}, "Meanwhile: City gave its opinion"),
        (
            GRANTED,
            "decider",
            "grant",
            {"granted_from": "2026-07-01", "granted_to": "2027-06-30", "reason": "Good."},
            "Meanwhile: Exemption granted",
        ),
        (REPLIED, "other_reviewer", "reply", {"reply": "agree", "text": "Yes."}, "Meanwhile: "),
        (
            CONSULTED,
            "other_reviewer",
            "reply",
            {"reply": "agree", "text": "Yes."},
            "Meanwhile: Consultation closed",
        ),
        (
            PROPOSED,
            "reviewer",
            "proposal",
            {"outcome": "stop", "reasons": "Because."},
            "Another proposal is still open.",
        ),
        (
            FINISHED,
            "reviewer",
            "proposal",
            {"outcome": "stop", "reasons": "Because."},
            "An evaluator has to sign the result first.",
        ),
    ],
)
def test_a_form_sent_at_the_wrong_moment_tells_what_happened(office, history, who, page, values, told):
    answer = office(history).send(who, f"cases/{{}}/{page}", **values)
    assert answer.status_code == 409
    assert told in said(answer)


def test_a_ministry_that_was_not_asked_has_nothing_to_reply_to(office):
    office = office(FILED)
    office.send(
        "reviewer", "cases/{}/consultation", ministries=office.case.people["reviewer"].organisation.id
    )
    assert office.open("other_reviewer", "cases/{}/reply").status_code == 404
