"""Two-way fixed effects over units x periods: the static effect and the event study.

y_it = unit_i + period_t + sum_e b_e [t - start_i = e] + x_it'c + error, with e left out as reference, or
with one b for all treated cells. Units may be treated from the first period on or never; cells may be
missing and carry weights. With staggered starts and effects that differ between cohorts or grow with
time the coefficients mix effects with weights that may be negative (Goodman-Bacon 2021; Sun and Abraham
2021; de Chaisemartin and D'Haultfoeuille 2020): `stats.staggered.bacon` shows the mixture of the static one,
and `stats.staggered.interaction_weighted` avoids that of the event study.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.cohorts import NEVER
from stats.differences.cohort_regression import cohort_regression
from stats.errors import EstimationError
from stats.numerics.absorb import IntArray
from stats.numerics.cells import Cells, Missing
from stats.numerics.coefficients import Coefficients
from stats.numerics.collinear import Collinear
from stats.numerics.sandwich import Errors, SmallSample
from stats.panel import FloatArray

EFFECT = "effect"


@dataclass(frozen=True, eq=False)
class EventTime:
    """An event study by relative period (0: the first treated one).

    relative      the relative periods that have a coefficient, in order; those outside a window stand
                  for all beyond them
    reference     those left out
    coefficients  named by relative period ("-2"), then covariates
    dropped       names left out as collinear
    counts        sum of cell weights behind each of `relative`
    """

    relative: tuple[int, ...]
    reference: tuple[int, ...]
    coefficients: Coefficients
    dropped: tuple[str, ...]
    counts: FloatArray

    @property
    def leads(self) -> tuple[str, ...]:
        """Names of the coefficients before the start."""
        return tuple(str(e) for e in self.relative if e < 0)

    @property
    def lags(self) -> tuple[str, ...]:
        """Names of the coefficients from the start on."""
        return tuple(str(e) for e in self.relative if e >= 0)


@checked_arguments
def two_way_effect(
    outcomes: npt.ArrayLike,
    first_treated: npt.ArrayLike,
    *,
    covariates: npt.ArrayLike | None = None,
    covariate_names: Sequence[str] | None = None,
    weights: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | None = None,
    errors: Errors = "cluster",
    small_sample: SmallSample | None = None,
    missing: Missing = "refuse",
) -> Coefficients:
    """The coefficient "effect" of being treated, then those of the covariates.

    outcomes       n x T, NaN where missing
    first_treated  n, column of the first treated period, 0 where treated throughout, `NEVER`
    covariates     n x T x p, or n x T
    weights        n, or n x T, positive
    clusters       n labels; without them each unit is its own
    errors         "cluster", "hc1" or "iid"; factors by `small_sample` as in the R package fixest
    missing        "available": missing cells are left out

    Refused: what `Cells.of` refuses, and an effect that cannot be told from unit and period effects (no
    treated unit, no cell before a start, no unit untreated when another is treated).
    """
    cells = Cells.of(outcomes, weights=weights, covariates=covariates, names=covariate_names, missing=missing)
    starts, cohort = cohorts_in(first_treated, cells.outcomes.shape)
    treated = np.arange(cells.outcomes.shape[1]) >= starts[:, None]
    return cohort_regression(
        cells,
        cohort,
        treated.astype(np.float64)[:, :, None],
        (EFFECT,),
        clusters=clusters,
        errors=errors,
        small_sample=small_sample,
    ).coefficients


@checked_arguments
def two_way_event_study(
    outcomes: npt.ArrayLike,
    first_treated: npt.ArrayLike,
    *,
    reference: Sequence[int] = (-1,),
    window: tuple[int, int] | None = None,
    covariates: npt.ArrayLike | None = None,
    covariate_names: Sequence[str] | None = None,
    weights: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | None = None,
    errors: Errors = "cluster",
    small_sample: SmallSample | None = None,
    missing: Missing = "refuse",
    collinear: Collinear = "refuse",
) -> EventTime:
    """A coefficient for each relative period but those of `reference`.

    window  (first, last): relative periods before `first` count as `first`, those after `last` as `last`
    Other arguments as in `two_way_effect`. Without a never treated unit a second reference is needed
    (Borusyak, Jaravel and Spiess 2024, section 3); else the coefficient that cannot be told is refused, or
    dropped with `collinear`.
    """
    cells = Cells.of(outcomes, weights=weights, covariates=covariates, names=covariate_names, missing=missing)
    starts, cohort = cohorts_in(first_treated, cells.outcomes.shape)
    relative = np.arange(cells.outcomes.shape[1]) - np.where(starts == NEVER, 0, starts)[:, None]
    if window is not None:
        if not window[0] < window[1]:
            raise EstimationError("window", f"{window[0]} does not lie before {window[1]}")
        relative = np.clip(relative, *window)
    ever = (starts < NEVER)[:, None]
    met = [int(e) for e in np.unique(relative[ever[:, 0]]) if e not in reference]
    indicators = np.stack([(relative == e) & ever for e in met], axis=2).astype(np.float64)
    result = cohort_regression(
        cells,
        cohort,
        indicators,
        [str(e) for e in met],
        clusters=clusters,
        errors=errors,
        small_sample=small_sample,
        collinear=collinear,
    )
    found = [place for place, e in enumerate(met) if str(e) not in result.dropped]
    return EventTime(
        relative=tuple(met[place] for place in found),
        reference=tuple(reference),
        coefficients=result.coefficients,
        dropped=result.dropped,
        counts=np.einsum("gt,gte->e", result.counts, indicators)[found],
    )


def cohorts_in(first_treated: npt.ArrayLike, shape: tuple[int, ...]) -> tuple[IntArray, IntArray]:
    """The distinct starts, in order, and each unit's cohort among them; a start after the last period
    counts as `NEVER`. Refused: other than column numbers, no unit treated within the panel."""
    given = np.asarray(first_treated)
    if given.shape != shape[:1] or given.dtype.kind not in "iu":
        raise EstimationError("first_treated", f"must be {shape[0]} column numbers, NEVER for never treated")
    if (given < 0).any():
        raise EstimationError("first_treated", f"{int(given.min())} is not a column")
    starts, cohort = np.unique(np.where(given >= shape[1], NEVER, given), return_inverse=True)
    if starts[0] == NEVER:
        raise EstimationError("first_treated", "no unit becomes treated within the panel")
    return starts.astype(np.intp), cohort.astype(np.intp)
