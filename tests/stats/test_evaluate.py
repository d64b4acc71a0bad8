import hashlib
import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.design import Design
from stats.errors import DesignError, DocumentError, EstimationError, PanelError
from stats.evaluate import Evaluation, evaluate
from stats.findings import NotComputable
from stats.panel import Panel
from tests.stats.build import california, create_design, create_panel, noise

DID = {"treated": 3, "units": 12, "start": 6, "outcome_unit": "minutes"}


def run(outcomes, seed=0, **others):
    return evaluate(create_panel(outcomes), create_design(**others), np.random.default_rng(seed))


def written(evaluation):
    return json.dumps(evaluation.document(), sort_keys=True, allow_nan=False)


def examples():
    """One evaluation of each kind, also of panels with gaps in awkward places."""
    gappy = noise(12, 9)
    gappy[0, 2] = gappy[5, 7] = np.nan
    bare = noise(12, 9)
    bare[3:, 7] = np.nan
    bare[1:3, 2] = np.nan
    return {
        "did": run(noise(12, 9), **DID),
        "did with gaps": run(gappy, missing="available", **DID),
        "did with a period without controls": run(bare, missing="available", **DID),
        "did of one unit with a period without controls": run(
            bare, missing="available", **{**DID, "treated": 1}
        ),
        "did staggered": run(noise(12, 9), **{**DID, "start": [4, 6, 6]}),
        "did of one unit": run(noise(12, 9), **{**DID, "treated": 1}),
        "synthetic control": run(noise(12, 9), **{**DID, "treated": 1, "method": "synthetic_control"}),
        "synthetic control of few": run(noise(4, 9), treated=1, units=4, start=6, method="synthetic_control"),
        "negative outcomes": run(noise(12, 9) - 100, **DID),
    }


@pytest.mark.parametrize("name", list(examples()))
def test_an_evaluation_comes_back_from_its_document(name):
    evaluation = examples()[name]
    assert Evaluation.from_document(json.loads(written(evaluation))) == evaluation


def test_the_same_seed_gives_the_same_bytes():
    assert written(run(noise(12, 9), **DID)) == written(run(noise(12, 9), **DID))


