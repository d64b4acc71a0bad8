"""A power curve with synthetic control, on one worker and on two: run as `python -m tests.bench.power_speed`.

60 districts x 200 periods from the seed (common movements, errors with persistence one half), 500 pretended
pilots of one treated district and 20 periods, 20 effects. First checked: both runs give the same intervals,
and one curve point is what analysing shifted data gives. There is no peer that analyses with synthetic
control, so none is run. Workers are processes whose BLAS keeps to one thread.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from stats.panel import FloatArray
from stats.planning.power import Power, power
from stats.planning.power_methods import ANALYSES
from stats.planning.simulate import pretences
from tests.bench.group_time_speed import ONE_THREAD

UNITS, PERIODS, WEEKS, BEFORE, SIMULATIONS = 60, 200, 20, 170, 500
EFFECTS = np.linspace(0.1, 2.0, 20)


def data(seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    errors = rng.normal(size=(UNITS, PERIODS))
    for period in range(1, PERIODS):
        errors[:, period] += 0.5 * errors[:, period - 1]
    moves = 0.3 * np.cumsum(rng.normal(size=(2, PERIODS)), axis=1)
    outcomes: FloatArray = 20 + rng.normal(size=(UNITS, 1)) + rng.random((UNITS, 2)) @ moves + errors
    return outcomes


def timed(work: Callable[[], Power], runs: int) -> tuple[Power, float]:
    seconds, found = [], work()
    for _ in range(runs):
        begin = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - begin)
    return found, float(np.median(seconds))


def checked(outcomes: FloatArray, found: Power, effect: float, few: int, seed: int, simulations: int) -> bool:
    """Whether the first pilots reject with `effect` added to the data as the curve says."""
    pilots = pretences(
        (UNITS, PERIODS), treated=1, weeks=WEEKS, before=BEFORE, simulations=simulations,
        rng=np.random.default_rng(seed),
    )  # fmt: skip
    for place, pilot in enumerate(pilots[:few]):
        values = pilot.of(outcomes)
        values[:1, BEFORE:] += effect
        inference = ANALYSES["synthetic_control"](values, 1, BEFORE, 0.05, np.random.default_rng(0))
        said = found.lows[place] + effect > 0 or found.highs[place] + effect < 0
        if said != bool(inference.excludes_zero):
            return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--simulations", type=int, default=SIMULATIONS)
    options = parser.parse_args()
    outcomes = data(options.seed)

    # Workers whose BLAS starts threads of its own get in each other's way.
    os.environ.update(ONE_THREAD)

    def work(executor: ProcessPoolExecutor) -> Power:
        return power(
            outcomes,
            treated=1,
            weeks=WEEKS,
            before=BEFORE,
            simulations=options.simulations,
            rng=np.random.default_rng(options.seed),
            executor=executor,
        )

    def by(workers: int) -> tuple[Power, float]:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as executor:
            return timed(lambda: work(executor), options.runs)

    (alone, one), (together, two) = by(1), by(2)
    same = np.array_equal(alone.lows, together.lows) and np.array_equal(alone.highs, together.highs)
    print(f"synthetic control, {UNITS} x {PERIODS}, {options.simulations} pilots, seed {options.seed}")
    shifted = checked(outcomes, alone, 1.0, 20, options.seed, options.simulations)
    print(f"same on one worker and two: {same}; as analysing shifted data: {shifted}")
    print(f"one worker {one:.2f} s, two {two:.2f} s: {one / two:.2f}x")
    print(f"size {alone.size:.3f}, least effect found with 80 %: {alone.minimum_detectable()}")
    for effect, share, error in zip(
        EFFECTS, alone.curve(EFFECTS), alone.simulation_errors(EFFECTS), strict=True
    ):
        print(f"  effect {effect:4.1f}: power {share:.3f} (+- {error:.3f})")


if __name__ == "__main__":
    main()
