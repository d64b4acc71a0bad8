"""The one door of the estimators: what they are given is looked at before they see it.

What an argument must be is read off its annotation, so that nothing is said twice:

- arrays (lists, pandas and masked arrays too) become plain numeric arrays; text, complex numbers, dates,
  mappings, ragged lists and tables without rows are refused, and so are magnitudes whose fourth powers
  leave the range of double precision: rescale those. Labels (`LABELS`) may be text.
- options (`Literal`) must be among those that there are, numbers must be numbers and not NaN, and
  `alpha` must lie between 0 and 1.

Shapes, gaps and whatever else depends on the method stay with the method.
"""

from __future__ import annotations

import inspect
import math
import numbers
from collections.abc import Callable, Sized
from dataclasses import dataclass
from functools import cache, wraps
from types import NoneType, UnionType
from typing import Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt

from stats.errors import EstimationError

P = ParamSpec("P")
R = TypeVar("R")

LARGEST, SMALLEST = 1e75, 1e-75
"""Magnitudes between which fourth powers, summed over many rows, are ordinary double precision numbers."""

LABELS = frozenset(
    {"clusters", "pairs", "blocks", "area", "group", "groups", "period", "absorbed", "unit_effects", "labels"}
)
"""Arguments whose entries only tell rows apart."""

ARRAYS = ("FloatArray", "IntArray", "BoolArray", "LabelArray", "ArrayLike")
SEQUENCES = ("Sequence[float]", "Sequence[int]")
SEVERAL = ("Sequence[", "Mapping[", "tuple[")


def checked_arguments(estimator: Callable[P, R]) -> Callable[P, R]:
    """The estimator behind the door; it refuses with an `EstimationError` that names the argument."""
    # The door hands on other values of the same kinds than it was given, which P cannot say.
    inside: Callable[..., R] = estimator

    @wraps(estimator)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        kinds = _kinds(estimator)
        given = [kind.looked_at(value) for kind, value in zip(kinds.values(), args, strict=False)]
        given += args[len(given) :]
        named = {
            name: kinds[name].looked_at(value) if name in kinds else value for name, value in kwargs.items()
        }
        return inside(*given, **named)

    return called


def plain_array(argument: str, values: object, *, labels: bool = False) -> npt.NDArray[np.generic]:
    """`values` as an array of numbers (or of labels); what is masked becomes NaN."""
    if isinstance(values, np.ma.MaskedArray):
        values = np.where(np.ma.getmaskarray(values), np.nan, values.data)
    try:
        array = np.asarray(values)
    except (TypeError, ValueError) as error:
        raise EstimationError(argument, f"is not a table: {error}") from error
    if array.dtype.kind not in ("biufUSOMm" if labels else "biuf"):
        raise EstimationError(argument, f"is not numeric: {array.dtype}")
    if array.ndim == 0 or len(array) == 0:
        raise EstimationError(argument, "must be an array that holds something")
    if labels:
        _refuse_unlike(argument, array)
    elif array.dtype.kind == "f":
        array = array.astype(np.float64, copy=False)
        _refuse_extremes(argument, array)
    return array


def _refuse_unlike(argument: str, labels: npt.NDArray[np.generic]) -> None:
    """Labels that are missing, or that cannot be put in one order."""
    if labels.dtype.kind == "O":
        if len({type(label) for label in labels.flat}) > 1 or any(label is None for label in labels.flat):
            raise EstimationError(argument, "must hold labels of one kind, none missing")
    elif labels.dtype.kind in "fMm" and (np.isnan(labels) | ~np.isfinite(labels)).any():
        raise EstimationError(argument, "holds a label that is missing")


def _refuse_extremes(argument: str, array: npt.NDArray[np.float64]) -> None:
    if not array.size:
        return
    most = max(float(array.max()), -float(array.min()))
    if not np.isfinite(most):
        finite = np.abs(array[np.isfinite(array)])
        most = float(finite.max()) if len(finite) else 0.0
    if most > LARGEST or 0 < most < SMALLEST:
        raise EstimationError(
            argument, f"has magnitudes of {most:.0e}, beyond {SMALLEST:.0e} to {LARGEST:.0e}: rescale"
        )


