"""The period of a pilot over the interface."""

from __future__ import annotations

from sandbox.period.acts import ACTS
from tests.factories import FINISHED, RUNNING

CHANGE = {"field": "contents.safety", "nature": "substance", "after": "Two guards.", "reason": "A near miss."}
REPORT = {"contents": dict.fromkeys(("goals", "conditions", "damage", "results"), "As promised.")}


def test_a_change_opens_the_next_act(office):
    case = office(RUNNING)
    address = f"{case.path}/period"
    filed = case["author"].post(f"{address}/change/file", CHANGE).json
    assert [each["status"] for each in filed["changes"]] == ["filed"]
    (consult,) = [act for act in case["reviewer"].get(address).json["acts"] if act["verb"] == "consult"]
    assert case["reviewer"].post(consult["href"], {}).json["changes"][0]["status"] == "consulting"


def test_a_report_is_a_draft_to_its_company_alone(office):
    case = office(FINISHED)
    address = f"{case.path}/period"
    assert case["author"].post(f"{address}/report/save", REPORT).json["report"]["status"] == "draft"
    assert case["reviewer"].get(address).json["report"] is None
    assert case["signatory"].post(f"{address}/report/file", {}).json["status"] == "reported"
    assert case["reviewer"].get(address).json["report"]["contents"] == REPORT["contents"]


def test_nobody_else_acts_or_reads(office):
    case = office(RUNNING)
    for who in ("other_author", "other_signatory", "other_city_reviewer", "administrator", "evaluator"):
        answers = {
            case[who].post(f"{case.path}/period/{act.kind}/{act.verb}", {}).status_code for act in ACTS
        }
        assert answers <= {403, 404, 422}, who
        assert case[who].get(f"{case.path}/period").status_code == (200 if who == "evaluator" else 404)
    assert case["public"].get(f"{case.path}/period").status_code == 401
