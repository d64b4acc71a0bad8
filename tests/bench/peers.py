"""Run other packages on the input that ours had: in their own process, on the same arrays, timed alike.

The peers live in environments of their own, outside the project: BENCH_PEERS names their Python (and
BENCH_PEERS_<NAME> that of one which cannot share it). Where there is none, a benchmark prints our
figures alone and says so.

What is run is a piece of source that defines

    run(arrays)        one timed call; returns a dict of numbers or arrays to compare, and nothing slow
    prepare(arrays)    optional, not timed: what `run` gets in the place of the arrays (a data frame, say)

The first call of `run` is not timed: it imports and compiles. Ours go through the same door, with
`python=OURS`, so that both are measured in a fresh process by the same clock.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

OURS = sys.executable
RUNS = 5
ROOT = Path(__file__).parents[2]

_HARNESS = """
import json, resource, sys, time
from pathlib import Path
import numpy as np

source, folder, runs = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
space = {"__name__": "peer"}
exec(compile(source.read_text(), str(source), "exec"), space)
with np.load(folder / "input.npz") as stored:
    arrays = dict(stored)
given = space.get("prepare", lambda same: same)(arrays)
run = space["run"]
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = peak()
run(given)
seconds = []
for _ in range(runs):
    start = time.perf_counter()
    result = run(given)
    seconds.append(time.perf_counter() - start)
np.savez(folder / "output.npz", **{str(name): np.asarray(value) for name, value in result.items()})
(folder / "figures.json").write_text(json.dumps({"seconds": seconds, "peak": peak() - before}))
"""


class PeerMissing(LookupError):
    """The peer is not installed here, or no environment of peers is named; the message says which."""


@dataclass(frozen=True, eq=False)
class PeerRun:
    """What came out of a run in a process of its own.

    seconds   of each timed call
    result    what `run` returned, arrays as arrays and scalars as floats
    peak_mib  growth of the process' peak memory over all calls, beyond what held input and imports
    """

    seconds: list[float]
    result: dict[str, Any]
    peak_mib: float

    @property
    def median(self) -> float:
        """Median of `seconds`."""
        return float(np.median(self.seconds))


def run_peer(
    code: str,
    arrays: dict[str, np.ndarray],
    *,
    python: str | None = None,
    runs: int = RUNS,
    environment: dict[str, str] | None = None,
) -> PeerRun:
    """Run `code` on `arrays` with `python` (default: that of BENCH_PEERS).

    environment: variables added to ours, {"OMP_NUM_THREADS": "1"} say. `PeerMissing` where there is no
    such Python or it lacks a module that the code imports; any other failure of the peer is raised
    with what it printed.
    """
    chosen = python or os.environ.get("BENCH_PEERS")
    if not chosen or not Path(chosen).exists():
        raise PeerMissing(f"no peers: BENCH_PEERS names {chosen!r}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savez(folder / "input.npz", **arrays)
        (folder / "harness.py").write_text(_HARNESS)
        (folder / "peer.py").write_text(code)
        done = subprocess.run(
            [chosen, str(folder / "harness.py"), str(folder / "peer.py"), str(folder), str(runs)],
            env=os.environ | ({"PYTHONPATH": str(ROOT)} if chosen == OURS else {}) | (environment or {}),
            capture_output=True,
            text=True,
        )
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no message"
            if last.startswith("ModuleNotFoundError"):
                raise PeerMissing(last)
            raise RuntimeError(f"{chosen} failed: {done.stderr[-3000:]}")
        figures = json.loads((folder / "figures.json").read_text())
        with np.load(folder / "output.npz") as stored:
            result = {key: float(value) if value.ndim == 0 else value for key, value in stored.items()}
    return PeerRun(figures["seconds"], result, figures["peak"])


def ratio(peer: PeerRun, ours: PeerRun) -> str:
    """How many times faster ours is, as text."""
    return f"{peer.median / ours.median:.1f}x"


def exponent(sizes: list[int], seconds: list[float]) -> float:
    """Slope of log time over log size: 1 where cost grows in proportion."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])
