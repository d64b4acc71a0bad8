"""Synthetic difference-in-differences (Arkhangelsky, Athey, Hirshberg, Imbens, Wager 2021).

Weights omega over the controls make their pre-period path parallel to that of the treated; weights
lambda over the pre-periods make the controls' pre-period mean that of the periods after. The estimate is
the difference-in-differences under both weights,

    (treated - omega'controls) x (mean after - lambda'before).

Conventions are the authors' package's (synthdid 0.0.9): omega has the ridge penalty
zeta^2 = sqrt(N1 T1) x noise^2, lambda (1e-6 noise)^2, both a free intercept; noise is the standard
deviation of the first differences of the controls' outcomes before the start. With the same code the
package offers synthetic control ("sc": no intercept, no lambda, zeta = 1e-6 noise) and plain
difference-in-differences ("did": even weights). Staggered starts are taken cohort by cohort against the
never treated and averaged with the number of treated cells as weights (Clarke, Pailanir, Athey, Imbens
2023). Covariates by period are either projected out first, by a two-way regression on the never treated
(Kranz 2022), or have their coefficients found together with the weights.

The package stops its solver early; here the weights are the optimum unless `solver` says otherwise
(`stats.numerics.frank_wolfe`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.clusters.clustered import IntArray
from stats.cohorts import Cohorts
from stats.errors import EstimationError
from stats.panel import FloatArray
from stats.synthetic_control.synthetic_did_weights import Block, Recipe, Weights, fitted

Estimator = Literal["sdid", "sc", "did"]
Adjustment = Literal["projected", "joint"]
Solver = Literal["optimum", "frank_wolfe"]


@dataclass(frozen=True, eq=False)
class CohortFit:
    """The units that start in one column beside their weighted controls.

    start, treated   column of the first treated period; rows of the treated units
    effect           mean over the periods from the start on
    path             T: treated less weighted controls, less the same under lambda before the start:
                     from the start on the effects by period, before it what is left of the fit
    omega            N0, over `SyntheticDid.controls`;  lambda_  T0, zero for "sc"
    zeta_omega, zeta_lambda   penalties used;  beta  K, coefficients of the covariates
    """

    start: int
    treated: IntArray
    effect: float
    path: FloatArray
    omega: FloatArray
    lambda_: FloatArray
    zeta_omega: float
    zeta_lambda: float
    beta: FloatArray


@dataclass(frozen=True, eq=False)
class SyntheticDid:
    """The estimate, over all treated cells, and the fits by cohort.

    panel, recipe what it was made of
    controls      rows of the never treated units
    event_times   periods relative to the start, ascending, 0 the first treated
    event_effects mean of the cohorts' paths at each, weighted by their treated units
    """

    panel: Cohorts
    recipe: Recipe
    effect: float
    controls: IntArray
    cohorts: tuple[CohortFit, ...]
    event_times: IntArray
    event_effects: FloatArray

    def pooled(self, paths: list[FloatArray], sizes: FloatArray) -> tuple[float, FloatArray]:
        """The effect and the effects by relative time (E) if the cohorts had these paths (T) and numbers
        of treated units; a cohort of none does not count, NaN is where none is left."""
        starts = [cohort.start for cohort in self.cohorts]
        cells = sizes * [len(path) - start for path, start in zip(paths, starts, strict=True)]
        means = [float(path[start:].mean()) for path, start in zip(paths, starts, strict=True)]
        return float(cells @ means / cells.sum()), _by_event_time(paths, starts, sizes)


@checked_arguments
def synthetic_did(
    outcomes: FloatArray,
    first_treated: npt.ArrayLike,
    *,
    estimator: Estimator = "sdid",
    covariates: FloatArray | None = None,
    adjustment: Adjustment = "projected",
    solver: Solver = "optimum",
    zeta_omega: float | None = None,
    zeta_lambda: float | None = None,
    omega_intercept: bool | None = None,
    lambda_intercept: bool = True,
) -> SyntheticDid:
    """Synthetic difference-in-differences of n x T `outcomes`; `first_treated` n columns or `NEVER`.

    covariates        n x T x K, varying over time
    zeta_omega, zeta_lambda   in the units of the outcome; None: as in the module's head
    omega_intercept   None: with it for "sdid", without for "sc"

    Refused (`EstimationError`, `PanelError` with unit and period): what `Cohorts.of` refuses, gaps
    included; fewer than two never treated units; fewer than two periods before a start where the noise
    is needed; outcomes that never vary; covariates of fixed values or collinear with the effects.
    """
    panel = Cohorts.of(outcomes, first_treated, covariates=covariates)
    _check(panel, estimator)
    recipe = Recipe(
        estimator=estimator,
        solver=solver,
        adjustment=adjustment,
        zeta_omega=zeta_omega,
        zeta_lambda=zeta_lambda,
        omega_intercept=estimator == "sdid" if omega_intercept is None else omega_intercept,
        lambda_intercept=lambda_intercept,
    )
    controls = np.flatnonzero(panel.never)
    fits = []
    for start in panel.starts:
        treated = np.flatnonzero(panel.first_treated == start)
        block = Block(panel.outcomes, panel.covariates, controls, treated, int(start))
        fits.append(cohort_fit(block, fitted(block, recipe)))
    starts = [fit.start for fit in fits]
    times = np.arange(-max(starts), panel.outcomes.shape[1] - min(starts))
    empty = SyntheticDid(panel, recipe, 0.0, controls, tuple(fits), times, np.zeros(len(times)))
    effect, events = empty.pooled(
        [fit.path for fit in fits], np.array([float(len(fit.treated)) for fit in fits])
    )
    return replace(empty, effect=effect, event_effects=events)


def _check(panel: Cohorts, estimator: Estimator) -> None:
    """Refuse what no weights can be found for."""
    if panel.never.sum() < 2:
        raise EstimationError("first_treated", "at least two never treated units are needed as controls")
    if not float(np.ptp(panel.outcomes)) > 0:
        raise EstimationError("outcomes", "never vary")
    if panel.covariates is not None and panel.covariates.ndim != 3:
        raise EstimationError(
            "covariates", "must vary by period (n x T x K): fixed ones vanish with the unit effects"
        )
    if estimator not in ("sdid", "sc", "did"):
        raise EstimationError("estimator", f"{estimator!r} is none of sdid, sc, did")


def _by_event_time(paths: list[FloatArray], starts: list[int], sizes: FloatArray) -> FloatArray:
    """The mean of the paths at each time relative to the start, weighted by `sizes`."""
    width = len(paths[0])
    total, count = np.zeros((2, max(starts) + width - min(starts)))
    for path, start, size in zip(paths, starts, sizes, strict=True):
        where = slice(max(starts) - start, max(starts) - start + width)
        total[where] += size * path
        count[where] += size
    mean: FloatArray = np.where(count > 0, total, np.nan) / np.where(count > 0, count, 1.0)
    return mean


def cohort_fit(block: Block, weights: Weights) -> CohortFit:
    """What the weights make of the outcomes of a block."""
    values = block.outcomes
    if len(weights.beta):
        table = block.covariates
        values = values - (0.0 if table is None else table @ weights.beta)
    contrast = values[block.treated].mean(axis=0) - weights.omega @ values[block.controls]
    path = contrast - contrast[: block.start] @ weights.lambda_
    return CohortFit(
        start=block.start,
        treated=block.treated,
        effect=float(path[block.start :].mean()),
        path=path,
        omega=weights.omega,
        lambda_=weights.lambda_,
        zeta_omega=weights.zeta_omega,
        zeta_lambda=weights.zeta_lambda,
        beta=weights.beta,
    )
