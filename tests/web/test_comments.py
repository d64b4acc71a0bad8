"""The page of comments: written, read by their audience, taken back."""

from __future__ import annotations

import pytest

from sandbox.comments.models import Comment
from tests.factories import FILED


def test_a_comment_is_written_read_by_its_audience_and_taken_back(office):
    office = office(FILED)
    page = "cases/{}/comments"
    assert office.send("reviewer", page, text="Ask for photographs.", audience="office").status_code == 303
    assert "Ask for photographs." in office.read("decider", page)
    assert "Ask for photographs." not in office.read("author", page)
    written = office.case.session.query(Comment).one().id
    assert office.send("reviewer", f"{page}/{written}/retract", reason=" ").status_code == 422
    assert office.send("reviewer", f"{page}/{written}/retract", reason="Wrong case.").status_code == 303
    assert "Wrong case." in office.read("decider", page)


@pytest.mark.parametrize(
    ("who", "status"), [("other_author", 404), ("other_city_reviewer", 404), ("auditor", 403)]
)
def test_who_may_not_comment(office, who, status):
    answer = office(FILED).send(who, "cases/{}/comments", text="Mine as well?", audience="office")
    assert answer.status_code == status


@pytest.mark.parametrize("before", ["0", "-1", "x", "99999999999999999999"])
def test_what_is_no_key_asks_for_the_newest(office, before):
    assert office(FILED).open("author", f"cases/{{}}/comments?before={before}").status_code == 200
