"""How often staggered estimators cover the effect: run as `python -m tests.bench.coverage_of_staggered`.

Two fifths of the units are never treated, the others start in three equal cohorts (periods 4, 7 and 10
of 14). Levels by unit, errors autoregressive (coefficient 0.5). The effect grows with the time since the
start and more in earlier cohorts; the truth is its mean over all treated cells (the size columns: no effect).
Printed are the shares of draws whose 95 % interval holds the truth:

- group-time    doubly robust without covariates, `simple`, normal quantile; "small": corrected, with t
- band          the multiplier bootstrap's simultaneous band holds the whole event study, 199 draws; "small":
                the band whose errors vary as they were estimated
- imputation    conservative errors, normal quantile; "one out": leave-one-out means
- interaction   interaction-weighted (Sun and Abraham), t(G - 1)
- two-way       the static two-way coefficient, CR1 with t(G - 1), as an answer to the same question
"""

from __future__ import annotations

import argparse

import numpy as np

from stats.cohorts import NEVER, IntArray
from stats.differences.two_way import two_way_effect
from stats.findings import NotComputable
from stats.inference import Inference, Interval
from stats.panel import FloatArray
from stats.staggered.aggregation import aggregate
from stats.staggered.group_time import group_time_effects
from stats.staggered.imputation import impute
from stats.staggered.interaction_weighted import interaction_weighted
from stats.staggered.multiplier import bootstrap
from stats.staggered.small_sample_bands import small_sample_bands

PERIODS, STARTS, PERSISTENCE, ALPHA = 14, (4, 7, 10), 0.5, 0.05
COLUMNS = ("group-time", "small", "band", "small band", "imputation", "one out", "interaction", "two-way")


def panel(units: int, growth: float, rng: np.random.Generator) -> tuple[FloatArray, IntArray, FloatArray]:
    """Outcomes and effects, units x periods, and the first treated columns."""
    never = 2 * units // 5
    first = np.concatenate(
        [np.full(never, NEVER), np.repeat(np.array(STARTS), -(-(units - never) // 3))[: units - never]]
    )
    errors = rng.normal(size=(units, PERIODS))
    errors[:, 0] /= np.sqrt(1 - PERSISTENCE**2)
    for period in range(1, PERIODS):
        errors[:, period] += PERSISTENCE * errors[:, period - 1]
    since = np.arange(PERIODS) - np.minimum(first, PERIODS)[:, None]
    early = (PERIODS - np.minimum(first, PERIODS))[:, None] / PERIODS
    effects = np.where(since >= 0, growth * (1 + since) * early, 0.0)
    return errors + rng.normal(size=(units, 1)) + effects, first, effects


def holds(inference: Inference, truth: float) -> bool:
    return isinstance(inference.interval, Interval) and inference.interval.contains(truth)


def covered(units: int, growth: float, rng: np.random.Generator) -> list[bool]:
    """Whether each of the columns holds the truth, in one draw."""
    outcomes, first, effects = panel(units, growth, rng)
    treated = np.arange(PERIODS) >= first[:, None]
    truth = float(effects[treated].mean())
    found = group_time_effects(outcomes, first)
    events = aggregate(found, "dynamic")
    since = np.arange(PERIODS) - first[:, None]
    path = [float(effects[since == label].mean()) if label >= 0 else 0.0 for label in events.labels.tolist()]
    band = bootstrap(events, rng, draws=199, alpha=ALPHA).simultaneous
    corrected = small_sample_bands(events, rng, draws=199, alpha=ALPHA).simultaneous
    left_out = impute(outcomes, first, leave_one_out=True)
    return [
        holds(aggregate(found, "simple").inference(alpha=ALPHA), truth),
        holds(aggregate(found, "simple").inference(alpha=ALPHA, small_sample=True), truth),
        *(
            # The period that all others are measured from has no band.
            all(
                isinstance(each.p_value, NotComputable) or holds(each, value)
                for each, value in zip(every, path, strict=True)
            )
            for every in (band, corrected)
        ),
        holds(impute(outcomes, first).inference(alpha=ALPHA), truth),
        holds(left_out.inference(alpha=ALPHA), truth),
        holds(interaction_weighted(outcomes, first).att.inference("att", alpha=ALPHA), truth),
        holds(two_way_effect(outcomes, first).inference("effect", alpha=ALPHA), truth),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=20261123)
    given = parser.parse_args()
    print(f"seed {given.seed}, {given.draws} draws, shares of 95 % intervals that hold the truth\n")
    print(f"| units | effect grows | {' | '.join(COLUMNS)} |\n|{'---|' * (2 + len(COLUMNS))}")
    for units in (20, 40, 100, 400):
        for growth in (0.0, 0.2):
            rng = np.random.default_rng([given.seed, units])
            shares = np.mean([covered(units, growth, rng) for _ in range(given.draws)], axis=0)
            cells = " | ".join(f"{100 * share:.1f}%" for share in shares)
            print(f"| {units} | {'yes' if growth else 'no'} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
