"""Webhooks over the interface."""

from __future__ import annotations

from tests.api.callers import problem

HOOK = {"url": "https://hooks.example.org/", "events": ["pilot.start"]}


def test_a_webhook_is_opened_tested_and_closed(office):
    signatory = office()["signatory"]
    opened = signatory.post("/webhooks", HOOK).json
    assert opened["secret"].startswith("whsec_")
    address = f"/webhooks/{opened['id']}"
    assert "secret" not in signatory.read(address)
    (delivery,) = signatory.post(f"{address}/test").json["deliveries"]
    assert (delivery["event"], delivery["status"]) == ("webhook.test", "queued")
    assert signatory.post(f"{address}/deliveries/{delivery['id']}/resend").status_code == 409
    assert signatory.post(f"{address}/remove").json["end_reason"] == "removed"
    assert signatory.post(f"{address}/test").status_code == 409
    assert "pilot.start" in {each["event"] for each in signatory.read("/webhooks/events")}


def test_another_office_finds_nothing(office):
    case = office()
    address = f"/webhooks/{case['signatory'].post('/webhooks', HOOK).json['id']}"
    for who in ("other_signatory", "reviewer", "city_reviewer"):
        assert case[who].get(address).status_code == 404
        assert case[who].post(f"{address}/test").status_code == 404
        assert case[who].read("/webhooks") == []
    for who in ("author", "auditor", "administrator"):
        assert case[who].post("/webhooks", HOOK).status_code == 403


def test_a_private_address_is_refused_at_its_field(office):
    answer = office()["signatory"].post("/webhooks", HOOK | {"url": "https://10.0.0.1/"})
    assert set(problem(answer)["errors"]) == {"url"}
