"""The processes of the service: they start from nothing, answer, and end when they are asked to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

import sandbox
from experiments.evaluation import runs
from sandbox.executors import WorkerProcesses
from tests.experiments.collection.conftest import sessions
from tests.experiments.evaluation.build import AFTER, REQUESTED, ask
from tests.experiments.evaluation.test_runs import stored
from tests.factories import create_case

__all__ = ["sessions"]

SECONDS_TO_WAIT = 60
ROOT = Path(sandbox.__file__).parents[1]
SANDBOX = (sys.executable, "-c", "from sandbox.cli import main; main()")


@pytest.fixture
def environ(tmp_path):
    """The environment of a fresh installation on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")}
    return inherited | {
        "PYTHONPATH": str(ROOT),
        "SANDBOX_VAR_DIR": str(tmp_path / "var"),
        "SANDBOX_PORT": str(port),
        "SANDBOX_HEARTBEAT_SECONDS": "1",
    }


@contextmanager
def running(command, environ, folder):
    """`sandbox COMMAND` as a process of its own; what it wrote lies in `folder`/log."""
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([*SANDBOX, command], env=environ, stdout=log, stderr=log)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def answered(address, process):
    until = time.monotonic() + SECONDS_TO_WAIT
    while time.monotonic() < until and process.poll() is None:
        try:
            return httpx.get(address)
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("no answer")


def said(folder, words, process):
    until = time.monotonic() + SECONDS_TO_WAIT
    while time.monotonic() < until and process.poll() is None:
        if words in (folder / "log").read_text():
            return True
        time.sleep(0.1)
    return False


def test_the_service_starts_from_nothing_and_ends_when_asked(environ, tmp_path):
    with running("serve", environ, tmp_path) as process:
        answer = answered(f"http://127.0.0.1:{environ['SANDBOX_PORT']}/", process)
        assert (answer.status_code, 'lang="ko"' in answer.text) == (200, True)
        assert "waitress" not in answer.headers.get("Server", "")
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS_TO_WAIT) == 0
    log = (tmp_path / "log").read_text()
    assert environ["SANDBOX_PORT"] in log
    assert "Traceback" not in log


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_a_scheduler_ends_when_asked(environ, tmp_path, asked):
    subprocess.run([*SANDBOX, "db", "upgrade"], env=environ, check=True)
    with running("scheduler", environ, tmp_path) as process:
        assert said(tmp_path, "scheduler started", process)
        process.send_signal(asked)
        assert process.wait(SECONDS_TO_WAIT) == 0
    log = (tmp_path / "log").read_text()
    assert "scheduler stopped" in log
    assert "Traceback" not in log


def test_a_bad_setting_starts_nothing(environ, tmp_path):
    with running("serve", environ | {"SANDBOX_WORKERS": "none"}, tmp_path) as process:
        assert process.wait(SECONDS_TO_WAIT) == 1
    assert (tmp_path / "log").read_text() == "Error: SANDBOX_WORKERS: 'none' is not a whole number\n"


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
def test_a_worker_that_is_killed_takes_one_run_with_it_and_no_other(sessions):
    with sessions.begin() as session:
        case = create_case(session, (*REQUESTED, ask))
        second = case.evaluation.id
    with WorkerProcesses(1) as executor:
        with pytest.raises(Exception, match="terminated abruptly"):
            executor.submit(os._exit, 1).result(SECONDS_TO_WAIT)
        finished = runs.run_due(sessions, executor, holder="test", clock=lambda: AFTER)
    assert second in finished
    assert stored(sessions, second).status == "done"