@dataclass(frozen=True)
class _Kind:
    """What an argument may be: an array (of floats, or any), an option, a number, None or other things."""

    name: str
    array: Literal["no", "any", "floats"]
    options: tuple[object, ...]
    whole: bool
    real: bool
    others: bool
    sequence: bool

    def looked_at(self, value: object) -> object:
        if value is None:
            if self.others:
                return value
            raise EstimationError(self.name, "is missing")
        if self.sequence:
            return _numbers_in_order(self.name, value)
        if self.array != "no" and not ((self.real or self.whole) and isinstance(value, numbers.Real)):
            array = plain_array(self.name, value, labels=self.name in LABELS)
            return array.astype(np.float64, copy=False) if self.array == "floats" else array
        if self.name == "alpha":
            if not (_is_real(value) and 0 < float(value) < 1):  # type: ignore[arg-type]
                raise EstimationError("alpha", f"must lie between 0 and 1, not {value!r}")
        elif not self._allowed(value):
            raise EstimationError(self.name, f"must be {self._wanted()}, not {value!r}")
        return value

    def _allowed(self, value: object) -> bool:
        if not (self.options or self.whole or self.real):
            return True
        if any(type(value) is type(option) and value == option for option in self.options):
            return True
        if self.real:
            return _is_real(value)
        return self.whole and _is_real(value) and isinstance(value, numbers.Integral)

    def _wanted(self) -> str:
        choices = [repr(option) for option in self.options]
        if self.real or self.whole:
            choices.append("a number" if self.real else "a whole number")
        return choices[0] if len(choices) == 1 else "one of " + ", ".join(choices)


def number(argument: str, value: object) -> float:
    """`value` where it is a real number, and not NaN."""
    if not _is_real(value):
        raise EstimationError(argument, f"must be a number, not {value!r}")
    return float(value)  # type: ignore[arg-type]


def _numbers_in_order(argument: str, values: object) -> tuple[float, ...]:
    if isinstance(values, Sized) and not isinstance(values, str) and len(values) == 0:
        return ()
    array = plain_array(argument, values)
    if array.ndim != 1 or np.isnan(array).any():
        raise EstimationError(argument, "must be a sequence of numbers")
    return tuple(array.tolist())


def _is_real(value: object) -> bool:
    return type(value) is not bool and isinstance(value, numbers.Real) and not math.isnan(value)


@cache
def _kinds(estimator: Callable[..., object]) -> dict[str, _Kind]:
    texts, hints = estimator.__annotations__, get_type_hints(estimator)
    return {
        name: _kind(name, texts.get(name, ""), hints.get(name, object))
        for name in inspect.signature(estimator).parameters
    }


def _kind(name: str, text: str, hint: object) -> _Kind:
    # ArrayLike is a union of many things, which only its name in the source still tells apart.
    several = any(part in text for part in SEVERAL)
    arrays = any(part in text for part in ARRAYS) and not several and "Callable" not in text
    members = () if arrays and "ArrayLike" in text else (get_args(hint) if _is_union(hint) else (hint,))
    options = tuple(option for each in members if get_origin(each) is Literal for option in get_args(each))
    plain = [each for each in members if get_origin(each) is not Literal and each is not NoneType]
    known = not several and not arrays and all(each in (int, float) for each in plain)
    tokens = text.split(" | ")
    return _Kind(
        name=name,
        array="no" if not arrays else "floats" if "FloatArray" in text else "any",
        options=options if known else (),
        whole="int" in tokens and (known or arrays),
        real="float" in tokens and (known or arrays),
        sequence=text.removesuffix(" | None") in SEQUENCES,
        others="None" in text or text == "" or (not arrays and not known),
    )


def _is_union(hint: object) -> bool:
    return get_origin(hint) in (Union, UnionType)
