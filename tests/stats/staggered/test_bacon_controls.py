import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.cohorts import NEVER
from stats.differences.two_way import two_way_effect
from stats.errors import EstimationError
from stats.staggered.bacon import bacon
from stats.staggered.bacon_controls import bacon_with_controls
from tests.stats.build import noise

# Two exact routes on well-conditioned data differ by rounding only.
EXACT = 1e-8


def drawn(seed):
    rng = np.random.default_rng(seed)
    starts = np.concatenate([[0, 0, NEVER, NEVER, 2], rng.choice([0, 2, 3, 5, NEVER], 12)])
    return noise(17, 7, seed=seed), starts, rng.normal(size=(17, 7, 2)), rng.uniform(0.5, 2, 17)


@given(st.integers(0, 1000), st.booleans())
def test_the_parts_sum_to_the_adjusted_two_way_estimate(seed, weighted):
    outcomes, starts, covariates, weights = drawn(seed)
    weights = weights if weighted else None
    found = bacon_with_controls(outcomes, starts, covariates=covariates, weights=weights)
    whole = two_way_effect(outcomes, starts, covariates=covariates, weights=weights).value("effect")
    assert found.estimate == pytest.approx(whole, abs=EXACT)
    assert sum(each.weight for each in found.pairs) == pytest.approx(1.0)
    assert sum(share.weight for share in found.shares.values()) == pytest.approx(1.0)
    assert 0 < found.within.weight < 1


def test_each_part_is_what_a_regression_with_dummies_gives():
    """Within: y on d and cohort x period; a pair: y on d_kt and two-way effects, of these units alone."""
    outcomes, starts, covariates, _ = drawn(5)
    units, periods = outcomes.shape
    unit, period = np.divmod(np.arange(outcomes.size), periods)
    dummies = np.column_stack([np.eye(units)[unit], np.eye(periods)[period], covariates.reshape(-1, 2)])
    treated = (period >= starts[unit]).astype(float)
    left = treated - dummies @ np.linalg.lstsq(dummies, treated, rcond=None)[0]
    cohort = np.unique(starts, return_inverse=True)[1][unit]
    cells = np.eye((cohort.max() + 1) * periods)[cohort * periods + period]
    means = cells @ np.linalg.lstsq(cells, left, rcond=None)[0]
    found = bacon_with_controls(outcomes, starts, covariates=covariates)
    y = outcomes.ravel()
    inner = np.column_stack([left, cells])
    assert found.within.estimate == pytest.approx(np.linalg.lstsq(inner, y, rcond=None)[0][0], abs=EXACT)
    for pair in found.pairs:
        here = np.isin(starts[unit], (pair.earlier, pair.later))
        design = np.column_stack([means, np.eye(units)[unit], np.eye(periods)[period]])[here]
        assert pair.estimate == pytest.approx(np.linalg.lstsq(design, y[here], rcond=None)[0][0], abs=EXACT)


def test_covariates_that_tell_nothing_of_treatment_leave_the_plain_pairs():
    """A covariate of one unit pair that cancels within its cohort moves nothing between cohorts."""
    starts = np.array([2, 2, 4, 4, NEVER, NEVER])
    wave = np.zeros((6, 6))
    wave[0], wave[1] = [1, -1, 0, 0, 1, -1], [-1, 1, 0, 0, -1, 1]
    outcomes = noise(6, 6, seed=3)
    found, plain = bacon_with_controls(outcomes, starts, covariates=wave), bacon(outcomes, starts)
    assert found.within.weight == 0
    assert found.finding().level == "ok"
    assert found.estimate == pytest.approx(plain.estimate, abs=EXACT)
    never = found.shares["never_vs_timing"]
    assert never.weight == pytest.approx(plain.shares["treated_vs_untreated"].weight, abs=EXACT)
    assert never.estimate == pytest.approx(plain.shares["treated_vs_untreated"].estimate, abs=EXACT)


def test_a_covariate_that_explains_the_treatment_is_refused():
    starts = np.array([2, 2, 4, 4, NEVER, NEVER])
    treated = (np.arange(6) >= starts[:, None]).astype(float)
    with pytest.raises(EstimationError, match="treatment"):
        bacon_with_controls(noise(6, 6), starts, covariates=treated)
    with pytest.raises(EstimationError, match="no two cohorts"):
        bacon_with_controls(noise(6, 6), np.full(6, 2), covariates=noise(6, 6, seed=9))


def test_the_finding_tells_what_the_covariates_carry():
    outcomes, starts, covariates, _ = drawn(1)
    finding = bacon_with_controls(outcomes, starts, covariates=covariates).finding()
    assert f"{100 * finding.number:.0f}%" in finding.sentence_en
    assert f"{100 * finding.number:.0f}%" in finding.sentence_ko
