"""Where evaluations are carried out: processes of this machine, or a Dask cluster where one is configured."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, TypeVar

from sandbox.config import SettingError, Settings

# A scheduler that is there answers at once.
CONNECT_SECONDS = 10
# A worker that has one waiting beside the one at hand never stands idle between two.
WAITING_PER_THREAD = 2

Result = TypeVar("Result")


class WorkerProcesses(Executor):
    """Processes for evaluations; where one was killed, all are replaced at the next call.

    A pool of Python's own refuses every call for ever once one of its processes has died.
    """

    def __init__(self, processes: int) -> None:
        self.at_once = processes
        self._lock = threading.Lock()
        self._pool = self._new_pool()

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        with self._lock:
            try:
                return self._pool.submit(fn, *args, **kwargs)
            except BrokenProcessPool:
                self._pool.shutdown(wait=False)
                self._pool = self._new_pool()
                return self._pool.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._pool.shutdown(wait=wait, cancel_futures=cancel_futures)

    def _new_pool(self) -> ProcessPoolExecutor:
        # Spawned, so that they share nothing with the threads here; Ctrl-C is for the parent to obey.
        return ProcessPoolExecutor(
            self.at_once, mp_context=get_context("spawn"), initializer=_leave_interrupts_to_the_parent
        )


class Cluster(Executor):
    """A Dask cluster; a worker that dies loses its call to another one, and results come in as they end."""

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise SettingError(
                "SANDBOX_DASK_SCHEDULER: the package `distributed` is not installed (the extra `dask`)"
            ) from None
        try:
            self._client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise SettingError(f"SANDBOX_DASK_SCHEDULER: nobody answers at {address}") from error
        # Equal calls are not one: a run that is asked for again is carried out again.
        self._executor = self._client.get_executor(pure=False)

    @property
    def at_once(self) -> int:
        """Twice the threads of all workers that are there now; one where there is none yet."""
        return WAITING_PER_THREAD * sum(self._client.ncores().values()) or 1

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        return self._executor.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._executor.shutdown(wait=wait)
        self._client.close()


def workers_of(settings: Settings) -> WorkerProcesses | Cluster:
    """The cluster that the settings name, or as many processes as they say."""
    if settings.dask_scheduler:
        return Cluster(settings.dask_scheduler)
    return WorkerProcesses(settings.workers)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
