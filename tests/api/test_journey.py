"""A pilot from its registration to the decision, by nothing but the addresses that answers name."""

from __future__ import annotations

import hashlib

from experiments.evaluation.rule import Finding
from sandbox import ledger
from tests.factories import condition_values, plan_document, store_result


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
    assert act("signatory", "pilot.start")["status"] == "running"
    act("decider", "pilot.suspend", {"reason": "A signal failed."})
    act("decider", "pilot.lift", {"reason": "It was repaired."})
    assert act("signatory", "pilot.finish")["status"] == "report_due"

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
