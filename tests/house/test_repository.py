"""What is in git installs anywhere and gives nobody's machine away."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
PINNED = re.compile(r"^([a-z0-9.-]+)==([^ ;]+)", flags=re.MULTILINE)
# A line of a lock: a pinned package with its marker, or a hash of it; nothing else.
LOCK_LINE = re.compile(r"([a-z0-9.-]+==\S+( ; .+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?)")
# Homes, working folders of builds, package indexes. Spelt in pieces, so that this file passes.
OF_A_MACHINE = re.compile(
    rb"/(?:ro"
    rb"ot|wo"
    rb"rk|ho"
    rb"me/\w+|Us"
    rb"ers/\w+)/"
    rb"|/t"
    rb"mp/bash"
    rb"|/op"
    rb"t/(?:pyp"
    rb"i|whe"
    rb"els)"
    rb"|https?://[^\s\"]*(?:/sim"
    rb"ple/|regis"
    rb"try\.|pythonhos"
    rb"ted)"
)


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout: nobody knows which files are the project's")
    return [
        ROOT / name.decode()
        for name in listed.stdout.split(b"\0")
        if name and (ROOT / name.decode()).exists()
    ]


def pins(lock: str) -> set[tuple[str, str]]:
    return set(PINNED.findall((ROOT / lock).read_text()))


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_holds_pins_and_hashes_and_nothing_else(lock):
    strange = [line for line in (ROOT / lock).read_text().splitlines() if not LOCK_LINE.fullmatch(line)]
    assert strange == []


def test_development_lock_holds_all_of_the_runtime_lock():
    assert pins("requirements.lock") - pins("requirements-dev.lock") == set()


def test_locks_know_every_dependency_that_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    development = [*runtime, *project["dependency-groups"]["dev"]]
    for lock, declared in (("requirements.lock", runtime), ("requirements-dev.lock", development)):
        names = {re.match(r"[\w.-]+", requirement)[0] for requirement in declared}
        assert names - {name for name, _ in pins(lock)} == set()


def test_every_dependency_is_explained():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    declared = [*project["project"]["dependencies"], *groups["build"], *groups["dev"]]
    explained = re.findall(
        r"^\| `([\w.-]+)` \|", (ROOT / "docs/dependencies.md").read_text(), flags=re.MULTILINE
    )
    assert sorted(explained) == sorted(re.match(r"[\w.-]+", requirement)[0] for requirement in declared)


def test_no_file_names_a_path_or_an_index_of_a_machine():
    found = [
        f"{path.relative_to(ROOT)}: {hit[0].decode()}"
        for path in tracked()
        if (hit := OF_A_MACHINE.search(path.read_bytes()))
    ]
    assert found == []


def test_top_level_is_as_agreed():
    agreed = [
        "pyproject.toml",
        "sandbox",
        "experiments",
        "stats",
        "templates",
        "migrations",
        "tests",
        "README.md",
    ]
    beside = ["Makefile", *LOCKS, "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "docs"]
    there = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert {name for name in there if not name.startswith(".")} == {*agreed, *beside}
