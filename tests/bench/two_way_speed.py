"""Two-way fixed effects and event study beside pyfixest: run as `python -m tests.bench.two_way_speed`.

Panels of 20 periods with staggered starts and a fifth never treated, errors clustered by unit. Ours is
given the same long columns for the static effect, and the same readings as units x periods for the event
study (long columns are laid out within the timed call). BENCH_PEERS names the peers' Python.
"""

from __future__ import annotations

import argparse

import numpy as np

from tests.bench.peers import OURS, RUNS, PeerMissing, PeerRun, exponent, ratio, run_peer

PERIODS = 20
SIZES = [10_000, 100_000, 1_000_000]
# The peer demeans by iteration and stops at a tolerance of its own.
AGREE = 1e-5

STATIC = """
from stats.numerics.long_form import long_form
def run(a):
    found = long_form(a["y"], a["d"], [a["unit"], a["period"]], weights=a.get("w"), clusters=a["unit"])
    return {"value": found.coefficients.values, "error": found.coefficients.errors}
"""
EVENT = """
import numpy as np
from stats.differences.two_way import two_way_event_study
def run(a):
    width = int(a["period"].max()) + 1
    table = np.full((int(a["unit"].max()) + 1, width), np.nan)
    table[a["unit"], a["period"]] = a["y"]
    starts = np.empty(len(table), dtype=np.int64)
    starts[a["unit"]] = a["start"]
    weights = None
    if "w" in a:
        weights = np.zeros(table.shape)
        weights[a["unit"], a["period"]] = a["w"]
    found = two_way_event_study(table, starts, weights=weights, missing="available").coefficients
    return {"value": found.values, "error": found.errors}
"""
PEER = """
import warnings
warnings.simplefilter("ignore")
import numpy as np
import pandas as pd
import pyfixest as pf
def prepare(a):
    frame = pd.DataFrame({name: a[name] for name in a})
    frame["relative"] = np.where(frame.start < 99, frame.period - frame.start, -1)
    return frame
def run(frame):
    options = {"weights": "w"} if "w" in frame else {}
    fit = pf.feols("FORMULA | unit + period", frame, vcov={"CRV1": "unit"}, fixef_rm="none", **options)
    return {"value": fit.coef().to_numpy(), "error": fit.se().to_numpy()}
"""
WORK = {"static": (STATIC, "y ~ d"), "event study": (EVENT, "y ~ i(relative, ref=-1)")}


def columns(rows: int, kind: str, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Long columns of a panel; "unbalanced" leaves out a tenth of the rows, "weighted" adds weights."""
    units = rows // PERIODS
    unit, period = (each.ravel() for each in np.indices((units, PERIODS)))
    starts = np.where(np.arange(units) % 5 == 0, 99, rng.integers(5, PERIODS, units))
    start = starts[unit]
    treated = (period >= start).astype(np.float64)
    y = rng.normal(size=units)[unit] + 0.1 * period + treated + rng.normal(size=unit.size)
    arrays = {"unit": unit, "period": period, "start": start, "d": treated, "y": y}
    if kind == "weighted":
        arrays["w"] = rng.uniform(0.5, 2.0, unit.size)
    if kind == "unbalanced":
        kept = rng.random(unit.size) < 0.9
        arrays = {name: each[kept] for name, each in arrays.items()}
    return arrays


def line(work: str, kind: str, rows: int, seed: int, runs: int) -> tuple[str, PeerRun]:
    """A row of the table, and ours."""
    arrays = columns(rows, kind, np.random.default_rng([seed, rows]))
    code, formula = WORK[work]
    ours = run_peer(code, arrays, python=OURS, runs=runs)
    head = f"| {work} | {kind} | {rows:,} | {ours.median:.4f} | {ours.peak_mib:.0f}"
    try:
        peer = run_peer(PEER.replace("FORMULA", formula), arrays, runs=runs)
    except PeerMissing as missing:
        return f"{head} | - | - | {missing} |", ours
    for name in ("value", "error"):
        # Coefficients stand in either order of the relative periods.
        mine, theirs = np.sort(ours.result[name]), np.sort(peer.result[name])
        if not np.allclose(mine, theirs, rtol=AGREE, atol=AGREE):
            raise SystemExit(f"{work}, {kind}, {rows} rows: {name} {mine} is not {theirs}")
    return f"{head} | {peer.median:.4f} | {peer.peak_mib:.0f} | {ratio(peer, ours)} |", ours


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--most", type=int, default=max(SIZES), help="rows at most")
    chosen = parser.parse_args()
    sizes = [rows for rows in SIZES if rows <= chosen.most]
    print(f"seed {chosen.seed}, medians of {chosen.runs} runs in seconds, growth of peak memory in MiB\n")
    print("| work | panel | rows | ours | MiB | pyfixest | MiB | ratio |\n|---|---|---|---|---|---|---|---|")
    for work in WORK:
        for kind in ("balanced", "unbalanced", "weighted"):
            seconds = []
            for rows in sizes:
                text, ours = line(work, kind, rows, chosen.seed, chosen.runs)
                seconds.append(ours.median)
                print(text, flush=True)
            print(f"| {work} | {kind} | exponent | {exponent(sizes, seconds):.2f} | | | | |", flush=True)


if __name__ == "__main__":
    main()
