"""Every measurement, one after the other, each in a process of its own: run as `python -m tests.bench`.

Names of modules as arguments run those alone (`python -m tests.bench two_way_speed`). --quick keeps to
small sizes and few draws, which shows that everything runs and agrees; its figures are not for the docs.
The peers' Pythons are named by BENCH_PEERS and BENCH_PEERS_SYNTHDID; what is not there is not compared,
and its line says so.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections import deque
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
QUICK = {
    "collection_speed": ["--sources", "20", "--times", "1"],
    "coverage_of_pooling": ["--draws", "100"],
    "coverage_of_predictions": ["--draws", "20"],
    "coverage_of_staggered": ["--draws", "100"],
    "evaluation_speed": ["--metrics", "1", "--periods", "60", "--districts", "20"],
    "group_time_speed": ["--most", "5000"],
    "guardrail_alarms": ["--draws", "50"],
    "hundred_million": ["--millions", "0.5", "--times", "1"],
    "ingest_speed": ["--hours", "100", "--times", "1"],
    "panel_speed": ["--hours", "200"],
    "parse_speed": ["--rounds", "50"],
    "power_speed": ["--runs", "1", "--simulations", "50"],
    "randomisation_speed": [],
    "size_of_its": ["--draws", "20"],
    "size_of_leads": ["--draws", "10"],
    "size_of_looks": ["--draws", "200"],
    "size_of_randomised": ["--draws", "50"],
    "size_of_synthetic_tests": ["--draws", "10"],
    "size_of_tests": ["--draws", "10"],
    "synthetic_did_speed": ["--runs", "1", "--most", "50"],
    "synthetic_speed": ["--most", "40"],
    "two_way_speed": ["--most", "100000"],
    "wild_bootstrap_speed": ["--rows", "10000"],
}
"""Arguments of the short mode; a module that is not named here runs as always."""
LAST_LINES = 15


def modules() -> list[str]:
    """All that measure something: the modules of this folder with a main of their own."""
    return [
        path.stem for path in sorted(HERE.glob("[a-z]*.py")) if "\ndef main() -> None:" in path.read_text()
    ]


def conditions() -> str:
    """What the figures depend on."""
    threads = os.environ.get("OMP_NUM_THREADS", "as many as cores")
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"Python {sys.version.split()[0]}, numpy {version('numpy')}, scipy {version('scipy')}, "
        f"OMP_NUM_THREADS {threads}"
    )


def peers() -> str:
    """Where the peers are."""
    named = {name: os.environ.get(name, "") for name in ("BENCH_PEERS", "BENCH_PEERS_SYNTHDID")}
    absent = [name for name, python in named.items() if not Path(python).is_file()]
    return f"not here, see `make bench-peers`: {', '.join(absent)}" if absent else "all here"


def main() -> None:
    known = modules()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="module", help=f"of {', '.join(known)}")
    parser.add_argument("--quick", action="store_true", help="small sizes, few draws")
    given = parser.parse_args()
    strange = [name for name in given.modules if name not in known]
    if strange:
        parser.error(f"no such module: {', '.join(strange)}")
    print(f"peers: {peers()}")
    failed = []
    for name in given.modules or known:
        arguments = QUICK.get(name, []) if given.quick else []
        print(f"\n# {name} {' '.join(arguments)}\n{conditions()}", flush=True)
        begin = time.perf_counter()
        code, last_words = run(name, arguments)
        print(f"({time.perf_counter() - begin:.0f} s)", flush=True)
        if code:
            failed.append(f"{name} {ending(code)}")
            print(f"{failed[-1]}; its last words:\n{last_words}", flush=True)
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


def run(name: str, arguments: list[str]) -> tuple[int, str]:
    """Run one module, which prints as it goes: its return code, and the end of what it said on stderr."""
    command = [sys.executable, "-m", f"tests.bench.{name}", *arguments]
    lines: deque[str] = deque(maxlen=LAST_LINES)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, errors="replace") as process:
        assert process.stderr is not None
        for line in process.stderr:
            sys.stderr.write(line)
            lines.append(line)
    return process.returncode, "".join(lines) or "(none)\n"


def ending(code: int) -> str:
    """How a process ended, in words: by itself with a code, or by a signal."""
    if code > 0:
        return f"returned {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


if __name__ == "__main__":
    main()
