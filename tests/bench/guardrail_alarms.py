"""How often a guardrail raises a false alarm in a year of daily looks.

Run as `python -m tests.bench.guardrail_alarms`.

Daily differences follow a first-order autoregression whose mean lies exactly on the margin, where an
alarm is false and as likely as it can be. A row counts the years, of those drawn from the seed, in which
any look raised an alarm: for `stats.monitoring.anytime`, for a one-sided z test repeated every day, and the
same with the correct long-run variance given.
"""

from __future__ import annotations

import argparse

import numpy as np

from stats.monitoring.anytime import watch_guardrail
from stats.panel import FloatArray

DAYS, FIRST_LOOK, ALPHA, MARGIN = 365, 28, 0.05, 0.3
Z = 1.6448536269514722


def years(draws: int, days: int, persistence: float, rng: np.random.Generator) -> FloatArray:
    """Stationary autoregressions of variance 1 / (1 - persistence^2), draws x days."""
    errors = rng.normal(size=(draws, days))
    errors[:, 0] /= np.sqrt(1 - persistence**2)
    for day in range(1, days):
        errors[:, day] += persistence * errors[:, day - 1]
    return errors


def anytime(series: FloatArray, before: int, dependence: str, batch: int) -> tuple[float, float]:
    """Share of years with an alarm, and their mean day, at the margin."""
    alarms = []
    for year in series:
        watch = watch_guardrail(
            MARGIN + year[before:],
            margin=MARGIN,
            better="lower",
            horizon=DAYS,
            baseline=year[:before] if before else None,
            alpha=ALPHA,
            batch=batch,
            dependence=dependence,
        )
        if watch.alarm is not None:
            alarms.append(watch.last[watch.alarm] + 1)
    return len(alarms) / len(series), float(np.mean(alarms)) if alarms else float("nan")


def repeated(series: FloatArray, long_run: float | None) -> float:
    """The fixed-sample test every day from the first look on, with the usual or the true variance."""
    counts = np.arange(1, series.shape[1] + 1)
    means = np.cumsum(series, axis=1) / counts
    if long_run is None:
        squares = np.cumsum(series**2, axis=1) - counts * means**2
        variance = squares / np.maximum(counts - 1, 1)
    else:
        variance = np.full_like(means, long_run)
    looks = slice(FIRST_LOOK - 1, None)
    z = means[:, looks] / np.sqrt(variance[:, looks] / counts[looks])
    return float((z >= Z).any(axis=1).mean())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=20261123)
    given = parser.parse_args()
    print(
        f"{given.draws} years of {DAYS} daily looks from day {FIRST_LOOK}, alpha {ALPHA}, seed {given.seed}"
    )
    print(f"{'AR':>4} {'baseline':>9} {'method':<34} {'false alarms':>12} {'mean day':>9}")
    for persistence in (0.0, 0.5, 0.8):
        for before in (0, 90):
            rng = np.random.default_rng([given.seed, int(10 * persistence), before])
            series = years(given.draws, DAYS + before, persistence, rng)
            for dependence, batch in (("autoregressive", 1), ("autoregressive", 7), ("independent", 1)):
                share, day = anytime(series, before, dependence, batch)
                name = f"anytime, {dependence}, batches of {batch}"
                print(f"{persistence:>4} {before:>9} {name:<34} {100 * share:>11.1f}% {day:>9.0f}")
            if not before:
                for name, long_run in (
                    ("z test every day", None),
                    ("z test every day, true variance", 1 / (1 - persistence) ** 2),
                ):
                    share = repeated(series, long_run)
                    print(f"{persistence:>4} {before:>9} {name:<34} {100 * share:>11.1f}%")


if __name__ == "__main__":
    main()
