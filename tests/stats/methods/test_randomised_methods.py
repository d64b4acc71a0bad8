"""Randomised designs behind the front door: wedges that all join, switchbacks, balance as dealt."""

import json
from dataclasses import replace

import numpy as np
import pytest

from stats.checks.balance import dealt_balance_finding
from stats.design import Assignment, Design, Switchback
from stats.errors import DesignError, EstimationError
from stats.evaluate import Evaluation, evaluate
from stats.trials.assignment import Permuted
from stats.trials.crossover import stepped_wedge, switchback
from tests.stats.build import create_design, create_panel, labels, noise

UNITS, PERIODS = 8, 24
STARTS = [8, 8, 12, 12, 16, 16, 20, 20]
DRAWS = 200


def wedge(never, *, effect=0.0, missing="refuse", gap=False):
    values, starts = noise(UNITS, PERIODS), STARTS[: UNITS - never]
    for row, start in enumerate(starts):
        values[row, start:] += effect
    if gap:
        values[1, 3] = np.nan
    design = create_design(
        treated=len(starts),
        units=UNITS,
        start=starts,
        method="randomised",
        missing=missing,
        assignment=Assignment("stepped_wedge"),
    )
    return values, evaluate(create_panel(values), design, np.random.default_rng(0))


@pytest.mark.parametrize("never", [0, 1, 2])
@pytest.mark.parametrize("gap", [False, True])
def test_a_wedge_may_leave_none_one_or_some_without_treatment(never, gap):
    values, evaluation = wedge(never, effect=3.0, missing="available" if gap else "refuse", gap=gap)
    first = np.array(STARTS[: UNITS - never] + [PERIODS] * never)
    expected = stepped_wedge(values, first, rng=np.random.default_rng(0))
    assert evaluation.effect.value == pytest.approx(expected.estimate, abs=1e-8)
    assert evaluation.effect.value == pytest.approx(3.0, abs=1.0)
    assert "dealt_balance" in {finding.code for finding in evaluation.findings}


@pytest.mark.parametrize("never", [0, 1])
def test_the_counterfactual_of_a_wedge_ends_where_all_are_treated(never):
    _, evaluation = wedge(never)
    last = max(STARTS[: UNITS - never])
    known = [value is not None for value in evaluation.series.counterfactual]
    assert known == [period < last or never > 0 for period in range(PERIODS)]


def test_the_counterfactual_of_a_wedge_without_noise_is_the_outcome_less_the_effect():
    unit, period = np.arange(UNITS)[:, None], np.sin(np.arange(PERIODS))
    values = 10.0 + unit + period
    for row, start in enumerate(STARTS[:6]):
        values[row, start:] += 3.0
    design = create_design(
        treated=6, units=8, start=STARTS[:6], method="randomised", assignment=Assignment("stepped_wedge")
    )
    evaluation = evaluate(create_panel(values), design, np.random.default_rng(0))
    assert evaluation.effect.value == pytest.approx(3.0)
    np.testing.assert_allclose(evaluation.series.counterfactual, 10 + 2.5 + period, atol=1e-8)


def switched(*, length=2, first=4, effect=0.0, together=False, missing="refuse", **told):
    """A trial of four units from period `first` on, its blocks tossed: outcomes, treatment, evaluation."""
    units, periods = labels("u", 4), np.array(labels("", PERIODS))
    blocks = (PERIODS - first) // length
    coins = np.random.default_rng(3).random((1 if together else 4, blocks)) < 0.5
    chosen = np.repeat(np.broadcast_to(coins, (4, blocks)), length, axis=1)
    values = noise(4, PERIODS, persistence=0.5)
    values[:, first:] += effect * chosen
    treated = {unit: tuple(periods[first:][row].tolist()) for unit, row in zip(units, chosen, strict=True)}
    trial = Switchback(length, treated, first=str(periods[first]), together=together, **told)
    design = Design(
        method="randomised",
        treated=units,
        first_treated={unit: each[0] for unit, each in treated.items()},
        controls=(),
        alpha=0.05,
        missing=missing,
        assignment=Assignment("switchback", switchback=trial),
    )
    return values, chosen, evaluate(create_panel(values), design, np.random.default_rng(0))


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("tossed", ["coins", "balanced"])
@pytest.mark.parametrize("first", [0, 4])
def test_a_switchback_is_analysed_by_its_coins(together, tossed, first):
    values, chosen, evaluation = switched(effect=2.0, together=together, tossed=tossed, first=first)
    expected = switchback(
        values[:, first:],
        chosen,
        length=2,
        rng=np.random.default_rng(0),
        together=together,
        tossed=tossed,
    )
    assert evaluation.effect.value == pytest.approx(expected.estimate, abs=1e-8)
    assert evaluation.effect.inference.p_value == pytest.approx(expected.inference.p_value)
    assert evaluation.evidence == "randomised"
    assert Evaluation.from_document(json.loads(json.dumps(evaluation.document()))) == evaluation


