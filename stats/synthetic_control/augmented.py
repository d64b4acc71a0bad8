"""Ridge-augmented synthetic control (Ben-Michael, Feller, Rothstein 2021).

Shares on the simplex leave an imbalance before the start where the treated unit lies outside the hull of
its donors. A ridge regression of outcomes on pre-period outcomes predicts what that imbalance does
later and takes it out; the same comes of adding to the shares w the correction

    (x_1 - X_0' w)' (X_0' X_0 + lambda I)^-1 X_0'

so that weights may turn negative, though none far. Conventions are those of the R package augsynth:
everything is centred on the mean of the donors; lambda is chosen from a geometric grid below the
largest eigenvalue of X_0' X_0, by leaving out runs of periods, as the largest whose mean squared error is
within one standard error of the least; covariates either stand beside the outcomes, scaled to their
spread, or are regressed out and balanced exactly afterwards; unit fixed effects are pre-period means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from stats.arguments import checked_arguments
from stats.errors import EstimationError
from stats.numerics.simplex import simplex_weights
from stats.panel import FloatArray

CovariateUse = Literal["balance", "residualize"]

GRID, LEAST_RATIO = 20, 1e-8
"""Steps of the grid of penalties, and its least beside its largest: augsynth's defaults."""


@dataclass(frozen=True, eq=False)
class Tuning:
    """The penalties tried (descending), their mean squared errors, and the standard errors of those."""

    penalties: FloatArray
    errors: FloatArray
    standard_errors: FloatArray

    def chosen(self, *, one_standard_error: bool = True) -> float:
        """The largest penalty within one standard error of the best, or the best itself."""
        best = int(self.errors.argmin())
        if not one_standard_error:
            return float(self.penalties[best])
        good = self.errors <= self.errors[best] + self.standard_errors[best]
        return float(self.penalties[good].max())


@dataclass(frozen=True, eq=False)
class AugmentedFit:
    """The (mean) treated unit beside its augmented synthetic control.

    weights    J, sum to one, may be negative;  simplex: J, the shares before the correction
    penalty    lambda; None without a ridge step;  tuning: how it was chosen; None where it was given
    treated, synthetic   T, in the outcome's units;  start: column of the first treated period
    imbalance  Euclidean norm of the pre-period gaps (after fixed effects);  even_imbalance: with equal shares
    covariate_imbalance  the same for the covariates; None without any
    bias       T - start, what the outcome model says that the simplex alone would have got wrong
    """

    weights: FloatArray
    simplex: FloatArray
    penalty: float | None
    tuning: Tuning | None
    treated: FloatArray
    synthetic: FloatArray
    start: int
    imbalance: float
    even_imbalance: float
    covariate_imbalance: float | None
    bias: FloatArray

    @property
    def gaps(self) -> FloatArray:
        """Treated less synthetic, T."""
        return self.treated - self.synthetic

    @property
    def effect(self) -> float:
        """Mean gap from the start on."""
        return float(self.gaps[self.start :].mean())

    @property
    def relative_effect(self) -> float:
        """Sum of the gaps beside the sum of the counterfactual, from the start on (GeoLift's lift)."""
        return float(self.gaps[self.start :].sum() / self.synthetic[self.start :].sum())

    @property
    def improvement(self) -> float:
        """Share of the imbalance of equal shares that the weights take away."""
        return 1 - self.imbalance / self.even_imbalance

    @property
    def ratio(self) -> float:
        """Root mean squared gap after the start beside that before it."""
        after = float(np.sqrt(np.mean(self.gaps[self.start :] ** 2)))
        return after / float(np.sqrt(np.mean(self.gaps[: self.start] ** 2)))


@dataclass(frozen=True, eq=False)
class _Centred:
    """Rows of what is balanced: donors (J x m) and treated (m), less the mean of the donors.

    held: from how many of the m, the first ones, runs are left out in tuning (augsynth leaves out covariates
    that stand beside the outcomes as it does periods).
    """

    donors: FloatArray
    treated: FloatArray
    held: int


