"""Errors of a synthetic difference-in-differences: placebo, bootstrap, jackknife.

The three of Arkhangelsky et al. (2021), Algorithms 2 to 4, with the conventions of synthdid 0.0.9: the
penalties of the estimate are kept in every draw, the weights are found anew (in the jackknife they are
kept, and omega scaled up to sum to one), the error is the standard deviation of the draws with divisor
R, and the interval the normal one. With staggered starts every draw repeats the whole design (Clarke et
al. 2023): placebos take the number of treated units and the starts over to controls.

Only the placebos have anything to say with one treated unit, and only if it is as noisy as its controls.
Then ("placebo_rank") the effect is also ranked among the placebo effects, which needs no normal
distribution: with one treated unit every control is a placebo once, else assignments are drawn. Placebos
compare controls with each other, so that their spread is that of a sample of J: placebo effects are
stretched by sqrt((J - 1) / (J - 3)), by which a t exceeds a normal distribution. Unstretched, a true null is
rejected in 6 to 7.5 % of draws with up to three treated of 20 (`tests.bench.size_of_synthetic_tests`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from stats import reasons
from stats.arguments import checked_arguments
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.inference import Inference, drawn, placebo_difference, silent, student_t
from stats.panel import FloatArray
from stats.synthetic_control.synthetic_did import SyntheticDid
from stats.synthetic_control.synthetic_did_draws import Draw, paths_of_draws

Method = Literal["placebo", "placebo_rank", "bootstrap", "jackknife"]


@dataclass(frozen=True, eq=False)
class SyntheticDidErrors:
    """What is known of the estimate's uncertainty.

    draws            R effects;  event_draws  R x E, NaN where a draw has no treated unit at that time
    inference        of the effect
    event_inferences of the effects by period relative to the start (E), pointwise; those before the start
                     tell how far the fit is off, not an effect
    """

    method: Method
    draws: FloatArray
    event_draws: FloatArray
    inference: Inference
    event_inferences: tuple[Inference, ...]


def controls_not_more_than_treated() -> NotComputable:
    """A placebo assignment leaves no control to compare with."""
    return NotComputable(
        "controls_not_more_than_treated",
        "대조 구역이 실증 구역보다 많지 않아 위약 배정을 할 수 없습니다.",
        "There are not more controls than treated units, so no placebo assignment can be made.",
    )


def one_control_carries_all() -> NotComputable:
    """Without the only weighted control nothing is left to weigh."""
    return NotComputable(
        "one_control_carries_all",
        "가중치가 대조 구역 하나에 몰려 있어 잭나이프 오차를 계산할 수 없습니다.",
        "One control carries all the weight, so leaving it out leaves nothing: no jackknife error.",
    )


@checked_arguments
def synthetic_did_errors(
    fit: SyntheticDid,
    *,
    method: Method = "placebo",
    replications: int = 200,
    rng: np.random.Generator,
    alpha: float = 0.05,
) -> SyntheticDidErrors:
    """The uncertainty of `fit`; `replications` draws (the jackknife and one-unit ranks need none).

    Not computable, with its reason: placebos without more controls than treated units; the bootstrap with
    one treated unit; the jackknife where a cohort has one treated unit or one control has all the weight.
    """
    if replications < 2:
        raise EstimationError("replications", f"{replications} draws have no spread")
    name = f"synthetic_did_{method}"
    reason = _reason(fit, method)
    if reason is not None:
        nothing = silent(name, alpha, reason)
        times = len(fit.event_times)
        return SyntheticDidErrors(method, np.empty(0), np.empty((0, times)), nothing, (nothing,) * times)
    if method == "jackknife":
        effects, events = _jackknife(fit)
        inflation = len(effects) - 1.0
    else:
        effects, events = paths_of_draws(fit, _draws(fit, method, replications, rng))
        inflation = 1.0
    every = [
        _rank(value, _stretch(len(fit.controls)) * column, alpha)
        if method == "placebo_rank"
        else _normal(value, column, inflation, alpha, name)
        for value, column in _pairs(fit, effects, events)
    ]
    every = [replace(each, method=name) for each in every]
    return SyntheticDidErrors(method, effects, events, every[0], tuple(every[1:]))


def _pairs(fit: SyntheticDid, effects: FloatArray, events: FloatArray) -> list[tuple[float, FloatArray]]:
    """The effect with its draws, then each event-time effect with its draws."""
    return [
        (fit.effect, effects),
        *((float(value), events[:, place]) for place, value in enumerate(fit.event_effects)),
    ]


def _rank(value: float, draws: FloatArray, alpha: float) -> Inference:
    return placebo_difference(value, draws[~np.isnan(draws)], alpha=alpha)


def _stretch(controls: int) -> float:
    """By how much placebo effects of so many controls understate the spread, see the module."""
    return float(np.sqrt((controls - 1) / max(controls - 3, 1)))


def _normal(value: float, draws: FloatArray, inflation: float, alpha: float, method: str) -> Inference:
    known = draws[~np.isnan(draws)]
    error = float(np.sqrt(inflation) * known.std()) if len(known) else 0.0
    if not error > 1e-12 * abs(value):
        return silent(method, alpha, reasons.no_variation())
    return replace(student_t(value, error, np.inf, alpha=alpha, method=method), dof=None)


def _reason(fit: SyntheticDid, method: Method) -> NotComputable | None:
    sizes = [len(cohort.treated) for cohort in fit.cohorts]
    if method in ("placebo", "placebo_rank"):
        return None if len(fit.controls) > sum(sizes) else controls_not_more_than_treated()
    if method == "bootstrap":
        return None if sum(sizes) > 1 else reasons.one_treated_cluster()
    if method != "jackknife":
        raise EstimationError("method", f"{method!r} is none of placebo, placebo_rank, bootstrap, jackknife")
    if min(sizes) < 2:
        return reasons.one_treated_cluster()
    alone = any((cohort.omega > 0).sum() < 2 for cohort in fit.cohorts)
    return one_control_carries_all() if alone else None


def _draws(fit: SyntheticDid, method: Method, replications: int, rng: np.random.Generator) -> list[Draw]:
    sizes = [len(cohort.treated) for cohort in fit.cohorts]
    if method == "bootstrap":
        return [_resampled(fit, rng) for _ in range(replications)]
    controls = fit.controls
    if method == "placebo_rank" and sum(sizes) == 1:
        orders = [
            np.append(np.delete(controls, place), controls[place]) for place in drawn(len(controls), rng)
        ]
    else:
        orders = [rng.permutation(controls) for _ in range(replications)]
    cuts = len(controls) - np.cumsum(sizes[::-1])[::-1]
    return [Draw(order[: cuts[0]], tuple(np.split(order, cuts)[1:])) for order in orders]


def _resampled(fit: SyntheticDid, rng: np.random.Generator) -> Draw:
    """Units drawn with replacement, again where no control or no treated unit was drawn."""
    first = fit.panel.first_treated
    while True:
        rows = rng.integers(len(first), size=len(first))
        draw = Draw(
            rows[fit.panel.never[rows]],
            tuple(rows[first[rows] == cohort.start] for cohort in fit.cohorts),
        )
        if len(draw.controls) and any(len(treated) for treated in draw.treated):
            return draw


def _jackknife(fit: SyntheticDid) -> tuple[FloatArray, FloatArray]:
    """Effects (n) and paths (n x E) with each unit left out, the weights kept."""
    rows = np.concatenate([fit.controls, *(cohort.treated for cohort in fit.cohorts)])
    effects, events = np.empty(len(rows)), np.empty((len(rows), len(fit.event_times)))
    for place, row in enumerate(rows):
        effects[place], events[place] = _without(fit, int(row))
    return effects, events


def _without(fit: SyntheticDid, row: int) -> tuple[float, FloatArray]:
    paths, sizes = [], []
    kept = fit.controls != row
    for cohort in fit.cohorts:
        values = fit.panel.outcomes
        if len(cohort.beta) and fit.panel.covariates is not None:
            values = values - fit.panel.covariates @ cohort.beta
        treated = cohort.treated[cohort.treated != row]
        omega = np.where(kept, cohort.omega, 0.0)
        contrast = values[treated].mean(axis=0) - omega @ values[fit.controls] / omega.sum()
        paths.append(contrast - contrast[: cohort.start] @ cohort.lambda_)
        sizes.append(float(len(treated)))
    return fit.pooled(paths, np.array(sizes))
