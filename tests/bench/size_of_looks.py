"""How often looking early rejects a true null: run as `python -m tests.bench.size_of_looks`.

Normal statistics with independent increments, looked at so many times at equal steps. Each column counts the
draws in which any look rejects at 5 % (two-sided), and those in which the interval reported at the last
look, or where the trial stopped, leaves out the truth. Below: confidence sequences of a mean, looked at after
every value of a year, over autoregressive errors.
"""

from __future__ import annotations

import argparse

import numpy as np

from stats.monitoring.anytime import confidence_sequence
from stats.monitoring.sequential import Boundaries, classical_boundaries, spending_boundaries

ALPHA, DAYS = 0.05, 365


def plans(looks: int) -> dict[str, Boundaries | None]:
    """Boundaries by name; None is the fixed-sample test at every look."""
    times = [(1 + look) / looks for look in range(looks)]
    return {
        "none": None,
        "O'Brien-Fleming": classical_boundaries(times, shape="obrien_fleming"),
        "Pocock": classical_boundaries(times, shape="pocock"),
        "Lan-DeMets, OBF": spending_boundaries(times, spending="obrien_fleming"),
    }


def rejected(looks: int, draws: int, rng: np.random.Generator) -> list[float]:
    """Shares of draws with a rejection at any look, by plan."""
    z = np.cumsum(rng.normal(size=(draws, looks)), axis=1) / np.sqrt(np.arange(1, looks + 1))
    bounds = [np.full(looks, 1.959964) if plan is None else plan.upper for plan in plans(looks).values()]
    return [float((np.abs(z) >= np.asarray(bound)).any(axis=1).mean()) for bound in bounds]


def missed(persistence: float, dependence: str, draws: int, rng: np.random.Generator) -> float:
    """Share of years in which a confidence sequence leaves out the mean, zero, at any look."""
    count = 0
    for _ in range(draws):
        year = rng.normal(size=DAYS)
        year[0] /= np.sqrt(1 - persistence**2)
        for day in range(1, DAYS):
            year[day] += persistence * year[day - 1]
        found = confidence_sequence(year, horizon=DAYS, dependence=dependence)
        count += bool((found.low > 0).any() or (found.high < 0).any())
    return count / draws


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=20261123)
    given = parser.parse_args()
    print(f"seed {given.seed}, {100 * given.draws} draws, true nulls rejected at {ALPHA:.0%}\n")
    print(f"| looks | {' | '.join(plans(1))} |\n|{'---|' * 5}")
    for looks in (1, 2, 5, 10, 20):
        shares = rejected(looks, 100 * given.draws, np.random.default_rng([given.seed, looks]))
        print(f"| {looks} | {' | '.join(f'{100 * share:.2f}%' for share in shares)} |", flush=True)
    print(f"\n{given.draws} years in which a 95 % confidence sequence ever leaves out the mean\n")
    print("| persistence | autoregressive | independent |\n|---|---|---|")
    for persistence in (0.0, 0.5):
        cells = []
        for dependence in ("autoregressive", "independent"):
            rng = np.random.default_rng([given.seed, int(10 * persistence)])
            cells.append(f"{100 * missed(persistence, dependence, given.draws, rng):.1f}%")
        print(f"| {persistence} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
