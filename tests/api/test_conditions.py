"""Conditions, law changes, uncertainties and guidance over the interface, with wrong roles and neighbours."""

from __future__ import annotations

from tests.api.callers import problem
from tests.conditions.bound import by_evidence, metric_terms
from tests.factories import CONSULTED, FILED, RUNNING

LINE = {"criterion": "benefit", "shown_by": "document", "document": "A report", "would_show": "No harm."}


def test_a_condition_is_bound_and_read(office, rows):
    case = office(CONSULTED)
    terms = metric_terms(case.case, as_text=True)
    rows.commit()
    address = f"{case.path}/conditions"
    (condition,) = case["author"].read(address)["conditions"]
    assert condition["duty"] is None
    (bound,) = case["reviewer"].put(f"{address}/{condition['id']}/terms", terms).json["conditions"]
    assert bound["duty"]["versions"][0]["metric"] == terms["metric"]
    answer = case["reviewer"].put(f"{address}/{condition['id']}/terms", terms | {"metric": "nothing"})
    assert set(problem(answer)["errors"]) == {"metric"}
    for who in ("author", "decider", "other_author", "administrator"):
        assert case[who].put(f"{address}/{condition['id']}/terms", terms).status_code in {403, 404}, who


def test_a_change_is_asked_for_and_refused(office):
    case = office((*RUNNING, by_evidence))
    (condition,) = case["author"].read(f"{case.path}/conditions")["conditions"]
    path = f"{case.path}/conditions/{condition['id']}"
    asked = {"wanted": "Less.", "reason": "Too much.", "proof": "A trial."}
    assert case["other_author"].post(f"{path}/changes", asked).status_code == 404
    (after,) = case["author"].post(f"{path}/changes", asked).json["conditions"]
    assert after["duty"]["status"] == "change_asked"
    assert case["author"].post(f"{path}/changes", asked).status_code == 409
    (after,) = case["decider"].post(f"{path}/refuse", {"reason": "No."}).json["conditions"]
    assert after["duty"]["changes"][0]["is_agreed"] is False
    (public,) = case["public"].read(f"{case.path}/compliance")["conditions"]
    assert public["checks"] == []


def test_evidence_of_articles_and_the_board(office):
    case = office(FILED)
    article = case.case.pilot.exemption.articles[0]
    line = LINE | {"article": article}
    lines = case["author"].post(f"{case.path}/law-change", line).json
    assert [line["shown_by"] for line in lines["lines"]] == ["metric", "document"]
    assert case["other_author"].post(f"{case.path}/law-change", line).status_code == 404
    (item,) = case["public"].read("/law-changes")["amendments"]
    assert (item["article"], item["pilots"]) == (article, [case.case.pilot.number])
    path = f"/law-changes/{item['id']}"
    assert case["other_reviewer"].post(f"{path}/moves/request", {"reason": "Yes."}).status_code == 403
    assert case["reviewer"].post(f"{path}/moves/request", {"reason": "Yes."}).json["status"] == "requested"
    assert case["decider"].post(f"{path}/moves/find_needed", {"reason": "Yes."}).status_code == 409
    assert case["decider"].post(f"{path}/moves/burn", {}).status_code == 404


def test_uncertainties_and_guidance(office):
    case = office(RUNNING)
    named = {"text": "Do drivers yield?", "linked_to": "nothing_yet"}
    assert case["author"].post(f"{case.path}/uncertainties", named).status_code == 403
    (uncertainty,) = case["reviewer"].post(f"{case.path}/uncertainties", named).json["uncertainties"]
    path = f"{case.path}/uncertainties/{uncertainty['id']}"
    assert case["evaluator"].post(f"{path}/test", {"reason": ""}).status_code == 422
    (tested,) = case["evaluator"].post(f"{path}/test", {"reason": "They do."}).json["uncertainties"]
    assert tested["status"] == "tested"
    told = {"text": "Slow down.", "given_on": "2026-03-02"}
    (given,) = case["city_reviewer"].post(f"{case.path}/guidance", told).json["guidance"]
    said = {"is_followed": True, "statement": "At 20 km/h."}
    (stated,) = case["author"].post(f"{case.path}/guidance/{given['id']}/state", said).json["guidance"]
    assert stated["is_followed"] is True
    assert case["reviewer"].post(f"{case.path}/guidance/{given['id']}/confirm").status_code == 403
    assert case["other_author"].get(f"{case.path}/uncertainties").status_code == 404
