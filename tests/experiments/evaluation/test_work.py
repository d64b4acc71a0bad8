"""The result document: what the rule looks at, which way is good, and that the bytes are the job's alone."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from experiments.canonical import canonical
from experiments.evaluation import work
from experiments.evaluation.rule import Unknown, execute
from experiments.evaluation.work import compute
from tests.experiments.evaluation.build import job, panel_of, values

# Every tolerance here is about numbers that are rounded the same way in both runs.
SAME = 1e-9


def document(made):
    return json.loads(compute(made))


def benefit(read):
    inputs = read["inputs"]
    return [inputs[f"primary.{name}"] for name in ("benefit_low", "benefit", "benefit_high")]


def mirrored(series):
    return {cell: -value for cell, value in series.items()}


def test_a_fall_is_a_benefit_where_less_is_better():
    low, point, high = benefit(document(job()))
    assert 1.5 < low < point < high < 2.5


def test_the_same_fall_is_a_loss_where_more_is_better():
    low, point, high = benefit(document(job(direction="increase")))
    assert -2.5 < low < point < high < -1.5


def test_the_mirror_image_gives_the_same_benefit():
    mirror = document(job(panel_of(mirrored(values())), direction="increase"))
    assert benefit(mirror) == pytest.approx(benefit(document(job())), abs=SAME)


def test_the_finding_follows_from_the_inputs_by_the_plans_rule():
    made = job()
    read = document(made)
    finding, trace = execute(made.plan["rule"], read["inputs"] | unknown(read))
    assert (read["finding"], read["trace"]) == (finding.value, json.loads(canonical(trace)))
    assert finding == "expand_conditional"


def unknown(read):
    """The inputs that were not computed, as the rule takes them."""
    found = {name: value for name, value in read["inputs"].items() if isinstance(value, dict)}
    return {name: Unknown(value["unknown"]) for name, value in found.items()}


def test_what_a_method_has_no_word_on_is_unknown_with_the_reason():
    did = document(job())["inputs"]
    assert did["pre_fit"] == {"unknown": "not_part_of_this_design"}
    synthetic = document(job(method="synthetic_control"))["inputs"]
    assert synthetic["pre_trend_p"] == {"unknown": "not_part_of_this_design"}
    assert isinstance(synthetic["pre_fit"], float)


def test_a_pre_trend_that_cannot_be_tested_says_why():
    series = values()
    periods = [day for _, day in series][11:15]
    outcomes = panel_of(series).outcomes[:, 11:15]
    short = panel_of(series, outcomes=outcomes, periods=tuple(f"{day:%Y-%m}" for day in periods))
    read = document(job(short, guardrails=()))
    assert "not_computable" in read["primary"]["evaluation"]["event_study"]["pre_trend"]
    reason = read["primary"]["evaluation"]["event_study"]["pre_trend"]["not_computable"]
    assert read["inputs"]["pre_trend_p"] == {"unknown": reason}


def test_an_interval_that_cannot_be_computed_says_why():
    """Three placebos allow no interval at five per cent."""
    inputs = document(job(method="synthetic_control"))["inputs"]
    ends = [inputs[f"primary.benefit_{end}"] for end in ("low", "high")]
    assert all(set(end) == {"unknown"} for end in ends)
    assert all(end["unknown"] not in ("", "unbounded") for end in ends)


def test_an_input_that_is_unknown_passes_no_test():
    read = document(job(method="synthetic_control"))
    line = next(line for line in read["trace"] if line["finding"] == "expand_conditional")
    test = next(test for test in line["tests"] if test["input"] == "primary.benefit_low")
    assert (test["holds"], test["value"]) == (False, None)
    assert test["reason"] == read["inputs"]["primary.benefit_low"]["unknown"]


@pytest.mark.parametrize(
    "method", ["did", "synthetic_control", "synthetic_did", "augmented_synthetic_control"]
)
def test_adding_a_guardrail_moves_no_other_number(method):
    one, other = (panel_of(values(0.0, seed=seed), f"noise-{seed}") for seed in (12, 13))
    alone = document(job(guardrails=(one,), method=method))
    both = document(job(guardrails=(one, other), method=method))
    assert both["primary"] == alone["primary"]
    assert both["guardrails"][0] == alone["guardrails"][0]


def test_placebos_are_drawn_from_the_jobs_seed_for_each_metric_apart(monkeypatch):
    """Two metrics with equal readings draw differently; the same metric draws the same again."""
    drawn = []

    def evaluate(panel, design, rng):
        drawn.append(rng.integers(1 << 30))
        return real(panel, design, rng)

    real = work.evaluate
    monkeypatch.setattr(work, "evaluate", evaluate)
    compute(job())
    compute(job())
    assert drawn[:2] == drawn[2:]
    assert drawn[0] != drawn[1]


def test_the_document_is_canonical():
    text = compute(job())
    assert canonical(json.loads(text)) == text


def test_the_same_job_gives_the_same_bytes_wherever_it_was_carried():
    made = job()
    assert compute(pickle.loads(pickle.dumps(made))) == compute(made)  # noqa: S301 - our own bytes


def test_the_order_of_the_rows_moves_no_number():
    made = panel_of(values())
    order = [5, 0, 3, 1, 4, 2]
    shuffled = panel_of(
        values(), outcomes=made.outcomes[order], units=tuple(made.units[row] for row in order)
    )
    assert benefit(document(job(shuffled))) == benefit(document(job(made)))


@pytest.mark.parametrize(
    ("effect", "direction", "status"),
    [
        (3.0, "decrease", "harmed"),
        (3.0, "increase", "safe"),
        (-3.0, "decrease", "safe"),
        (-3.0, "increase", "harmed"),
        (1.0, "decrease", "unclear"),
    ],
)
def test_a_guardrail_is_harmed_in_its_bad_direction(effect, direction, status):
    made = job(guardrails=(panel_of(values(effect, seed=12), "noise"),))
    made.plan["guardrails"][0]["direction"] = direction
    read = document(made)
    assert read["guardrails"][0]["status"] == status
    assert read["inputs"]["guardrails.harmed"] == (status == "harmed")
    assert read["inputs"]["guardrails.not_shown_safe"] == (status != "safe")


def test_harm_goes_before_benefit():
    made = job(guardrails=(panel_of(values(3.0, seed=12), "noise"),))
    assert document(made)["finding"] == "safety_stop"


def test_thin_data_are_not_valid_evidence():
    read = document(job(panel_of(values(), coverage=0.79)))
    assert (read["inputs"]["coverage"], read["finding"]) == (0.79, "invalid")


def test_predictors_are_means_over_the_named_periods():
    covariate = np.arange(6.0)[:, None] + np.zeros((6, 24))
    primary = panel_of(values(), covariates={"income": covariate})
    predictors = [
        {"metric": "income", "version": 1, "first": "2026-01", "last": "2026-06"},
        {"metric": "wait", "version": 1, "first": "2026-05", "last": "2026-06"},
    ]
    read = document(job(primary, treated=("D01",), method="synthetic_control", predictors=predictors))
    income, own = read["primary"]["evaluation"]["predictors"]
    assert (income["name"], income["treated"], income["controls"]) == ("income", 0.0, 3.5)
    assert len(income["periods"]) == 6
    assert (own["name"], own["periods"]) == ("outcome", ["2026-05", "2026-06"])
    before = [values()["D01", day] for day in list(dict.fromkeys(d for _, d in values()))[10:12]]
    assert own["treated"] == pytest.approx(np.mean(before))
