"""Synthetic control with all in-space placebos beside its peers: `python -m tests.bench.synthetic_speed`.

On outcomes alone: donors as printed, 200 periods, the start after three quarters of them, from the seed. Ours
fits the treated unit and every placebo; the peers, which take them one by one, fit as many as are printed,
and their time is scaled up to all. Of scpi only the estimation is called, its preparation of the data takes
longer and does not run beside every pandas; pysyncon's solver is asked for the accuracy that its augmented
synthetic control asks for. With predictor weights: Proposition 99 on the published predictors, all 38
placebos, beside pysyncon's search on some of them. The pre-period errors are compared before any time is:
none of ours may be larger. Needs BENCH_PEERS.
"""

from __future__ import annotations

import argparse

import numpy as np

from stats.missing import sample
from tests.bench.peers import OURS, PeerMissing, PeerRun, exponent, run_peer
from tests.stats.build import california

PERIODS, START = 200, 150
SIZES, FEW = (40, 200, 800), {40: 6, 200: 2, 800: 1}
PREDICTED = (0, 3, 8, 20)
"""Units whose predictors pysyncon weighs: California and three placebos."""
PATIENCE = 60.0
"""Seconds that one fit of a peer may be expected to take, growing with the cube of the donors."""
CLOSE = 1e-6
"""Share by which a peer's pre-period error may lie below ours: rounding."""
ONE_CORE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

OURS_ON_OUTCOMES = """
import numpy as np
from stats.synthetic_control.synthetic_placebos import in_space

def run(arrays):
    result = in_space(arrays["outcomes"], int(arrays["start"]))
    return {"errors": np.array([fit.pre_rmspe for fit in (result.fit, *result.placebos)])}
"""

PYSYNCON_ON_OUTCOMES = """
import numpy as np
from pysyncon import Synth

def run(arrays):
    outcomes, start, few = arrays["outcomes"], int(arrays["start"]), int(arrays["few"])
    errors = []
    for row in range(few):
        donors = [unit for unit in range(1, len(outcomes)) if unit != row]
        pool, own = outcomes[donors, :start].T, outcomes[row, :start]
        weights, _ = Synth.w_optimize(
            V_mat=np.eye(start), X0=pool, X1=own, qp_options={"maxiter": 2000, "ftol": 1e-12}
        )
        errors.append(np.sqrt(np.mean((own - pool @ weights) ** 2)))
    return {"errors": np.array(errors)}
"""

SCPI_ON_OUTCOMES = """
import warnings
import numpy as np
from scpi_pkg.funs import b_est
warnings.simplefilter("ignore")
SIMPLEX = {"name": "simplex", "p": "L1", "dir": "==", "Q": 1, "lb": 0}

def run(arrays):
    outcomes, start, few = arrays["outcomes"], int(arrays["start"]), int(arrays["few"])
    errors = []
    for row in range(few):
        donors = [unit for unit in range(1, len(outcomes)) if unit != row]
        pool, own = outcomes[donors, :start].T, outcomes[row, :start, None]
        weights = b_est(A=own, Z=pool, J=len(donors), KM=0, w_constr=SIMPLEX, V=np.eye(start))
        errors.append(np.sqrt(np.mean((own - pool @ weights) ** 2)))
    return {"errors": np.array(errors)}
"""

OURS_ON_PREDICTORS = """
import numpy as np
from stats.synthetic_control.synthetic_placebos import in_space

def run(arrays):
    result = in_space(arrays["outcomes"], int(arrays["start"]), predictors=arrays["predictors"])
    fits = (result.fit, *result.placebos)
    return {"errors": np.array([fit.pre_rmspe for fit in fits]),
            "confirmed": np.array([fit.predicted.confirmed for fit in fits])}
"""

PYSYNCON_ON_PREDICTORS = """
import numpy as np
import pandas as pd
from pysyncon import Synth

def run(arrays):
    outcomes, predictors, start = arrays["outcomes"], arrays["predictors"], int(arrays["start"])
    errors = []
    for row in arrays["rows"]:
        donors = [unit for unit in range(1, len(outcomes)) if unit != row]
        fit = Synth()
        fit.fit(
            X0=pd.DataFrame(predictors[donors].T, columns=donors),
            X1=pd.Series(predictors[row], name=int(row)),
            Z0=pd.DataFrame(outcomes[donors, :start].T, columns=donors),
            Z1=pd.Series(outcomes[row, :start], name=int(row)),
        )
        errors.append(np.sqrt(fit.loss_V))
    return {"errors": np.array(errors)}
"""


