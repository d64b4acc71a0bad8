"""The company's desk and the form of a pilot: nothing that was typed is lost, nothing is overwritten."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from sandbox.exemptions.models import Exemption
from sandbox.ledger import LedgerEntry
from sandbox.pilots.models import Pilot
from sandbox.regimes import regime
from tests.factories import (
    DRAFTED,
    FILED,
    OPINED,
    REGIME,
    RUNNING,
    application_values,
    create_person,
    create_site,
    create_territory,
    pilot_values,
)
from tests.web.office import controls, ids, wrong_fields
from tests.web.visitors import said

NEW = "company/pilots/new"
HOSTILE = "\"><script>alert('x')</script>"


def typed(office, **changes):
    """The form of a new pilot, filled in completely."""
    application = application_values()
    parties = {"evaluator": "evaluator", "lead": "reviewer"}
    values = {name: str(value) for name, value in pilot_values().items() if name != "districts"}
    return (
        values
        | {"site": office.case.site.id, "districts": ["D03", "D04"]}
        | {field: office.case.people[who].organisation_id for field, who in parties.items()}
        | {name: application[name] for name in ("kind", "ground", "requested_months")}
        | {"articles": "Road Traffic Act Art. 4\n\n Aviation Safety Act Art. 129 "}
        | {f"contents.{key}": text for key, text in application["contents"].items()}
        | changes
    )


def edited(office, **changes):
    """The form of the draft as it stands, filled in as stored."""
    values = typed(office, version=office.pilot.version, **changes)
    return {name: value for name, value in values.items() if name not in {"site", "evaluator", "lead"}}


# -- the desk -----------------------------------------------------------------------------------------


def test_the_desk_shows_the_companys_own_pilots(office):
    mine, other = office(DRAFTED, title_en="Mine"), office(DRAFTED, title_en="Another's")
    page = mine.read("signatory", "company")
    assert "Mine" in page
    assert "Another's" not in page
    assert other.number not in page


def test_what_waits_stands_above(office):
    office = office(OPINED, title_en="Waits for answers")
    page = office.read("author", "company")
    assert "Your turn Answer the required actions" in page


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("q=crossings", True),
        ("q=%00crossings%09", True),
        ("q=100%25", False),
        ("q=_", False),
        ("status=draft", True),
        ("status=running", False),
    ],
)
def test_the_desk_is_searched_and_filtered(office, query, is_found):
    office = office(DRAFTED)
    page = office.open("author", f"company?{query}")
    assert page.status_code == 200
    assert (office.number in page.text) is is_found


@pytest.mark.parametrize("query", ["status=nonsense", "q=a%00b&status=%00", "q=" + "x" * 3000])
def test_a_strange_question_finds_nothing(office, query):
    answer = office(DRAFTED).open("author", f"company?{query}")
    assert answer.status_code == 200
    assert "No case here" in said(answer)


def test_only_authors_register(office):
    office = office()
    assert "Register a pilot" in office.read("author", "company")
    assert office.open("signatory", NEW).status_code == 403
    assert office.send("signatory", NEW, **typed(office)).status_code == 403


# -- registering --------------------------------------------------------------------------------------


def test_a_complete_form_registers_a_pilot(office):
    office = office()
    answer = office.send("author", NEW, **typed(office, title_en="A second pilot"))
    assert answer.status_code == 303
    made = office.stored(select(Pilot).order_by(Pilot.id.desc()))[0]
    assert answer.location == f"/cases/{made.number}"
    assert (made.title_en, made.status) == ("A second pilot", "draft")
    exemption = office.stored(select(Exemption).order_by(Exemption.id.desc()))[0]
    assert exemption.articles == ["Road Traffic Act Art. 4", "Aviation Safety Act Art. 129"]
    assert f"The draft is registered as {made.number}." in office.browser("author").read(answer.location)


def test_plan_contents_may_come_later(office):
    office = office()
    contents = {f"contents.{item.id}": "" for item in regime(REGIME).plan_contents}
    assert office.send("author", NEW, **typed(office, **contents)).status_code == 303


def test_an_empty_form_names_every_field(office):
    answer = office().send("author", NEW)
    assert answer.status_code == 422
    assert wrong_fields(answer) == {
        *(name for name in pilot_values() if name != "contact"),
        *("contact", "site", "evaluator", "lead", "kind", "ground", "articles", "requested_months"),
    }


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"title_ko": " "}, "title_ko", "Missing data for required field."),
        ({"title_en": "a\u202eb"}, "title_en", "Invisible or direction-changing characters are not allowed."),
        ({"title_en": "a\x00b"}, "title_en", "Control characters are not allowed."),
        ({"title_en": "x" * 201}, "title_en", "At most 200."),
        ({"summary_ko": "x" * 3001}, "summary_ko", "At most 3000."),
        ({"planned_from": "2026-02-30"}, "planned_from", "Not a valid date."),
        ({"planned_from": "next summer"}, "planned_from", "Not a valid date."),
        ({"planned_to": "2026-07-01"}, "planned_to", "The pilot ends before it starts."),
        ({"districts": []}, "districts", "Name a district."),
        ({"districts": ["D01", "D98", "D99"]}, "districts", "unknown district D99"),
        ({"site": ""}, "site", "Choose a site."),
        ({"site": "9" * 30}, "site", "Choose a site."),
        ({"site": "4711"}, "site", "There is no such choice."),
        ({"lead": "-1"}, "lead", "There is no such choice."),
        ({"kind": "nonsense"}, "kind", "This regime has no such kind."),
        ({"ground": ""}, "ground", "Choose a ground."),
        ({"ground": "nonsense"}, "ground", "This regime has no such ground."),
        ({"articles": " \n "}, "articles", "Missing data for required field."),
        ({"articles": "fine\n" + "x" * 121}, "articles", "At most 120."),
        ({"requested_months": "49"}, "requested_months", "At most 48 months"),
        ({"requested_months": "0"}, "requested_months", "Must be 1 or more."),
        ({"requested_months": "7.9"}, "requested_months", "Not a valid integer."),
        ({"requested_months": "1e3"}, "requested_months", "Not a valid integer."),
        ({"requested_months": "２４"}, "requested_months", "Not a valid integer."),
    ],
)
def test_a_refused_form_is_explained_at_its_field(office, changes, field, message):
    office = office()
    answer = office.send("author", NEW, **typed(office, **changes))
    assert answer.status_code == 422
    assert wrong_fields(answer) == {field}
    assert message in said(answer)
    assert len(office.stored(select(Pilot.id))) == 1


@pytest.mark.parametrize(("field", "who"), [("lead", "evaluator"), ("evaluator", "reviewer")])
def test_parties_are_of_their_kind(office, field, who):
    office = office()
    answer = office.send("author", NEW, **typed(office, **{field: office.case.people[who].organisation_id}))
    assert (answer.status_code, wrong_fields(answer)) == (422, {field})


def test_a_refused_form_keeps_what_was_typed(office):
    office = office()
    values = typed(office, planned_to="", title_ko="", title_en="My own title", articles="One\nTwo")
    answer = office.send("author", NEW, **values)
    assert 'value="My own title"' in answer.text
    assert re.search(r'<textarea[^>]*name="articles"[^>]*>\s*One\nTwo</textarea>', answer.text)
    for name in ("summary_ko", "technology", *(name for name in values if name.startswith("contents."))):
        assert values[name] in answer.text
    for name in ("site", "lead", "evaluator"):
        assert re.search(rf'<option value="{values[name]}" selected>', answer.text)
    for name, value in (("kind", values["kind"]), ("ground", values["ground"]), ("districts", "D04")):
        assert re.search(rf'name="{name}" value="{value}" checked', answer.text)


def test_what_was_typed_does_no_harm(office):
    office = office()
    answer = office.send("author", NEW, **typed(office, title_en=HOSTILE, title_ko="", articles=HOSTILE))
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    assert answer.text.count("&lt;script&gt;alert") == 2


def test_the_regime_is_named_in_the_readers_language(office):
    law = regime(REGIME)
    assert law.name_en in office().read("author", NEW)
    assert law.name_ko in office(language="ko").read("author", NEW)


def test_every_control_has_an_id_of_its_own(office, rows):
    """Also where two sites have districts of the same codes."""
    office = office()
    create_site(rows, territory=create_territory(rows))
    found = ids(office.open("author", NEW).text)
    assert len(found) == len(set(found))


# -- editing ------------------------------------------------------------------------------------------


def test_the_form_shows_the_draft_as_it_stands(office):
    office = office(DRAFTED, title_en="As it stands")
    page = office.open("author", "company/pilots/{}").text
    assert 'value="As it stands"' in page
    assert re.search(r'name="districts" value="D02" checked', page)
    assert not re.search(r'name="districts" value="D03" checked', page)
    assert f'name="version" value="{office.pilot.version}"' in page


def test_sending_the_form_as_it_is_shown_changes_nothing(office):
    office = office(DRAFTED)
    page = office.open("author", "company/pilots/{}").text
    before = contents(office.pilot)
    answer = office.browser("author").client.post(office.path("company/pilots/{}"), data=controls(page))
    assert answer.status_code == 303
    assert contents(office.pilot) == before


def contents(pilot):
    names = [name for name in pilot_values() if name != "districts"]
    written = ("kind", "ground", "articles", "contents", "requested_months")
    return [getattr(pilot, name) for name in names] + [getattr(pilot.exemption, name) for name in written]


def test_an_edit_is_saved(office):
    office = office(DRAFTED)
    answer = office.send("author", "company/pilots/{}", **edited(office, title_en="Edited"))
    assert (answer.status_code, answer.location) == (303, f"/cases/{office.number}")
    assert office.pilot.title_en == "Edited"
    assert "The draft is saved." in office.read("author", "cases/{}")


def test_of_two_people_who_edit_at_once_the_second_is_told(office, rows):
    office = office(DRAFTED)
    company = office.case.people["author"].organisation
    office.case.people["colleague"] = create_person(rows, "company_author", company, name="Lee Do-hyun")
    rows.commit()
    seen = {who: edited(office, title_en=f"By the {who}") for who in ("author", "colleague")}
    assert office.send("colleague", "company/pilots/{}", **seen["colleague"]).status_code == 303
    answer = office.send("author", "company/pilots/{}", **seen["author"])
    assert answer.status_code == 409
    assert "Meanwhile: Draft changed, by Lee Do-hyun, 2026-05-01 10:00." in said(answer)
    assert office.pilot.title_en == "By the colleague"


@pytest.mark.parametrize("version", ["", "nonsense", "0", "-1", "9" * 30])
def test_a_form_without_the_version_that_was_read_is_stale(office, version):
    office = office(DRAFTED)
    answer = office.send("author", "company/pilots/{}", **edited(office) | {"version": version})
    assert answer.status_code == 409


def test_a_refused_edit_keeps_what_was_typed_and_the_draft(office):
    office = office(DRAFTED)
    before = office.pilot.title_en
    answer = office.send("author", "company/pilots/{}", **edited(office, title_en="Half", title_ko=""))
    assert answer.status_code == 422
    assert 'value="Half"' in answer.text
    assert wrong_fields(answer) == {"title_ko"}
    assert office.pilot.title_en == before


@pytest.mark.parametrize("history", [OPINED, FILED, RUNNING])
def test_what_was_sent_is_edited_no_more(office, history):
    office = office(history)
    answer = office.send("author", "company/pilots/{}", **edited(office, title_en="Too late"))
    assert answer.status_code == 409
    assert "Too late" not in office.pilot.title_en


def test_only_authors_edit(office):
    office = office(DRAFTED)
    assert office.open("signatory", "company/pilots/{}").status_code == 403
    assert office.open("reviewer", "company/pilots/{}").status_code == 403
    assert office.open("other_author", "company/pilots/{}").status_code == 404


def test_what_was_registered_stands_in_the_ledger(office):
    office = office()
    office.send("author", NEW, **typed(office))
    acts = office.stored(select(LedgerEntry.act).order_by(LedgerEntry.number))
    assert acts.count("pilot.register") == 2