@checked_arguments
def augmented_synthetic_control(
    treated: FloatArray,
    donors: FloatArray,
    start: int,
    *,
    ridge: bool = True,
    simplex: bool = True,
    penalty: float | None = None,
    fixed_effects: bool = False,
    covariates: tuple[FloatArray, FloatArray] | None = None,
    covariate_use: CovariateUse = "balance",
    holdout: int = 1,
    one_standard_error: bool = True,
    grid: int = GRID,
    least_ratio: float = LEAST_RATIO,
) -> AugmentedFit:
    """The effect on `treated` (T, or n1 x T to be averaged) against `donors` (J x T), both complete.

    start        column of the first treated period
    ridge        False: the simplex alone.  simplex: False: equal shares and the ridge alone
    penalty      lambda, in squared units of the outcome; None: by leaving out runs of `holdout` periods,
                 at `grid` steps down to `least_ratio` of the largest
    covariates   treated (K, or n1 x K) and donors (J x K), one value per unit

    `EstimationError` where a cell is not finite, no period lies before or after the start, donors are fewer
    than two or do not differ, covariates do not vary or are too many to be regressed out, or a choice
    is none.
    """
    own, start = np.atleast_2d(np.asarray(treated, dtype=np.float64)).mean(axis=0), int(start)
    pool = np.asarray(donors, dtype=np.float64)
    _checked(own, pool, start, penalty, holdout, covariate_use)
    if grid < 1:
        raise EstimationError("grid", f"must be one step or more, not {grid}")
    own_mean = own[:start].mean() if fixed_effects else 0.0
    means = pool[:, :start].mean(axis=1) if fixed_effects else np.zeros(len(pool))
    own_moves, moves = own - own_mean, pool - means[:, None]
    centre = moves.mean(axis=0)
    rows = _Centred(moves[:, :start] - centre[:start], own_moves[:start] - centre[:start], start)
    if not np.abs(rows.donors).max() > 0:
        raise EstimationError("donors", "do not differ before the start")
    extra = None if covariates is None else _covariates(covariates, len(pool), covariate_use)
    balanced = rows if extra is None else _with_covariates(rows, extra, covariate_use)
    shares = simplex_weights((balanced.donors - balanced.treated).T)[0] if simplex else _even(len(pool))
    weights, tuning = shares, None
    if ridge:
        if penalty is None:
            tuning = _tuned(balanced, holdout, grid=grid, least_ratio=least_ratio, simplex=simplex)
            penalty = tuning.chosen(one_standard_error=one_standard_error)
        weights = shares + _correction(balanced.donors, balanced.treated, shares, np.array([penalty]))[0]
    if extra is not None and covariate_use == "residualize":
        weights = weights + np.linalg.lstsq(extra.donors.T, extra.treated - weights @ extra.donors)[0]
    after = moves[:, start:] - centre[start:]
    even = _even(len(pool))
    return AugmentedFit(
        weights=weights,
        simplex=shares,
        penalty=penalty if ridge else None,
        tuning=tuning,
        treated=own,
        # The weights sum to one; said so, a level that dwarfs the moves costs no digits.
        synthetic=weights @ (moves - centre) + centre + own_mean,
        start=start,
        imbalance=float(np.linalg.norm(rows.treated - weights @ rows.donors)),
        even_imbalance=float(np.linalg.norm(rows.treated - even @ rows.donors)),
        covariate_imbalance=_covariate_imbalance(rows, extra, covariate_use, weights),
        bias=(weights - shares) @ after,
    )


def _tuned(
    rows: _Centred, holdout: int, *, grid: int = GRID, least_ratio: float = LEAST_RATIO, simplex: bool = True
) -> Tuning:
    """Squared errors on runs of `holdout` periods left out, by penalty (augsynth's `cv_lambda`).

    The last run is never left out, as there.
    """
    largest = float(np.linalg.svd(rows.donors, compute_uv=False)[0]) ** 2
    penalties = largest * least_ratio ** (np.arange(grid + 1) / grid)
    errors = []
    for first in range(rows.held - holdout):
        left_out = np.arange(first, first + holdout)
        donors, treated = np.delete(rows.donors, left_out, axis=1), np.delete(rows.treated, left_out)
        shares = simplex_weights((donors - treated).T)[0] if simplex else _even(len(donors))
        weights = shares + _correction(donors, treated, shares, penalties)
        errors.append(((rows.treated[left_out] - weights @ rows.donors[:, left_out]) ** 2).sum(axis=1))
    each = np.array(errors)
    spread = each.std(axis=0, ddof=1) if len(each) > 1 else np.zeros(len(penalties))
    return Tuning(penalties, each.mean(axis=0), spread / np.sqrt(len(each)))


