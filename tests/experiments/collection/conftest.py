import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy.orm import Session, sessionmaker

from sandbox import db


@pytest.fixture
def sessions(committed_database: str) -> Iterator[sessionmaker[Session]]:
    """A session factory over a database of its own, where commits are real."""
    engine = db.engine_for(committed_database)
    yield sessionmaker(engine)
    engine.dispose()


class TokenHub:
    """Gives a new token at every POST, and answers to GET with any of them that it has not refused."""

    def __init__(self) -> None:
        self.tokens = 0
        self.refused: set[str] = set()
        self.seen: list[str] = []
        self.form = b""
        self.answer = 200, b"[]"


@pytest.fixture
def token_hub() -> Iterator[TokenHub]:
    hub = TokenHub()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hub.form = self.rfile.read(int(self.headers["Content-Length"]))
            hub.tokens += 1
            self.reply(200, b'{"access_token": "token-%d", "expires_in": 300}' % hub.tokens)

        def do_GET(self) -> None:
            held = self.headers.get("Authorization", "")
            hub.seen.append(held)
            status, body = hub.answer
            self.reply(401 if held.removeprefix("Bearer ") in hub.refused else status, body)

        def reply(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hub.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield hub
        server.shutdown()
        thread.join()
