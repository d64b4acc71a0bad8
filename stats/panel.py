"""The panel: units x periods of outcomes, made once and checked once.

Everything after this trusts the shapes, the labels and that no infinity is in the numbers.
Missing cells are NaN; what is done about them is the design's choice (`stats.missing`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from stats.errors import PanelError

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

OUTCOME = "outcome"
"""The name by which a design's predictors speak of the outcome; no covariate may take it."""


@dataclass(frozen=True, eq=False)
class Panel:
    """Outcomes of `units` over `periods`.

    outcomes    float64, units x periods, NaN where there is no reading
    units       labels of the rows, unique
    periods     labels of the columns, unique, in the order of time
    covariates  name -> float64, units x periods, NaN where there is no reading
    weights     float64, one positive weight per unit, or None: every unit counts alike

    The arrays are copied and made read-only. `PanelError` names argument, unit and period of what
    is refused: no units or periods, duplicate or empty labels, wrong shapes, infinities,
    non-positive weights, a panel without any reading.
    """

    outcomes: FloatArray
    units: tuple[str, ...]
    periods: tuple[str, ...]
    covariates: Mapping[str, FloatArray] = field(default_factory=dict)
    weights: FloatArray | None = None

    def __post_init__(self) -> None:
        units = _labels("units", self.units)
        periods = _labels("periods", self.periods)
        outcomes = _matrix("outcomes", self.outcomes, units, periods)
        if np.isnan(outcomes).all():
            raise PanelError("outcomes", "holds no reading at all")
        covariates = {}
        for name in self.covariates:
            if name == OUTCOME:
                raise PanelError("covariates", f"{OUTCOME!r} is reserved for the outcome itself")
            covariates[name] = _matrix(f"covariates.{name}", self.covariates[name], units, periods)
        weights = None if self.weights is None else _weights(self.weights, units)
        for name, value in (
            ("units", units),
            ("periods", periods),
            ("outcomes", outcomes),
            ("covariates", covariates),
            ("weights", weights),
        ):
            object.__setattr__(self, name, value)

    @classmethod
    def from_cells(
        cls,
        cells: Iterable[tuple[str, str, float]],
        *,
        units: Sequence[str] | None = None,
        periods: Sequence[str] | None = None,
        covariates: Mapping[str, Iterable[tuple[str, str, float]]] | None = None,
        weights: Mapping[str, float] | None = None,
    ) -> Panel:
        """A panel from (unit, period, value) triples in any order; cells not named are missing.

        Without `units` or `periods` they are the labels met, sorted as text (ISO dates and years
        then stand in the order of time); with them, a cell outside is refused. A cell named twice
        is refused, also when both values agree, and a value that is no number. Covariate cells
        must lie on the same labels.
        """
        triples = _triples("cells", cells)
        rows = tuple(sorted({unit for unit, _, _ in triples}) if units is None else units)
        columns = tuple(sorted({period for _, period, _ in triples}) if periods is None else periods)
        if weights is not None:
            for unit in (*rows, *weights):
                if unit not in weights or unit not in rows:
                    raise PanelError("weights", "must name exactly the units", unit=unit)
        return cls(
            outcomes=_from_triples("outcomes", triples, rows, columns),
            units=rows,
            periods=columns,
            covariates={
                name: _from_triples(
                    f"covariates.{name}", _triples(f"covariates.{name}", values), rows, columns
                )
                for name, values in (covariates or {}).items()
            },
            weights=None if weights is None else np.array([weights[unit] for unit in rows], dtype=np.float64),
        )

    def rows(self, units: Sequence[str]) -> Panel:
        """The panel of these units, in this order."""
        place = {unit: row for row, unit in enumerate(self.units)}
        for unit in units:
            if unit not in place:
                raise PanelError("units", "not in the panel", unit=unit)
        return self._taken([place[unit] for unit in units], list(range(len(self.periods))))

    def columns(self, periods: Sequence[str]) -> Panel:
        """The panel of these periods; they keep the panel's order."""
        for period in periods:
            if period not in self.periods:
                raise PanelError("periods", "not in the panel", period=period)
        kept = [column for column, period in enumerate(self.periods) if period in set(periods)]
        return self._taken(list(range(len(self.units))), kept)

    def digest(self) -> str:
        """SHA-256 of the content, in lower-case hexadecimal.

        Independent of the order of units: rows are taken in the order of their labels' code points.
        Periods are taken as they stand, for their order is time and part of the meaning. Labels go
        in as JSON, numbers as little-endian float64 with one NaN and one zero.
        """
        order = sorted(range(len(self.units)), key=self.units.__getitem__)
        hashed = hashlib.sha256()
        head = {
            "panel": 1,
            "units": [self.units[row] for row in order],
            "periods": list(self.periods),
            "covariates": sorted(self.covariates),
            "weighted": self.weights is not None,
        }
        hashed.update(json.dumps(head, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode())
        for matrix in (self.outcomes, *(self.covariates[name] for name in sorted(self.covariates))):
            hashed.update(_bytes(matrix[order]))
        if self.weights is not None:
            hashed.update(_bytes(self.weights[order]))
        return hashed.hexdigest()

    def _taken(self, rows: list[int], columns: list[int]) -> Panel:
        cut = np.ix_(rows, columns)
        return Panel(
            outcomes=self.outcomes[cut],
            units=tuple(self.units[row] for row in rows),
            periods=tuple(self.periods[column] for column in columns),
            covariates={name: matrix[cut] for name, matrix in self.covariates.items()},
            weights=None if self.weights is None else self.weights[rows],
        )


def _labels(argument: str, labels: Sequence[str]) -> tuple[str, ...]:
    kind = argument[:-1]
    if isinstance(labels, str) or not labels:
        raise PanelError(argument, "must be a non-empty sequence of labels")
    candidates: tuple[object, ...] = tuple(labels)
    seen: set[str] = set()
    for label in candidates:
        if not isinstance(label, str) or not label.strip():
            raise PanelError(argument, f"{label!r} is not a {kind} label: a non-blank text is needed")
        if label in seen:
            raise PanelError(argument, f"the {kind} {label!r} stands twice")
        seen.add(label)
    return tuple(labels)


def _matrix(
    argument: str, values: FloatArray, units: tuple[str, ...], periods: tuple[str, ...]
) -> FloatArray:
    try:
        matrix = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PanelError(argument, f"is not numeric: {error}") from error
    if matrix.shape != (len(units), len(periods)):
        wanted = f"{len(units)} units x {len(periods)} periods"
        raise PanelError(argument, f"has shape {matrix.shape}, wanted {wanted}")
    if np.isinf(matrix).any():
        row, column = (int(place) for place in np.argwhere(np.isinf(matrix))[0])
        raise PanelError(argument, "is infinite", unit=units[row], period=periods[column])
    matrix.setflags(write=False)
    return matrix


def _weights(values: FloatArray, units: tuple[str, ...]) -> FloatArray:
    weights = np.array(values, dtype=np.float64)
    if weights.shape != (len(units),):
        raise PanelError("weights", f"has shape {weights.shape}, wanted ({len(units)},)")
    for unit, weight in zip(units, weights, strict=True):
        if not (np.isfinite(weight) and weight > 0):
            raise PanelError("weights", f"{weight} is not a positive, finite weight", unit=unit)
    weights.setflags(write=False)
    return weights


def _triples(argument: str, cells: Iterable[tuple[str, str, float]]) -> list[tuple[str, str, float]]:
    triples = []
    for place, cell in enumerate(cells):
        try:
            unit, period, value = cell
        except (TypeError, ValueError) as error:
            raise PanelError(argument, f"entry {place} is no (unit, period, value)") from error
        try:
            number = float(np.float64(value))
        except (TypeError, ValueError) as error:
            raise PanelError(
                argument, f"{value!r} is no number", unit=str(unit), period=str(period)
            ) from error
        for label in (unit, period):
            if not isinstance(label, str):
                raise PanelError(argument, f"entry {place}: {label!r} is no label, a text is needed")
        triples.append((unit, period, number))
    return triples


def _from_triples(
    argument: str,
    triples: Sequence[tuple[str, str, float]],
    units: tuple[str, ...],
    periods: tuple[str, ...],
) -> FloatArray:
    row_of = {unit: row for row, unit in enumerate(units)}
    column_of = {period: column for column, period in enumerate(periods)}
    matrix = np.full((len(units), len(periods)), np.nan)
    seen: set[tuple[str, str]] = set()
    for unit, period, value in triples:
        if unit not in row_of or period not in column_of:
            raise PanelError(argument, "is not among the panel's units and periods", unit=unit, period=period)
        if (unit, period) in seen:
            raise PanelError(argument, "the cell stands twice", unit=unit, period=period)
        seen.add((unit, period))
        matrix[row_of[unit], column_of[period]] = value
    return matrix


def _bytes(values: FloatArray) -> bytes:
    plain = np.where(np.isnan(values), np.nan, values) + 0.0
    return plain.astype("<f8").tobytes()
