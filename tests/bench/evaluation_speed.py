"""How long the evaluation of one pilot takes: run as `python -m tests.bench.evaluation_speed`.

Five metrics of 60 districts over 200 periods (or as told), evaluated by `evaluate` with every check, by each
method. Levels plus first-order autoregressive errors, an effect of one from the start on. Wall and CPU
seconds for all metrics together; the CPU seconds are the ones to compare on a machine with other work.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from stats.design import Assignment, Design
from stats.evaluate import evaluate
from tests.bench.size_of_its import series
from tests.stats.build import create_design, create_panel, labels

PERSISTENCE, EFFECT = 0.5, 1.0


def designs(units: int, periods: int) -> dict[str, Design]:
    """What is timed, by name; the start lies at two thirds of the periods, or around it."""
    start, half = periods * 2 // 3, units // 2
    starts = [start - 2, start, start + 2]
    dealt = {name: f"{place % half:03d}" for place, name in enumerate(labels("u", units))}
    common = {"units": units, "start": start}
    single = ("did", "synthetic_control", "synthetic_did", "augmented_synthetic_control")
    return {
        **{f"{name}, 1 treated": create_design(1, method=name, **common) for name in single},
        **{f"{name}, 6 treated": create_design(6, method=name, **common) for name in single},
        "staggered, 3 treated": create_design(3, units, starts, method="staggered"),
        "staggered, 12 treated": create_design(12, units, starts * 4, method="staggered"),
        "interrupted": create_design(1, method="interrupted", controls=(), **common),
        "interrupted, controlled": create_design(1, method="interrupted", **common),
        "randomised, units": create_design(
            half, method="randomised", assignment=Assignment("units"), **common
        ),
        "randomised, pairs": create_design(
            half, method="randomised", assignment=Assignment("pairs", dealt), **common
        ),
    }


def seconds(design: Design, units: int, periods: int, metrics: int, seed: int) -> tuple[float, float]:
    """Wall and CPU seconds for all metrics."""
    rng = np.random.default_rng(seed)
    starts = {name: int(first) for name, first in design.first_treated.items()}
    wall = cpu = 0.0
    for _ in range(metrics):
        outcomes = np.array([10 + rng.normal() + series(periods, PERSISTENCE, rng) for _ in range(units)])
        for place, name in enumerate(labels("u", units)):
            outcomes[place, starts.get(name, periods) :] += EFFECT
        panel = create_panel(outcomes)
        begin, begin_cpu = time.perf_counter(), time.process_time()
        evaluate(panel, design, rng)
        wall += time.perf_counter() - begin
        cpu += time.process_time() - begin_cpu
    return wall, cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--districts", type=int, default=60)
    parser.add_argument("--periods", type=int, default=200)
    parser.add_argument("--metrics", type=int, default=5)
    parser.add_argument("--seed", type=int, default=20261124)
    given = parser.parse_args()
    print(f"seed {given.seed}; {given.metrics} metrics, {given.districts} districts, {given.periods} periods")
    print(f"{'method':<38} {'wall s':>7} {'CPU s':>7}")
    for name, design in designs(given.districts, given.periods).items():
        wall, cpu = seconds(design, given.districts, given.periods, given.metrics, given.seed)
        print(f"{name:<38} {wall:7.2f} {cpu:7.2f}", flush=True)


if __name__ == "__main__":
    main()
