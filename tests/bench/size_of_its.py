"""How often a series without an effect is said to have one: run as `python -m tests.bench.size_of_its`.

One series of normal errors that follow an autoregression; two thirds of the periods lie before the start;
level, trend, and changes of both are fitted. Each line counts p <= 0.05 for the change of level and for the
mean change, by the kind of errors. Then the robust bounds of `stats.checks.honest`: how often the set leaves
out the true effect, zero, where the differential trend is as bad as the restriction allows: for smoothness
the one that biases the estimator most, for relative magnitudes steps after the start as large as any before.
"""

from __future__ import annotations

import argparse
from collections import Counter

import numpy as np
from scipy.optimize import linprog

from stats.checks.honest import robust
from stats.checks.honest_flci import shortest
from stats.checks.honest_restrictions import Restriction, polyhedra
from stats.checks.honest_sets import EventCoefficients
from stats.inference import Interval
from stats.panel import FloatArray
from stats.time_series.interrupted import interrupted_time_series

ERRORS = {
    "ar1": {"errors": "ar1"},
    "newey_west": {"errors": "newey_west"},
    "newey_west, as R": {"errors": "newey_west", "prewhite": True, "lag": "sandwich", "adjust": False},
    "model": {"errors": "model"},
}
COVARIANCE = 0.01 * (0.5 + 0.5 * np.eye(5))
LENGTHS, PERSISTENCES = (36, 60, 120), (0.0, 0.3, 0.5, 0.7)


def series(periods: int, persistence: float, rng: np.random.Generator) -> FloatArray:
    """A stationary first-order autoregression."""
    errors = rng.normal(size=periods)
    errors[0] /= np.sqrt(1 - persistence**2)
    for period in range(1, periods):
        errors[period] += persistence * errors[period - 1]
    return errors


def rejections(periods: int, persistence: float, draws: int, seed: int) -> dict[str, tuple[float, float]]:
    """Shares of draws in which level and mean change are significant, by kind of errors."""
    rng = np.random.default_rng(seed)
    count: Counter[tuple[str, str]] = Counter()
    for _ in range(draws):
        outcomes = series(periods, persistence, rng)
        for name, options in ERRORS.items():
            found = interrupted_time_series(outcomes, periods * 2 // 3, **options)
            count[name, "level"] += found.level.inference.excludes_zero is True
            count[name, "average"] += found.average.inference.excludes_zero is True
    return {name: (count[name, "level"] / draws, count[name, "average"] / draws) for name in ERRORS}


def worst_trend(bound: float) -> FloatArray:
    """The trend with changes of slope up to `bound` that biases the fixed-length estimator most."""
    slope = shortest(COVARIANCE, np.array([1.0, 0.0]), bound, alpha=0.05).slope
    curves = polyhedra(Restriction("smoothness"), bound, before=3, after=2)[0]
    found: FloatArray = linprog(
        -slope, A_ub=curves.matrix, b_ub=curves.limits, bounds=[(-10, 10)] * len(slope)
    ).x
    return found


def misses(restriction: Restriction, bound: float, trend: FloatArray, draws: int, seed: int) -> float:
    """Share of draws in which the robust set of a zero effect leaves zero out; 3 leads, 2 effects."""
    rng = np.random.default_rng(seed)
    missed = 0
    for noise in rng.multivariate_normal(np.zeros(5), COVARIANCE, size=draws):
        event = EventCoefficients(trend + noise, COVARIANCE, before=3)
        interval = robust(event, restriction, bound, rng=rng).inference.interval
        missed += not (isinstance(interval, Interval) and interval.contains(0.0))
    return missed / draws


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=20261123)
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.draws} draws; level / mean change rejected at 5 %")
    print(f"{'periods':>7} {'rho':>4}  " + "  ".join(f"{name:>23}" for name in ERRORS))
    for periods in LENGTHS:
        for persistence in PERSISTENCES:
            found = rejections(periods, persistence, options.draws, options.seed)
            cells = (f"{100 * level:10.1f}% / {100 * mean:7.1f}%" for level, mean in found.values())
            print(f"{periods:7d} {persistence:4.1f}  " + "  ".join(f"{cell:>23}" for cell in cells))
    steps = np.array([-0.5, -0.5, -0.5, 0.5, 1.0])  # with the reference: 0, 0, 0.5, 0.5, 0.5
    for name, restriction, bound, trend in (
        ("smoothness, M = 0.02", Restriction("smoothness"), 0.02, worst_trend(0.02)),
        ("smoothness, M = 0.1", Restriction("smoothness"), 0.1, worst_trend(0.1)),
        ("relative magnitudes, Mbar = 1", Restriction("relative_magnitudes"), 1.0, steps),
    ):
        share = misses(restriction, bound, trend, options.draws, options.seed)
        print(f"robust set leaves the truth out, {name}: {100 * share:.1f}%")


if __name__ == "__main__":
    main()
