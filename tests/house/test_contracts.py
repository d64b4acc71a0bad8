"""The import contracts hold, and each of them is seen to fail when it is broken on purpose."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = Path(sys.executable).parent / "lint-imports"

# contract -> ways to break it: the module that gets the line, and the line
OFFENCES = {
    "layers": [
        ("stats/panel.py", "import experiments.errors"),
        ("experiments/metrics.py", "from sandbox import accounts"),
        ("stats/brand_new.py", "import sandbox"),
    ],
    "numbers": [
        ("stats/panel.py", "import sqlalchemy"),
        ("stats/brand_new.py", "from flask import g"),
        ("stats/design.py", "import httpx"),
    ],
    "lab": [
        ("experiments/metrics.py", "from flask import current_app"),
        ("experiments/brand_new/room.py", "import flask_sqlalchemy"),
    ],
    "rim": [
        ("sandbox/accounts.py", "from flask import session"),
        ("sandbox/ledger/chain.py", "from flask_babel import gettext"),
        ("sandbox/brand_new/room.py", "import werkzeug"),
    ],
    "use_cases": [
        ("sandbox/pilots/registration.py", "from sandbox import web"),
        ("sandbox/brand_new/room.py", "import sandbox.api"),
    ],
}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the modules and their contracts that may be damaged."""
    for package in ("sandbox", "experiments", "stats"):
        for module in (ROOT / package).rglob("*.py"):
            copy = tmp_path / module.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(module, copy)
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def verdict(house: Path, contract: str) -> subprocess.CompletedProcess[str]:
    command = [LINT, "--no-logo", "--no-cache", "--contract", contract]
    return subprocess.run(command, cwd=house, capture_output=True, text=True)


def test_every_contract_is_broken_somewhere_below():
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    contracts = {name.rpartition(":")[2] for name in parser.sections() if ":contract:" in name}
    assert contracts == set(OFFENCES)


@pytest.mark.parametrize("contract", OFFENCES)
def test_contract_holds(house, contract):
    result = verdict(house, contract)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("contract", "module", "line"),
    [(contract, *offence) for contract, offences in OFFENCES.items() for offence in offences],
)
def test_contract_fails_when_it_is_broken(house, contract, module, line):
    path = house / module
    path.parent.mkdir(exist_ok=True)
    (path.parent / "__init__.py").touch()
    with path.open("a") as file:
        file.write(f"\n{line}\n")
    result = verdict(house, contract)
    assert result.returncode == 1
    assert "BROKEN" in result.stdout
    assert module.removesuffix(".py").replace("/", ".") in result.stdout
