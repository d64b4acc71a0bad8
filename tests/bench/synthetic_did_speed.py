"""Synthetic difference-in-differences beside its peers: run as `python -m tests.bench.synthetic_did_speed`.

Five treated units, controls and periods as printed, the start after three quarters of the periods, 200
placebo or bootstrap draws, from the seed. The estimates are compared before any time is: they differ by
what the peers' solvers stop short of the optimum (diff-diff, a compiled one, and synthdid-py, whose draws
are 10 here and scaled up, for it works on data frames). Needs BENCH_PEERS and BENCH_PEERS_SYNTHDID.
"""

from __future__ import annotations

import argparse
import os

import numpy as np

from tests.bench.peers import OURS, PeerMissing, PeerRun, exponent, ratio, run_peer

SIZES = [(donors, periods) for periods in (60, 200) for donors in (50, 200, 800)]
TREATED, DRAWS, FEW, CLOSE = 5, 200, 10, 0.05
"""CLOSE: difference of estimates, in standard errors, that the peers' stopping rules explain."""

ONE_CORE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

OUR_CODE = """
import numpy as np
from stats.cohorts import NEVER
from stats.synthetic_control.synthetic_did import synthetic_did
from stats.synthetic_control.synthetic_did_inference import synthetic_did_errors

def run(arrays):
    outcomes, start, treated = arrays["outcomes"], int(arrays["start"]), int(arrays["treated"])
    first = np.where(np.arange(len(outcomes)) < len(outcomes) - treated, NEVER, start)
    fit = synthetic_did(outcomes, first)
    errors = synthetic_did_errors(
        fit, method=str(arrays["method"]), replications=int(arrays["draws"]), rng=np.random.default_rng(1)
    )
    return {"effect": fit.effect, "error": errors.inference.standard_error}
"""

FRAME = """
import warnings
import numpy as np
import pandas as pd
warnings.simplefilter("ignore")

def prepare(arrays):
    outcomes, start, treated = arrays["outcomes"], int(arrays["start"]), int(arrays["treated"])
    units, periods = outcomes.shape
    frame = pd.DataFrame({
        "unit": np.repeat(np.arange(units), periods),
        "time": np.tile(np.arange(periods), units),
        "y": outcomes.ravel(),
    })
    frame["ever"] = (frame.unit >= units - treated).astype(int)
    frame["now"] = frame.ever * (frame.time >= start)
    return frame, arrays
"""

DIFF_DIFF = (
    FRAME
    + """
from diff_diff import SyntheticDiD

def run(given):
    frame, arrays = given
    model = SyntheticDiD(variance_method=str(arrays["method"]), n_bootstrap=int(arrays["draws"]), seed=1)
    after = list(range(int(arrays["start"]), arrays["outcomes"].shape[1]))
    found = model.fit(frame, outcome="y", treatment="ever", unit="unit", time="time", post_periods=after)
    return {"effect": found.att, "error": found.se}
"""
)

SYNTHDID = (
    FRAME
    + """
from synthdid.sdid import sdid

def run(given):
    frame, arrays = given
    rng = np.random.default_rng(1)
    controls = np.arange(len(arrays["outcomes"]) - int(arrays["treated"]))
    effects = [sdid(frame, "unit", "time", "now", "y")["att"]]
    for _ in range(int(arrays["draws"])):
        chosen = rng.permutation(controls)
        kept = frame[frame.unit.isin(chosen)].copy()
        treated = kept.unit.isin(chosen[: int(arrays["treated"])])
        kept["now"] = (treated & (kept.time >= int(arrays["start"]))) * 1
        effects.append(sdid(kept, "unit", "time", "now", "y")["att"])
    return {"effect": effects[0], "error": np.std(effects[1:])}
"""
)


def data(donors: int, periods: int, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    units = donors + TREATED
    factors = 0.3 * np.cumsum(rng.normal(size=(3, periods)), axis=1)
    outcomes = 2 * rng.normal(size=(units, 1)) + rng.normal(size=(units, 3)) @ factors
    outcomes += rng.normal(size=(units, periods))
    return {
        "outcomes": outcomes,
        "start": np.array(int(0.75 * periods)),
        "treated": np.array(TREATED),
        "draws": np.array(DRAWS),
    }


def peer(name: str, code: str, arrays: dict[str, np.ndarray], ours: PeerRun, runs: int) -> str:
    few = name == "synthdid-py"
    python = os.environ.get("BENCH_PEERS_SYNTHDID") if few else os.environ.get("BENCH_PEERS")
    given = arrays | ({"draws": np.array(FEW)} if few else {})
    try:
        theirs = run_peer(code, given, python=python, runs=1 if few else runs, environment=ONE_CORE)
    except PeerMissing as missing:
        return f"{name}: not here ({missing})"
    gap = abs(theirs.result["effect"] - ours.result["effect"]) / ours.result["error"]
    agrees = "agrees" if gap < CLOSE else "DIFFERS"
    if few:
        theirs = PeerRun([second * (1 + DRAWS) / (1 + FEW) for second in theirs.seconds], {}, theirs.peak_mib)
    cost = f"{theirs.median:.2f} s ({ratio(theirs, ours)}, {theirs.peak_mib:.0f} MiB"
    return f"{name} {cost}, {agrees}: {gap:.3f} errors)"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--most", type=int, default=800, help="donors at most")
    options = parser.parse_args()
    print(f"synthetic DiD, {TREATED} treated, {DRAWS} draws, one core, seed {options.seed}")
    seconds: dict[tuple[str, int], list[float]] = {}
    sizes = [(donors, periods) for donors, periods in SIZES if donors <= options.most]
    for donors, periods in sizes:
        for method in ("placebo", "bootstrap"):
            arrays = data(donors, periods, options.seed) | {"method": np.array(method)}
            ours = run_peer(OUR_CODE, arrays, python=OURS, runs=options.runs, environment=ONE_CORE)
            seconds.setdefault((method, periods), []).append(ours.median)
            peers = [peer("diff-diff", DIFF_DIFF, arrays, ours, options.runs)]
            if method == "placebo":
                peers.append(peer("synthdid-py", SYNTHDID, arrays, ours, options.runs))
            print(
                f"{donors:4d} x {periods:3d} {method:9s} ours {ours.median:.3f} s, {ours.peak_mib:.0f} MiB; "
                + "; ".join(peers),
                flush=True,
            )
    for (method, periods), times in seconds.items():
        if len(times) > 1:
            growth = exponent([donors for donors, width in sizes if width == periods], times)
            print(f"{method}, {periods} periods: time grows as donors^{growth:.2f}")


if __name__ == "__main__":
    main()
