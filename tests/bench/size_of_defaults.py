"""How often the front door's defaults reject a true null: run as `python -m tests.bench.size_of_defaults`.

Districts have levels of their own and errors that follow an autoregression (coefficient 0.5) over 40
periods; 1, 3 or 5 of 20, 40 or 60 are "treated" from period 30 on, with no effect. Each figure draws the
given number of panels from the seed and counts p <= 0.05 for the inference that `stats.evaluate` reports by
default for the method. `--noisy` gives the treated districts errors of twice the size: nothing in the
data after the start could tell that from an effect. `--weights` lets the units count unequally, as by
population: one treated unit 10 or 50 times the others, all treated 10 times, all by a lognormal draw; for the
methods that take weights. `--methods` and `--cells` (as 3x20) do some alone.
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

Default = Callable[[FloatArray, int, np.random.Generator, "FloatArray | None"], Inference]


def did(
    values: FloatArray, treated: int, rng: np.random.Generator, weights: FloatArray | None = None
) -> Inference:
    plan = design(treated, len(values), "did")
    cells = sample(_panel(values, plan.units, weights), plan)
    return two_way(cells, Clusters.of(cells, plan, rng), alpha=ALPHA).inference


def classic(
    values: FloatArray, treated: int, rng: np.random.Generator, weights: FloatArray | None = None
) -> Inference:
    plan = design(treated, len(values), "synthetic_control")
    return synthetic_control(sample(_panel(values, plan.units, weights), plan), plan, rng).inference


def augmented(
    values: FloatArray, treated: int, rng: np.random.Generator, weights: FloatArray | None = None
) -> Inference:
    own = np.ones(treated) if weights is None else weights[:treated]
    shares = own / own.sum()
    units = np.vstack([shares @ values[:treated], values[treated:]])
    fit = augmented_synthetic_control(units[0], units[1:], START, holdout=-(-START // FOLDS))
    assert fit.penalty is not None
    return set_inference(values, shares, START, fit.penalty, rng, alpha=ALPHA)


def difference(
    values: FloatArray, treated: int, rng: np.random.Generator, weights: FloatArray | None = None
) -> Inference:
    assert weights is None  # the method refuses them
    fit = synthetic_did(values, np.where(np.arange(len(values)) < treated, START, NEVER))
    found = synthetic_did_errors(fit, method="placebo_rank", replications=REPLICATIONS, rng=rng, alpha=ALPHA)
    return found.inference


def group_time(
    values: FloatArray, treated: int, rng: np.random.Generator, weights: FloatArray | None = None
) -> Inference:
    plan = design(treated, len(values), "did")
    cells = sample(_panel(values, plan.units, weights), plan)
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


WEIGHTS = ("one x10", "one x50", "treated x10", "lognormal")


def _weights(name: str | None, treated: int, units: int, rng: np.random.Generator) -> FloatArray | None:
    if name is None:
        return None
    weights = np.ones(units)
    if name == "lognormal":
        return np.exp(rng.normal(size=units))
    weights[: treated if name == "treated x10" else 1] = 50 if name == "one x50" else 10
    return weights


def _panel(values: FloatArray, units: tuple[str, ...], weights: FloatArray | None) -> Panel:
    periods = tuple(f"{period:03d}" for period in range(PERIODS))
    return Panel(values, units, periods, weights=weights)


def share(
    method: str,
    treated: int,
    units: int,
    *,
    draws: int,
    seed: int,
    noisy: bool = False,
    weighting: str | None = None,
) -> str:
    """Share of draws in which the method rejects."""
    rng = np.random.default_rng([seed, treated, units, list(METHODS).index(method)])
    rejected = 0
    for _ in range(draws):
        values = outcomes(units, rng, louder=treated if noisy else 0)
        weights = _weights(weighting, treated, units, rng)
        p_value = METHODS[method](values, treated, rng, weights).p_value
        assert not isinstance(p_value, NotComputable)
        rejected += p_value <= ALPHA
    return f"{100 * rejected / draws:.1f}%"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--noisy", action="store_true", help="treated districts twice as noisy")
    parser.add_argument("--weights", action="store_true", help="units that count unequally")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--cells", nargs="+", default=[f"{treated}x{units}" for treated, units in SIZES])
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.draws} draws, true nulls rejected at {ALPHA:.0%}\n")
    methods = [name for name in options.methods if not options.weights or name != "synthetic_did"]
    print(f"| treated |{' weights |' if options.weights else ''} {' | '.join(methods)} |")
    print(f"|{'---|' * (1 + options.weights + len(methods))}")
    for cell in options.cells:
        treated, units = (int(part) for part in cell.split("x"))
        for weighting in WEIGHTS if options.weights else (None,):
            print(f"| {treated} of {units} |", end="", flush=True)
            print("" if weighting is None else f" {weighting} |", end="", flush=True)
            for method in methods:
                found = share(
                    method,
                    treated,
                    units,
                    draws=options.draws,
                    seed=options.seed,
                    noisy=options.noisy,
                    weighting=weighting,
                )
                print(f" {found} |", end="", flush=True)
            print(flush=True)


if __name__ == "__main__":
    main()
