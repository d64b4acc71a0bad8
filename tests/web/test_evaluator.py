"""The evaluator's desk: a plan that comes back from its form as it was, runs, and the signature."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, update

from experiments.errors import Invalid
from experiments.evaluation.models import Evaluation
from experiments.evaluation.rule import default_rule
from experiments.registrations.models import Experiment, PlanVersion
from sandbox.pilots import plan as plans
from sandbox.web import plan_form
from tests import published
from tests.factories import (
    AMENDED,
    DECIDED,
    FINISHED,
    GRANTED,
    LOCKED,
    RUNNING,
    SIGNED,
    create_case,
    create_person,
    plan_document,
    request_evaluation,
    save_plan,
)
from tests.web.office import controls, ids, wrong_fields
from tests.web.visitors import said

PLAN = "evaluator/{}/plan"
AMEND = "evaluator/{}/plan/amend"
REQUESTED = (*FINISHED, request_evaluation)
FEW_SITES = {"input": "sites", "comparison": "below", "threshold": 2}
DRAFTED_PLAN = (*GRANTED, save_plan)


def form(office, page=PLAN, who="evaluator", **changes):
    """What a browser sends of the form as it is shown, with these changes."""
    values = controls(office.open(who, page).text)
    for name, value in changes.items():
        values.setlist(name.replace("__", "."), value if isinstance(value, list) else [value])
    return values


def send(office, values, page=PLAN, who="evaluator"):
    return office.browser(who).client.post(office.path(page), data=values)


def draft(office):
    return office.stored(select(Experiment.draft).where(Experiment.id == office.case.pilot.experiment_id))[0]


def write(office, document):
    """Keep `document` as the draft, as a program over the interface would."""
    case = office.case
    experiment = case.session.get_one(Experiment, case.pilot.experiment_id, populate_existing=True)
    experiment.draft = document
    case.session.commit()


# -- the form gives back what it shows ----------------------------------------------------------------


def complete(case, **changes):
    """A plan with every control of the form in use."""
    predictors = [
        {"metric": case.guardrail.code, "version": 1, "first": "2025-07", "last": "2025-12"},
        {"metric": case.primary.code, "version": 1, "first": "2026-06", "last": "2026-06"},
    ]
    guardrail = plan_document(case)["guardrails"][0]
    document = plan_document(
        case,
        guardrails=[guardrail, guardrail | {"direction": "increase", "margin": 2.5}],
        design={
            "method": "synthetic_control",
            "alpha": 0.1,
            "missing": "drop_period",
            "predictors": predictors,
        },
        rule=default_rule(minimum_effect=0.5, alpha=0.1, worst_pre_fit=0.4, least_coverage=0.0),
    )
    return document | {"schema_version": 1, "hypothesis_ko": "첫 줄\n둘째 줄"} | changes


@pytest.mark.parametrize("count", [1, 2, 4])
def test_a_saved_plan_comes_back_as_it_was(office, count):
    office = office(GRANTED)
    document = complete(office.case)
    document["guardrails"] = (document["guardrails"] * 2)[:count]
    document["design"]["predictors"] = (document["design"]["predictors"] * 5)[: count * 2 + 1]
    write(office, document)
    assert send(office, form(office)).status_code == 303
    assert draft(office) == document


STARTS = {"D01": "2026-07-01", "D02": "2026-10-01"}
SWITCHBACK = {
    "length": 2,
    "washout": 1,
    "tossed": "balanced",
    "together": True,
    "sequences": {"D01": "0110", "D02": "0110"},
}


@pytest.mark.parametrize(
    ("design", "districts"),
    [
        ({"method": "did"}, {"starts": STARTS}),
        ({"method": "synthetic_did", "missing": "refuse", "neighbours": ["D03"], "anticipation": 1}, {}),
        ({"method": "augmented_synthetic_control", "missing": "refuse"}, {}),
        (
            {"method": "staggered", "control_group": "not_yet", "anticipation": 2, "covariates": True},
            {"starts": STARTS},
        ),
        ({"method": "interrupted", "missing": "refuse", "season": 12}, {"control": []}),
        ({"method": "randomised", "missing": "refuse", "assignment": {"kind": "units"}}, {}),
        (
            {
                "method": "randomised",
                "missing": "refuse",
                "assignment": {
                    "kind": "pairs",
                    "blocks": {"D01": "a", "D03": "a", "D02": "at: the river", "D04": "at: the river"},
                },
            },
            {"control": ["D03", "D04"]},
        ),
        (
            {"method": "randomised", "assignment": {"kind": "stepped_wedge"}},
            {"starts": STARTS, "control": []},
        ),
        (
            {
                "method": "randomised",
                "missing": "refuse",
                "assignment": {"kind": "switchback", "switchback": SWITCHBACK},
            },
            {"control": []},
        ),
    ],
    ids=lambda told: told.get("method"),
)
def test_a_plan_of_every_method_comes_back_as_it_was_and_is_locked(office, design, districts):
    office = office(GRANTED)
    document = complete(office.case, schema_version=1)
    if design.get("covariates"):
        design = design | {"covariates": [{"code": office.case.guardrail.code, "version": 1}]}
    document["design"] = {"alpha": 0.1, "missing": "available", "predictors": []} | design
    document["districts"] |= districts
    write(office, document)
    assert send(office, form(office)).status_code == 303
    written = draft(office)
    assert {**written, "schema_version": 1} == document
    assert office.send("evaluator", "evaluator/{}/plan/lock").status_code == 303
    version = office.stored(select(PlanVersion))[0]
    assert version.contents() == {**written, "rule": version.contents()["rule"]}


def test_what_another_method_would_take_is_left_out(office):
    office = office(DRAFTED_PLAN)
    send(
        office,
        form(
            office, design__control_group="not_yet", design__season="12", districts__starts__D01="2026-07-01"
        ),
    )
    assert set(draft(office)["design"]) == {"method", "alpha", "missing", "predictors"}
    assert draft(office)["districts"]["starts"] == {"D01": "2026-07-01"}


def test_a_rule_that_the_form_cannot_express_is_kept(office):
    office = office(GRANTED)
    rule = [
        {
            "finding": "stop",
            "when": "any",
            "tests": [{"input": "sites", "comparison": "below", "threshold": 2}],
        },
        {"finding": "extend_pilot", "when": "all", "tests": []},
    ]
    write(office, complete(office.case, rule=rule))
    page = office.read("evaluator", PLAN)
    assert "This rule was not written on this page." in page
    assert "If Sites with evidence below 2: Stop" in page
    assert send(office, form(office, title_en="Edited")).status_code == 303
    assert (draft(office)["rule"], draft(office)["title_en"]) == (rule, "Edited")


def test_the_rule_follows_the_thresholds(office):
    office = office(DRAFTED_PLAN)
    values = form(office, primary__minimum_effect="1.5", design__alpha="0.1", rule__least_coverage="0.9")
    assert send(office, values).status_code == 303
    expected = default_rule(minimum_effect=1.5, alpha=0.1, least_coverage=0.9)
    assert draft(office)["rule"] == expected


def test_a_new_plan_starts_from_the_application(office):
    office = office(GRANTED)
    values = form(office)
    assert values["title_en"] == office.case.pilot.title_en
    assert values["window.intervention_from"] == "2026-07-01"
    assert values.getlist("districts.treated") == ["D01", "D02"]
    assert values.getlist("districts.control") == []


def test_only_the_applications_districts_may_be_treated_and_only_others_compared(office):
    page = office(GRANTED).open("evaluator", PLAN).text
    offered = {
        side: re.findall(rf'name="districts\.{side}" value="(\w+)"', page) for side in ("treated", "control")
    }
    assert offered == {"treated": ["D01", "D02"], "control": ["D03", "D04", "D05", "D06"]}


# -- writing ------------------------------------------------------------------------------------------


def test_a_half_written_plan_is_kept_with_what_is_missing(office):
    office = office(GRANTED)
    values = form(office, hypothesis_en="Waiting becomes shorter.", primary__minimum_effect="half a minute")
    assert send(office, values).status_code == 303
    page = office.open("evaluator", PLAN)
    assert "Waiting becomes shorter." in page.text
    assert 'value="half a minute"' in page.text
    missing = said(page).partition("Still missing or wrong in the saved draft:")[2]
    assert "Control districts : A plan needs control districts." in missing
    assert "Primary metric : Missing data for required field." in missing
    assert 'action="/evaluator' not in page.text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title_ko": ""}, "title_ko"),
        ({"hypothesis_en": " "}, "hypothesis_en"),
        ({"title_en": "a\u202eb"}, "title_en"),
        ({"title_en": "a\x00b"}, "title_en"),
        ({"primary__metric": ""}, "primary-metric"),
        ({"primary__metric": "nonsense@1"}, "primary-metric"),
        ({"primary__metric": "nonsense@" + "9" * 5000}, "primary-metric"),
        ({"primary__metric": "nonsense"}, "primary-metric"),
        ({"primary__direction": "up"}, "primary-direction"),
        ({"primary__minimum_effect": "0"}, "primary-minimum_effect"),
        ({"primary__minimum_effect": "nan"}, "primary-minimum_effect"),
        ({"primary__minimum_effect": "1e999"}, "primary-minimum_effect"),
        ({"primary__minimum_effect": "1_0"}, "primary-minimum_effect"),
        ({"primary__minimum_effect": ""}, "primary-minimum_effect"),
        ({"guardrails__0__metric": ""}, "guardrails-0-metric"),
        ({"guardrails__0__margin": ""}, "guardrails-0-margin"),
        ({"guardrails__1__margin": "2"}, "guardrails-1-metric guardrails-1-direction"),
        ({"period": ""}, "period"),
        ({"window__baseline_from": ""}, "window-baseline_from"),
        ({"window__baseline_from": "yesterday"}, "window-baseline_from"),
        ({"window__intervention_from": "2026-06-30"}, "window-intervention_from"),
        ({"window__intervention_to": "9999-12-31"}, "window-intervention_to"),
        ({"districts__treated": []}, "districts-treated"),
        ({"districts__treated": ["D01", "D01"]}, "districts-treated"),
        ({"districts__treated": ["D01", "D06"], "districts__control": ["D05"]}, "districts-treated"),
        ({"districts__control": ["D03", "D01"]}, "districts-control"),
        ({"districts__control": ["D03", "D99"]}, "districts-control"),
        ({"design__method": ""}, "design-method"),
        ({"design__alpha": "0.5"}, "design-alpha"),
        ({"design__alpha": "five per cent"}, "design-alpha"),
        ({"design__missing": "guess"}, "design-missing"),
        (
            {"design__method": "synthetic_control", "design__predictors__0__first": "2025-07"},
            "design-predictors-0-metric",
        ),
        ({"design__method": "staggered"}, "districts-starts-D01 districts-starts-D02"),
        ({"design__method": "staggered", "design__anticipation": "soon"}, "design-anticipation"),
        ({"design__method": "staggered", "design__covariates": ["nonsense"]}, "design-covariates"),
        (
            {
                "design__method": "staggered",
                "districts__starts__D01": "2026-07-01",
                "districts__starts__D02": "then",
            },
            "districts-starts-D02",
        ),
        ({"design__method": "did", "districts__starts__D01": "2026-07-01"}, "districts-starts-D02"),
        ({"design__method": "interrupted", "design__season": "1"}, "design-season"),
        ({"design__method": "interrupted", "design__missing": "available"}, "design-missing"),
        ({"design__neighbours": ["D99"]}, "design-neighbours"),
        ({"design__method": "randomised"}, "design-assignment-kind"),
        (
            {
                "design__method": "randomised",
                "design__assignment__kind": "switchback",
                "design__assignment__switchback__sequences": "D01: 0110\nD01: 1001",
            },
            " ".join(f"design-assignment-switchback-{name}" for name in ("length", "tossed", "sequences")),
        ),
        ({"design__method": "randomised", "design__assignment__kind": "pairs"}, "design-assignment-blocks"),
        (
            {
                "design__method": "randomised",
                "design__assignment__kind": "units",
                "design__assignment__blocks": "north: D01 D03\nsouth: D01 D04",
            },
            "design-assignment-blocks",
        ),
        (
            {
                "design__method": "randomised",
                "design__assignment__kind": "units",
                "design__assignment__blocks": "D01 D03",
            },
            "design-assignment-blocks",
        ),
        ({"rule__least_coverage": "most"}, "rule-least_coverage"),
        ({"rule__worst_pre_fit": ""}, "rule-worst_pre_fit"),
        ({"seed": "-1"}, "seed"),
        ({"seed": "9" * 30}, "seed"),
        ({"seed": "1.5"}, "seed"),
    ],
)
def test_what_keeps_a_plan_from_being_locked_is_told_at_its_control(office, changes, field):
    office = office(DRAFTED_PLAN)
    values = form(office, **changes)
    assert send(office, values).status_code == 303
    answer = office.send("evaluator", "evaluator/{}/plan/lock")
    assert answer.status_code == 422
    assert wrong_fields(answer) == set(field.split())
    told = re.findall(r'<a href="#(field-[^"]+)"', answer.text.partition('class="lock"')[2])
    assert set(told) <= set(ids(answer.text))
    assert office.stored(select(PlanVersion)) == []


@pytest.mark.parametrize("typed", ["nan", "half", "1e999", "９", "9" * 30, "<b>"])
@pytest.mark.parametrize("name", ["primary.minimum_effect", "rule.least_coverage", "seed", "design.alpha"])
def test_what_is_no_number_is_shown_as_it_was_typed(office, name, typed):
    office = office(DRAFTED_PLAN)
    values = form(office)
    values[name] = typed
    assert send(office, values).status_code == 303
    assert controls(office.open("evaluator", PLAN).text)[name] == typed


def test_an_untouched_plan_names_all_that_is_missing(office):
    office = office(GRANTED)
    answer = office.send("evaluator", "evaluator/{}/plan/lock")
    assert answer.status_code == 422
    assert {"title_ko", "primary-metric", "guardrails-0-metric", "seed"} <= wrong_fields(answer)
    assert controls(answer.text)["title_en"] == office.case.pilot.title_en


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize(
    "document",
    [
        {"window": [], "districts": 5, "primary": "x", "guardrails": {"a": 1}, "design": None, "rule": 5},
        {"districts": {"treated": 7, "control": None}, "rule": [5], "guardrails": [5, {}], "title_ko": {}},
        {"rule": [{"tests": 5}], "design": {"predictors": [[]]}, "seed": [1]},
        {"rule": [{"finding": "stop", "when": "all", "tests": [5]}]},
        {"rule": [{"finding": "stop", "when": "all", "tests": [{"input": [], "threshold": {}}]}]},
    ],
)
def test_a_draft_of_any_shape_can_be_read_and_mended(office, document, language):
    office = office(GRANTED, language=language)
    write(office, document)
    page = office.open("evaluator", PLAN)
    assert page.status_code == 200
    assert office.send("evaluator", "evaluator/{}/plan/lock").status_code == 422
    assert send(office, controls(page.text)).status_code == 303


def test_what_was_written_does_no_harm(office):
    office = office(DRAFTED_PLAN)
    hostile = '"><script>alert(1)</script>'
    send(office, form(office, title_en=hostile, districts__why=hostile, seed=hostile, period=hostile))
    page = office.open("evaluator", PLAN).text
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") >= 3


def test_of_two_evaluators_who_write_at_once_the_second_is_told(office, rows):
    office = office(DRAFTED_PLAN)
    institute = office.case.people["evaluator"].organisation
    office.case.people["colleague"] = create_person(rows, "evaluator", institute, name="Shin Ju-won")
    rows.commit()
    mine, theirs = form(office, title_en="Mine"), form(office, who="colleague", title_en="Theirs")
    assert send(office, theirs, who="colleague").status_code == 303
    answer = send(office, mine)
    assert answer.status_code == 409
    assert "Meanwhile: Plan draft saved, by Shin Ju-won" in said(answer)
    assert draft(office)["title_en"] == "Theirs"


# -- locking and amending -----------------------------------------------------------------------------


def test_a_complete_plan_is_locked(office):
    office = office(DRAFTED_PLAN)
    assert "The saved draft is complete." in office.read("evaluator", PLAN)
    answer = office.send("evaluator", "evaluator/{}/plan/lock")
    assert (answer.status_code, answer.location) == (303, f"/cases/{office.number}")
    version = office.stored(select(PlanVersion))[0]
    page = office.read("evaluator", "cases/{}")
    assert f"The plan is locked. SHA-256: {version.sha256}" in page


def test_a_locked_plan_is_locked_once(office):
    office = office(DRAFTED_PLAN)
    answers = [office.send("evaluator", "evaluator/{}/plan/lock") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 409]
    assert "Meanwhile: Analysis plan locked" in said(answers[1])


def test_a_locked_plan_is_shown_and_not_saved(office):
    office = office(LOCKED)
    page = office.open("evaluator", PLAN)
    assert "This plan is locked" in page.text
    assert "Save the draft" not in page.text
    assert send(office, controls(page.text)).status_code == 409


def test_the_plan_in_force_is_shown_after_an_amendment(office):
    office = office(AMENDED)
    assert controls(office.open("evaluator", PLAN).text)["seed"] == "7"
    assert controls(office.open("evaluator", AMEND).text)["seed"] == "7"


def test_an_amendment_keeps_what_was_before_it(office):
    office = office(LOCKED)
    answer = send(office, form(office, AMEND, seed="11", reason="The seed had been drawn twice."), AMEND)
    assert (answer.status_code, answer.location) == (303, f"/cases/{office.number}")
    first, second = office.stored(select(PlanVersion).order_by(PlanVersion.number))
    assert (first.contents()["seed"], second.contents()["seed"]) == (20260302, 11)
    assert second.reason == "The seed had been drawn twice."
    changed = {key for key, value in second.contents().items() if value != first.contents()[key]}
    assert changed == {"seed"}


def test_an_amendment_through_the_page_drops_nothing_that_it_did_not_show(office):
    """A plan with more guardrails than a new form has rows for, and with a rule of its own."""
    office = office(GRANTED)
    guardrail = complete(office.case)["guardrails"][0]
    rule = complete(office.case)["rule"][1:]
    write(
        office,
        complete(office.case, guardrails=[guardrail | {"margin": m} for m in (1.5, 2.5, 3.5)], rule=rule),
    )
    assert office.send("evaluator", "evaluator/{}/plan/lock").status_code == 303
    send(office, form(office, AMEND, reason="A better title.", title_en="Better"), AMEND)
    first, second = office.stored(select(PlanVersion).order_by(PlanVersion.number))
    assert second.contents() == first.contents() | {"title_en": "Better"}


def test_an_amendment_without_a_reason_keeps_what_was_typed(office):
    office = office(LOCKED)
    answer = send(office, form(office, AMEND, seed="11", reason=" "), AMEND)
    assert (answer.status_code, wrong_fields(answer)) == (422, {"reason"})
    assert controls(answer.text)["seed"] == "11"
    assert len(office.stored(select(PlanVersion))) == 1


def test_a_refused_amendment_keeps_its_reason(office):
    office = office(LOCKED)
    answer = send(office, form(office, AMEND, seed="x", reason="Drawn twice."), AMEND)
    assert (answer.status_code, wrong_fields(answer)) == (422, {"seed"})
    assert controls(answer.text)["reason"] == "Drawn twice."


def test_of_two_amendments_at_once_the_second_is_told(office):
    office = office(LOCKED)
    values = form(office, AMEND, seed="11", reason="Drawn twice.")
    assert send(office, values, AMEND).status_code == 303
    answer = send(office, values, AMEND)
    assert answer.status_code == 409
    assert "Meanwhile: Analysis plan amended" in said(answer)


@pytest.mark.parametrize(
    ("history", "page", "told"),
    [
        (GRANTED, AMEND, "The analysis plan has not been locked."),
        (DECIDED, "evaluator/{}/plan/lock", "Meanwhile: Pilot concluded"),
        (GRANTED, "evaluator/{}/evaluations", "The analysis plan has not been locked."),
    ],
)
def test_at_the_wrong_moment_one_is_told_why(office, history, page, told):
    answer = office(history).send("evaluator", page)
    assert (answer.status_code, told in said(answer)) == (409, True)


def test_after_a_signed_result_the_plan_is_amended_no_more(office):
    office = office(SIGNED)
    answer = send(office, form(office, AMEND, reason="Too late."), AMEND)
    assert answer.status_code == 409
    assert "Meanwhile: Result signed" in said(answer)


@pytest.mark.parametrize("who", ["author", "reviewer", "decider", "city_reviewer", "auditor"])
@pytest.mark.parametrize("page", [PLAN, AMEND, "evaluator/{}/plan/lock", "evaluator/{}/evaluations"])
def test_plans_are_for_evaluators(office, who, page):
    assert office(LOCKED).send(who, page).status_code == 403


def test_a_plan_that_was_changed_behind_the_service_is_told(office, caplog):
    office = office(LOCKED)
    office.case.session.execute(update(PlanVersion).values(document="{}"))
    office.case.session.commit()
    answer = office.open("evaluator", PLAN)
    assert answer.status_code == 500
    assert "A stored record contradicts itself: plan version 1 of experiment" in said(answer)
    assert caplog.records[-1].levelname == "ERROR"


# -- runs ---------------------------------------------------------------------------------------------


def test_a_run_is_asked_for_and_waits(office):
    office = office(RUNNING)
    answer = office.send("evaluator", "evaluator/{}/evaluations")
    assert (answer.status_code, answer.location) == (303, "/evaluator")
    run = office.stored(select(Evaluation))[0]
    assert f"Run {run.id}, as of 2026-05-01 10:00 Waiting to run" in office.read("evaluator", "evaluator")


def test_why_a_run_failed_is_told(office):
    office = office(REQUESTED)
    values = {"status": "failed", "error": "PanelError: outcomes <b>at</b> unit 'D01'"}
    office.case.session.execute(update(Evaluation).values(**values))
    office.case.session.commit()
    page = office.open("evaluator", "evaluator")
    assert "outcomes &lt;b&gt;at&lt;/b&gt; unit" in page.text


def test_a_run_without_a_result_has_no_page(office):
    office = office(REQUESTED)
    assert office.open("evaluator", f"evaluator/evaluations/{office.run_id}").status_code == 404


@pytest.mark.parametrize("run", ["0", "4711", "9" * 30, "x", "-1"])
def test_a_run_that_is_none_is_not_found(office, run):
    office = office()
    assert office.open("auditor", f"evaluator/evaluations/{run}").status_code == 404
    assert office.send("evaluator", f"evaluator/evaluations/{run}/sign").status_code == 404


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_result_is_read_before_it_is_signed(office, language):
    office = office(published.RAN, language=language)
    page = office.open("evaluator", f"evaluator/evaluations/{office.run_id}")
    assert page.status_code == 200
    assert f'action="/evaluator/evaluations/{office.run_id}/sign"' in page.text
    assert office.open("auditor", f"evaluator/evaluations/{office.run_id}").status_code == 200
    assert (
        f"/evaluations/{office.run_id}/sign"
        not in office.open("auditor", f"evaluator/evaluations/{office.run_id}").text
    )


def test_a_signature_makes_the_result_public(office):
    office = office(published.RAN)
    before = office.open(None, "pilots/{}/result.json").status_code
    answer = office.send("evaluator", f"evaluator/evaluations/{office.run_id}/sign")
    assert (answer.status_code, answer.location) == (303, f"/pilots/{office.number}")
    assert (before, office.open(None, "pilots/{}/result.json").status_code) == (404, 200)


def test_a_result_is_signed_once(office):
    office = office(published.RAN)
    path = f"evaluator/evaluations/{office.run_id}/sign"
    answers = [office.send("evaluator", path) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 409]
    assert "Meanwhile: Result signed" in said(answers[1])
    assert "Sign the result" not in office.read("evaluator", f"evaluator/evaluations/{office.run_id}")


def test_a_run_that_is_not_finished_is_not_signed(office):
    office = office(REQUESTED)
    answer = office.send("evaluator", f"evaluator/evaluations/{office.run_id}/sign")
    assert (answer.status_code, "The evaluation has not finished." in said(answer)) == (409, True)


@pytest.mark.parametrize(("who", "status"), [("auditor", 403), ("reviewer", 403), ("other_evaluator", 404)])
def test_only_the_cases_evaluator_signs(office, who, status):
    office = office(published.RAN)
    assert office.send(who, f"evaluator/evaluations/{office.run_id}/sign").status_code == status
    assert office.stored(select(Evaluation.signed_at)) == [None]


def test_a_result_that_was_changed_is_neither_shown_nor_signed(office):
    office = office(published.RAN)
    office.case.session.execute(update(Evaluation).values(document="{}"))
    office.case.session.commit()
    for answer in (
        office.open("evaluator", f"evaluator/evaluations/{office.run_id}"),
        office.send("evaluator", f"evaluator/evaluations/{office.run_id}/sign"),
    ):
        assert answer.status_code == 500
        assert f"A stored record contradicts itself: evaluation {office.run_id}." in said(answer)


# -- the desk -----------------------------------------------------------------------------------------


def test_the_desk_shows_the_institutes_own_cases_once_filed(office):
    mine, other = office(LOCKED, title_en="Mine"), office(LOCKED, title_en="Another's")
    draft_case = office(title_en="Not filed yet")
    page = mine.read("evaluator", "evaluator")
    assert "Mine" in page
    assert "Another's" not in page
    assert "Not filed yet" not in draft_case.read("evaluator", "evaluator")
    assert other.number in mine.read("auditor", "evaluator")


def test_the_desk_is_for_evaluators_and_the_auditor(office):
    office = office()
    answers = {
        who: office.open(who, "evaluator").status_code
        for who in ("evaluator", "auditor", "author", "decider")
    }
    assert answers == {"evaluator": 200, "auditor": 200, "author": 403, "decider": 403}


def test_the_auditor_reads_and_runs_nothing(office):
    assert "Run the evaluation now" not in office(LOCKED).read("auditor", "evaluator")


# -- the form's own reading ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "control"),
    [
        ("window", "window.baseline_from"),
        ("rule.0.finding", "rule.least_coverage"),
        ("schema_version", "_schema"),
    ],
)
def test_a_field_without_a_control_is_shown_where_it_can_be_mended(field, control):
    assert plan_form.at_controls({field: ["No."]}, {}) == {control: ["No."]}


def test_messages_of_one_control_stand_together_once():
    errors = {"guardrails": ["a"], "guardrails.0": ["b"], "guardrails.0.code": ["a"]}
    assert plan_form.at_controls(errors, {}) == {"guardrails.0.metric": ["a", "b"]}


def test_machines_may_save_without_having_read(session):
    """Over the interface nobody says which draft was read; the last one stands."""
    case = create_case(session, DRAFTED_PLAN)
    plans.save_draft(session, case.pilot, {}, by=case.actor("evaluator"), at=case.tick())
    with pytest.raises(Invalid):
        plans.lock(session, case.pilot, by=case.actor("evaluator"), at=case.tick())
