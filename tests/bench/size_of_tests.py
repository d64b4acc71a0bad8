"""How often the inference rejects a true null: run as `python -m tests.bench.size_of_tests`.

Districts have levels of their own and errors that follow an autoregression (coefficient 0.5) over 40
periods; the first few are "treated" from period 30 on, with no effect. Each line draws the given number
of panels from the seed and counts p <= 0.05, for what `stats.evaluate` reports by default and for other
common choices on the same panels:

- iid        every cell as an independent observation, with two-way effects and a normal quantile
- CR0        clustered by district without any correction, normal quantile
- CR1        clustered by district, with a normal quantile and with t(G - 1)
- CR2        with Satterthwaite degrees of freedom
- WCR, WCU   wild cluster bootstrap, restricted and not, 999 sign vectors
- pre-trend  the joint test of the leads, in every fifth draw

The second table gives the treated districts errors of twice the size, which breaks exchangeability.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.special import ndtr

from stats.clusters.clustered_regression import ClusteredRegression
from stats.clusters.few_clusters import cluster_robust
from stats.clusters.wild_bootstrap import wild_bootstrap
from stats.design import Design
from stats.differences.did import Clusters, two_way
from stats.differences.event_study import event_study
from stats.findings import NotComputable
from stats.missing import sample
from stats.panel import FloatArray, Panel
from stats.synthetic_control.synthetic import synthetic_control

PERIODS, START, PERSISTENCE, ALPHA = 40, 30, 0.5, 0.05
SELDOM = 5
"""The pre-trend test, which costs most, is made in every fifth draw."""
COLUMNS = ("default", "iid", "CR0, normal", "CR1, normal", "CR1, t", "CR2", "WCR", "WCU", "pre-trend")
TABLES = {"alike": "districts alike", "noisy": "treated districts twice as noisy"}
SIZES = [(treated, units) for units in (20, 40, 60) for treated in (1, 3, 5)]


def outcomes(units: int, rng: np.random.Generator, *, louder: int = 0) -> FloatArray:
    """Levels plus stationary first-order autoregressive errors, units x periods; the first `louder`
    units have errors of twice the size."""
    errors = rng.normal(size=(units, PERIODS))
    errors[:, 0] /= np.sqrt(1 - PERSISTENCE**2)
    for period in range(1, PERIODS):
        errors[:, period] += PERSISTENCE * errors[:, period - 1]
    errors[:louder] *= 2
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


def others(values: FloatArray, treated: int, rng: np.random.Generator) -> dict[str, float | NotComputable]:
    """p-values of the common choices. On a complete panel with one start a regression of the districts'
    changes on treatment has the two-way estimate, and the same clustered errors."""
    changes = values[:, START:].mean(axis=1) - values[:, :START].mean(axis=1)
    units = len(values)
    design = np.column_stack([np.arange(units) < treated, np.ones(units)]).astype(float)
    regression = ClusteredRegression.of(changes, design, np.arange(units))
    bare, stata = cluster_robust(regression, "CR0"), cluster_robust(regression, "CR1S")
    return {
        "iid": _as_independent(values, treated),
        "CR0, normal": bare.inference(0, dof=np.inf).p_value,
        "CR1, normal": stata.inference(0, dof=np.inf).p_value,
        "CR1, t": stata.inference(0, dof=units - 1).p_value,
        "CR2": cluster_robust(regression, "CR2").inference(0).p_value,
        "WCR": wild_bootstrap(regression, 0, rng=rng, draws=999).inference.p_value,
        "WCU": wild_bootstrap(regression, 0, rng=rng, draws=999, restricted=False).inference.p_value,
    }


def _as_independent(values: FloatArray, treated: int) -> float:
    effect = np.zeros_like(values)
    effect[:treated, START:] = 1.0
    left, rest = (
        matrix - matrix.mean(axis=1, keepdims=True) - matrix.mean(axis=0) + matrix.mean()
        for matrix in (effect, values)
    )
    size = (left**2).sum()
    estimate = (left * rest).sum() / size
    units, periods = values.shape
    variance = ((rest - estimate * left) ** 2).sum() / ((units - 1) * (periods - 1) - 1)
    return float(2 * ndtr(-abs(estimate) / np.sqrt(variance / size)))


def did_line(treated: int, units: int, draws: int, seed: int, *, louder: bool) -> str:
    rng = np.random.default_rng([seed, treated, units])
    plan = design(treated, units, "did")
    found: dict[str, list[float | NotComputable]] = {name: [] for name in COLUMNS}
    for draw in range(draws):
        values = outcomes(units, rng, louder=treated if louder else 0)
        panel = Panel(values, plan.units, tuple(f"{t:03d}" for t in range(PERIODS)))
        cells = sample(panel, plan)
        clusters = Clusters.of(cells, plan, rng)
        found["default"].append(two_way(cells, clusters, alpha=ALPHA).inference.p_value)
        for name, p_value in others(values, treated, rng).items():
            found[name].append(p_value)
        if draw % SELDOM == 0:
            test = event_study(cells, clusters, alpha=ALPHA).pre_trend
            found["pre-trend"].append(test if isinstance(test, NotComputable) else test.p_value)
    return f"| {treated} of {units} | {' | '.join(rejected(found[name]) for name in COLUMNS)} |"


def synthetic_line(treated: int, units: int, draws: int, seed: int) -> str:
    rng = np.random.default_rng([seed, treated, units])
    plan = design(treated, units, "synthetic_control")
    p_values = []
    for _ in range(draws):
        panel = Panel(outcomes(units, rng), plan.units, tuple(f"{t:03d}" for t in range(PERIODS)))
        p_values.append(synthetic_control(sample(panel, plan), plan, rng).inference.p_value)
    return f"| {treated} of {units} | {rejected(p_values)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--table", choices=[*TABLES, "synthetic"], help="this one alone")
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}, {chosen.draws} draws, true nulls rejected at {ALPHA:.0%}")
    head = f"| treated | {' | '.join(COLUMNS)} |\n|{'---|' * (1 + len(COLUMNS))}"
    for name, title in TABLES.items():
        if chosen.table in (None, name):
            print(f"\ndifference-in-differences, {title}\n\n{head}")
            for treated, units in SIZES:
                print(did_line(treated, units, chosen.draws, chosen.seed, louder=name == "noisy"), flush=True)
    if chosen.table in (None, "synthetic"):
        print("\nsynthetic control\n\n| treated | default |\n|---|---|")
        for treated, units in SIZES:
            print(synthetic_line(treated, units, chosen.draws, chosen.seed), flush=True)


if __name__ == "__main__":
    main()
