"""How often pooled effects and predictions cover: run as `python -m tests.bench.coverage_of_pooling`.

Sites' true effects scatter with standard deviation tau around 0.5, sampling variances lie between 0.01
and 0.16 and are taken as known. Printed are the shares of draws whose 95 % interval holds the mean effect,
and for the last two columns that of one more site:

- FE, DL     fixed effect; DerSimonian-Laird with a normal quantile
- HK, mHK    restricted maximum likelihood with Hartung-Knapp, and modified
- new, z     DerSimonian-Laird's prediction interval with a normal quantile;  new, HK  with Hartung-Knapp
"""

from __future__ import annotations

import argparse
import math

import numpy as np

from stats.inference import Interval
from stats.pooling.meta import meta_analysis

MEAN = 0.5
COLUMNS = ("FE", "DL", "HK", "mHK", "new, z", "new, HK")


def covered(sites: int, tau: float, rng: np.random.Generator) -> list[bool]:
    """Whether each of the columns holds the truth, in one draw."""
    variances = rng.uniform(0.1, 0.4, sites) ** 2
    effects = MEAN + rng.normal(scale=np.sqrt(tau**2 + variances))
    new = MEAN + tau * rng.normal()
    fixed, plain, adjusted, modified = (
        meta_analysis(effects, variances, method=method, test=test)
        for method, test in (
            ("FE", "z"),
            ("DL", "z"),
            ("REML", "hartung_knapp"),
            ("REML", "modified_hartung_knapp"),
        )
    )
    means = [each.pooled.inference.interval for each in (fixed, plain, adjusted, modified)]
    ahead = [each.predict().interval for each in (plain, adjusted)]
    pairs = [*((interval, MEAN) for interval in means), *((interval, new) for interval in ahead)]
    return [isinstance(interval, Interval) and interval.contains(truth) for interval, truth in pairs]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=20261123)
    given = parser.parse_args()
    print(f"seed {given.seed}, {given.draws} draws, shares of 95 % intervals that hold the truth\n")
    print(f"| sites | tau | {' | '.join(COLUMNS)} |\n|{'---|' * (2 + len(COLUMNS))}")
    for sites in (3, 5, 10, 20):
        for tau in (0.0, 0.2, 0.5):
            rng = np.random.default_rng([given.seed, sites, math.floor(10 * tau)])
            shares = np.mean([covered(sites, tau, rng) for _ in range(given.draws)], axis=0)
            cells = " | ".join(f"{100 * share:.1f}%" for share in shares)
            print(f"| {sites} | {tau} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
