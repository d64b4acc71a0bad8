"""Coefficients with their covariance: what a regression hands on to inference, bands and tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stats import reasons
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.inference import Inference, silent, student_t
from stats.panel import FloatArray

ROUNDING = 1e-16
"""Variances below this share of the plain ones are rounding."""


@dataclass(frozen=True)
class Wald:
    """F = b'V^-1 b / q on (q, dof)."""

    statistic: float
    dof_numerator: int
    dof_denominator: float
    p_value: float


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Estimates of k coefficients.

    names         k
    values        k
    covariance    k x k
    dof           of the t distribution: clusters less one, or observations less parameters
    method        of the covariance: "iid", "hc1", "cluster", ...
    observations  cells used
    plain         k x k, the covariance if errors were independent and alike: an error that is nothing
                  beside it is rounding, as where a coefficient rests on one cluster
    exact         the model reproduces the outcome, and nothing is left to judge uncertainty by
    alone         k: the one cluster that a coefficient rests on, -1 where there are several; of an effect
                  on one treated cluster the clustered error says nothing (MacKinnon and Webb 2020)
    """

    names: tuple[str, ...]
    values: FloatArray
    covariance: FloatArray
    dof: float
    method: str
    observations: int
    plain: FloatArray
    exact: bool = False
    alone: tuple[int, ...] = ()

    @property
    def errors(self) -> FloatArray:
        """k standard errors."""
        errors: FloatArray = np.sqrt(np.diag(self.covariance))
        return errors

    def index(self, name: str) -> int:
        """The place of the coefficient `name`; `EstimationError` where there is none."""
        if name not in self.names:
            raise EstimationError("name", f"no coefficient {name!r} among {', '.join(self.names)}")
        return self.names.index(name)

    def value(self, name: str) -> float:
        """The estimate of `name`."""
        return float(self.values[self.index(name)])

    def error(self, name: str) -> float:
        """The standard error of `name`."""
        return float(self.errors[self.index(name)])

    def inference(self, name: str, *, alpha: float = 0.05) -> Inference:
        """t inference for one coefficient, by its name."""
        contrast = np.zeros(len(self.values))
        contrast[self.index(name)] = 1.0
        return self.contrast(contrast, alpha=alpha)[1]

    def contrast(self, contrast: FloatArray, *, alpha: float = 0.05) -> tuple[float, Inference]:
        """A linear combination (k factors) of the coefficients, and its t inference."""
        estimate = float(contrast @ self.values)
        if self._one_cluster(contrast) >= 0:
            return estimate, silent(self.method, alpha, reasons.one_treated_cluster())
        variance = float(contrast @ self.covariance @ contrast)
        if self.dof <= 0 or self.exact or not variance > ROUNDING * float(contrast @ self.plain @ contrast):
            return estimate, silent(self.method, alpha, reasons.no_variation())
        return estimate, student_t(estimate, variance**0.5, self.dof, alpha=alpha, method=self.method)

    def combined(self, contrasts: FloatArray, names: Sequence[str]) -> Coefficients:
        """The linear combinations in the rows of `contrasts` (q x k) as coefficients of their own."""
        return Coefficients(
            names=tuple(names),
            values=contrasts @ self.values,
            covariance=contrasts @ self.covariance @ contrasts.T,
            dof=self.dof,
            method=self.method,
            observations=self.observations,
            plain=contrasts @ self.plain @ contrasts.T,
            exact=self.exact,
            alone=tuple(self._one_cluster(contrast) for contrast in contrasts),
        )

    def _one_cluster(self, contrast: FloatArray) -> int:
        """The one cluster that a combination rests on; -1 where there are several."""
        behind = {self.alone[place] for place in np.flatnonzero(contrast)} if self.alone else set()
        return behind.pop() if len(behind) == 1 else -1

    def wald(self, names: Sequence[str]) -> Wald | NotComputable:
        """Whether all coefficients of `names` are zero, as an F test with `dof` in the denominator.

        With few clusters it rejects far too often; `stats.differences.event_study` has the test for those.
        """
        from scipy.special import fdtrc

        places = [self.index(name) for name in names]
        if not places:
            return reasons.no_leads()
        errors = self.errors[places]
        if self._one_cluster(np.isin(np.arange(len(self.values)), places).astype(np.float64)) >= 0:
            return reasons.one_treated_cluster()
        if self.dof <= 0 or self.exact or not (errors**2 > ROUNDING * np.diag(self.plain)[places]).all():
            return reasons.no_variation()
        scaled = self.covariance[np.ix_(places, places)] / np.outer(errors, errors)
        if np.linalg.eigvalsh(scaled)[0] < 1e-12:
            return reasons.leads_exceed_clusters()
        standard = self.values[places] / errors
        statistic = float(standard @ np.linalg.solve(scaled, standard)) / len(places)
        p_value = float(fdtrc(len(places), self.dof, statistic))
        return Wald(statistic, len(places), self.dof, p_value)
