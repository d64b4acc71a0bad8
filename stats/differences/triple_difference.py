"""Triple difference: a difference-in-differences among the eligible, less that among those who are not.

Within a treated area some are exposed to the pilot (the eligible) and others are not. Shocks that hit
both alike, in treated areas only, go out in the third difference; what is left to assume is that the gap
between the two would have moved alike in treated and control areas (Gruber 1994; Olden and Moen 2022).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.differences.two_by_two import EFFECT, indicators, ordinary
from stats.errors import EstimationError
from stats.numerics.absorb import compact
from stats.numerics.coefficients import Coefficients
from stats.numerics.long_form import long_form
from stats.numerics.sandwich import Errors, RowErrors, SmallSample
from stats.panel import FloatArray


@checked_arguments
def triple_difference(
    outcome: npt.ArrayLike,
    treated: npt.ArrayLike,
    eligible: npt.ArrayLike,
    post: npt.ArrayLike,
    *,
    covariates: npt.ArrayLike | None = None,
    covariate_names: Sequence[str] | None = None,
    weights: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | Sequence[npt.ArrayLike] | None = None,
    errors: RowErrors | None = None,
    small_sample: SmallSample | None = None,
) -> Coefficients:
    """The 2x2x2 triple difference: outcome on all products of three indicators; "effect" is the last.

    It is the difference-in-differences among the eligible less that among the others (Gruber 1994).
    """
    a, b, c = indicators(treated=treated, eligible=eligible, post=post)
    columns = [np.ones(len(a)), a, b, c, a * b, a * c, b * c, a * b * c]
    names = ["constant", "treated", "eligible", "post", "treated:eligible", "treated:post", "eligible:post"]
    return ordinary(
        outcome,
        columns,
        [*names, EFFECT],
        covariates,
        covariate_names,
        weights=weights,
        clusters=clusters,
        errors=errors,
        small_sample=small_sample,
    )


@checked_arguments
def triple_difference_effects(
    outcome: npt.ArrayLike,
    exposed: npt.ArrayLike,
    *,
    area: npt.ArrayLike,
    group: npt.ArrayLike,
    period: npt.ArrayLike,
    covariates: npt.ArrayLike | None = None,
    covariate_names: Sequence[str] | None = None,
    weights: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | Sequence[npt.ArrayLike] | None = None,
    errors: Errors = "cluster",
    small_sample: SmallSample | None = None,
) -> Coefficients:
    """outcome ~ effect x exposed (+ covariates) with area x group, area x period and group x period effects.

    exposed   n, 0 or 1: the row's area is treated by then, and its group eligible; starts may differ
    clusters  n labels (default: the areas), or several columns

    Areas, groups and periods may be any number; areas need not have all of them. `EstimationError` where
    the effects leave nothing of `exposed`.
    """
    places = [compact(name, each) for name, each in (("area", area), ("group", group), ("period", period))]
    rows = {len(codes) for codes, _ in places}
    if len(rows) > 1:
        raise EstimationError("area", "area, group and period must have one length")
    pairs = [
        one * size + other
        for (one, _), (other, size) in (
            (places[0], places[1]),
            (places[0], places[2]),
            (places[1], places[2]),
        )
    ]
    columns: FloatArray = indicators(exposed=exposed)[0][:, None]
    names = [EFFECT]
    if covariates is not None:
        extra = np.asarray(covariates, dtype=np.float64).reshape(rows.pop(), -1)
        names += covariate_names or [f"covariate{place}" for place in range(extra.shape[1])]
        columns = np.column_stack([columns, extra])
    own = clusters if clusters is not None or errors != "cluster" else area
    return long_form(
        outcome,
        columns,
        pairs,
        names=names,
        weights=weights,
        clusters=own,
        errors=errors,
        small_sample=small_sample,
    ).coefficients
