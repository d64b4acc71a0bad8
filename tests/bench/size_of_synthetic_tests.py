"""How often synthetic methods reject a true null: run as `python -m tests.bench.size_of_synthetic_tests`.

Districts have levels of their own and errors that follow an autoregression (coefficient 0.5) over 40 periods;
the first few are "treated" from period 30 on, with no effect. Each line draws the given number of panels
from the seed and counts p <= 0.05; "-" is where a method has no p-value. Conformal tests take the mean of
the treated, so that more treated units make them no better informed of their spread.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from stats.cohorts import NEVER
from stats.counterfactuals.conformal import conformal_p_values, cross_fitted_t
from stats.counterfactuals.counterfactual import mixes, shifted_mixes
from stats.findings import NotComputable
from stats.panel import FloatArray
from stats.synthetic_control.synthetic_did import synthetic_did
from stats.synthetic_control.synthetic_did_inference import Method, synthetic_did_errors
from tests.bench.size_of_tests import ALPHA, SIZES, START, outcomes

PValue = float | NotComputable


def of_errors(method: Method) -> Callable[[FloatArray, int, np.random.Generator], PValue]:
    def p_value(values: FloatArray, treated: int, rng: np.random.Generator) -> PValue:
        fit = synthetic_did(values, np.where(np.arange(len(values)) < treated, START, NEVER))
        return synthetic_did_errors(fit, method=method, replications=99, rng=rng).inference.p_value

    return p_value


def conformal_joint(values: FloatArray, treated: int, rng: np.random.Generator) -> PValue:
    return conformal_p_values(
        values[:treated].mean(axis=0), values[treated:], START, counterfactual=shifted_mixes
    ).joint


def conformal_orders(values: FloatArray, treated: int, rng: np.random.Generator) -> PValue:
    path, donors = values[:treated].mean(axis=0), values[treated:]
    choice = {"permutations": "iid", "draws": 199, "rng": rng, "counterfactual": shifted_mixes}
    return conformal_p_values(path, donors, START, **choice).joint


def cross_fitted(values: FloatArray, treated: int, rng: np.random.Generator) -> PValue:
    return cross_fitted_t(values[:treated].mean(axis=0), values[treated:], START, counterfactual=mixes)[
        1
    ].p_value


TESTS: dict[str, Callable[[FloatArray, int, np.random.Generator], PValue]] = {
    "rank": of_errors("placebo_rank"),
    "placebo": of_errors("placebo"),
    "bootstrap": of_errors("bootstrap"),
    "jackknife": of_errors("jackknife"),
    "block": conformal_joint,
    "iid": conformal_orders,
    "cross t": cross_fitted,
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--tests", nargs="+", choices=TESTS, default=list(TESTS), help="these alone")
    options = parser.parse_args()
    tests = {name: TESTS[name] for name in options.tests}
    print(f"rejections of a true null at {ALPHA:.0%} in {options.draws} draws, seed {options.seed}")
    print("synthetic DiD by rank, placebo, bootstrap, jackknife; conformal by block, iid; cross-fitted t")
    print("treated units " + " ".join(f"{name:>9s}" for name in tests))
    for treated, units in SIZES:
        rng = np.random.default_rng([options.seed, treated, units])
        counts = {name: [0, 0] for name in tests}
        for _ in range(options.draws):
            values = outcomes(units, rng)
            for name, test in tests.items():
                p_value = test(values, treated, rng)
                if not isinstance(p_value, NotComputable):
                    counts[name][0] += p_value <= ALPHA
                    counts[name][1] += 1
        shown = [f"{100 * hits / known:8.1f}%" if known else f"{'-':>9s}" for hits, known in counts.values()]
        print(f"{treated:7d} {units:5d} " + " ".join(shown), flush=True)


if __name__ == "__main__":
    main()
