"""Results go back to data hubs and portals: NGSI-LD indicators, a DCAT catalogue."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from tests.api.callers import problem
from tests.factories import EVALUATED, SIGNED


def indicators(case):
    return case["public"].get(f"/pilots/{case.case.pilot.number}/indicators")


def test_effects_are_indicators_with_their_intervals(office):
    case = office(SIGNED)
    answer = indicators(case)
    assert answer.mimetype == "application/ld+json"
    primary, _guardrail = answer.json
    assert primary["type"] == "KeyPerformanceIndicator"
    value = primary["kpiValue"]
    assert (value["value"], value["lowerBound"]["value"], value["upperBound"]["value"]) == (-2.0, -3.1, -0.9)
    assert value["confidenceLevel"]["value"] == 0.95


def test_an_indicator_lies_in_its_period_and_names_its_evidence(office):
    case = office(SIGNED)
    document = case["public"].read(f"/pilots/{case.case.pilot.number}/evaluations")["items"][0]
    primary = indicators(case).json[0]
    assert primary["calculationPeriod"]["value"]["from"] == "2026-07-01"
    assert primary["resultDigest"]["value"] == document["document_sha256"]
    assert primary["id"].startswith(f"urn:ngsi-ld:KeyPerformanceIndicator:{case.case.pilot.number}:")


def test_what_is_not_signed_is_not_published(office):
    case = office(EVALUATED)
    assert problem(indicators(case))["status"] == 404
    assert case["public"].read("/catalogue")["dcat:dataset"] == []


def test_an_unknown_pilot_has_no_indicators(caller):
    assert problem(caller.get("/pilots/RS-2026-9999/indicators"))["status"] == 404


def test_the_catalogue_lists_signed_results_with_files_that_are_there(office):
    case = office(SIGNED)
    (dataset,) = case["public"].read("/catalogue")["dcat:dataset"]
    assert dataset["dct:identifier"] == case.case.pilot.number
    files = {each["dct:title"]: each for each in dataset["dcat:distribution"]}
    assert len(files) == 4
    for title in ("The signed result", "The locked analysis plan"):
        path = urlsplit(files[title]["dcat:accessURL"]["@id"]).path
        assert case["public"].client.get(path).status_code == 200


def test_a_dataset_says_which_corrections_are_in_it(office):
    case = office(SIGNED)
    (dataset,) = case["public"].read("/catalogue")["dcat:dataset"]
    told = dataset["dct:provenance"]["dct:description"]
    assert told.startswith("Readings with their corrections as known at 2026-")


def test_the_catalogue_has_digests_of_plan_and_result(office):
    case = office(SIGNED)
    (dataset,) = case["public"].read("/catalogue")["dcat:dataset"]
    sums = [each["spdx:checksum"]["spdx:checksumValue"] for each in dataset["dcat:distribution"][1:3]]
    assert all(len(each) == 64 for each in sums)
    assert sums[0] == indicators(case).json[0]["resultDigest"]["value"]


def test_addresses_are_those_of_the_service_not_of_the_host_that_was_asked(office):
    case = office(SIGNED)
    client = case["public"].client
    for public_url in ("", "https://sandbox.example"):
        settings = client.application.settings
        client.application.settings = replace(settings, public_url=public_url)
        catalogue = client.get("/api/v1/catalogue", headers={"Host": "evil.example"}).get_data(as_text=True)
        client.application.settings = settings
        assert "evil.example" not in catalogue
        assert f'"{public_url}/' in catalogue
