"""How often counterfactual intervals hold: run as `python -m tests.bench.coverage_of_predictions`.

One treated unit, 12 donors, 60 periods of which 10 after the start, no effect. The treated unit is a mix of
three donors plus errors that follow an autoregression; the donors share two random walks ("walks") or have
stationary movements of their own ("stationary"). Printed are the shares of draws whose interval for the last
period holds zero (nominally 90 %), and the share for the constant effect by cyclic shifts:

- gaussian     prediction intervals (Cattaneo, Feng and Titiunik), 100 simulations
- jackknife+   leave one period out
- conformal    one period, by order;  shifts: a constant effect over all ten
"""

from __future__ import annotations

import argparse

import numpy as np

from stats.counterfactuals.conformal import conformal_p_values
from stats.counterfactuals.counterfactual import mixes
from stats.counterfactuals.jackknife_plus import jackknife_plus
from stats.counterfactuals.prediction_intervals import prediction_intervals
from stats.inference import Inference, Interval
from stats.panel import FloatArray

DONORS, PERIODS, START, ALPHA = 12, 60, 50, 0.1
COLUMNS = ("gaussian", "jackknife+", "conformal", "shifts")


def panel(walks: bool, persistence: float, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """The treated path and the donors x periods."""
    moves = rng.normal(size=(2, PERIODS))
    errors = rng.normal(size=(DONORS + 1, PERIODS))
    for period in range(1, PERIODS):
        errors[:, period] += persistence * errors[:, period - 1]
        if walks:
            moves[:, period] += moves[:, period - 1]
    donors = rng.normal(size=(DONORS, 1)) + rng.random((DONORS, 2)) @ moves + errors[1:]
    return donors[:3].mean(axis=0) + 0.5 * errors[0], donors


def holds(inference: Inference) -> bool:
    return isinstance(inference.interval, Interval) and inference.interval.contains(0.0)


def covered(walks: bool, persistence: float, rng: np.random.Generator) -> list[bool]:
    treated, donors = panel(walks, persistence, rng)
    gaussian = prediction_intervals(treated, donors, START, alpha=ALPHA, simulations=100, rng=rng)
    left_out = jackknife_plus(treated, donors, START, alpha=ALPHA)
    ranked = conformal_p_values(treated, donors, START, counterfactual=mixes)
    return [
        holds(gaussian.inferences[-1]),
        holds(left_out.by_period[-1]),
        bool(ranked.by_period[-1] > ALPHA),
        ranked.joint > ALPHA,
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--seed", type=int, default=20261123)
    given = parser.parse_args()
    print(f"seed {given.seed}, {given.draws} draws, shares of 90 % intervals that hold the truth\n")
    print(f"| donors | persistence | {' | '.join(COLUMNS)} |\n|{'---|' * (2 + len(COLUMNS))}")
    for walks in (False, True):
        for persistence in (0.0, 0.5):
            rng = np.random.default_rng([given.seed, walks, int(10 * persistence)])
            shares = np.mean([covered(walks, persistence, rng) for _ in range(given.draws)], axis=0)
            cells = " | ".join(f"{100 * share:.1f}%" for share in shares)
            print(f"| {'walks' if walks else 'stationary'} | {persistence} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
