"""The archive of a case in pieces, from a session of its own: the request's is over when bytes are sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from experiments.lifecycle import Actor
from sandbox.db import reading_only
from sandbox.exemptions.files import FileStore
from sandbox.pilots import file
from sandbox.records.archive import archive

MEDIA_TYPE = "application/zip"


def pieces(engine: Engine, number: str, store: FileStore, *, reader: Actor, at: datetime) -> Iterator[bytes]:
    """The archive of the pilot of this number as `reader` may have it; NotFound where they may not."""
    with Session(engine) as session:
        with reading_only():
            # Begun as a reader's: however slowly it is fetched, nobody waits for it to write.
            session.connection()
        yield from archive(session, file.find(session, number, reader), store, reader=reader, at=at)


def headers(number: str) -> dict[str, str]:
    """What goes with the pieces: a name for the file, and that nobody on the way keeps it."""
    return {
        "Content-Disposition": f'attachment; filename="record-{number}.zip"',
        "Cache-Control": "private, no-store",
    }