def _correction(
    donors: FloatArray, treated: FloatArray, shares: FloatArray, penalties: FloatArray
) -> FloatArray:
    """What the ridge regression adds to the shares, penalties x J, by one decomposition of the donors."""
    left, sizes, right = np.linalg.svd(donors, full_matrices=False)
    along = right @ (treated - shares @ donors)
    corrections: FloatArray = (sizes * along / (sizes**2 + penalties[:, None])) @ left.T
    return corrections


def _covariates(covariates: tuple[FloatArray, FloatArray], count: int, use: CovariateUse) -> _Centred:
    treated = np.atleast_2d(np.asarray(covariates[0], dtype=np.float64)).mean(axis=0)
    donors = np.asarray(covariates[1], dtype=np.float64)
    if donors.ndim != 2 or donors.shape != (count, len(treated)):
        raise EstimationError("covariates", f"need a row of {len(treated)} values for each of {count} donors")
    if not (np.isfinite(treated).all() and np.isfinite(donors).all()):
        raise EstimationError("covariates", "hold a value that is not finite")
    centred = donors - donors.mean(axis=0)
    spread = centred.std(axis=0, ddof=1)
    for index in np.flatnonzero(spread <= 1e-12 * np.abs(donors).max(axis=0)):
        raise EstimationError(f"covariates.{index}", "is the same for all donors")
    rank = np.linalg.matrix_rank(centred / spread, tol=1e-8 * np.sqrt(count))
    if use == "residualize" and rank < len(treated):
        raise EstimationError("covariates", "are too many or too alike to be regressed out of the donors")
    return _Centred(centred / spread, (treated - donors.mean(axis=0)) / spread, 0)


def _with_covariates(rows: _Centred, extra: _Centred, use: CovariateUse) -> _Centred:
    """The outcomes with the covariates beside them, or without what the covariates explain."""
    if use == "balance":
        scale = rows.donors.std(ddof=1)
        donors = np.hstack([rows.donors, scale * extra.donors])
        return _Centred(donors, np.concatenate([rows.treated, scale * extra.treated]), donors.shape[1])
    explained = np.linalg.lstsq(extra.donors, rows.donors)[0]
    return _Centred(
        rows.donors - extra.donors @ explained, rows.treated - extra.treated @ explained, rows.held
    )


def _covariate_imbalance(
    rows: _Centred, extra: _Centred | None, use: CovariateUse, weights: FloatArray
) -> float | None:
    if extra is None:
        return None
    scale = rows.donors.std(ddof=1) if use == "balance" else 1.0
    return float(scale * np.linalg.norm(extra.treated - weights @ extra.donors))


def _even(count: int) -> FloatArray:
    return np.full(count, 1 / count)


def _checked(
    own: FloatArray, pool: FloatArray, start: int, penalty: float | None, holdout: int, use: str
) -> None:
    if pool.ndim != 2 or pool.shape[1] != len(own):
        raise EstimationError("donors", f"have shape {pool.shape}, wanted J x {len(own)}")
    if len(pool) < 2:
        raise EstimationError("donors", "must be at least two")
    if not 0 < start < len(own):
        raise EstimationError("start", f"{start} leaves no period before or none after it")
    if not np.isfinite(own).all():
        raise EstimationError(
            "treated", f"has no finite value in period {np.flatnonzero(~np.isfinite(own))[0]}"
        )
    if not np.isfinite(pool).all():
        row, column = (int(place) for place in np.argwhere(~np.isfinite(pool))[0])
        raise EstimationError("donors", f"unit {row} has no finite value in period {column}")
    if penalty is not None and not (np.isfinite(penalty) and penalty > 0):
        raise EstimationError("penalty", "must be positive and finite")
    if penalty is None and not 0 < holdout < start:
        raise EstimationError("holdout", f"{holdout} periods cannot be left out of {start} before the start")
    if use not in get_args(CovariateUse):
        raise EstimationError("covariate_use", f"must be one of {', '.join(get_args(CovariateUse))}")
