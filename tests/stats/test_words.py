import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats import reasons
from stats.inference import placebo_ratio, silent, student_t
from stats.results import Estimate
from stats.words import effect_sentences, figure, percent, probability


def estimate(value, error, unit="minutes"):
    return Estimate(value, student_t(value, error, 10.0, alpha=0.05, method="cr2_satterthwaite"), unit)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0, "0"),
        (1297.477, "1,297"),
        (-19.5136, "−19.5"),
        (0.000456, "0.000456"),
        (3.0, "3.00"),
        (1e9, "1,000,000,000"),
    ],
)
def test_figures_have_three_digits_and_no_exponent(value, told):
    assert figure(value) == told


@given(st.floats(1e-9, 1e12))
def test_figures_are_near_their_number(value):
    assert float(figure(value).replace(",", "")) == pytest.approx(value, rel=0.006)


@pytest.mark.parametrize(
    ("p_value", "told"),
    [(0.0004, "p < 0.001"), (0.0504, "p = 0.0504"), (0.0256, "p = 0.026"), (1.0, "p = 1.000")],
)
def test_probabilities_do_not_round_across_five_percent(p_value, told):
    assert probability(p_value) == told


@given(st.floats(-10, 10), st.floats(0.01, 10))
def test_an_effect_is_spoken_of_only_where_zero_is_rejected(value, error):
    one = estimate(value, error)
    ko, en = effect_sentences(one, reasons.counterfactual_not_positive())
    asserts = "the treated mean was" in en
    assert asserts == one.inference.excludes_zero
    assert asserts == ("평균은" in ko)
    assert asserts != ("zero cannot be ruled out" in en)
    assert asserts != ("0을 배제할 수 없습니다" in ko)


@pytest.mark.parametrize(("value", "en", "ko"), [(5.0, "above", "높았습니다"), (-5.0, "below", "낮았습니다")])
def test_the_direction_is_told(value, en, ko):
    told_ko, told_en = effect_sentences(estimate(value, 0.1), reasons.counterfactual_not_positive())
    assert f"5.00 minutes {en} the comparison" in told_en
    assert ko in told_ko


def test_the_share_of_the_counterfactual_stands_beside_the_effect():
    relative = Estimate(-0.25, estimate(-0.25, 0.01).inference)
    assert "5.00 minutes (25.0%) below" in effect_sentences(estimate(-5.0, 0.1), relative)[1]


def test_one_treated_unit_never_reads_as_significance():
    unknown = Estimate(-5.0, silent("cr2_satterthwaite", 0.05, reasons.one_treated_cluster()))
    ko, en = effect_sentences(unknown, reasons.counterfactual_not_positive())
    assert "whether that is chance cannot be said" in en
    assert "우연인지는 말할 수 없습니다" in ko
    assert "p " not in en


def test_an_interval_without_ends_is_said_to_have_none():
    endless = Estimate(-5.0, placebo_ratio(np.full(3, -5.0), 1.0, np.ones(4), alpha=0.05))
    assert math.isinf(endless.inference.interval.low)
    assert (
        "the 95% interval is unbounded" in effect_sentences(endless, reasons.counterfactual_not_positive())[1]
    )


def test_percent_of_a_share():
    assert percent(0.2389) == "23.9%"


def test_the_unit_reads_in_each_language():
    ko, en = effect_sentences(estimate(-5.0, 1.0), reasons.counterfactual_not_positive(), "분")
    assert "5.00분 낮았습니다" in ko
    assert "5.00 minutes below" in en
