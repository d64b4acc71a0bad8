"""Similar cases and the fast track at the interface."""

from __future__ import annotations

import pytest

from tests.factories import FILED, GRANTED, create_case


def test_the_interface_does_the_same(office, rows):
    number = create_case(rows, GRANTED).pilot.number
    opened = office(FILED)
    shown = opened["author"].read(f"{opened.path}/similar")
    assert [each["number"] for each in shown["cases"]] == [number]
    assert shown["cases"][0]["conditions"]
    found = opened["other_author"].post("/similar", {"technology": "smart crossing"}).json
    assert {each["number"] for each in found} == {number, str(opened.case.pilot.number)}
    told = opened["author"].post(f"{opened.path}/fast-track", {"earlier": number, "statement": "The same."})
    assert (told.status_code, told.json["fast_track"]["earlier"]) == (201, number)
    told = opened["secretary"].post(f"{opened.path}/fast-track/refuse", {"reason": "It is not."})
    assert told.json["fast_track"]["status"] == "refused"


@pytest.mark.parametrize(
    ("who", "status"),
    [("other_author", 404), ("evaluator", 403), ("auditor", 403), ("public", 401), ("author", 404)],
)
def test_nobody_else_asks_at_the_interface(office, who, status):
    opened = office(FILED)
    body = {"earlier": "RS-2026-9999", "statement": "The same."}
    assert opened[who].post(f"{opened.path}/fast-track", body).status_code == status
