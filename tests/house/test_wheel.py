"""A wheel carries all that the service needs and runs the demonstration far from the checkout."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_DEMONSTRATION_SECONDS = 300

pytestmark = pytest.mark.wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an environment that has the wheel, and our dependencies but not our checkout."""
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.create(folder / "env", with_pip=False, symlinks=True)
    python = folder / "env/bin/python"
    subprocess.run([*_installer(python), "--no-deps", str(wheel)], check=True, capture_output=True)
    # A path in a .pth file is not searched for .pth files: the editable installation stays unseen.
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (folder / f"env/lib/{version}/site-packages/dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return folder


def run(elsewhere: Path, *command: str) -> subprocess.CompletedProcess[str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SANDBOX_"))
    }
    return subprocess.run(
        [elsewhere / "env/bin" / command[0], *command[1:]],
        cwd=elsewhere,
        env={**inherited, "SANDBOX_VAR_DIR": str(elsewhere / "var")},
        capture_output=True,
        text=True,
        timeout=LONGEST_DEMONSTRATION_SECONDS,
    )


def test_wheel_carries_what_the_service_reads(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    checkout = {
        "templates": "sandbox/_templates",
        "migrations": "sandbox/_migrations",
        "sandbox/static": "sandbox/static",
        "sandbox/demo/data": "sandbox/demo/data",
        "sandbox/regimes": "sandbox/regimes",
    }
    for folder, packed in checkout.items():
        files = [path.relative_to(ROOT / folder) for path in (ROOT / folder).rglob("*") if path.is_file()]
        wanted = {f"{packed}/{path.as_posix()}" for path in files if "__pycache__" not in path.parts}
        assert wanted, folder
        assert wanted - inside == set()
    assert "sandbox/translations/ko/LC_MESSAGES/messages.mo" in inside


def test_wheel_leaves_the_checkout_behind(wheel):
    inside = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in inside}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"sandbox", "experiments", "stats"}
    assert "sandbox/build_hook.py" not in inside


def test_installed_service_finds_its_folders_in_the_package(elsewhere):
    program = "from sandbox import places; print(places.templates(), places.migrations())"
    result = run(elsewhere, "python", "-c", program)
    assert result.returncode == 0, result.stderr
    assert all(Path(place).is_relative_to(elsewhere / "env") for place in result.stdout.split())


def test_installed_service_runs_the_demonstration(elsewhere):
    result = run(elsewhere, "sandbox", "demo", "--once")
    assert result.returncode == 0, result.stdout + result.stderr
    assert (elsewhere / "var").is_dir()


def _installer(python: Path) -> list[str]:
    """pip knows how to serve another environment; uv makes environments without pip."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index"]
    return ["uv", "pip", "install", "--python", str(python), "--offline"]
