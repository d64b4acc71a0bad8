"""Wild cluster bootstrap beside wildboottest and diff-diff: `python -m tests.bench.wild_bootstrap_speed`.

9,999 Rademacher draws on 10^5 rows of a difference-in-differences regression with two covariates (six
regressors), in 20, 50 and 200 clusters. Each run starts from the rows. Ours and diff-diff return p-value
and interval, wildboottest the p-value alone. The time of diff-diff grows with draws times rows, so it is
given a tenth of the draws and no ratio is owed to the rest. The figures are compared first: t statistics to
rounding, p-values and ends of intervals within what the draws allow.
"""

from __future__ import annotations

import argparse

import numpy as np

from tests.bench.peers import OURS, PeerMissing, PeerRun, exponent, ratio, run_peer

ROWS, CLUSTERS, DRAWS, FEWER = 100_000, (20, 50, 200), 9_999, 999
SAME_T, SAME_P, SAME_END = 1e-8, 0.03, 0.2

OURS_CODE = """
from stats.clusters.clustered_regression import ClusteredRegression
from stats.clusters.wild_bootstrap import wild_bootstrap
import numpy as np

def run(arrays):
    regression = ClusteredRegression.of(arrays["y"], arrays["x"], arrays["cluster"])
    found = wild_bootstrap(regression, 0, rng=np.random.default_rng(1), draws=int(arrays["draws"]))
    interval = found.inference.interval
    return {"t": found.t, "p": found.inference.p_value, "low": interval.low, "high": interval.high}
"""

DIFF_DIFF = """
from diff_diff.utils import wild_bootstrap_se

def run(arrays):
    y, x = arrays["y"], arrays["x"]
    found = wild_bootstrap_se(x, y, y, arrays["cluster"], 0, n_bootstrap=int(arrays["draws"]), seed=1)
    return {"t": found.t_stat_original, "p": found.p_value, "low": found.ci_lower, "high": found.ci_upper}
"""

WILDBOOTTEST = """
import pandas as pd
import statsmodels.api as sm
from wildboottest.wildboottest import wildboottest

def prepare(arrays):
    names = [f"x{place}" for place in range(arrays["x"].shape[1])]
    model = sm.OLS(arrays["y"], pd.DataFrame(arrays["x"], columns=names))
    return model, arrays["cluster"], int(arrays["draws"])

def run(given):
    model, cluster, draws = given
    found = wildboottest(model, B=draws, cluster=pd.Series(cluster), param="x0", seed=1, show=False)
    return {"t": float(found["statistic"].iloc[0]), "p": float(found["p-value"].iloc[0])}
"""


def rows(clusters: int, seed: int, count: int) -> dict[str, np.ndarray]:
    """A difference-in-differences in rows: half the clusters treated, half the rows after the start."""
    rng = np.random.default_rng([seed, clusters])
    cluster = rng.permutation(np.arange(count) % clusters)
    treated, post = (cluster < clusters // 2).astype(float), (rng.random(count) < 0.5).astype(float)
    level, change = rng.normal(size=(2, clusters))
    noise = level[cluster] + 0.1 * change[cluster] * post + rng.normal(size=count)
    covariates = rng.normal(size=(2, count))
    x = np.column_stack([treated * post, treated, post, *covariates, np.ones(count)])
    return {"y": x @ [0.05, 0, 1, 1, 1, 5] + noise, "x": x, "cluster": cluster, "draws": np.array(DRAWS)}


def agree(ours: PeerRun, peer: PeerRun) -> None:
    """Stop where the peer's figures are others."""
    end = SAME_END * (ours.result["high"] - ours.result["low"]) / 4
    for name, tolerance in {"t": SAME_T, "p": SAME_P, "low": end, "high": end}.items():
        if name in peer.result and not abs(ours.result[name] - peer.result[name]) <= tolerance:
            raise SystemExit(f"{name}: {ours.result[name]} against {peer.result[name]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--rows", type=int, default=ROWS)
    given = parser.parse_args()
    seed = given.seed
    print(f"seed {seed}, {DRAWS} draws, {given.rows} rows, medians in seconds\n")
    print(
        "| clusters | ours | MiB | diff-diff, 999 draws | MiB | ratio | wildboottest | MiB | ratio |"
        f"\n|{'---|' * 9}"
    )
    taken = []
    for clusters in CLUSTERS:
        arrays = rows(clusters, seed, given.rows)
        ours = run_peer(OURS_CODE, arrays, python=OURS)
        taken.append(ours.median)
        cells = [f"{ours.median:.3f}", f"{ours.peak_mib:.0f}"]
        for code, draws in ((DIFF_DIFF, FEWER), (WILDBOOTTEST, DRAWS)):
            try:
                peer = run_peer(code, arrays | {"draws": np.array(draws)})
                agree(ours, peer)
                cells += [f"{peer.median:.3f}", f"{peer.peak_mib:.0f}", ratio(peer, ours)]
            except PeerMissing as missing:
                cells += [str(missing), "-", "-"]
        print(f"| {clusters} | {' | '.join(cells)} |", flush=True)
    print(f"\nour time grows with clusters to the power {exponent(list(CLUSTERS), taken):.2f}")


if __name__ == "__main__":
    main()
