"""Staggered panels: made up, and the published ones as arrays."""

import numpy as np

from stats.cohorts import NEVER
from tests.stats.build import rows


def create_staggered(units=60, periods=8, *, seed=0, effect=1.0, starts=(3, 5), never=0.5):
    """Outcomes n x T and first treated columns; the first units are never treated."""
    rng = np.random.default_rng(seed)
    count = int(units * never)
    treated = np.array(starts)[np.arange(units - count) % len(starts)]
    first = np.concatenate([np.full(count, NEVER), treated])
    outcomes = rng.normal(size=(units, 1)) + np.arange(periods) * 0.1 + rng.normal(size=(units, periods))
    return outcomes + effect * (np.arange(periods) >= first[:, None]), first


def published(name, *, unit, period, value, start, extra=()):
    """Outcomes, first treated columns, the periods, and one array for each extra (fixed) column."""
    table = rows(name)
    units = sorted({row[unit] for row in table}, key=float)
    periods = sorted({row[period] for row in table}, key=float)
    row_of, column_of = ({label: place for place, label in enumerate(names)} for names in (units, periods))
    outcomes = np.full((len(units), len(periods)), np.nan)
    first = np.full(len(units), NEVER)
    fixed = {name: np.empty(len(units)) for name in extra}
    for row in table:
        place = row_of[row[unit]]
        outcomes[place, column_of[row[period]]] = float(row[value])
        first[place] = column_of.get(row[start], NEVER)
        for name in extra:
            fixed[name][place] = float(row[name])
    return outcomes, first, [int(float(label)) for label in periods], fixed
