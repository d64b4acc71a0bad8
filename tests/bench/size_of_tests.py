"""How often the inference rejects a true null: run as `python -m tests.bench.size_of_tests`.

Districts have levels of their own and errors that follow an autoregression (coefficient 0.5) over 40
periods; the first few are "treated" from period 30 on, with no effect. Each line draws the given number
of panels from the seed and counts p <= 0.05, for what `stats.evaluate` reports by default and for CR1
with t(G - 1), the common choice elsewhere.
"""

from __future__ import annotations

import argparse

import numpy as np

from stats.design import Design
from stats.did import Clusters, two_way
from stats.event_study import event_study
from stats.findings import NotComputable
from stats.missing import sample
from stats.panel import FloatArray, Panel
from stats.synthetic import synthetic_control

PERIODS, START, PERSISTENCE, ALPHA = 40, 30, 0.5, 0.05
SELDOM = 5
"""The pre-trend test, which costs most, is made in every fifth draw."""
SIZES = [(treated, units) for units in (20, 40, 60) for treated in (1, 3, 5)]


def outcomes(units: int, rng: np.random.Generator) -> FloatArray:
    """Levels plus stationary first-order autoregressive errors, units x periods."""
    errors = rng.normal(size=(units, PERIODS))
    errors[:, 0] /= np.sqrt(1 - PERSISTENCE**2)
    for period in range(1, PERIODS):
        errors[:, period] += PERSISTENCE * errors[:, period - 1]
    return errors + rng.normal(size=(units, 1))


def design(treated: int, units: int, method: str) -> Design:
    names = [f"u{unit:03d}" for unit in range(units)]
    return Design.from_document(
        {
            "schema_version": 1,
            "method": method,
            "treated": names[:treated],
            "first_treated": f"{START:03d}",
            "controls": names[treated:],
            "alpha": ALPHA,
            "missing": "refuse",
        }
    )


def rejected(p_values: list[float | NotComputable]) -> str:
    known = [p_value for p_value in p_values if not isinstance(p_value, NotComputable)]
    if not known:
        return "none"
    return f"{100 * np.mean([p_value <= ALPHA for p_value in known]):.1f}%"


def line(treated: int, units: int, draws: int, seed: int, method: str) -> str:
    rng = np.random.default_rng([seed, treated, units])
    plan = design(treated, units, method)
    reported, conventional, trends = [], [], []
    for draw in range(draws):
        panel = Panel(outcomes(units, rng), plan.units, tuple(f"{t:03d}" for t in range(PERIODS)))
        cells = sample(panel, plan)
        if method == "synthetic_control":
            reported.append(synthetic_control(cells, plan, rng).inference.p_value)
            continue
        clusters = Clusters.of(cells, plan, rng)
        result = two_way(cells, clusters, alpha=ALPHA)
        reported.append(result.inference.p_value)
        conventional.append(result.conventional.p_value)
        if draw % SELDOM == 0:
            test = event_study(cells, clusters, alpha=ALPHA).pre_trend
            trends.append(test if isinstance(test, NotComputable) else test.p_value)
    shares = " | ".join(rejected(p_values) for p_values in (reported, conventional, trends))
    return f"| {method} | {treated} of {units} | {draws} | {shares} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=20261123)
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}, true nulls rejected at {ALPHA:.0%}\n")
    print("| method | treated | draws | default | CR1, t(G - 1) | pre-trend |\n|---|---|---|---|---|---|")
    for treated, units in SIZES:
        print(line(treated, units, chosen.draws, chosen.seed, "did"), flush=True)
    for units in (20, 40):
        print(line(1, units, chosen.draws, chosen.seed, "synthetic_control"), flush=True)


if __name__ == "__main__":
    main()
