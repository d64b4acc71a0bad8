"""Errors of the statistics core: each says what was refused, where, and why.

    StatisticsError
    ├── PanelError         the data: which argument, unit and period
    ├── DesignError        the design, alone or against a panel: by field
    ├── DocumentError      a stored result that cannot be read: which path in it
    └── EstimationError    well-formed input that this estimator cannot take: which argument

What is well-formed but has no answer ("one treated unit has no clustered p-value") is not an
error but a value, `stats.results.NotComputable`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any


class StatisticsError(ValueError):
    """Anything that the statistics core refuses."""

    def __reduce__(self) -> tuple[Callable[..., StatisticsError], tuple[Any, ...]]:
        # Python would make the error anew from its message alone, which these constructors refuse; in
        # the process that waits for a worker's answer that would end the whole pool of workers.
        return _as_it_was, (type(self), self.args, self.__dict__)


def _as_it_was(
    kind: type[StatisticsError], args: tuple[object, ...], facts: Mapping[str, Any]
) -> StatisticsError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(facts)
    return error


class PanelError(StatisticsError):
    """The data break a promise; `unit` and `period` are labels, None where the whole argument is meant."""

    def __init__(
        self, argument: str, reason: str, *, unit: str | None = None, period: str | None = None
    ) -> None:
        places = [
            f"{kind} {label!r}" for kind, label in (("unit", unit), ("period", period)) if label is not None
        ]
        super().__init__(f"{argument}{' at ' + ', '.join(places) if places else ''}: {reason}")
        self.argument = argument
        self.reason = reason
        self.unit = unit
        self.period = period


class DesignError(StatisticsError):
    """The design is refused; `errors` maps field paths (`predictors.0.periods`) to messages."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__("; ".join(f"{field}: {', '.join(texts)}" for field, texts in errors.items()))
        self.errors = {field: list(texts) for field, texts in errors.items()}


class DocumentError(StatisticsError):
    """A stored document does not have the promised shape at `path`."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class EstimationError(StatisticsError):
    """Well-formed input that the estimator cannot take."""

    def __init__(self, argument: str, reason: str) -> None:
        super().__init__(f"{argument}: {reason}")
        self.argument = argument
        self.reason = reason
