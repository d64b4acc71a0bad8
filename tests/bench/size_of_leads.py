"""How often the rank of the leads finds a trend where there is none: `python -m tests.bench.size_of_leads`.

Districts with levels of their own and first-order autoregressive errors (`size_of_tests.outcomes`), one to
three of which start at different times; nothing happens to any. Each line counts p <= 0.05 for the rank of
the treated districts' leads among those of deals of the same starts to the never-treated.
"""

from __future__ import annotations

import argparse

import numpy as np

from stats.cohorts import NEVER
from stats.results import JointTest
from stats.staggered.group_time import group_time_effects
from stats.staggered.ranked_leads import ranked_leads
from tests.bench.size_of_tests import outcomes

STARTS = (30, 26, 33)
WINDOW = 24
"""Periods before the start whose leads are ranked, as `stats.methods.staggered` does."""


def rejections(treated: int, units: int, draws: int, seed: int) -> tuple[float, int]:
    """The share of draws in which a pre-trend is found at 5 %, and how many placebos it was ranked among."""
    rng = np.random.default_rng([seed, treated, units])
    first = np.array([*STARTS[:treated], *[NEVER] * (units - treated)])
    never = first == NEVER
    rejected = placebos = 0
    for _ in range(draws):
        values = outcomes(units, rng)
        controls = values[never]
        test = ranked_leads(
            group_time_effects(values, first, base_period="universal"),
            controls,
            first,
            lambda deal, controls=controls: group_time_effects(controls, deal, base_period="universal"),
            reference=-1,
            window=WINDOW,
            alike=True,
            rng=rng,
        )
        assert isinstance(test, JointTest)
        assert test.placebos is not None
        rejected += test.p_value <= 0.05
        placebos = test.placebos
    return rejected / draws, placebos


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=20261123)
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.draws} draws; pre-trend found at 5 % where there is none")
    print(f"{'treated':>7} {'districts':>9} {'placebos':>8} {'rejected':>8}")
    for units in (20, 40):
        for treated in (1, 2, 3):
            share, placebos = rejections(treated, units, options.draws, options.seed)
            print(f"{treated:7d} {units:9d} {placebos:8d} {100 * share:7.1f}%", flush=True)


if __name__ == "__main__":
    main()
