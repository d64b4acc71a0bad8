import subprocess
import sys

import pytest

LIGHT = [
    "panel",
    "design",
    "findings",
    "inference",
    "results",
    "evaluation",
    "monitoring.equivalence",
    "missing",
    "words",
]


@pytest.mark.parametrize("module", LIGHT)
def test_what_others_import_to_read_results_brings_numpy_only(module):
    code = f"import sys, stats.{module}; print(sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "numpy" in done.stdout or module == "findings"
    for heavy in ("scipy", "statsmodels", "pandas", "patsy"):
        assert f"'{heavy}'" not in done.stdout


def test_evaluating_needs_neither_scipy_stats_nor_statsmodels():
    code = """
import sys
import numpy as np
from stats.evaluate import evaluate
from tests.stats.build import create_design, create_panel, noise
for method in ("did", "synthetic_control"):
    design = create_design(units=8, start=4, method=method)
    evaluate(create_panel(noise(8, 6)), design, np.random.default_rng(0))
print(any(name.startswith(("scipy.stats", "statsmodels")) for name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