def test_the_series_of_a_switchback_show_the_share_that_is_treated():
    _, chosen, evaluation = switched(effect=2.0)
    gap = [0.0 if value is None else value for value in evaluation.series.gap]
    share = np.concatenate([np.zeros(4), chosen.mean(axis=0)])
    np.testing.assert_allclose(gap, evaluation.effect.value * share, atol=1e-8)
    assert evaluation.series.treated[:4] == (None,) * 4


def test_the_washout_leaves_the_first_periods_of_a_block_out():
    values, chosen, evaluation = switched(effect=2.0, washout=1)
    expected = switchback(values[:, 4:], chosen, length=2, washout=1, rng=np.random.default_rng(0))
    assert evaluation.effect.value == pytest.approx(expected.estimate, abs=1e-8)


def test_a_switchback_whose_treatment_changes_within_a_block_is_refused():
    values, _, evaluation = switched(length=1)
    trial = replace(evaluation.design.assignment.switchback, length=3)
    design = replace(evaluation.design, assignment=Assignment("switchback", switchback=trial))
    with pytest.raises(EstimationError, match="changes within a block"):
        evaluate(create_panel(values), design, np.random.default_rng(0))


@pytest.mark.parametrize("missing", ["drop_period", "available"])
def test_a_switchback_needs_unbroken_blocks(missing):
    with pytest.raises(DesignError, match="unbroken"):
        switched(missing=missing)


def shares(mechanism, blocks=None, columns=3):
    """The number of the finding over fair deals of `mechanism`, for covariates that were there before."""
    rng = np.random.default_rng(8)
    place, found = mechanism.place, []
    values = {str(one): rng.normal(size=len(place)) for one in range(columns)}
    for labels_ in mechanism.draw(DRAWS, rng):
        dealt = Permuted(labels_[place], mechanism.clusters, mechanism.blocks)
        found.append(dealt_balance_finding(values, dealt, rng, blocks).number)
    return np.array(found)


TEN = np.arange(10)


@pytest.mark.parametrize(
    ("mechanism", "blocks"),
    [
        (Permuted((TEN < 4).astype(np.int64)), None),
        (Permuted((TEN % 2).astype(np.int64), blocks=TEN // 2), TEN // 2),
        (Permuted(np.array([0, 0, 0, 1, 1, 2, 2, 3, 3, 3])), None),
        (Permuted((TEN // 2 < 2).astype(np.int64), clusters=TEN // 2), None),
    ],
    ids=["units", "pairs", "wedge", "clusters"],
)
def test_a_fair_deal_is_doubted_as_seldom_as_its_level_says(mechanism, blocks):
    numbers = shares(mechanism, blocks)
    # Three binomial standard errors of 200 draws round a share that is exact or smaller.
    assert (numbers <= 0.05).mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / DRAWS)
    assert (numbers <= 0.5).mean() <= 0.5 + 3 * np.sqrt(0.25 / DRAWS)


def test_a_deal_of_the_largest_units_is_found_out():
    size = np.arange(16.0)
    found = dealt_balance_finding(
        {"size": size, "rain": np.cos(size)},
        Permuted((size > 7).astype(np.int64)),
        np.random.default_rng(0),
    )
    assert (found.level, found.number) == ("fail", pytest.approx(2 / 12_870, rel=2))
    assert "size" in found.sentence_ko


def test_the_share_is_counted_by_hand():
    found = dealt_balance_finding(
        {"size": np.array([1.0, 2, 3, 4])}, Permuted(np.array([1, 1, 0, 0])), np.random.default_rng(0)
    )
    assert found.number == pytest.approx(2 / 6)


def test_covariates_that_do_not_vary_leave_nothing_to_judge():
    found = dealt_balance_finding(
        {"size": np.ones(4)}, Permuted(np.array([1, 1, 0, 0])), np.random.default_rng(0)
    )
    assert found.number.reason_code == "no_variation"


def test_a_covariate_that_is_not_finite_is_refused():
    with pytest.raises(EstimationError, match="size"):
        dealt_balance_finding(
            {"size": np.array([1.0, np.nan])}, Permuted(np.array([1, 0])), np.random.default_rng(0)
        )
