"""The whole service on a free port of this machine, for tests that need a browser or a client.

The server is the one that `sandbox serve` uses: werkzeug's leaves a file open whenever a browser goes
away in the middle of it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from waitress import create_server

from sandbox.app import Clock, create_app, utc_now
from sandbox.config import Settings
from sandbox.db import db


@contextmanager
def serving(settings: Settings, *, clock: Clock = utc_now) -> Iterator[str]:
    """The service on a free port, in a thread."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    app = create_app(settings, clock=clock)
    server = create_server(app, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(timeout=5)
    with app.app_context():
        db.engine.dispose()
