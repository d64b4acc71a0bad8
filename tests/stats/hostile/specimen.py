"""One estimator under attack, and the small panel that the attacks start from."""

from dataclasses import dataclass

import numpy as np

from stats.cohorts import NEVER
from stats.inference import Inference, Interval
from stats.results import Estimate


@dataclass(frozen=True, eq=False)
class Specimen:
    """An estimator, how it is called, a valid input, and how its answer moves with the outcomes.

    estimator  the public function (or class) that is attacked
    made       the input by name; arrays, labels and options among it are what hostile input replaces
    outcome    the names of the inputs in the unit of the outcome, which are scaled and shifted together
    answer     the number of the result that is in that unit, None where there is no such number
    shifts     whether a constant added to all outcomes leaves the answer as it was
    spanned    whether the answer depends on the covariates by what they span alone
    call       what runs the estimator on the input, where that is more than a call of it
    """

    estimator: object
    made: dict
    outcome: tuple = ()
    answer: object = None
    shifts: bool = True
    spanned: bool = True
    call: object = None

    @property
    def name(self):
        return f"{self.estimator.__module__.removeprefix('stats.')}.{self.estimator.__name__}"

    def run(self, **changed):
        given = {name: _fresh(value) for name, value in {**self.made, **changed}.items()}
        return (self.call or self.estimator)(**given)


def _fresh(value):
    """A generator as it was before anyone drew from it."""
    return np.random.default_rng(7) if isinstance(value, np.random.Generator) else value


def low_end(inference):
    """Of the interval; None where there is none."""
    return inference.interval.low if isinstance(inference.interval, Interval) else None


RNG = np.random.default_rng(0)
UNITS, PERIODS, START = 12, 10, 6
GRID = (
    RNG.normal(size=(UNITS, 1))
    + RNG.normal(size=(1, PERIODS)).cumsum(axis=1)
    + 0.7 * RNG.normal(size=(UNITS, PERIODS))
    + 10.0
)
FIRST = np.full(UNITS, NEVER)
FIRST[:2], FIRST[2:4] = 5, 6
ONE_START = np.where(np.arange(UNITS) < 3, START, NEVER)
FIXED = RNG.normal(size=(UNITS, 1))
BY_CELL = RNG.normal(size=(UNITS, PERIODS))
WEIGHTS = RNG.uniform(1, 2, UNITS)
PAIRS = np.repeat(np.arange(UNITS // 2), 2)
ROWS = 48
ROW_TREATED = np.tile([0, 1, 0, 1], 12)
ROW_POST = np.tile([0, 0, 1, 1], 12)
ROW_ELIGIBLE = np.repeat([0, 1], 24)
ROW_CLUSTERS = np.repeat(np.arange(12), 4)
ROW_Y = RNG.normal(size=ROWS) + ROW_TREATED * ROW_POST + 5.0
ROW_X = RNG.normal(size=(ROWS, 2))
ROW_WEIGHTS = RNG.uniform(1, 2, ROWS)
COUNTS = RNG.poisson(30, 40).astype(float)
SERIES = RNG.normal(size=40).cumsum() * 0.2 + RNG.normal(size=40) + 20
COVARIANCE = 0.05 * np.eye(5) + 0.02
DRAWN = np.random.default_rng(7)
ESTIMATE = Estimate(1.0, Inference("t", 0.05, 0.04, Interval(0.05, 1.95), standard_error=0.45, dof=12.0))


PANEL = {"outcomes": GRID, "first_treated": FIRST}
COVARIATE = {"covariates": FIXED}
SERIES_OF = {"treated": GRID[0], "donors": GRID[4:], "start": START}
LONG_SERIES = {
    "treated": np.tile(GRID[0], 2),
    "donors": np.tile(GRID[4:], 2) + 0.3 * RNG.normal(size=(UNITS - 4, 2 * PERIODS)),
    "start": 14,
}
ONE = {"outcomes": np.vstack([GRID[:1], GRID[4:]]), "start": START}
