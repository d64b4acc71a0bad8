"""Every method behind the front door: right on toy data, honest, the same bytes again."""

import json
import os
import re
import subprocess
import sys
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.cohorts import NEVER
from stats.design import Assignment
from stats.errors import EstimationError
from stats.evaluate import Evaluation, evaluate
from stats.inference import Interval
from stats.particles import Particle, with_particle
from stats.staggered.group_time import group_time_effects
from tests.stats.build import create_design, create_panel, labels, noise

UNITS, PERIODS, START = 16, 24, 16
PAIRS = Assignment("pairs", {unit: str(place % 8) for place, unit in enumerate(labels("u", UNITS))})
METHODS = {
    "synthetic_did": {"treated": 1, "method": "synthetic_did"},
    "synthetic_did of three": {"treated": 3, "method": "synthetic_did"},
    "augmented": {"treated": 1, "method": "augmented_synthetic_control"},
    "staggered, few": {"treated": 3, "start": [12, 16, 16], "method": "staggered"},
    "staggered": {"treated": 7, "start": [12] * 4 + [16] * 3, "method": "staggered"},
    "staggered, not yet": {
        "treated": 7,
        "start": [12] * 4 + [16] * 3,
        "method": "staggered",
        "control_group": "not_yet",
        "anticipation": 1,
    },
    "interrupted": {"treated": 2, "method": "interrupted", "controls": ()},
    "interrupted, controlled": {"treated": 2, "method": "interrupted"},
    "randomised": {"treated": 8, "method": "randomised", "assignment": Assignment("units")},
    "pairs": {"treated": 8, "method": "randomised", "assignment": PAIRS},
    "stepped wedge": {
        "treated": 6,
        "start": [10, 10, 14, 14, 18, 18],
        "method": "randomised",
        "assignment": Assignment("stepped_wedge"),
    },
}


def run(name, *, effect=0.0, outcomes=None, seed=0, **others):
    fields = {"start": START, **METHODS[name], **others}
    values = noise(UNITS, PERIODS, seed=seed) if outcomes is None else np.array(outcomes)
    starts = fields["start"]
    for unit in range(fields["treated"]):
        values[unit, starts if isinstance(starts, int) else starts[unit] :] += effect
    design = create_design(units=UNITS, **fields)
    return evaluate(create_panel(values), design, np.random.default_rng(0))


def written(evaluation):
    return json.dumps(evaluation.document(), sort_keys=True, allow_nan=False)


@pytest.mark.parametrize("name", METHODS)
def test_an_evaluation_comes_back_from_its_document_and_is_made_again(name):
    evaluation = run(name)
    assert Evaluation.from_document(json.loads(written(evaluation))) == evaluation
    assert written(run(name)) == written(evaluation)


@pytest.mark.parametrize("name", METHODS)
def test_an_effect_is_added_to_what_is_estimated_without_one(name):
    added = run(name, effect=50.0).effect.value - run(name).effect.value
    assert added == pytest.approx(50.0, rel=1e-6)


@pytest.mark.parametrize("name", METHODS)
@given(st.integers(0, 200), st.sampled_from([0.0, 1.0, 50.0]))
@settings(max_examples=4)
def test_a_sentence_speaks_of_an_effect_only_where_the_interval_leaves_zero_out(name, seed, effect):
    evaluation = run(name, seed=seed, effect=effect)
    interval = evaluation.effect.inference.interval
    speaks = "neither an effect nor its absence" not in evaluation.sentence_en
    silent = "whether that is chance cannot be said" in evaluation.sentence_en
    assert silent or speaks == (not isinstance(interval, Interval) or not interval.contains(0.0))


@pytest.mark.parametrize("name", METHODS)
def test_the_gap_is_what_lies_between_the_series(name):
    series = run(name).series
    for treated, without, gap in zip(series.treated, series.counterfactual, series.gap, strict=True):
        if gap is not None:
            assert treated - without == pytest.approx(gap, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "evidence"),
    [
        ("synthetic_did", "comparison"),
        ("staggered", "comparison"),
        ("interrupted", "before_after"),
        ("interrupted, controlled", "controlled_before_after"),
        ("pairs", "randomised"),
    ],
)
def test_the_evidence_is_told(name, evidence):
    assert run(name).evidence == evidence


def test_a_series_alone_is_said_to_prove_less():
    assert "no_controls" in {finding.code for finding in run("interrupted").findings}


def test_staggered_is_the_mean_of_the_group_time_effects_over_the_treated_cells():
    values = noise(UNITS, PERIODS)
    first = np.array([12] * 4 + [16] * 3 + [NEVER] * 9)
    found = group_time_effects(values, first)
    size = np.where(found.groups == 12, 4, 3)[found.post]
    expected = float((found.effects[found.post] * size).sum() / size.sum())
    assert run("staggered", outcomes=values).effect.value == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("name", ["staggered", "staggered, not yet"])
