"""Is an exported record what it was: every file by its hash, every act by the hash of its row."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy.orm import Session

from experiments.errors import BrokenRecord
from sandbox.ledger import LedgerEntry, testimony
from sandbox.ledger.chain import expected_hash
from sandbox.records.archive import MANIFEST, SCHEMA

_CHUNK = 1 << 20


def faults(path: Path, session: Session | None = None) -> list[str]:
    """What differs, a sentence each; empty where the archive is as it was exported.

    With `session` every act is also held against the ledger of this installation, and what the acts stored
    here against what they put there; without it, an act that
    was changed together with its hash and with the manifest is not seen.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return list(_faults(archive, session))
    except (OSError, zipfile.BadZipFile) as error:
        raise BrokenRecord(path.name, f"it is no zip archive ({error})") from error


def _faults(archive: zipfile.ZipFile, session: Session | None) -> Iterator[str]:
    manifest = _manifest(archive)
    listed = {str(file["path"]): file for file in manifest["files"]}
    present = [name for name in archive.namelist() if name != MANIFEST]
    for name in sorted(set(present) - set(listed)):
        yield f"{name}: the manifest does not name it"
    for name, count in sorted({name: present.count(name) for name in present}.items()):
        if count > 1:
            yield f"{name}: it stands there twice"
    for name, file in listed.items():
        if name not in present:
            yield f"{name}: it is missing"
        else:
            yield from _faults_of_file(archive, name, file)
    if "ledger.jsonl" in present:
        yield from _faults_of_ledger(archive, session)


def _faults_of_file(archive: zipfile.ZipFile, name: str, file: Mapping[str, Any]) -> Iterator[str]:
    try:
        found = _sha256(archive, name)
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        yield f"{name}: it cannot be read ({error})"
        return
    if found != file["sha256"]:
        yield f"{name}: its content is not what was exported"
    if file.get("recorded", found) != found:
        yield f"{name}: its content is not what the register recorded"


def _faults_of_ledger(archive: zipfile.ZipFile, session: Session | None) -> Iterator[str]:
    before: Any = None
    numbers: set[int] = set()
    for line in archive.read("ledger.jsonl").decode().splitlines():
        try:
            columns = json.loads(line)
            row = SimpleNamespace(**columns | {"at": datetime.fromisoformat(columns["at"])})
            expected = expected_hash(row)
        except (ValueError, KeyError, TypeError, AttributeError):
            yield "ledger.jsonl: a line is no row of the ledger"
            return
        if row.hash != expected:
            yield f"ledger row {row.number}: its contents do not have its hash"
        if before is not None and row.number == before.number + 1 and row.previous_hash != before.hash:
            yield f"ledger row {row.number}: it does not follow from the row before it"
        if session is not None and not _is_ours(session, row):
            yield f"ledger row {row.number}: the ledger of this installation has another one"
        before = row
        numbers.add(row.number)
    if session is not None:
        for each in testimony(session).differences:
            if each.number in numbers:
                yield f"ledger row {each.number}: {each.table} {each.key} here is not what the act put there"


def _is_ours(session: Session, row: Any) -> bool:
    ours = session.get(LedgerEntry, row.number)
    return ours is not None and ours.hash == row.hash


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
        if manifest["schema"] != SCHEMA or not all({"path", "sha256"} <= set(f) for f in manifest["files"]):
            raise ValueError("another schema")
    except (KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise BrokenRecord(MANIFEST, f"it is no manifest of a case record ({error})") from error
    return manifest


def _sha256(archive: zipfile.ZipFile, name: str) -> str:
    sha256 = hashlib.sha256()
    with archive.open(name) as content:
        while chunk := content.read(_CHUNK):
            sha256.update(chunk)
    return sha256.hexdigest()
