"""A case as a zip archive with a manifest of hashes, written while it is read."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import RawIOBase
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import NotFound
from experiments.lifecycle import Actor
from sandbox.claims import desk as claims
from sandbox.conditions.models import Duty, Evidence, EvidenceFile
from sandbox.documents.standing import documents_of
from sandbox.exemptions.files import FileStore
from sandbox.inspections.inspecting import inspections_of
from sandbox.ledger import LedgerEntry
from sandbox.pilots.models import Pilot
from sandbox.records.acts import ledger_rows
from sandbox.records.reading import readable_evaluations, reads_the_whole
from sandbox.records.tables import as_cell, rows, tables_of
from sandbox.spreadsheet import csv_lines

SCHEMA = "case-record/1"
MANIFEST = "manifest.json"
ROWS_PER_CHUNK = 200

Chunks = Iterable[bytes]


@dataclass(frozen=True)
class _File:
    """A file to be: `recorded` is the SHA-256 that the register has of its content, where it has one."""

    path: str
    chunks: Chunks
    recorded: str | None = None


class _Pipe(RawIOBase):
    """Takes what a zip file writes and hands it on; it cannot go back, so the archive is a stream."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._held.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        held, self._held = b"".join(self._held), []
        return held


def archive(
    session: Session, pilot: Pilot, store: FileStore, *, reader: Actor, at: datetime
) -> Iterator[bytes]:
    """The bytes of the zip, piece by piece; `manifest.json` comes last and names every other file."""
    pipe, listed = _Pipe(), []
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as made:
        for file in _files(session, pilot, store, reader):
            measure = _Measure()
            with made.open(_entry(file.path, at), "w", force_zip64=True) as entry:
                for chunk in file.chunks:
                    measure.take(chunk)
                    entry.write(chunk)
                    yield pipe.taken()
            listed.append(measure.line(file))
        text = json.dumps(_manifest(session, pilot, reader, at, listed), ensure_ascii=False, indent=1)
        made.writestr(_entry(MANIFEST, at), text)
    yield pipe.taken()


def manifest(
    session: Session, pilot: Pilot, store: FileStore, *, reader: Actor, at: datetime
) -> dict[str, Any]:
    """What `manifest.json` of an archive made now would say."""
    listed = []
    for file in _files(session, pilot, store, reader):
        measure = _Measure()
        for chunk in file.chunks:
            measure.take(chunk)
        listed.append(measure.line(file))
    return _manifest(session, pilot, reader, at, listed)


class _Measure:
    """Size and hash of a file while it goes by."""

    def __init__(self) -> None:
        self._sha256, self._size = hashlib.sha256(), 0

    def take(self, chunk: bytes) -> None:
        self._sha256.update(chunk)
        self._size += len(chunk)

    def line(self, file: _File) -> dict[str, Any]:
        line = {"path": file.path, "size": self._size, "sha256": self._sha256.hexdigest()}
        return line | ({"recorded": file.recorded} if file.recorded else {})


def _manifest(
    session: Session, pilot: Pilot, reader: Actor, at: datetime, listed: list[dict[str, Any]]
) -> dict[str, Any]:
    newest = select(LedgerEntry).order_by(LedgerEntry.number.desc()).limit(1)
    head = session.scalars(newest).first()
    return {
        "schema": SCHEMA,
        "pilot": pilot.number,
        "exported_at": at.astimezone(UTC).isoformat(),
        "reader": reader.role,
        "is_whole": reads_the_whole(reader),
        "ledger_head": {"number": head.number, "hash": head.hash} if head else None,
        "files": listed,
    }


def _files(session: Session, pilot: Pilot, store: FileStore, reader: Actor) -> Iterator[_File]:
    for name, query in tables_of(pilot, reader).items():
        header = [column.name for column in query.selected_columns]
        yield _File(f"tables/{name}.jsonl", _lines(rows(session, query)))
        cells = ([as_cell(row[column]) for column in header] for row in rows(session, query))
        yield _File(f"tables/{name}.csv", csv_lines(header, cells))
    for version in pilot.experiment.versions:
        yield _File(f"plan/{version.number}.json", [version.document.encode()], version.sha256)
    for run in readable_evaluations(session, pilot, reader):
        yield _File(f"evaluations/{run.id}.json", [str(run.document).encode()], run.document_sha256)
    for each in documents_of(session, pilot):
        yield _File(f"documents/{each.kind}-{each.number}.json", [each.document.encode()], each.sha256)
    for path, kept in _kept(session, pilot, reader):
        yield _File(f"{path}.{_ending(kept.name)}", _content(store, kept.sha256), kept.sha256)
    if reads_the_whole(reader):
        acts = session.scalars(ledger_rows(pilot).execution_options(yield_per=ROWS_PER_CHUNK))
        yield _File("ledger.jsonl", _lines(_ledger_row(row) for row in acts))


def _kept(session: Session, pilot: Pilot, reader: Actor) -> Iterator[tuple[str, Any]]:
    """Files of the store that this reader gets, each with its path in the archive without the ending."""
    for attached in pilot.exemption.attachments:
        if attached.removed_at is None:
            yield f"attachments/{attached.id}", attached
    for inspection in inspections_of(session, pilot):
        for photo in inspection.photos:
            yield f"photos/{photo.id}", photo
    beside = select(EvidenceFile).join(Evidence).join(Duty).where(Duty.pilot_id == pilot.id)
    for each in session.scalars(beside.order_by(EvidenceFile.id)):
        yield f"evidence/{each.id}", each
    for claim in claims.claims_of(session, pilot) if claims.may_read(reader, pilot) else ():
        for each_proof in claims.files_of(claim):
            yield f"proofs/{each_proof.id}", each_proof


def _ledger_row(row: LedgerEntry) -> dict[str, Any]:
    columns = {column.name: getattr(row, column.name) for column in LedgerEntry.__table__.columns}
    return columns | {"at": row.at.isoformat()}


def _lines(values: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    for value in values:
        yield (json.dumps(value, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _content(store: FileStore, sha256: str) -> Iterator[bytes]:
    """The file; nothing where the store lost it, which its recorded hash then tells whoever checks."""
    with suppress(NotFound):
        yield store.read(sha256)


def _ending(name: str) -> str:
    # Checked when it was attached; the name itself is the sender's, and stands in the table.
    return name.rpartition(".")[2].lower()


def _entry(path: str, at: datetime) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, at.astimezone(UTC).timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