def test_the_checks_vary_the_very_estimate_that_is_reported(name):
    """Duplicated controls change nothing when one of them is left out."""
    values = np.vstack([noise(7, PERIODS), np.repeat(noise(1, PERIODS, seed=5), UNITS - 7, axis=0)])
    findings = {finding.code: finding for finding in run(name, outcomes=values).findings}
    assert findings["leave_one_control_out"].number < 0.1


def test_staggered_tells_each_cohort_and_silences_those_too_small_for_normal_errors():
    evaluation = run("staggered")
    assert [component.label for component in evaluation.components] == ["012", "016"]
    assert {one.estimate.inference.p_value.reason_code for one in evaluation.components} == {"few_treated"}


@pytest.mark.parametrize("name", ["staggered, few", "synthetic_did", "augmented"])
def test_few_treated_units_are_ranked_among_placebos(name):
    inference = run(name, effect=100.0).effect.inference
    assert inference.p_value == pytest.approx(1 / (inference.placebos + 1))
    assert inference.standard_error is None


def test_pairs_are_judged_by_flipping_their_signs():
    inference = run("pairs", effect=100.0).effect.inference
    assert inference.p_value == pytest.approx(2 / 2**8)


def test_a_randomised_effect_is_the_difference_of_the_changes():
    values = noise(UNITS, PERIODS)
    change = values[:, START:].mean(axis=1) - values[:, :START].mean(axis=1)
    expected = change[:8].mean() - change[8:].mean()
    assert run("randomised", outcomes=values).effect.value == pytest.approx(expected, abs=1e-8)
    assert run("pairs", outcomes=values).effect.value == pytest.approx(expected, abs=1e-8)


def test_a_season_that_was_not_seen_once_is_refused():
    with pytest.raises(EstimationError, match="cycle"):
        run("interrupted", season=20)


def test_a_season_is_followed():
    values = noise(UNITS, 48) / 100 + 10 * np.sin(np.arange(48) * 2 * np.pi / 12)
    evaluation = run("interrupted", outcomes=values, start=36, season=12)
    assert abs(evaluation.effect.value) < 0.5


def test_a_shaky_result_carries_its_sensitivity_as_a_caution_and_a_firm_one_stands():
    codes = {"placebo_dates", "leave_one_control_out"}
    shaky = {found.code: found.level for found in run("synthetic_did").findings}
    firm = {found.code: found.level for found in run("synthetic_did", effect=100.0).findings}
    assert codes <= set(shaky)
    assert "fail" not in {shaky[code] for code in codes}
    assert {firm[code] for code in codes} == {"ok"}


def test_gaps_that_came_with_the_treatment_are_found():
    values = noise(UNITS, PERIODS)
    values[0, START + 1 :: 2] = np.nan
    design = create_design(treated=1, units=UNITS, start=START, missing="available")
    evaluation = evaluate(create_panel(values), design, np.random.default_rng(0))
    levels = {finding.code: finding.level for finding in evaluation.findings}
    assert levels["missing_asymmetry"] == "fail"


def test_a_version_1_document_is_read_as_a_comparison():
    evaluation = evaluate(
        create_panel(noise(12, 9)), create_design(treated=3, units=12, start=6), np.random.default_rng(0)
    )
    old = {**evaluation.document(), "schema_version": 1}
    del old["evidence"], old["components"]
    assert Evaluation.from_document(old) == evaluation


READ_ALOUD = re.compile(r"(\S*[\d%])(으로|로|은|는|을|를|이|가|과|와)(?=[\s,.])")
FORMS = {form: pair for pair in get_args(Particle) for form in pair.split("/")}


@pytest.mark.parametrize("name", METHODS)
@given(st.integers(0, 500))
@settings(max_examples=3)
def test_particles_fit_the_figures_and_codes_before_them(name, seed):
    evaluation = run(name, seed=seed, effect=seed / 100, outcome_unit="minutes", outcome_unit_ko="분")
    sentences = [evaluation.sentence_ko, *(finding.sentence_ko for finding in evaluation.findings)]
    for text, form in READ_ALOUD.findall(" ".join(sentences)):
        assert with_particle(text, FORMS[form]) == text + form
    assert not re.search(r"\d 분|\)[을를은는이가]\(|\([을를은는이가으]\)", " ".join(sentences))


SCRIPT = """
import hashlib
from tests.stats.methods.test_evaluate_methods import METHODS, run, written
print(hashlib.sha256("".join(written(run(name)) for name in METHODS).encode()).hexdigest())
"""


def test_the_number_of_cores_does_not_change_a_byte():
    digests = set()
    for threads in ("1", "2"):
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
        )
        digests.add(done.stdout)
    assert len(digests) == 1


@pytest.mark.parametrize("name", METHODS)
def test_the_order_of_units_does_not_change_a_byte(name):
    fields = {"start": START, **METHODS[name]}
    panel, design = create_panel(noise(UNITS, PERIODS)), create_design(units=UNITS, **fields)
    order = np.random.default_rng(1).permutation(UNITS)
    shuffled = evaluate(panel.rows([panel.units[row] for row in order]), design, np.random.default_rng(0))
    assert written(shuffled) == written(evaluate(panel, design, np.random.default_rng(0)))
