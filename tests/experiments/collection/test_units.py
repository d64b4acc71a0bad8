"""Units: reference values are the definitions of the units themselves."""

import numpy as np
import pytest

from experiments.collection.units import IncompatibleUnits, UnknownUnit, check, convert


@pytest.mark.parametrize(
    ("given", "wanted", "value", "expected"),
    [
        ("degF", "degC", 50.0, 10.0),
        ("FAH", "CEL", -40.0, -40.0),
        ("℃", "K", 0.0, 273.15),
        ("Cel", "degF", 100.0, 212.0),
        ("KMH", "m/s", 36.0, 10.0),
        ("km.h-1", "m s-1", 36.0, 10.0),
        ("㎍/㎥", "mg/m3", 1500.0, 1.5),
        ("GQ", "µg/m³", 7.0, 7.0),
        ("%", "1", 25.0, 0.25),
        ("P1", "percent", 25.0, 25.0),
        ("KWH", "J", 1.0, 3.6e6),
        ("min", "s", 2.0, 120.0),
        ("vehicles", "vehicles", 3.0, 3.0),
    ],
)
def test_a_value_keeps_its_meaning(given, wanted, value, expected):
    assert convert(np.array([value]), given, wanted) == pytest.approx([expected], rel=1e-12)


@pytest.mark.parametrize("pair", [("m", "s"), ("vehicles", "m"), ("degC", "delta_degC"), ("대", "m")])
def test_what_cannot_become_the_other_is_refused(pair):
    with pytest.raises((IncompatibleUnits, UnknownUnit)):
        check(*pair)


@pytest.mark.parametrize(
    "text", ["", "m" * 61, "m**9**9**9", "3 km", "__import__('os')", "m^99999999", "km/", "\x00", "1e9 m"]
)
def test_what_is_no_unit_is_unknown(text):
    with pytest.raises(UnknownUnit):
        check(text, "m")