def outcomes(donors: int, seed: int) -> np.ndarray:
    """Three random walks with loadings, levels and noise: (1 + donors) x periods."""
    rng = np.random.default_rng(seed)
    walks = np.cumsum(rng.normal(size=(3, PERIODS)), axis=1)
    levels = 3 * rng.normal(size=(1 + donors, 1))
    return levels + 0.5 * rng.normal(size=(1 + donors, 3)) @ walks + rng.normal(size=(1 + donors, PERIODS))


def peer_line(name: str, peer: PeerRun, ours: PeerRun, rows: list[int], count: int) -> str:
    """How a peer compares on the units in `rows`, scaled up to `count` fits."""
    excess = peer.result["errors"] / ours.result["errors"][rows] - 1
    if excess.min() < -CLOSE:
        raise SystemExit(f"{name} follows a unit more closely than ours, by {-excess.min():.2e}")
    seconds = peer.median * count / len(rows)
    return (
        f"  {name}: {seconds:.3f} s for all, scaled up from {len(rows)} ({seconds / ours.median:.0f}x ours); "
        f"{peer.peak_mib:.0f} MiB; its pre-period errors are up to {100 * excess.max():.2g} % larger"
    )


def on_outcomes(seed: int, sizes: list[int]) -> None:
    ours_by_size = []
    one_fit = {"pysyncon": 0.0, "scpi": 0.0}
    for place, donors in enumerate(sizes):
        few = FEW[donors]
        arrays = {"outcomes": outcomes(donors, seed), "start": np.array(START), "few": np.array(few)}
        ours = run_peer(OURS_ON_OUTCOMES, arrays, python=OURS, environment=ONE_CORE)
        ours_by_size.append(ours.median)
        print(
            f"outcomes alone, {donors} donors x {PERIODS}: ours {ours.median:.4f} s, {ours.peak_mib:.0f} MiB",
            flush=True,
        )
        for name, code in (("pysyncon", PYSYNCON_ON_OUTCOMES), ("scpi", SCPI_ON_OUTCOMES)):
            expected = one_fit[name] * (donors / sizes[place - 1]) ** 3
            if expected > PATIENCE:
                print(f"  {name}: not waited for, one fit would take about {expected:.0f} s")
                continue
            try:
                peer = run_peer(code, arrays, environment=ONE_CORE)
            except PeerMissing as missing:
                print(f"  {name}: not compared, {missing}")
                continue
            one_fit[name] = peer.median / few
            print(peer_line(name, peer, ours, list(range(few)), donors + 1), flush=True)
    if len(sizes) > 1:
        print(f"cost grows with donors to the power {exponent(sizes, ours_by_size):.2f}")


def on_predictors() -> None:
    panel, design = california(predictors=True)
    kept = sample(panel, design)
    columns = []
    for predictor in design.predictors:
        values = kept.panel.covariates.get(predictor.name, kept.panel.outcomes)
        columns.append(values[:, [kept.panel.periods.index(each) for each in predictor.periods]].mean(axis=1))
    arrays = {
        "outcomes": kept.panel.outcomes,
        "predictors": np.array(columns).T,
        "start": np.array(kept.starts[0]),
        "rows": np.array(PREDICTED),
    }
    ours = run_peer(OURS_ON_PREDICTORS, arrays, python=OURS, environment=ONE_CORE)
    confirmed = ours.result["confirmed"]
    print(
        f"predictor weights, 38 donors and all placebos: ours {ours.median:.2f} s; California's mean squared "
        f"error {ours.result['errors'][0] ** 2:.4f}; {np.sum(confirmed > 1)} of {len(confirmed)} optima "
        "confirmed by another start",
        flush=True,
    )
    try:
        peer = run_peer(PYSYNCON_ON_PREDICTORS, arrays, runs=1, environment=ONE_CORE)
    except PeerMissing as missing:
        print(f"  pysyncon: not compared, {missing}")
    else:
        print(peer_line("pysyncon", peer, ours, list(PREDICTED), len(confirmed)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--most", type=int, default=max(SIZES), help="donors at most")
    given = parser.parse_args()
    print(f"seed {given.seed}, one core each")
    on_outcomes(given.seed, [donors for donors in SIZES if donors <= given.most])
    on_predictors()


if __name__ == "__main__":
    main()
