"""Risks at the interface: the same acts as on the page."""

from __future__ import annotations

import pytest

from tests.factories import CONSULTING

SAID = {"is_yes": True, "explanation": "Cameras see faces."}


def test_the_interface_does_the_same(office):
    opened = office(CONSULTING)
    path = f"{opened.path}/risks"
    told = opened["reviewer"].put(f"{path}/answers", {"answers": {"public_space": SAID}})
    assert [each["id"] for each in told.json["sign_offs"]] == ["privacy", "safety"]
    assert (
        opened["city_reviewer"].post(f"{path}/sign-offs/safety", {"statement": "Fenced."}).status_code == 201
    )
    assert opened["city_reviewer"].post(f"{path}/sign-offs/colour", {"statement": "x"}).status_code == 404
    again = opened["city_reviewer"].post(f"{path}/sign-offs/safety", {"statement": "Fenced."})
    assert again.json["needs"] == "sign_off_is_missing"
    back = opened["city_reviewer"].post(f"{path}/sign-offs/safety/take-back", {"reason": "The fence fell."})
    assert [each["given"] for each in back.json["sign_offs"]] == [None, None]
    (asked,) = [each for each in opened["author"].read(path)["questions"] if each["answer"]]
    assert (asked["id"], asked["answer"]["is_yes"]) == ("public_space", True)


@pytest.mark.parametrize(
    ("who", "status"),
    [("other_author", 404), ("evaluator", 403), ("auditor", 403), ("public", 401), ("author", 409)],
)
def test_nobody_else_answers_at_the_interface(office, who, status):
    opened = office(CONSULTING)
    body = {"answers": {"personal_data": SAID}}
    assert opened[who].put(f"{opened.path}/risks/answers", body).status_code == status
