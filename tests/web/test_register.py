"""The public pages, read as anybody reads them."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import html
import io
import json
import math
import re
from collections.abc import Callable

import numpy as np
import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from experiments.evaluation.rule import Unknown
from experiments.metrics import Metric
from sandbox.programmes.models import BidStatus, Site
from stats.design import Design
from stats.evaluate import evaluate
from stats.inference import PLACEBO_RATIO, Inference, Interval
from stats.panel import Panel
from tests import factories, results
from tests.factories import AMENDED, FILED, GRANTED, LOCKED, RUNNING, WITHDRAWN, Case, create_case
from tests.published import COMPUTED, DECIDED, DECIDED_AGAINST, MEASURED, RAN, SIGNED, run_later, store

Add = Callable[..., Case]


@pytest.fixture
def add(rows: Session) -> Add:
    """A case that the pages can see."""

    def add(history: factories.History = (), **changes: object) -> Case:
        case = create_case(rows, history, **changes)
        rows.commit()
        return case

    return add


def text_of(client: FlaskClient, path: str, status: int = 200) -> str:
    """What a reader sees of a page: its text without tags, blanks run together."""
    answer = client.get(path)
    assert answer.status_code == status
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def page_of(client: FlaskClient, case: Case) -> str:
    return text_of(client, f"/pilots/{case.pilot.number}")


def give_the_units_korean_names(case: Case) -> None:
    # Definitions are superseded, never edited; a test may reach past that, below the models.
    case.session.execute(update(Metric).values(unit_ko="분"))
    case.session.expire_all()


# -- the list -----------------------------------------------------------------------------------


def test_list_shows_cards_with_status_and_finding(client, add):
    case = add(SIGNED)
    said = text_of(client, "/")
    assert "Pilots registered: 1 · with a published result: 1" in said
    assert f"Running Expand with conditions {case.pilot.title_en}" in said


def test_list_says_when_nothing_is_registered(client):
    assert "No pilot is registered yet" in text_of(client, "/")


def test_list_says_when_nothing_fits(client, add):
    add(FILED)
    assert "No pilot fits this search" in text_of(client, "/?q=zeppelin")


def test_pages_of_the_list_keep_the_search_in_the_address(client, add, monkeypatch):
    monkeypatch.setattr("sandbox.pilots.register.PAGE_SIZE", 1)
    add(FILED)
    add(FILED)
    answer = client.get("/?q=crossings&sort=title&status=&page=1")
    assert 'href="/?q=crossings&amp;sort=title&amp;page=2"' in answer.text


def test_search_words_stay_in_the_form(client, add):
    add(FILED)
    assert 'value="&lt;b&gt;&#34;"' in client.get('/?q=<b>"').text


@pytest.mark.parametrize(
    "asked", ["status=draft", "status=x", "sort=x", "page=0", "page=two", "finding=good"]
)
def test_address_that_asks_for_the_impossible_is_refused(client, asked):
    assert client.get(f"/?{asked}").status_code == 422


def test_list_is_read_in_korean(service, add):
    add(FILED)
    answer = service.test_client().get("/")
    assert '<html lang="ko">' in answer.text
    assert "스마트 횡단보도" in answer.text


# -- a pilot ------------------------------------------------------------------------------------


def test_draft_is_hidden(client, add):
    case = add()
    for path in ("", "/plan.json", "/result.json", "/data.csv"):
        assert client.get(f"/pilots/{case.pilot.number}{path}").status_code == 404


def test_hostile_number_is_not_found(client):
    assert client.get("/pilots/%00").status_code == 404


def test_withdrawn_pilot_is_a_stub_with_its_reason(client, add):
    said = page_of(client, add(WITHDRAWN))
    assert "This pilot was withdrawn" in said
    assert "Reason: The funding fell through." in said
    assert "Which rule is lifted" not in said


def test_page_says_what_is_tried_and_which_rule_is_lifted(client, add):
    said = page_of(client, add(GRANTED))
    assert "Pedestrians wait less at crossings." in said
    assert "Road Traffic Act Art. 4" in said
    assert "Smart demonstration project · Art. 2(11), 50" in said
    assert "A guard stands at every crossing in the first month." in said
    assert "pilot@example.org" in said


def test_before_the_lock_the_page_says_that_no_plan_is_fixed(client, add):
    said = page_of(client, add(FILED))
    assert "No plan is locked yet." in said
    assert "No result is published yet." in said
    assert "No decision has been taken on this pilot yet." in said


def test_locked_plan_is_readable(client, add):
    case = add(LOCKED)
    said = page_of(client, case).replace(" ", "")
    assert case.pilot.experiment.plan.sha256 in said
    assert "ProspectiveFixedbeforeanyoutcome" in said
    assert "mustnotriseby1minutes" in said
    assert "6.Otherwise" not in said  # the list numbers itself
    assert "Otherwise:Extendthepilot" in said


def test_amendments_stand_with_their_reasons(client, add):
    case = add(AMENDED)
    answer = client.get(f"/pilots/{case.pilot.number}")
    assert "The seed had been drawn twice." in answer.text
    assert "What was changed: 1 values" in answer.text
    assert re.search(
        r"Seed of the random numbers<br><code>seed</code></th><td>20260302</td><td>7</td>", answer.text
    )
    assert f'href="/pilots/{case.pilot.number}/plan.json?version=1"' in answer.text


def test_unsigned_result_is_not_shown(client, add):
    said = page_of(client, add(RAN))
    assert "No result is published yet." in said
    assert "fell by 2.0" not in said


def test_signed_result_is_shown_with_its_uncertainty(client, add):
    case = add(SIGNED)
    said = page_of(client, case)
    assert f"{case.primary.name_en} fell by 2.0." in said
    assert "−2.00 minutes 95% interval: −3.10 to −0.90" in said
    assert "Without any effect, a difference at least this large would arise in 1.2% of cases." in said
    assert "2 treated and 4 control districts over 24 periods, with 97.0% of the expected readings." in said


def test_tiny_p_value_is_not_rounded_to_nothing(client, add):
    tiny = dataclasses.replace(results.SIGNIFICANT, p_value=0.0000004)
    said = page_of(client, add((*RUNNING, run_later, store(inference=tiny), factories.sign_result)))
    assert "< 0.001 Without any effect" in said
    assert "would arise in fewer than 0.1% of cases" in said


def test_interval_without_an_end_says_so(client, add):
    endless = Inference(
        PLACEBO_RATIO, 0.05, 0.5, Interval(-math.inf, math.inf, results.SILENT_REASON), placebos=1
    )
    said = page_of(client, add((*RUNNING, run_later, store(inference=endless), factories.sign_result)))
    assert "95% interval: without limits. The residuals do not vary." in said


def test_what_could_not_be_computed_is_said_with_its_reason(client, add):
    silent = store(inference=results.SILENT, relative=results.SILENT_REASON)
    said = page_of(client, add((*RUNNING, run_later, silent, factories.sign_result)))
    assert "not computable The residuals do not vary." in said


def test_units_are_named_in_the_readers_language(service, add):
    case = add((*RUNNING, give_the_units_korean_names, run_later, store(), factories.sign_result))
    said = page_of(service.test_client(), case)
    assert "−2.00 분" in said
    assert "0.5 분" in said
    assert "−2.00 minutes" not in said


@pytest.mark.parametrize(
    ("status", "words"), [("safe", "Shown to be safe"), ("unclear", "Not yet clear"), ("harmed", "Got worse")]
)
def test_guardrail_says_how_it_stands(client, add, status, words):
    case = add((*RUNNING, run_later, store(status=status), factories.sign_result))
    said = page_of(client, case)
    assert f"{case.guardrail.name_en} {words} −2.00 minutes −3.10 to −0.90 must not rise by 1 minutes" in said
    assert f"{case.guardrail.name_en} : Guardrail: {status}." in said


def test_rule_is_shown_line_by_line_with_what_was_found(client, add):
    said = page_of(client, add(SIGNED))
    assert "Share of readings present below 0.8: 0.97 → false" in said
    assert "Sites with evidence at least 3: 1 → false" in said
    assert "3. Expand nationwide does not hold if all of these hold" in said
    assert "4. Expand with conditions decides if all of these hold" in said
    assert "6. Extend the pilot holds otherwise, always" in said


def test_rule_names_why_a_value_is_missing(client, add):
    inputs = dict(results.GOOD_INPUTS) | {"pre_trend_p": Unknown("not_part_of_this_design")}
    said = page_of(client, add((*RUNNING, run_later, store(inputs=inputs), factories.sign_result)))
    assert "trends before the start below 0.05: not part of this design → false" in said


def test_difference_in_differences_shows_the_event_study(client, add):
    answer = client.get(f"/pilots/{add(SIGNED).pilot.number}")
    assert 'id="events"' in answer.text
    assert 'id="placebos"' not in answer.text


def test_synthetic_control_shows_placebos_and_weights(client, add):
    synthetic = store(method="synthetic_control", inference=results.PLACEBO)
    case = add((*RUNNING, run_later, synthetic, factories.sign_result))
    answer = client.get(f"/pilots/{case.pilot.number}")
    assert 'id="placebos"' in answer.text
    assert 'id="events"' not in answer.text
    assert "What the synthetic control is made of District 3 25.0%" in page_of(client, case).replace(
        "Weights of the control districts Control district Weight ", ""
    )


def test_page_says_how_to_compute_it_again(client, add):
    case = add(SIGNED)
    said = page_of(client, case).replace(" ", "")
    assert case.evaluation.document_sha256 in said
    assert case.evaluation.plan_version.sha256 in said
    assert case.evaluation.as_of.isoformat() in said
    assert "numpy2.3.0,python3.11.0" in said


def test_decision_names_the_decider_and_the_office(client, add):
    case = add(DECIDED)
    office = case.pilot.exemption.lead.name_en
    assert f"Decided by {case.people['decider'].name} · Decider, {office}" in page_of(client, case)


def test_decision_against_the_finding_is_flagged_with_both_reasons(client, add):
    said = page_of(client, add(DECIDED_AGAINST))
    assert "This decision goes against the finding" in said
    assert "The evidence is clear." in said
    assert "The finding leaves out what the city needs." in said


def test_people_of_the_company_stay_without_a_name(client, add):
    case = add(DECIDED)
    said = page_of(client, case)
    assert f"Company signatory, {case.pilot.company.name_en}" in said
    for who in ("author", "signatory", "reviewer", "city_reviewer"):
        assert case.people[who].name not in said


def test_what_a_company_writes_is_text_and_never_markup(client, add):
    case = add(FILED, title_en="<script>alert(1)</script>", summary_en="<img src=x>")
    answer = client.get(f"/pilots/{case.pilot.number}")
    assert "<script" not in answer.text
    assert "<img" not in answer.text
    assert "<script" not in client.get("/").text


def test_map_is_drawn_where_outlines_are_known(client, add, rows):
    case = add(FILED)
    path = f"/pilots/{case.pilot.number}"
    assert 'id="map"' not in client.get(path).text
    square = {"type": "Polygon", "coordinates": [[[127, 36], [127.1, 36], [127.1, 36.1], [127, 36]]]}
    for district in case.site.territory.districts:
        district.outline = json.dumps(square)
    rows.commit()
    assert 'id="map"' in client.get(path).text


# -- files --------------------------------------------------------------------------------------


def test_plan_file_has_the_digest_that_the_page_prints(client, add):
    case = add(AMENDED)
    answer = client.get(f"/pilots/{case.pilot.number}/plan.json")
    assert answer.mimetype == "application/json"
    assert hashlib.sha256(answer.data).hexdigest() == case.pilot.experiment.plan.sha256


def test_earlier_plan_is_served_by_its_version(client, add):
    case = add(AMENDED)
    answer = client.get(f"/pilots/{case.pilot.number}/plan.json?version=1")
    assert hashlib.sha256(answer.data).hexdigest() == case.pilot.experiment.versions[0].sha256


def test_result_file_has_the_digest_that_the_page_prints(client, add):
    case = add(SIGNED)
    answer = client.get(f"/pilots/{case.pilot.number}/result.json")
    assert hashlib.sha256(answer.data).hexdigest() == case.evaluation.document_sha256


@pytest.mark.parametrize("file", ["plan.json?version=3", "result.json?evaluation=999"])
def test_file_that_does_not_exist_is_not_found(client, add, file):
    assert client.get(f"/pilots/{add(SIGNED).pilot.number}/{file}").status_code == 404


@pytest.mark.parametrize("file", ["plan.json?version=x", "data.csv?evaluation=99999999999999999999"])
def test_file_asked_for_with_nonsense_is_refused(client, add, file):
    assert client.get(f"/pilots/{add(SIGNED).pilot.number}/{file}").status_code == 422


@pytest.mark.parametrize("file", ["data.csv", "result.json"])
def test_before_the_signature_the_data_are_not_published_and_the_page_says_so(client, add, file):
    case = add(RAN)
    said = text_of(client, f"/pilots/{case.pilot.number}/{file}", status=404)
    assert "The data and the result are published together" in said


def test_data_file_holds_every_cell(client, add, rows):
    case = add(MEASURED)
    case.site.territory.districts[0].name_ko = "=1+1"
    rows.commit()
    answer = client.get(f"/pilots/{case.pilot.number}/data.csv")
    header, *cells = csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline=""))
    assert (
        ",".join(header)
        == "metric,district,district_name_ko,district_name_en,period,value,treated,after_start"
    )
    assert [case.primary.code, "D01", "'=1+1", "District 1", "2025-07", "10.0", "1", "0"] in cells
    assert [case.primary.code, "D06", "6동", "District 6", "2025-09", "", "0", "0"] in cells
    assert len(cells) == 2 * 6 * 24


def test_anyone_can_compute_the_result_again_from_the_two_files(client, add):
    path = f"/pilots/{add(COMPUTED).pilot.number}"
    primary = json.loads(client.get(f"{path}/result.json").data)["primary"]
    content = client.get(f"{path}/data.csv").data.decode("utf-8-sig")
    cells = [
        (row["district"], row["period"], float(row["value"]))
        for row in csv.DictReader(io.StringIO(content, newline=""))
        if row["metric"] == primary["metric"]["code"]
    ]
    panel = Panel.from_cells(cells)
    again = evaluate(panel, Design.from_document(primary["evaluation"]["design"]), np.random.default_rng(0))
    assert panel.digest() == primary["panel_digest"]
    assert json.loads(json.dumps(again.document())) == primary["evaluation"]


# -- programmes ---------------------------------------------------------------------------------


def test_programmes_show_figures_bids_and_chosen_sites(client, rows):
    call = factories.create_call(rows)
    chosen, other = factories.create_bid(rows, call), factories.create_bid(rows, call)
    chosen.status = BidStatus.SELECTED
    territory = factories.create_territory(rows)
    rows.add(
        Site(
            city_id=chosen.city_id,
            territory_id=territory.id,
            bid_id=chosen.id,
            selected_at=chosen.submitted_at,
        )
    )
    rows.commit()
    said = text_of(client, "/programmes")
    assert f"Call of {call.year}" in said
    assert f"KRW {call.budget_cap_won:,}" in said
    assert "chosen so far: 1" in said
    assert chosen.city.name_en in said
    assert other.city.name_en in said
    assert f'href="/?site={territory.code}"' in client.get("/programmes").text


def test_programmes_say_when_there_are_none(client):
    assert "No programme yet" in text_of(client, "/programmes")
