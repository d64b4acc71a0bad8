"""Evaluations on a Dask cluster: real workers in processes, one of which dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.config import SettingError, read_settings
from sandbox.executors import Cluster, WorkerProcesses, workers_of

# Ample for a loaded machine; waiting ends as soon as what is waited for is there.
PATIENCE_SECONDS = 60


@pytest.fixture
def cluster(tmp_path):
    """A scheduler with one worker: its address, and a way to start another worker."""
    started = []

    def start(*words):
        process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli." + words[0], *words[1:]],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        started.append(process)
        return process

    known = tmp_path / "scheduler.json"
    start(
        *("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"),
        *("--scheduler-file", str(known)),
    )
    _wait_for(known.exists)
    address = _address(known)

    def worker():
        return start("dask_worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny")

    worker()
    yield address, worker
    for process in started:
        process.kill()
        process.wait()


def test_results_come_from_the_cluster_and_survive_a_worker(cluster):
    address, another_worker = cluster
    with Cluster(address) as workers:
        _wait_for(lambda: workers.at_once == 2)
        victim = workers.submit(os.getpid).result(timeout=PATIENCE_SECONDS)
        slow = workers.submit(time.sleep, 2)
        another_worker()
        os.kill(victim, signal.SIGKILL)
        assert slow.result(timeout=PATIENCE_SECONDS) is None
        assert workers.submit(os.getpid).result(timeout=PATIENCE_SECONDS) != victim


def test_a_cluster_that_is_not_there_is_named_at_the_start(monkeypatch):
    monkeypatch.setattr("sandbox.executors.CONNECT_SECONDS", 0.2)
    with pytest.raises(SettingError, match=r"SANDBOX_DASK_SCHEDULER: nobody answers at tcp://127.0.0.1:1"):
        Cluster("tcp://127.0.0.1:1")


@pytest.mark.parametrize("address", ["localhost:8786", "http://a:1", "tcp://user@a:1", "tcp://a"])
def test_an_address_that_no_scheduler_has_is_refused(tmp_path, address):
    environ = {"SANDBOX_DASK_SCHEDULER": address, "SANDBOX_VAR_DIR": str(tmp_path)}
    with pytest.raises(SettingError, match="SANDBOX_DASK_SCHEDULER: use tcp://host:port"):
        read_settings(environ)


def test_without_a_cluster_there_are_processes(tmp_path):
    settings = replace(read_settings({"SANDBOX_VAR_DIR": str(tmp_path)}), workers=3)
    with workers_of(settings) as workers:
        assert isinstance(workers, WorkerProcesses)
        assert workers.at_once == 3


def _wait_for(happened):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _address(known):
    _wait_for(lambda: known.read_text().strip())
    return json.loads(known.read_text())["address"]
