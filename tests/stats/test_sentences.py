import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stats import reasons
from stats.errors import EstimationError
from stats.inference import silent, student_t
from stats.monitoring.sequential import spending_boundaries
from stats.monitoring.tost import tost
from stats.planning.power import not_reached_before_the_end
from stats.pooling.meta import meta_analysis
from stats.pooling.transport import Target, transported_effect
from stats.results import Estimate
from stats.sentences import (
    equivalence_sentences,
    group_time_sentences,
    look_sentences,
    pooled_sentences,
    power_sentences,
    transported_sentences,
)
from stats.words import effect_sentences, figure

OPEN = "zero cannot be ruled out"


def estimate(value, error):
    return Estimate(value, student_t(value, error, 20.0, alpha=0.05, method="t"), "minutes")


@given(st.floats(-10, 10), st.floats(0.1, 10))
def test_an_average_over_starts_claims_an_effect_only_where_zero_is_excluded(value, error):
    one = estimate(value, error)
    ko, en = group_time_sentences(one, 3, "분")
    assert ("the effect is" in en) == one.inference.excludes_zero == ("효과는" in ko)
    assert (OPEN in en) != one.inference.excludes_zero
    assert figure(value).lstrip("+") in en


def test_an_average_without_errors_is_not_called_an_effect():
    one = Estimate(3.0, silent("t", 0.05, reasons.one_treated_cluster()), "minutes")
    ko, en = group_time_sentences(one, 2)
    assert "whether that is chance cannot be said" in en
    assert "우연인지는 말할 수 없습니다" in ko
    assert "the effect is" not in en


@given(st.floats(-3, 3), st.floats(0.1, 2))
def test_equivalence_is_told_as_it_was_found(value, error):
    found = tost(estimate(value, error), low=-1, high=1)
    _, en = equivalence_sentences(found, low=-1, high=1, unit="minutes")
    assert ("lies within the bounds of equivalence, −1.00 to 1.00 minutes" in en and "clear" not in en) == (
        found.status == "equivalent"
    )
    assert ("beyond" in en) == (found.status == "different")
    assert ("not clear" in en) == (found.status == "unclear")


def test_equivalence_without_a_standard_error_gives_the_reason():
    found = tost(Estimate(0.0, silent("t", 0.05, reasons.one_treated_cluster())), low=-1, high=1)
    assert equivalence_sentences(found, low=-1, high=1) == (found.sentence_ko, found.sentence_en)


@pytest.mark.parametrize(
    ("look", "z", "said"),
    [
        (0, 2.0, "goes on"),
        (0, 9.0, "is crossed"),
        (0, -9.0, "is crossed"),
        (2, 1.0, "neither effect nor absence"),
        (2, 2.5, "is crossed"),
    ],
)
def test_a_look_claims_nothing_short_of_its_boundary(look, z, said):
    boundaries = spending_boundaries((1 / 3, 2 / 3, 1.0))
    assert said in look_sentences(boundaries, look, z)[1]


@given(st.lists(st.floats(-2, 2), min_size=4, max_size=8))
@settings(max_examples=20)
def test_pooling_tells_the_effect_and_the_next_site_as_the_intervals_say(effects):
    assume(np.ptp(effects) > 0)
    analysis = meta_analysis(effects, np.full(len(effects), 0.09))
    ko, en = pooled_sentences(analysis)
    pooled, next_site = analysis.pooled.inference, analysis.predict().interval
    assert ("the effect is" in en) == bool(pooled.excludes_zero)
    assert ("in either direction" in en) == next_site.contains(0.0) == ("다를 수 있습니다" in ko)
    assert figure(next_site.low) in en
    assert figure(next_site.high) in en


def test_sites_that_agree_to_the_last_digit_promise_nothing_of_a_new_one():
    ko, en = pooled_sentences(meta_analysis([1.0] * 3, [0.1] * 3))
    assert "A new site is expected" not in en
    assert "every site reports the same estimate, 1.00" in en
    assert "말할 수 없습니다" in ko


@pytest.mark.parametrize("look", [-1, 3, 5])
def test_a_look_that_was_not_planned_is_refused(look):
    with pytest.raises(EstimationError, match="look"):
        look_sentences(spending_boundaries((1 / 3, 2 / 3, 1.0)), look, 2.5)


def test_the_arm_that_does_not_reach_the_target_is_named():
    rng = np.random.default_rng(0)
    covariates, treated = rng.uniform(size=(80, 1)), np.arange(80) % 2
    covariates[treated == 1] += 1
    outcomes = covariates[:, 0] + rng.normal(size=80)
    for mean, arm in ((0.2, "treated"), (1.8, "control")):
        found = transported_effect(outcomes, treated, covariates, Target.of_means([mean]))
        assert f"The {arm} arm alone" in transported_sentences(found)[1]


def test_a_fixed_effect_says_nothing_of_other_sites():
    _, en = pooled_sentences(meta_analysis([1.0, 1.2, 0.9], [0.01] * 3, method="FE", test="z"))
    assert "nothing is said of other sites" in en


def test_a_target_out_of_reach_is_called_extrapolation():
    rng = np.random.default_rng(0)
    covariates, treated = rng.uniform(size=(80, 1)), np.arange(80) % 2
    outcomes = covariates[:, 0] + treated + rng.normal(size=80) / 10
    far = transported_effect(outcomes, treated, covariates, Target.of_means([9.0]))
    near = transported_effect(outcomes, treated, covariates, Target.of_means([0.5]))
    assert "extrapolation" in transported_sentences(far)[1]
    assert "the effect is" not in transported_sentences(far)[1]
    assert transported_sentences(near)[1].startswith("The target lies within")
    assert "the effect is" in transported_sentences(near)[1]


def test_an_effect_that_cannot_be_found_in_time_is_said_to_be_so():
    never = not_reached_before_the_end(12, 0.8)
    assert power_sentences(never, effect=1.0, target=0.8) == (never.sentence_ko, never.sentence_en)
    assert "probability 80% after 7 periods" in power_sentences(7, effect=1.0, target=0.8)[1]


def test_a_series_without_controls_is_held_against_its_own_past():
    ko, en = effect_sentences(
        estimate(-5.0, 0.1), reasons.counterfactual_not_positive(), "분", "before_after"
    )
    assert "what its own past predicts" in en
    assert "비교 기준" not in ko
