"""The room "Similar cases": found, copied, asked for and answered, by its parties alone."""

from __future__ import annotations

import pytest

from tests.factories import DRAFTED, FILED, GRANTED, create_case
from tests.web.office import wrong_fields

ROOM = "cases/{}/similar"


@pytest.fixture
def approved(rows):
    """Another company's approved case."""
    return create_case(rows, GRANTED).pilot


def test_the_company_asks_and_the_lead_answers(office, approved):
    number = approved.number
    opened = office(FILED)
    page = opened.read("author", ROOM)
    assert "The same by the criteria of the fast track" in page
    assert "Not verified" in page
    ask = f"{ROOM}/fast-track"
    assert wrong_fields(opened.send("author", ask, earlier=number, statement=" ")) == {"statement"}
    assert wrong_fields(opened.send("author", ask, earlier=opened.number, statement="It")) == {"earlier"}
    assert opened.send("author", ask, earlier=number, statement="The same crossings.").status_code == 303
    assert opened.send("reviewer", ask, earlier=number, statement="Mine.").status_code == 403
    assert wrong_fields(opened.send("reviewer", f"{ask}/accept", **{"reason.accept": ""})) == {
        "reason-accept"
    }
    assert opened.send("author", f"{ask}/accept", **{"reason.accept": "Yes."}).status_code == 403
    assert opened.send("reviewer", f"{ask}/accept", **{"reason.accept": "The same."}).status_code == 303
    assert opened.send("reviewer", f"{ask}/refuse", **{"reason.refuse": "No."}).status_code == 409
    assert "The same." in opened.read("city_reviewer", ROOM)


def test_public_conditions_are_copied_with_one_click(office, approved):
    number, condition = approved.number, next(c for c in approved.exemption.conditions if c.is_imposed)
    key, text, item = condition.id, condition.text, approved.exemption.regime.plan_contents[0].id
    opened = office(DRAFTED)
    copy = f"{ROOM}/copy"
    assert text in opened.read("author", ROOM)
    assert opened.send("author", copy, source=number).status_code == 422
    assert opened.send("author", copy, source=number, items=item).status_code == 404
    chosen = {"source": number, "conditions": key, "into": item}
    assert opened.send("signatory", copy, **chosen).status_code == 403
    assert opened.send("author", copy, **chosen).status_code == 303
    assert text in opened.read("author", "company/pilots/{}")


@pytest.mark.parametrize("who", ["other_author", "other_city_reviewer"])
def test_strangers_find_nothing(office, who):
    opened = office(FILED)
    assert opened.open(who, ROOM).status_code == 404
    assert opened.send(who, f"{ROOM}/fast-track/withdraw").status_code == 404


def test_a_draft_is_in_nobody_else_s_search(office):
    opened = office(DRAFTED, title_en="Unheard-of crossings")
    for who in ("other_author", "reviewer"):
        assert "Unheard-of" not in opened.open(who, "similar?q=unheard-of&technology=smart+crossing").text
    assert "Unheard-of" in opened.open("author", "similar?q=unheard-of").text.partition("<form")[2]
    assert opened.open("author", f"similar?q={'x' * 300}").status_code == 422
    assert opened.open(None, "similar").status_code == 302
