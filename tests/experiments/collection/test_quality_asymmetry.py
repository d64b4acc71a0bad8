"""Treated and control districts are collected alike, or the evaluation says so."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from experiments.collection.quality_asymmetry import Asymmetry, asymmetry, document, findings


def sides(units=10, treated=3, periods=40, after=20):
    is_treated = np.arange(units) < treated
    return np.ones((units, periods)), is_treated, np.arange(periods) >= after


def level(found, mappings=("one way",)):
    return {each.code: each.level for each in findings(found, mappings)}


def test_complete_readings_are_even():
    complete, is_treated, is_after = sides()
    found = asymmetry(complete, is_treated, is_after, 1)
    assert (found.difference, found.p_value) == (0.0, 1.0)
    assert level(found)["coverage_asymmetry"] == "ok"


def test_a_gap_in_all_controls_raises_the_alarm_exactly():
    completeness, is_treated, is_after = sides()
    completeness[3:, 25:30] = 0
    found = asymmetry(completeness, is_treated, is_after, 1)
    assert found.difference == pytest.approx(0.25)
    assert found.p_value == pytest.approx(1 / comb(10, 3))
    assert level(found)["coverage_asymmetry"] == "fail"


def test_a_gap_everywhere_is_no_asymmetry():
    completeness, is_treated, is_after = sides()
    completeness[:, 25:30] = 0
    assert level(asymmetry(completeness, is_treated, is_after, 1))["coverage_asymmetry"] == "ok"


def test_small_gaps_on_one_side_are_found_by_the_test():
    completeness, is_treated, is_after = sides(units=24, treated=4)
    completeness[:4, 30] = 0.5
    found = asymmetry(completeness, is_treated, is_after, 1)
    assert abs(found.difference) < 0.05
    assert found.p_value < 0.05
    assert level(found)["coverage_asymmetry"] == "caution"


def test_with_one_district_a_large_gap_counts_by_its_size():
    completeness, is_treated, is_after = sides(units=4, treated=1)
    completeness[0, 22:30] = 0
    found = asymmetry(completeness, is_treated, is_after, 1)
    assert found.p_value == pytest.approx(0.25)
    assert found.is_alarming


def test_random_gaps_are_rarely_called_asymmetric():
    rng = np.random.default_rng(2)
    _, is_treated, is_after = sides(units=12, treated=4)
    shares = [
        asymmetry((rng.random((12, 40)) > 0.1).astype(float), is_treated, is_after, 1).p_value
        for _ in range(400)
    ]
    assert np.mean(np.array(shares) <= 0.05) == pytest.approx(0.05, abs=0.03)


def test_where_assignments_are_too_many_they_are_drawn_from_the_seed():
    rng = np.random.default_rng(3)
    completeness, is_treated, is_after = sides(units=40, treated=10)
    completeness -= 0.1 * rng.random(completeness.shape)
    drawn = [asymmetry(completeness, is_treated, is_after, seed).p_value for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1]
    assert drawn[2] == pytest.approx(drawn[0], abs=0.02)


def test_without_controls_there_is_no_test():
    completeness, _, is_after = sides()
    found = asymmetry(completeness, np.ones(10, dtype=bool), is_after, 1)
    assert (found.p_value, found.difference) == (None, 0.0)


def test_two_ways_of_measuring_are_named():
    found = Asymmetry(1.0, 1.0, 1.0, 1.0, 1.0)
    said = document(found, ["loop counter", "camera"])["findings"][1]
    assert (said["level"], said["number"]) == ("caution", 2.0)
    assert "loop counter; camera" in said["sentence_en"]
