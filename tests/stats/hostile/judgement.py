"""Checks, looks, plans and pooling: a valid input for each."""

import numpy as np

from stats.checks import (
    balance,
    diagnostics,
    e_value,
    honest,
    pretrend_power,
    sensitivity,
    smoothness_bound,
)
from stats.checks.honest_restrictions import Restriction
from stats.checks.honest_sets import EventCoefficients
from stats.cohorts import NEVER
from stats.findings import NotComputable
from stats.monitoring import (
    anytime,
    anytime_events,
    equivalence,
    event_rates,
    futility,
    multiplicity,
    proportions,
    sequential,
    sequential_inference,
    spending,
    tost,
)
from stats.planning import design_search, power
from stats.pooling import (
    benefit_cost,
    calibration,
    meta,
    overlap,
    profile_likelihood,
    site_influence,
    transport,
)
from stats.pooling.overlap import Target
from tests.stats.hostile.specimen import (
    BY_CELL,
    COUNTS,
    COVARIANCE,
    DRAWN,
    ESTIMATE,
    FIXED,
    GRID,
    ONE_START,
    ROW_TREATED,
    ROW_WEIGHTS,
    ROW_X,
    ROW_Y,
    SERIES,
    UNITS,
    WEIGHTS,
    Specimen,
)

EVENT = EventCoefficients(np.array([0.1, -0.1, 1.0, 1.2, 0.9]), COVARIANCE, 2)
SMOOTH = Restriction("smoothness")
SITES = meta.meta_analysis([0.1, 0.5, 0.3, 0.9, 0.4], [0.04, 0.05, 0.03, 0.06, 0.02])


def _mean_change(outcomes, first_treated):
    treated = np.asarray(first_treated) < NEVER
    start = int(np.asarray(first_treated)[treated].min())
    changes = outcomes[:, start:].mean(axis=1) - outcomes[:, :start].mean(axis=1)
    return float(changes[treated].mean() - changes[~treated].mean())


def _robust(estimates, covariance):
    return honest.robust(EventCoefficients(estimates, covariance, 2), SMOOTH, 0.1)


def _transported(outcomes, treated, covariates, means):
    target = Target.of_means(means)
    return transport.transported_effect(outcomes, treated, covariates, target)


def _overlap(covariates, means):
    return overlap.overlap(covariates, Target.of_means(means))


def _rate(events, exposure):
    return event_rates.rate_ratio(event_rates.Count(events, exposure), event_rates.Count(9, 120.0))


def _shares(events, trials):
    return proportions.difference_of_proportions(proportions.Share(events, trials), proportions.Share(9, 120))


def _margin(events, trials, margin):
    shares = proportions.Share(events, trials), proportions.Share(9, 120)
    return proportions.margin_test(*shares, margin=margin, better="higher")


def _stream(won, draws, rng, discount_rate):
    streams = (
        benefit_cost.Stream("saved", "benefit", tuple(won), per_effect=True),
        benefit_cost.Stream("spent", "cost", (100,)),
    )
    return benefit_cost.benefit_cost(streams, ESTIMATE, discount_rate=discount_rate, rng=rng, draws=draws)


def _effect(found):
    return found.effect


