"""The generalised method of moments, the profile likelihood and the cumulative analysis."""

import numpy as np
import pytest
import scipy.linalg
from scipy.optimize import minimize_scalar
from scipy.stats import chi2, multivariate_normal

from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.pooling.heterogeneity import Sites, tau_standard_error
from stats.pooling.meta import meta_analysis
from stats.pooling.profile_likelihood import tau2_profile_interval
from stats.pooling.site_influence import cumulative
from tests.stats.build import rows

SAME = 1e-8
BCG = rows("meta_bcg_es")
EFFECTS = np.array([float(row["yi"]) for row in BCG])
VARIANCES = np.array([float(row["vi"]) for row in BCG])
LATITUDE = np.array([float(row["ablat"]) for row in BCG])


def generalised(weights, **options):
    return meta_analysis(EFFECTS, VARIANCES, method="GENQ", moment_weights=weights, **options)


@pytest.mark.parametrize("moderators", [None, LATITUDE])
@pytest.mark.parametrize(("method", "weights"), [("DL", 1 / VARIANCES), ("HE", np.ones(13))])
def test_known_moments_are_generalised_ones(method, weights, moderators):
    found = generalised(weights, moderators=moderators)
    known = meta_analysis(EFFECTS, VARIANCES, method=method, moderators=moderators)
    assert found.tau2 == pytest.approx(known.tau2, abs=SAME)
    assert found.tau2_error == pytest.approx(known.tau2_error, abs=SAME)


def test_two_sites_with_weights_by_hand():
    """Weights 1 and 3: mean 3, Q = 9 + 3 = 12; var 1 each adds 3/2, as does tau^2: 12 / 1.5 - 1 = 7."""
    found = meta_analysis([0.0, 4.0], [1.0, 1.0], method="GENQ", moment_weights=[1.0, 3.0])
    assert found.tau2 == pytest.approx(7.0)


def test_the_moment_estimate_and_its_error_hold_in_draws():
    """The mean of 4,000 draws of 12 sites with tau^2 = 2, so that hardly any is cut at 0; seed 3."""
    rng = np.random.default_rng(3)
    v, weights = rng.uniform(0.1, 0.5, 12), rng.uniform(1, 3, 12)
    draws = rng.normal(size=(4000, 12)) * np.sqrt(v + 2.0)
    centred = draws - (draws @ weights / weights.sum())[:, None]
    maker = np.diag(weights) - np.outer(weights, weights) / weights.sum()
    by_hand = ((weights * centred**2).sum(axis=1) - np.diag(maker) @ v) / np.trace(maker)
    some = [meta_analysis(y, v, method="GENQ", moment_weights=weights, test="z").tau2 for y in draws[:20]]
    assert some == pytest.approx(by_hand[:20])
    assert by_hand.mean() == pytest.approx(2.0, abs=0.06)
    error = tau_standard_error(Sites(draws[0], v, np.ones((12, 1)), weights), 2.0, "GENQ")
    assert by_hand.std() == pytest.approx(error, rel=0.05)


def test_weights_and_the_method_belong_together():
    for options in ({"method": "GENQ"}, {"method": "DL", "moment_weights": np.ones(13)}):
        with pytest.raises(EstimationError, match="belong"):
            meta_analysis(EFFECTS, VARIANCES, **options)
    with pytest.raises(EstimationError, match="13 positive"):
        generalised(np.zeros(13))


def normal_likelihood(tau2, method, design):
    """Of the effects at their best coefficients, or of the contrasts that the moderators leave."""
    covariance = np.diag(VARIANCES + tau2)
    if method == "REML":
        contrasts = scipy.linalg.null_space(design.T)
        return multivariate_normal.logpdf(
            contrasts.T @ EFFECTS, np.zeros(contrasts.shape[1]), contrasts.T @ covariance @ contrasts
        )
    root = 1 / np.sqrt(VARIANCES + tau2)
    fitted = design @ np.linalg.lstsq(root[:, None] * design, root * EFFECTS, rcond=None)[0]
    return multivariate_normal.logpdf(EFFECTS, fitted, covariance)


@pytest.mark.parametrize("method", ["ML", "REML"])
@pytest.mark.parametrize("moderators", [None, LATITUDE])
@pytest.mark.parametrize("alpha", [0.05, 0.001])
def test_the_profile_interval_is_where_the_normal_likelihood_has_fallen_enough(method, moderators, alpha):
    design = np.column_stack([np.ones(13), *([] if moderators is None else [moderators])])
    analysis = meta_analysis(EFFECTS, VARIANCES, method=method, moderators=moderators, alpha=alpha)
    found = tau2_profile_interval(analysis)

    def drop(tau2):
        return best - normal_likelihood(tau2, method, design) - chi2.ppf(1 - alpha, 1) / 2

    best = -minimize_scalar(
        lambda tau2: -normal_likelihood(tau2, method, design), bounds=(0, 3), options={"xatol": 1e-10}
    ).fun
    assert drop(found.high) == pytest.approx(0, abs=1e-6)
    assert found.low == 0 or drop(found.low) == pytest.approx(0, abs=1e-6)
    assert (found.low == 0) == (drop(0.0) <= 0)
    assert found.contains(analysis.tau2)


def test_the_profile_interval_needs_a_likelihood_and_more_than_one_site():
    with pytest.raises(EstimationError, match="ML or REML"):
        tau2_profile_interval(meta_analysis(EFFECTS, VARIANCES, method="DL"))
    exact = meta_analysis([1.0, 1.0, 1.0], [1.0, 2.0, 3.0])
    assert tau2_profile_interval(exact).low == 0


def test_sites_are_added_one_by_one():
    analysis = generalised(1 / VARIANCES)
    order = np.argsort(VARIANCES).tolist()
    found = cumulative(analysis, order)
    assert [row.sites for row in found] == list(range(1, 14))
    assert found[0].pooled.value == EFFECTS[order[0]]
    assert isinstance(found[0].i2_pct, NotComputable)
    third = meta_analysis(EFFECTS[order[:3]], VARIANCES[order[:3]], method="DL")
    assert found[2].pooled.value == pytest.approx(third.pooled.value)
    assert found[2].pooled.inference.interval.low == pytest.approx(third.pooled.inference.interval.low)
    assert found[-1].pooled.value == pytest.approx(analysis.pooled.value)
    assert [row.label for row in cumulative(analysis)] == [str(number) for number in range(13)]
    with pytest.raises(EstimationError, match="once"):
        cumulative(analysis, [0, 0, 1])
