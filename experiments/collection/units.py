"""Units of measurement: from what a hub sends to what the metric is defined in, or refused.

Units that are written alike are the same and need no conversion; that covers what no table knows, such
as vehicles. Everything else must be known: by its symbol or name (as pint has them), as UCUM writes it
(`km.h-1`), or by its UN/CEFACT code, which is what NGSI-LD asks for in `unitCode`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pint

FloatArray = npt.NDArray[np.float64]

# UN/CEFACT Recommendation 20, as far as cities send it.
_CODES = {
    "CEL": "degC",
    "FAH": "degF",
    "KEL": "K",
    "KMH": "km/h",
    "MTS": "m/s",
    "HM": "mile/h",
    "GQ": "ug/m**3",
    "GP": "mg/m**3",
    "59": "ppm",
    "P1": "percent",
    "C62": "dimensionless",
    "1": "dimensionless",
    "MTR": "m",
    "KMT": "km",
    "CMT": "cm",
    "MMT": "mm",
    "MTK": "m**2",
    "KMK": "km**2",
    "MTQ": "m**3",
    "LTR": "l",
    "SEC": "s",
    "MIN": "min",
    "HUR": "h",
    "DAY": "day",
    "C26": "ms",
    "GRM": "g",
    "KGM": "kg",
    "TNE": "tonne",
    "WTT": "W",
    "KWT": "kW",
    "WHR": "W*h",
    "KWH": "kW*h",
    "JOU": "J",
    "PAL": "Pa",
    "A97": "hPa",
    "LUX": "lx",
    "DD": "degree",
    "HTZ": "Hz",
}
_UCUM = {"Cel": "degC", "[degF]": "degF"}
# A name with a small exponent; nothing that could make the parser count to a large number.
_FACTOR = re.compile(r"([A-Za-zµ°%Ω_]+)(?:(?:\^|\*\*)?(-?[1-4]))?")
_BETWEEN = re.compile(r"\s*([*/.· ])\s*")
_LONGEST = 60


class UnknownUnit(ValueError):
    """There is no such unit."""


class IncompatibleUnits(ValueError):
    """The one cannot become the other, as metres cannot become seconds."""


def convert(values: FloatArray, given: str, wanted: str) -> FloatArray:
    """`values` in `given` as values in `wanted`, any shape; offsets of temperatures are seen to.

    UnknownUnit or IncompatibleUnits where that is not possible.
    """
    if given == wanted:
        return values
    source, target = _unit(given), _unit(wanted)
    if source.dimensionality != target.dimensionality:
        raise IncompatibleUnits(f"{given} cannot become {wanted}")
    import pint

    try:
        converted = _registry().Quantity(values, source).to(target).magnitude
    except pint.errors.PintError as error:
        raise IncompatibleUnits(f"{given} cannot become {wanted}: {error}") from None
    return np.asarray(converted, dtype=np.float64)


def check(given: str, wanted: str) -> None:
    """UnknownUnit or IncompatibleUnits where `convert` would raise it."""
    convert(np.zeros(1), given, wanted)


def is_known(text: str) -> bool:
    """Whether readings in other units become `text`, or only what is written like it is taken."""
    try:
        _unit(text)
    except UnknownUnit:
        return False
    return True


@lru_cache(maxsize=1)
def _registry() -> pint.UnitRegistry[float]:
    # Imported where the first two units differ: most sources send what the metric is in.
    import pint

    return pint.UnitRegistry(autoconvert_offset_to_baseunit=False, cache_folder=None)


@lru_cache(maxsize=1024)
def _unit(text: str) -> pint.Unit:
    import pint

    try:
        return _registry().Unit(_expression(text))
    except (pint.errors.PintError, AttributeError, ValueError, TypeError):
        raise UnknownUnit(f"unknown unit {text}") from None


def _expression(text: str) -> str:
    """`text` as pint reads it; ValueError for what is no product of units."""
    plain = unicodedata.normalize("NFKC", text.strip()).replace("μ", "µ").replace("−", "-")
    if plain in _CODES or plain in _UCUM:
        return _CODES.get(plain) or _UCUM[plain]
    if not plain or len(plain) > _LONGEST:
        raise ValueError(text)
    factors: list[str] = []
    for position, part in enumerate(_BETWEEN.split(plain.replace("**", "^"))):
        if position % 2:
            factors.append("/" if part == "/" else "*")
        elif matched := _FACTOR.fullmatch(part):
            name = "percent" if matched[1] == "%" else matched[1]
            factors.append(f"{name}**{matched[2]}" if matched[2] else name)
        else:
            raise ValueError(text)
    return "".join(factors)
