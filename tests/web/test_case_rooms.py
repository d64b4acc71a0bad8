"""The rooms of a case stand in groups on every page of it, with what waits there for the reader."""

from __future__ import annotations

import re

import pytest

from tests.factories import SUSPENDED
from tests.web.test_rim import on_sqlite


def rooms(page):
    """Label -> what waits there, in the order of the page."""
    links = page.partition('<nav class="rooms"')[2].partition("</nav>")[0]
    found = re.findall(r"<a [^>]*>([^<]+?)(?: <span class=\"rooms-count\"[^>]*>(\d+)<.*?)?</a>", links)
    return {label: int(count or 0) for label, count in found}


@on_sqlite
@pytest.mark.parametrize(("who", "waiting"), [("author", 1), ("evaluator", 0)])
def test_rooms_in_the_order_of_a_case_with_what_waits(office, who, waiting):
    office = office(SUSPENDED)
    for path in ("cases/{}", "cases/{}/insurance"):
        found = rooms(office.open(who, path).text)
        order = ["Case file", "Files", "Committee", "Insurance", "Measures", "Period", "Final report"]
        assert [label for label in found if label in order] == order
        assert {label: count for label, count in found.items() if count} == (
            {"Measures": waiting} if waiting else {}
        )
