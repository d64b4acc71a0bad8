"""A PostgreSQL server of one test, to be killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from types import TracebackType
from typing import Self

import psycopg

from tests import postgresql

# The servers of other tests promise nothing about a crash.
DURABLE = ("-c", "fsync=on", "-c", "synchronous_commit=on", "-c", "full_page_writes=on")


class Server:
    """Started on entry; `crash` ends it as a power failure would, `start` brings it back."""

    def __enter__(self) -> Self:
        self.home, self._binaries = postgresql.prepare()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.crash()
        shutil.rmtree(self.home)

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@/postgres?host={self.home}"

    def start(self) -> None:
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self.home / "data", "-k", self.home, *DURABLE],
                cwd=self.home,
                stdout=log,
                stderr=log,
                **postgresql.unprivileged(),
            )
        deadline = time.monotonic() + postgresql.LONGEST_START_SECONDS
        while True:
            # Its own word for being ready is of no use here: that of the crashed one still lies there.
            try:
                psycopg.connect(f"host={self.home} user=postgres dbname=postgres").close()
                return
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (self.home / "log").read_text()
                time.sleep(0.05)

    def crash(self) -> None:
        """No checkpoint, no goodbye: what was not committed is gone, and recovery begins with the log."""
        os.kill(self._process.pid, signal.SIGQUIT)
        self._process.wait(postgresql.LONGEST_START_SECONDS)
