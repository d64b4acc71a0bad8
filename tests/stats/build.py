"""Panels and designs with everything defaulted, and the published data."""

import csv
import gzip
import json
from pathlib import Path

import numpy as np

from stats.design import Design, Predictor
from stats.missing import sample
from stats.panel import Panel

REFERENCE = Path(__file__).parent / "reference"


def labels(prefix, count):
    return tuple(f"{prefix}{number:03d}" for number in range(count))


def create_panel(outcomes, **others):
    outcomes = np.asarray(outcomes, dtype=float)
    units, periods = outcomes.shape
    return Panel(outcomes=outcomes, units=labels("u", units), periods=labels("", periods), **others)


def create_design(treated=1, units=4, start=2, **others):
    """The first `treated` of `units` units start at period `start` (or at each of a list)."""
    names = labels("u", units)
    starts = [start] * treated if isinstance(start, int) else start
    fields = {
        "method": "did",
        "treated": names[:treated],
        "first_treated": {name: f"{first:03d}" for name, first in zip(names[:treated], starts, strict=True)},
        "controls": names[treated:],
        "alpha": 0.05,
        "missing": "refuse",
    }
    return Design(**{**fields, **others})


def create_sample(outcomes, *, treated=1, start=2, weights=None, **others):
    """The sample of `outcomes` under `create_design`, and the design."""
    outcomes = np.asarray(outcomes, dtype=float)
    design = create_design(treated=treated, units=len(outcomes), start=start, **others)
    return sample(create_panel(outcomes, weights=weights), design), design


def noise(units, periods, *, seed=0, persistence=0.0):
    """Levels by unit plus normal errors that follow an autoregression."""
    rng = np.random.default_rng(seed)
    errors = rng.normal(size=(units, periods))
    for period in range(1, periods):
        errors[:, period] += persistence * errors[:, period - 1]
    return 10 + rng.normal(size=(units, 1)) + errors


def case(identifier):
    files = sorted(REFERENCE.glob("cases*.json"))
    cases = (item for file in files for item in json.loads(file.read_text()))
    return next(item for item in cases if item["id"] == identifier)


def rows(name):
    with gzip.open(REFERENCE / f"{name}.csv.gz", "rt", newline="") as file:
        return list(csv.DictReader(file))


def cells(name, unit, period, value):
    """(unit, period, value) of every row that has a value."""
    return [(row[unit], row[period], float(row[value])) for row in rows(name) if row[value] not in ("", "NA")]


def published_predictors():
    """Those of Abadie, Diamond and Hainmueller (2010) for California."""
    eighties = tuple(str(year) for year in range(1980, 1989))
    return (
        Predictor("lnincome", eighties),
        Predictor("retprice", eighties),
        Predictor("age15to24", eighties),
        Predictor("beer", tuple(str(year) for year in range(1984, 1989))),
        *(Predictor("outcome", (year,)) for year in ("1975", "1980", "1988")),
    )


def california(*, predictors=False):
    """Proposition 99: the panel and the design, on outcomes or on the published predictors."""
    if predictors:
        name = "prop99_covariates"
        panel = Panel.from_cells(
            cells(name, "state", "year", "cigsale"),
            covariates={
                covariate: cells(name, "state", "year", covariate)
                for covariate in ("lnincome", "retprice", "age15to24", "beer")
            },
        )
    else:
        panel = Panel.from_cells(cells("prop99", "State", "Year", "PacksPerCapita"))
    return panel, alone("California", "1989", panel, predictors=published_predictors() if predictors else ())


def alone(unit, start, panel, **others):
    """Synthetic control of one unit with all others of the panel as controls."""
    return Design(
        method="synthetic_control",
        treated=(unit,),
        first_treated={unit: start},
        controls=tuple(other for other in panel.units if other != unit),
        alpha=0.05,
        missing="refuse",
        **others,
    )
