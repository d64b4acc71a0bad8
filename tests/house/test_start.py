"""What starts often starts light: the heavy numerical packages are for the evaluation worker alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"matplotlib", "pandas", "patsy", "scipy", "statsmodels"}


@pytest.mark.parametrize(
    "module", ["sandbox.app", "sandbox.cli", "sandbox.scheduler", "sandbox.web", "sandbox.api", "stats.panel"]
)
def test_start_imports_no_heavy_package(module):
    program = f"import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    loaded = set(result.stdout.split())
    assert module.partition(".")[0] in loaded
    assert loaded & HEAVY == set()
