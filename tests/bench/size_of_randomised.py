"""How often randomised designs reject a true null: run as `python -m tests.bench.size_of_randomised`.

Outcomes have levels of their own and autoregressive errors (coefficient 0.5); treatment is assigned anew in
each draw as the design says, with no effect. Printed are the shares of draws with p <= 0.05: by
re-randomisation (the default), by the sampling error of the same function where it has one, and by least
squares that takes every reading as independent.
"""

from __future__ import annotations

import argparse

import numpy as np

from stats.clusters.clustered_regression import ClusteredRegression
from stats.clusters.few_clusters import cluster_robust
from stats.findings import NotComputable
from stats.panel import FloatArray
from stats.trials.crossover import stepped_wedge, switchback
from stats.trials.randomised import district_randomised, matched_pairs

ALPHA, PERSISTENCE = 0.05, 0.5
PValues = tuple[float | NotComputable, float | NotComputable | None, float | NotComputable]


def outcomes(units: int, periods: int, rng: np.random.Generator) -> FloatArray:
    errors = rng.normal(size=(units, periods))
    errors[:, 0] /= np.sqrt(1 - PERSISTENCE**2)
    for period in range(1, periods):
        errors[:, period] += PERSISTENCE * errors[:, period - 1]
    found: FloatArray = errors + rng.normal(size=(units, 1))
    return found


def independent(values: FloatArray, treated: FloatArray) -> float | NotComputable:
    """Every reading for itself, with unit and period effects where treatment varies within units."""
    y, d = values - values.mean(), treated - treated.mean()
    if (treated != treated[:, :1]).any():
        y, d = (each - each.mean(axis=1, keepdims=True) - each.mean(axis=0) for each in (y, d))
    columns = np.column_stack([d.ravel(), np.ones(d.size)])
    regression = ClusteredRegression.of(y.ravel(), columns, np.arange(y.size))
    return cluster_robust(regression, "CR1S").inference(0, dof=np.inf).p_value


def districts(units: int, rng: np.random.Generator) -> PValues:
    values = outcomes(units, 10, rng)
    treated = rng.permutation(np.arange(units) % 2)
    found = district_randomised(values.mean(axis=1), treated, rng=rng)
    by_reading = independent(values, np.repeat(treated[:, None], 10, axis=1).astype(float))
    return found.randomisation.p_value, found.robust.p_value, by_reading


def pairs(units: int, rng: np.random.Generator) -> PValues:
    values = outcomes(units, 10, rng)
    pair = np.arange(units) // 2
    values += rng.normal(size=(units // 2, 1))[pair]
    treated = (np.arange(units) + rng.integers(0, 2, units // 2)[pair]) % 2
    found = matched_pairs(values.mean(axis=1), treated, pair, rng=rng)
    by_reading = independent(values, np.repeat(treated[:, None], 10, axis=1).astype(float))
    return found.randomisation.p_value, found.robust.p_value, by_reading


def switches(units: int, rng: np.random.Generator) -> PValues:
    values = outcomes(units, 40, rng)
    treated = np.repeat(rng.integers(0, 2, (units, 8)), 5, axis=1)
    found = switchback(values, treated, length=5, rng=rng).inference
    return found.p_value, None, independent(values, treated.astype(float))


def wedge(units: int, rng: np.random.Generator) -> PValues:
    values = outcomes(units, 20, rng)
    first = rng.permutation(np.resize([4, 8, 12, 16, 20], units))
    found = stepped_wedge(values, first, rng=rng).inference
    return found.p_value, None, independent(values, (np.arange(20) >= first[:, None]).astype(float))


DESIGNS = {"districts": districts, "matched pairs": pairs, "switchback": switches, "stepped wedge": wedge}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=20261123)
    given = parser.parse_args()
    print(f"seed {given.seed}, {given.draws} draws, true nulls rejected at {ALPHA:.0%}\n")
    print(f"| design | units | re-randomisation | sampling error | readings as independent |\n|{'---|' * 5}")
    for place, (name, design) in enumerate(DESIGNS.items()):
        for units in (10, 20):
            rng = np.random.default_rng([given.seed, place, units])
            drawn = [design(units, rng) for _ in range(given.draws)]
            shares = [
                [p <= ALPHA for p in column if isinstance(p, float)] for column in zip(*drawn, strict=True)
            ]
            cells = " | ".join(f"{100 * np.mean(share):.1f}%" if share else "-" for share in shares)
            print(f"| {name} | {units} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
