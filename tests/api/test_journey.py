"""A pilot from its registration to the decision, by nothing but the addresses that answers name."""

from __future__ import annotations

import hashlib

from experiments.evaluation.rule import Finding
from sandbox import ledger
from tests.factories import (
    REGIME,
    collect_baseline,
    condition_values,
    evidence_line,
    file_report,
    plan_document,
    store_result,
)
from tests.insurance.filed import policy_values


def deliberate(case):
    """The committee of one member meets on the case, by what its interface offers."""
    member = case.case.people["member"].id
    today = case.case.at.date().isoformat()
    seat = {"regime": REGIME, "person": member, "is_chair": True, "from_on": "2026-01-01"}
    assert case["administrator"].post("/committee/seats", seat).status_code == 201
    secretary, sitting = case["secretary"], case["member"]
    planned = {"regime": REGIME, "mode": "oral", "begins_on": today}
    path = f"/committee/meetings/{secretary.post('/committee/meetings', planned).json['id']}"
    assert sitting.get(path).status_code == 404
    (item,) = secretary.post(f"{path}/items", {"number": case.case.pilot.number}).json["items"]
    assert secretary.post(f"{path}/call").json["status"] == "called"
    secretary.post(f"{path}/attendance", {"attended": [member]})
    mine = f"{path}/items/{item['id']}"
    assert sitting.put(f"{mine}/ballot", {"choice": "approve"}).status_code == 409
    sitting.put(f"{mine}/interest", {"has_conflict": False})
    sitting.put(f"{mine}/ballot", {"choice": "approve_with_conditions"})
    (resolved,) = secretary.post(f"{mine}/resolve").json["items"]
    assert resolved["resolution"] == "approve_with_conditions"
    secretary.put(f"{path}/minutes", {"minutes": "It was discussed."})
    secretary.post(f"{path}/close")
    assert sitting.post(f"{path}/sign").json["status"] == "signed"


def prepare(case, rows):
    """Insurance, residents who know, and the baseline, as the start needs them."""
    policy = policy_values(as_text=True)
    assert case["author"].post(f"{case.path}/insurance/policies", policy).status_code == 200
    told = {"informed_on": "2026-03-01", "how": "Letters", "text": "From July on."}
    assert case["city_reviewer"].post(f"{case.path}/measures/residents", told).status_code == 200
    collect_baseline(case.case)
    rows.commit()


def test_from_draft_to_decision(office, rows):
    case = office()
    people = case.case.people

    def act(who, verb, body=None):
        answer = case.follow(who, verb, body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json

    act("author", "exemption.send_to_city")
    act(
        "city_reviewer",
        "exemption.give_opinion",
        {"opinion": "We support it.", "required_actions": ["Put up signs."]},
    )
    (action,) = case["author"].read(f"{case.path}/case")["application"]["required_actions"]
    act("author", "exemption.answer_actions", {"answers": {str(action["id"]): "Done."}})
    line = evidence_line(case.case)
    rows.commit()
    assert case["author"].post(f"{case.path}/law-change", line).json["missing"] == []
    assert act("signatory", "exemption.sign")["status"] == "in_review"

    ministries = [people["reviewer"].organisation_id, people["other_reviewer"].organisation_id]
    act("reviewer", "exemption.open_consultation", {"ministries": ministries})
    act("reviewer", "consultation.reply", {"reply": "agree", "text": "No objection."})
    act(
        "other_reviewer",
        "consultation.reply",
        {"reply": "agree_with_conditions", "text": "With a guard.", "conditions": [condition_values()]},
    )
    act("reviewer", "exemption.close_consultation")
    deliberate(case)
    (condition,) = case["decider"].read(f"{case.path}/case")["application"]["conditions"]
    grant = {
        "granted_from": "2026-07-01",
        "granted_to": "2027-06-30",
        "conditions": [condition["id"]],
        "reason": "The benefit outweighs the risk.",
    }
    assert act("decider", "exemption.grant", grant)["status"] == "approved"

    plan = plan_document(case.case)
    rows.commit()
    assert act("evaluator", "experiment.save_draft", plan)["problems"] == {}
    locked = act("evaluator", "experiment.lock")
    text = case["public"].get(f"{case.path}/plan").data
    assert hashlib.sha256(text).hexdigest() == locked["sha256"]
    prepare(case, rows)
    assert act("signatory", "pilot.start")["status"] == "running"
    act("decider", "pilot.suspend", {"code": "safety", "reason": "A signal failed."})
    measures = f"{case.path}/measures/suspension"
    assert case["author"].post(f"{measures}/report", {"measures": "Repaired."}).status_code == 200
    assert case["reviewer"].post(f"{measures}/accept").status_code == 200
    act("decider", "pilot.lift", {"reason": "It was repaired."})
    assert act("signatory", "pilot.finish")["status"] == "report_due"
    rows.expire_all()
    file_report(case.case)
    rows.commit()

    run = case["evaluator"].post(f"{case.path}/evaluations")
    assert run.status_code == 202
    store_result(Finding.EXPAND_CONDITIONAL)(case.case)
    rows.commit()
    case.tick()
    assert case["evaluator"].read(run.headers["Location"])["status"] == "done"
    assert act("evaluator", "experiment.sign_result")["signed_by"] == people["evaluator"].name

    proposal = {"evaluation_id": run.json["id"], "outcome": "expand_conditional", "reasons": "It works."}
    act("reviewer", "decision.propose", proposal)
    assert act("decider", "decision.decide")["status"] == "decided"

    page = case["public"].read(case.path)
    assert (page["status"], page["published"]["stage"]) == ("concluded", "decided")
    assert ledger.verify(rows).is_sound
