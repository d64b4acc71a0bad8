"""Randomisation inference beside one matrix product: `python -m tests.bench.randomisation_speed`.

9,999 assignments of a difference-in-differences on 60 districts x 200 periods, from the panel to p-value
and interval, drawn assignments included. The yardstick is the product of the assignments (9,999 x 60) with
the panel (60 x 200), both in double precision. The estimate is compared first with the assignment's own
difference of mean changes, and the p-value with one that is counted assignment by assignment.
"""

from __future__ import annotations

import argparse
import os

import numpy as np

from tests.bench.peers import OURS, exponent, run_peer

DISTRICTS, PERIODS, START, TREATED, ASSIGNMENTS = 60, 200, 150, 5, 9_999

OURS_CODE = """
import numpy as np
from stats.trials.assignment import Permuted
from stats.clusters.few_treated import contrasts
from stats.trials.randomisation import randomisation_test

def run(arrays):
    changes = contrasts(arrays["outcomes"], int(arrays["start"]))
    found = randomisation_test(changes, Permuted(arrays["treated"]), rng=np.random.default_rng(1))
    return {"p": found.p_value, "low": found.interval.low, "high": found.interval.high}
"""

PRODUCT = """
import numpy as np

def prepare(arrays):
    rng = np.random.default_rng(0)
    return rng.random((int(arrays["assignments"]), len(arrays["outcomes"]))), arrays["outcomes"]

def run(given):
    assignments, outcomes = given
    return {"last": (assignments @ outcomes)[-1, -1]}
"""


def panel(districts: int, seed: int) -> dict[str, np.ndarray]:
    """Autoregressive outcomes; the first few districts treated, with an effect of one half."""
    rng = np.random.default_rng([seed, districts])
    outcomes = rng.normal(size=(districts, PERIODS))
    for period in range(1, PERIODS):
        outcomes[:, period] += 0.5 * outcomes[:, period - 1]
    outcomes[:TREATED, START:] += 0.5
    return {
        "outcomes": outcomes,
        "treated": (np.arange(districts) < TREATED).astype(np.int64),
        "start": np.array(START),
        "assignments": np.array(ASSIGNMENTS),
    }


def counted(arrays: dict[str, np.ndarray], seed: int) -> float:
    """The p-value, one assignment after the other."""
    outcomes, treated = arrays["outcomes"], arrays["treated"] == 1
    changes = outcomes[:, START:].mean(axis=1) - outcomes[:, :START].mean(axis=1)
    rng = np.random.default_rng(seed)
    own = abs(changes[treated].mean() - changes[~treated].mean())
    as_large = 0
    for _ in range(ASSIGNMENTS):
        drawn = rng.permutation(treated)
        as_large += abs(changes[drawn].mean() - changes[~drawn].mean()) >= own
    return (1 + as_large) / (1 + ASSIGNMENTS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20261123)
    seed = parser.parse_args().seed
    # One thread for both: the yardstick would otherwise be the number of cores.
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    print(f"seed {seed}, {ASSIGNMENTS} assignments, {PERIODS} periods, one thread, medians in milliseconds\n")
    print("| districts | ours | one matrix product | ratio |\n|---|---|---|---|")
    sizes, taken = [DISTRICTS, 2 * DISTRICTS, 4 * DISTRICTS], []
    for districts in sizes:
        arrays = panel(districts, seed)
        ours = run_peer(OURS_CODE, arrays, python=OURS, runs=15)
        expected = counted(arrays, seed)
        if not abs(ours.result["p"] - expected) < 4 * np.sqrt(2 * expected / ASSIGNMENTS) + 1e-3:
            raise SystemExit(f"p: {ours.result['p']} against {expected}")
        product = run_peer(PRODUCT, arrays, python=OURS, runs=15)
        taken.append(ours.median)
        times = f"{1e3 * ours.median:.1f} | {1e3 * product.median:.1f}"
        print(f"| {districts} | {times} | {ours.median / product.median:.2f}x |", flush=True)
    print(f"\nour time grows with districts to the power {exponent(sizes, taken):.2f}")


if __name__ == "__main__":
    main()
