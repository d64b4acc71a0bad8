"""A real broker of one test, to be killed and started again, and a client that publishes to it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

NAME = "mosquitto"
LONGEST_SECONDS = 30


def required() -> str:
    """Where Mosquitto lies; without it a test is skipped, and under CI it fails."""
    for place in (shutil.which(NAME), "/usr/sbin/mosquitto"):
        if place and Path(place).exists():
            return place
    reason = "no Mosquitto on this machine (Debian: apt-get install mosquitto)"
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(reason)
    pytest.skip(reason)


class Mosquitto:
    """Started on entry. `kill` is SIGKILL, `stop` lets it save its sessions; `start` brings it back.

    `lines` are further lines of its configuration; with `certificate` (key and chain) it speaks TLS.
    """

    def __init__(self, *lines: str, certificate: Path | None = None) -> None:
        self._lines = lines
        self._certificate = certificate

    def __enter__(self) -> Self:
        self._program = required()
        self.home = Path(tempfile.mkdtemp(prefix="mosquitto-"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self.home)

    @property
    def url(self) -> str:
        return f"{'mqtts' if self._certificate else 'mqtt'}://127.0.0.1:{self.port}"

    def start(self) -> None:
        lines = [f"listener {self.port} 127.0.0.1", "persistence true", f"persistence_location {self.home}/"]
        if self._certificate:
            lines += [f"certfile {self._certificate}", f"keyfile {self._certificate}"]
        if os.geteuid() == 0:
            lines.append("user root")
        # Saved at every change: what was acknowledged to a publisher outlives the broker.
        lines += ["autosave_interval 1", "autosave_on_changes true", "max_queued_messages 0"]
        lines += self._lines or ["allow_anonymous true"]
        (self.home / "conf").write_text("\n".join(lines) + "\n")
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-c", self.home / "conf"], stdout=log, stderr=log, cwd=self.home
            )
        until = time.monotonic() + LONGEST_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert time.monotonic() < until, (self.home / "log").read_text()
                assert self._process.poll() is None, (self.home / "log").read_text()
                time.sleep(0.02)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def publish(
        self, messages: Iterable[tuple[str, Any]], *, retain: bool = False, qos: int = 1, user: Any = None
    ) -> None:
        """Publish (topic, bytes or text) in this order; returns when the broker has taken them all."""
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv311)
        if user:
            client.username_pw_set(*user)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        try:
            sent = [client.publish(topic, payload, qos=qos, retain=retain) for topic, payload in messages]
            for each in sent:
                each.wait_for_publish(LONGEST_SECONDS)
                assert each.is_published()
        finally:
            client.disconnect()
            client.loop_stop()

    def _end(self, how: signal.Signals) -> None:
        if self._process.poll() is None:
            os.kill(self._process.pid, how)
        self._process.wait(LONGEST_SECONDS)
