"""Group-time effects and imputation: ours beside diff-diff and csdid on the same panels.

    python -m tests.bench.group_time_speed

Five cohorts over 20 periods, two fifths of the units never treated. For each work the numbers are
compared first (overall effect and its standard error); times are medians of five runs in processes of
their own with one thread each, memory is what the process grew by. csdid is left out where one call
takes minutes.
"""

from __future__ import annotations

import argparse

import numpy as np

from stats.cohorts import NEVER
from tests.bench.peers import OURS, PeerMissing, PeerRun, exponent, ratio, run_peer

SEED = 20261123
SIZES = (500, 5_000, 50_000)
PERIODS = 20
DRAWS = 1000
MOST_UNITS = {"csdid": 5_000}
AGREEMENT = 1e-6
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""For all programs alike: threads that wait for each other measure what else the machine does."""

_OURS = """
import numpy as np
from stats.staggered.aggregation import aggregate
from stats.staggered.group_time import group_time_effects
from stats.staggered.imputation import impute
from stats.staggered.multiplier import bootstrap

def run(arrays):
    outcomes, first, covariate = arrays["outcomes"], arrays["first"], arrays["covariate"]
    if WORK == "imputation":
        found = impute(outcomes, first)
        return {"effect": found.effects[0], "error": found.standard_errors[0]}
    found = group_time_effects(outcomes, first, covariates=covariate[:, None] if WORK == "adjusted" else None)
    errors = found.standard_errors
    overall = aggregate(found, "simple")
    if WORK == "bootstrap":
        drawn = bootstrap(found, np.random.default_rng(1), draws=DRAWS)
    return {"effect": overall.overall, "error": overall.overall_error, "errors": errors.sum()}
"""

_FRAME = """
import warnings
warnings.filterwarnings("ignore")
import contextlib, io
import numpy as np
import pandas as pd

def prepare(arrays):
    outcomes, first = arrays["outcomes"], arrays["first"]
    units, periods = outcomes.shape
    start = np.where(first > periods, 0, first + 1)
    return pd.DataFrame({
        "unit": np.repeat(np.arange(units), periods) + 1, "time": np.tile(np.arange(periods), units) + 1,
        "y": outcomes.ravel(), "g": np.repeat(start, periods), "x": np.repeat(arrays["covariate"], periods),
    })
"""

_PEERS = {
    "diff-diff": """
import diff_diff

def run(frame):
    names = dict(outcome="y", unit="unit", time="time", first_treat="g")
    if WORK == "imputation":
        found = diff_diff.ImputationDiD().fit(frame, **names)
    else:
        draws = DRAWS if WORK == "bootstrap" else 0
        found = diff_diff.CallawaySantAnna(estimation_method="dr", n_bootstrap=draws, seed=1).fit(
            frame, **names, covariates=["x"] if WORK == "adjusted" else None)
    return {"effect": found.overall_att, "error": found.overall_se}
""",
    "csdid": """
from csdid.att_gt import ATTgt

def run(frame):
    with contextlib.redirect_stdout(io.StringIO()):
        found = ATTgt(yname="y", tname="time", idname="unit", gname="g", data=frame,
                      control_group="nevertreated", xformla="y~x" if WORK == "adjusted" else None)
        found = found.fit(est_method="dr", bstrap=False).aggte("simple", bstrap=False, cband=False)
    overall = found.atte
    return {"effect": np.ravel(overall["overall_att"])[0], "error": np.ravel(overall["overall_se"])[0]}
""",
}

WORKS = {
    "means": ("group-time effects, no covariates", ("diff-diff", "csdid")),
    "adjusted": ("group-time effects, doubly robust", ("diff-diff", "csdid")),
    "bootstrap": (f"group-time effects, {DRAWS} multiplier draws", ("diff-diff",)),
    "imputation": ("imputation with conservative errors", ("diff-diff",)),
}


def create_panel(units: int) -> dict[str, np.ndarray]:
    """Outcomes, first treated columns and a covariate that bends the trend."""
    rng = np.random.default_rng(SEED)
    starts = np.array([NEVER, 6, 9, 12, 15])
    first = starts[rng.choice(5, size=units, p=[0.4, 0.15, 0.15, 0.15, 0.15])]
    covariate, time = rng.normal(size=units), np.arange(PERIODS)
    outcomes = rng.normal(size=(units, 1)) + (0.1 + 0.05 * covariate[:, None]) * time
    outcomes += rng.normal(size=(units, PERIODS)) + (time >= first[:, None])
    return {"outcomes": outcomes, "first": first, "covariate": covariate}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=max(SIZES), help="units at most")
    most = parser.parse_args().most
    sizes = [units for units in SIZES if units <= most]
    print(f"seed {SEED}, {PERIODS} periods; seconds are medians of five runs, MiB grown over all of them")
    print(f"{'work':<44}{'units':>8}{'program':>12}{'seconds':>10}{'MiB':>8}{'ratio':>8}")
    for work, (title, peers) in WORKS.items():
        head = f"WORK, DRAWS = {work!r}, {DRAWS}\n"
        seconds = []
        for units in sizes:
            panel = create_panel(units)
            ours = run_peer(head + _OURS, panel, python=OURS, environment=ONE_THREAD)
            seconds.append(ours.median)
            _print(title, units, "ours", ours, "")
            for peer in peers:
                if units > MOST_UNITS.get(peer, units):
                    continue
                try:
                    theirs = run_peer(head + _FRAME + _PEERS[peer], panel, environment=ONE_THREAD)
                except PeerMissing as missing:
                    print(f"{title:<44}{units:>8}{peer:>12}  not compared: {missing}")
                    continue
                _print(title, units, peer, theirs, ratio(theirs, ours))
                _compare(work, ours, theirs)
        print(f"{title:<44}{'':>8}{'ours':>12}  cost grows as units^{exponent(sizes, seconds):.2f}")


def _compare(work: str, ours: PeerRun, theirs: PeerRun) -> None:
    # Bootstrapped errors of different draws differ by chance; the effects do not.
    for name in ("effect",) if work == "bootstrap" else ("effect", "error"):
        apart = abs(ours.result[name] - theirs.result[name])
        if not apart <= AGREEMENT * max(1.0, abs(theirs.result[name])):
            raise SystemExit(f"{work}: the {name} differs by {apart}")


def _print(title: str, units: int, program: str, run: PeerRun, faster: str) -> None:
    print(f"{title:<44}{units:>8}{program:>12}{run.median:>10.4f}{run.peak_mib:>8.0f}{faster:>8}", flush=True)


if __name__ == "__main__":
    main()
