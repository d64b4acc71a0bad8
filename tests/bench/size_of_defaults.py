"""How often the front door's defaults reject a true null: run as `python -m tests.bench.size_of_defaults`.

Districts have levels of their own and errors that follow an autoregression (coefficient 0.5) over 40
periods; 1, 3 or 5 of 20, 40 or 60 are "treated" from period 30 on, with no effect. Each figure draws the
given number of panels from the seed and counts p <= 0.05 for the inference that `stats.evaluate` reports by
default for the method. `--noisy` gives the treated districts errors of twice the size: nothing in the
data after the start could tell that from an effect. `--methods` and `--cells` (as 3x20) do some alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from stats.cohorts import NEVER
from stats.differences.did import Clusters, two_way
from stats.findings import NotComputable
from stats.inference import Inference
from stats.methods import staggered
from stats.methods.synthetic import FOLDS, REPLICATIONS
from stats.missing import sample
from stats.panel import FloatArray, Panel
from stats.staggered.aggregation import aggregate
from stats.synthetic_control.augmented import augmented_synthetic_control
from stats.synthetic_control.augmented_placebos import set_inference
from stats.synthetic_control.synthetic import synthetic_control
from stats.synthetic_control.synthetic_did import synthetic_did
from stats.synthetic_control.synthetic_did_inference import synthetic_did_errors
from tests.bench.size_of_tests import ALPHA, PERIODS, SIZES, START, design, outcomes

Default = Callable[[FloatArray, int, np.random.Generator], Inference]


def did(values: FloatArray, treated: int, rng: np.random.Generator) -> Inference:
    plan = design(treated, len(values), "did")
    cells = sample(_panel(values, plan.units), plan)
    return two_way(cells, Clusters.of(cells, plan, rng), alpha=ALPHA).inference


def classic(values: FloatArray, treated: int, rng: np.random.Generator) -> Inference:
    plan = design(treated, len(values), "synthetic_control")
    return synthetic_control(sample(_panel(values, plan.units), plan), plan, rng).inference


def augmented(values: FloatArray, treated: int, rng: np.random.Generator) -> Inference:
    units = np.vstack([values[:treated].mean(axis=0), values[treated:]])
    fit = augmented_synthetic_control(units[0], units[1:], START, holdout=-(-START // FOLDS))
    assert fit.penalty is not None
    shares = np.full(treated, 1 / treated)
    return set_inference(values, shares, START, fit.penalty, rng, alpha=ALPHA)


def difference(values: FloatArray, treated: int, rng: np.random.Generator) -> Inference:
    fit = synthetic_did(values, np.where(np.arange(len(values)) < treated, START, NEVER))
    found = synthetic_did_errors(fit, method="placebo_rank", replications=REPLICATIONS, rng=rng, alpha=ALPHA)
    return found.inference


def group_time(values: FloatArray, treated: int, rng: np.random.Generator) -> Inference:
    plan = design(treated, len(values), "did")
    cells = sample(_panel(values, plan.units), plan)
    found = staggered.effects_of(cells, plan, base="universal")
    overall = aggregate(found, "simple", skip_missing=True)
    return staggered.reported(cells, plan, found, overall, rng)


METHODS: dict[str, Default] = {
    "did": did,
    "synthetic_control": classic,
    "augmented_synthetic_control": augmented,
    "synthetic_did": difference,
    "staggered": group_time,
}


def _panel(values: FloatArray, units: tuple[str, ...]) -> Panel:
    return Panel(values, units, tuple(f"{period:03d}" for period in range(PERIODS)))


def share(method: str, treated: int, units: int, *, draws: int, seed: int, noisy: bool) -> str:
    """Share of draws in which the method rejects."""
    rng = np.random.default_rng([seed, treated, units, list(METHODS).index(method)])
    rejected = 0
    for _ in range(draws):
        values = outcomes(units, rng, louder=treated if noisy else 0)
        p_value = METHODS[method](values, treated, rng).p_value
        assert not isinstance(p_value, NotComputable)
        rejected += p_value <= ALPHA
    return f"{100 * rejected / draws:.1f}%"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--noisy", action="store_true", help="treated districts twice as noisy")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--cells", nargs="+", default=[f"{treated}x{units}" for treated, units in SIZES])
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.draws} draws, true nulls rejected at {ALPHA:.0%}\n")
    print(f"| treated | {' | '.join(options.methods)} |\n|{'---|' * (1 + len(options.methods))}")
    for cell in options.cells:
        treated, units = (int(part) for part in cell.split("x"))
        print(f"| {treated} of {units} |", end="", flush=True)
        for method in options.methods:
            draws, seed, noisy = options.draws, options.seed, options.noisy
            print(
                "",
                share(method, treated, units, draws=draws, seed=seed, noisy=noisy),
                "|",
                end="",
                flush=True,
            )
        print(flush=True)


if __name__ == "__main__":
    main()