JUDGEMENT = (
    Specimen(
        balance.balance, {"covariates": {"x": FIXED[:, 0]}, "treated": ONE_START < NEVER, "weights": WEIGHTS}
    ),
    Specimen(
        diagnostics.missing_asymmetry,
        {"outcomes": np.where(BY_CELL > 1.5, np.nan, GRID), "first_treated": ONE_START},
    ),
    Specimen(honest.robust, {"estimates": EVENT.estimates, "covariance": COVARIANCE}, call=_robust),
    Specimen(honest.original, {"event": EVENT, "weights": np.ones(3) / 3}),
    Specimen(
        honest.sensitivity,
        {"event": EVENT, "restriction": SMOOTH, "bounds": (0.1,), "weights": np.ones(3) / 3},
    ),
    Specimen(honest.breakdown, {"event": EVENT, "restriction": SMOOTH, "weights": np.ones(3) / 3}),
    Specimen(honest.smoothness_upper_bound, {"event": EVENT}),
    Specimen(smoothness_bound.smoothness_lower_bound, {"event": EVENT}),
    Specimen(e_value.e_value, {"ratio": 2.0, "low": 1.5, "high": 3.0}),
    Specimen(e_value.e_value_of_difference, {"estimate": ESTIMATE, "standard_deviation": 2.0}),
    Specimen(
        pretrend_power.slope_for_power, {"covariance": COVARIANCE, "periods": np.array([-3, -2, 0, 1, 2])}
    ),
    Specimen(
        pretrend_power.pretrend_power,
        {
            "estimates": EVENT.estimates,
            "covariance": COVARIANCE,
            "trend": EVENT.estimates,
            "periods": np.array([-3, -2, 0, 1, 2]),
        },
    ),
    Specimen(
        pretrend_power.power_finding,
        {"estimates": EVENT.estimates, "covariance": COVARIANCE, "periods": np.array([-3, -2, 0, 1, 2])},
    ),
    *(
        Specimen(
            check,
            {"analysis": _mean_change, "outcomes": GRID, "first_treated": ONE_START, **extra},
            ("outcomes",),
            _effect,
        )
        for check, extra in (
            (sensitivity.placebo_dates, {}),
            (sensitivity.leave_one_control_out, {}),
            (sensitivity.leave_one_period_out, {}),
            (sensitivity.without_anticipation, {"periods": 1}),
            (sensitivity.spill_over, {"ring": np.arange(UNITS) > 9}),
        )
    ),
    Specimen(
        anytime.confidence_sequence,
        {"values": SERIES, "baseline": SERIES + 1, "horizon": 60},
        ("values", "baseline"),
        lambda found: found.low[-1],
    ),
    Specimen(
        anytime.watch_guardrail,
        {"values": SERIES, "baseline": SERIES + 1, "margin": 0.5, "better": "higher", "horizon": 60},
    ),
    Specimen(anytime_events.watch_events, {"treated": COUNTS, "control": COUNTS + 1, "limit": 1.5}),
    Specimen(equivalence.non_inferiority, {"estimate": ESTIMATE, "margin": 1.0, "better": "higher"}),
    Specimen(event_rates.rate_ratio, {"events": 5, "exposure": 100.0}, call=_rate),
    Specimen(multiplicity.adjusted, {"p_values": np.array([0.01, 0.2, 0.04])}),
    Specimen(
        multiplicity.combined, {"p_values": np.array([0.01, 0.2, 0.04]), "weights": np.array([1.0, 2.0, 1.0])}
    ),
    Specimen(multiplicity.romano_wolf, {"statistics": np.array([2.0, 1.0]), "resampled": BY_CELL[:, :2]}),
    Specimen(
        proportions.difference_of_proportions,
        {"events": 5, "trials": 100},
        call=_shares,
    ),
    Specimen(
        proportions.margin_test,
        {"events": 5, "trials": 100, "margin": 0.1},
        call=_margin,
    ),
    Specimen(sequential.spending_boundaries, {"information": np.array([0.3, 0.6, 1.0])}),
    Specimen(sequential.classical_boundaries, {"information": np.array([0.3, 0.6, 1.0])}),
    Specimen(
        sequential.drift_for_power, {"boundaries": sequential.classical_boundaries((0.5, 1.0)), "power": 0.8}
    ),
    Specimen(sequential.crossing, {"boundaries": sequential.classical_boundaries((0.5, 1.0)), "drift": 2.0}),
    Specimen(futility.futility_plan, {"information": np.array([0.4, 1.0])}),
    Specimen(futility.stopping, {"plan": futility.futility_plan((0.5, 1.0)), "drift": 2.0}),
    Specimen(
        sequential_inference.repeated,
        {
            "plan": lambda alpha: sequential.classical_boundaries((0.5, 1.0), alpha=alpha),
            "look": 1,
            "estimate": 1.0,
            "standard_error": 0.5,
            "alpha": 0.05,
        },
    ),
    Specimen(
        sequential_inference.stagewise,
        {
            "boundaries": sequential.classical_boundaries((0.5, 1.0)),
            "look": 1,
            "estimate": 1.0,
            "standard_error": 0.3,
            "alpha": 0.05,
        },
    ),
    Specimen(spending.spent, {"fraction": 0.5, "alpha": 0.05}),
    Specimen(tost.tost, {"estimate": ESTIMATE, "low": -2.0, "high": 3.0}),
    Specimen(
        tost.tost_power_at, {"difference": 0.1, "standard_error": 0.3, "dof": 12.0, "low": -1.0, "high": 1.0}
    ),
    Specimen(tost.tost_power, {"cv": 0.2, "n": 20}),
    Specimen(tost.tost_sample_size, {"cv": 0.2}),
    Specimen(
        power.power,
        {"outcomes": GRID, "treated": 1, "weeks": 3, "method": "did", "simulations": 20, "rng": DRAWN},
        ("outcomes",),
    ),
    Specimen(
        design_search.search_designs,
        {
            "outcomes": GRID,
            "treated": ((0,),),
            "pools": {"all": tuple(range(1, UNITS))},
            "weeks": 3,
            "method": "did",
            "simulations": 20,
            "seed": 1,
        },
        ("outcomes",),
    ),
    Specimen(design_search.nearest_pools, {"outcomes": GRID, "treated": (0,), "sizes": (3,)}, ("outcomes",)),
    Specimen(
        meta.meta_analysis,
        {"effects": SITES.sites.effects, "variances": SITES.sites.variances, "moderators": FIXED[:5]},
    ),
    Specimen(site_influence.leave_one_out, {"analysis": SITES}),
    Specimen(site_influence.cumulative, {"analysis": SITES}),
    Specimen(profile_likelihood.tau2_profile_interval, {"analysis": SITES}),
    Specimen(site_influence.leave_one_out_finding, {"analysis": SITES}),
    Specimen(site_influence.egger, {"analysis": SITES}),
    Specimen(site_influence.egger_finding, {"analysis": SITES}),
    Specimen(site_influence.forest, {"analysis": SITES}),
    Specimen(
        calibration.entropy_balancing,
        {"covariates": ROW_X, "target": np.array([0.1, 0.1]), "base": ROW_WEIGHTS},
    ),
    Specimen(overlap.overlap, {"covariates": ROW_X, "means": np.array([0.1, 0.1])}, call=_overlap),
    Specimen(
        transport.transported_effect,
        {"outcomes": ROW_Y, "treated": ROW_TREATED, "covariates": ROW_X, "means": np.array([0.1, 0.1])},
        ("outcomes",),
        lambda found: None if isinstance(found.effect, NotComputable) else found.effect.value,
        spanned=False,
        call=_transported,
    ),
    Specimen(
        transport.transported_sites,
        {
            "analysis": meta.meta_analysis(SITES.sites.effects, SITES.sites.variances, moderators=FIXED[:5]),
            "moderators": np.array([0.1]),
        },
    ),
    Specimen(
        benefit_cost.benefit_cost,
        {"won": (100, 90), "draws": 1000, "rng": DRAWN, "discount_rate": 0.045},
        call=_stream,
    ),
)