SCRIPT = """
import hashlib, json, numpy as np
from stats.evaluate import evaluate
from stats.panel import Panel
from tests.stats.build import california, create_design, create_panel, noise
outcomes = noise(25, 150, seed=1)
outcomes[np.random.default_rng(2).random(outcomes.shape) < 0.02] = np.nan
design = create_design(treated=3, units=25, start=100, missing="available")
did = evaluate(create_panel(outcomes), design, np.random.default_rng(0))
scm = evaluate(*california(), np.random.default_rng(0))
text = json.dumps([did.document(), scm.document()], sort_keys=True)
print(hashlib.sha256(text.encode()).hexdigest())
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


@given(st.permutations(range(12)))
@settings(max_examples=15)
def test_the_order_of_units_does_not_change_a_byte(order):
    panel, design = create_panel(noise(12, 9)), create_design(**DID)
    shuffled = evaluate(panel.rows([panel.units[row] for row in order]), design, np.random.default_rng(0))
    assert written(shuffled) == written(evaluate(panel, design, np.random.default_rng(0)))


def test_the_series_are_the_means_and_their_gap():
    outcomes = noise(12, 9)
    evaluation = run(outcomes, **DID)
    np.testing.assert_allclose(evaluation.series.treated, outcomes[:3].mean(axis=0), atol=1e-8)
    gaps = np.array(evaluation.series.treated) - np.array(evaluation.series.counterfactual)
    np.testing.assert_allclose(evaluation.series.gap, gaps, atol=1e-8)
    assert np.mean(evaluation.series.gap[6:]) == pytest.approx(evaluation.effect.value, abs=1e-8)


def test_the_relative_effect_is_a_share_of_the_counterfactual_mean():
    evaluation = run(noise(12, 9), **DID)
    base = np.mean(evaluation.series.counterfactual[6:])
    assert evaluation.relative_effect.value == pytest.approx(evaluation.effect.value / base, rel=1e-6)


@given(st.integers(0, 300), st.floats(-3, 3))
@settings(max_examples=40)
def test_effect_and_relative_effect_never_contradict_each_other(seed, effect):
    outcomes = noise(12, 9, seed=seed)
    outcomes[:3, 6:] += effect
    evaluation = run(outcomes, **DID)
    natural, relative = evaluation.effect.inference, evaluation.relative_effect.inference
    assert natural.p_value == relative.p_value
    assert natural.interval.contains(0.0) == relative.interval.contains(0.0)


def test_a_counterfactual_below_zero_has_no_relative_effect():
    evaluation = run(noise(12, 9) - 100, **DID)
    assert evaluation.relative_effect.reason_code == "counterfactual_not_positive"


def test_a_counterfactual_that_may_be_zero_leaves_the_relative_interval_open_above():
    outcomes = noise(12, 9) - 10
    outcomes -= outcomes[:3, 6:].mean() - 0.5  # observed 0.5 on average, the effect near zero
    evaluation = run(outcomes, **DID)
    assert evaluation.effect.value < 0.5 < evaluation.effect.inference.interval.high
    interval = evaluation.relative_effect.inference.interval
    assert math.isinf(interval.high)
    assert interval.unbounded.reason_code == "counterfactual_not_positive"


def test_difference_in_differences_carries_its_event_study_and_no_weights():
    evaluation = run(noise(12, 9), **DID)
    assert len(evaluation.event_study.coefficients) == 8
    assert (evaluation.weights, evaluation.predictors, evaluation.placebos) == ((), (), ())
    assert {"pre_trend", "coverage", "treated_clusters"} <= {finding.code for finding in evaluation.findings}


def test_one_treated_unit_carries_its_placebos():
    evaluation = run(noise(12, 9), **{**DID, "treated": 1})
    assert len(evaluation.placebos) == 11
    assert evaluation.effect.inference.placebos == 11


def test_proposition_99_carries_weights_placebos_and_balance():
    evaluation = evaluate(*california(predictors=True), np.random.default_rng(0))
    assert {"Utah", "Nevada", "Montana", "Colorado", "Connecticut"} <= {
        one.unit for one in evaluation.weights
    }
    assert sum(one.weight for one in evaluation.weights) == pytest.approx(1.0, abs=1e-8)
    assert len(evaluation.placebos) == 38
    assert sum(one.importance for one in evaluation.predictors) == pytest.approx(1.0, abs=1e-8)
    price = next(one for one in evaluation.predictors if one.name == "retprice")
    # Abadie, Diamond and Hainmueller (2010), Table 1: 89.42 and 89.41; the mean of all states 87.27.
    assert (price.treated, price.synthetic) == pytest.approx((89.42, 89.41), abs=0.05)
    assert price.controls == pytest.approx(87.27, abs=0.01)
    assert "below the comparison" in evaluation.sentence_en
    assert "p = 0.026" in evaluation.sentence_ko
    assert (
        hashlib.sha256(written(evaluation).encode()).hexdigest()
        == hashlib.sha256(written(Evaluation.from_document(evaluation.document())).encode()).hexdigest()
    )


def test_what_is_not_computable_is_listed_with_its_place():
    evaluation = run(noise(4, 9), treated=1, units=4, start=6, method="synthetic_control")
    reasons = dict(evaluation.not_computable)
    assert reasons["effect.inference.interval.unbounded"].reason_code == "placebos_too_few_for_level"
    assert all(isinstance(reason, NotComputable) for reason in reasons.values())


def test_what_the_policy_dropped_is_in_the_evaluation():
    outcomes = noise(12, 9)
    outcomes[5, 2] = np.nan
    evaluation = run(outcomes, missing="drop_unit", **DID)
    assert evaluation.dropped_units == ("u005",)
    assert "u005" not in evaluation.controls


def test_the_digest_is_of_the_panel_handed_in():
    panel = create_panel(noise(12, 9))
    evaluation = evaluate(panel, create_design(**DID), np.random.default_rng(0))
    assert evaluation.panel_digest == panel.digest()


@pytest.mark.parametrize(
    ("outcomes", "others", "error"),
    [
        (noise(4, 9), DID, DesignError),
        (np.where(np.eye(12, 9) > 0, np.nan, noise(12, 9)), DID, PanelError),
        (noise(2, 9), {"units": 2, "start": 6, "method": "synthetic_control"}, EstimationError),
    ],
    ids=["unknown units", "missing cells", "one control"],
)
def test_what_cannot_be_analysed_is_refused(outcomes, others, error):
    with pytest.raises(error):
        run(outcomes, **others)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"schema_version": 4}, "schema_version"),
        ({"evidence": "hearsay"}, "evidence"),
        ({"effect": None}, "document"),
        ({"design": {"method": "did"}}, "design"),
    ],
)
def test_a_document_of_another_shape_is_refused(change, path):
    document = {**run(noise(12, 9), **DID).document(), **change}
    with pytest.raises(DocumentError) as caught:
        Evaluation.from_document(document)
    assert caught.value.path == path


def test_a_document_that_lacks_a_field_is_refused_by_its_name():
    document = run(noise(12, 9), **DID).document()
    del document["series"]["gap"]
    with pytest.raises(DocumentError, match="gap"):
        Evaluation.from_document(document)


def test_the_design_is_echoed_as_it_was():
    document = create_design(**DID).document()
    assert Design.from_document(run(noise(12, 9), **DID).document()["design"]).document() == document


@pytest.mark.parametrize(("units", "treated", "seed"), [(5, 2, 12), (5, 2, 41), (25, 1, 53), (25, 1, 89)])
def test_outcomes_round_zero_have_no_relative_effect(units, treated, seed):
    """Draws in which the mean observed is below zero and the interval holds no zero."""
    outcomes = np.random.default_rng(seed).normal(size=(units, 40))
    names = tuple(f"D{row:02}" for row in range(units))
    periods = tuple(f"W{column:02}" for column in range(40))
    design = Design(
        method="did",
        treated=names[:treated],
        first_treated=dict.fromkeys(names[:treated], "W30"),
        controls=names[treated:],
        alpha=0.05,
        missing="refuse",
    )
    found = evaluate(Panel(outcomes, names, periods), design, np.random.default_rng(seed))
    assert found.relative_effect.reason_code == "counterfactual_not_positive"
    assert found.effect.inference.excludes_zero
