"""What a city's data officer does with files of readings: a permission, one act, one ledger row."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy.orm import Session

from experiments.collection import upload
from experiments.collection.faults import quote
from experiments.collection.models import DataSource
from experiments.collection.spreadsheets import Sheet, is_workbook, read_sheet
from experiments.collection.upload import Checked, Layout, Upload
from experiments.errors import NotFound, Refused, WrongMoment
from experiments.lifecycle import Actor
from sandbox import ledger
from sandbox.collection_desk import may_keep

_NAMES = {
    "observed_at": ("observed_at", "time", "when", "date", "day", "일시", "측정일시", "날짜", "일자", "시각"),
    "entity": ("entity", "district", "개체", "구역", "구역코드"),
    "attribute": ("attribute", "속성", "항목"),
    "value": ("value", "값", "측정값"),
    "unit": ("unit", "unitcode", "unit_code", "단위"),
}


def keep(session: Session, source: DataSource, *, name: str, body: bytes, by: Actor, at: datetime) -> Upload:
    """Keep a file for `source`, which stores nothing yet; Invalid where it is no table."""
    _require_keeper(session, source, by, "source.keep_file")
    read_sheet(body)
    kept = Upload(
        source=source, name=quote(name), sha256=hashlib.sha256(body).hexdigest(), sent_at=at, body=body
    )
    session.add(kept)
    session.flush()
    return kept


def find(session: Session, source: DataSource, upload_id: int) -> Upload:
    """The file of `source`; NotFound also for one of another source."""
    found = session.get(Upload, upload_id)
    if found is None or found.source_id != source.id:
        raise NotFound("upload", upload_id)
    return found


def guessed(source: DataSource, sheet: Sheet) -> Layout:
    """What the names of the columns suggest."""
    found = {
        field: next((column for column in sheet.header if column.lower() in names), "")
        for field, names in _NAMES.items()
    }
    found["observed_at"] = found["observed_at"] or sheet.header[0]
    only = source.attributes[0].attribute if len(source.attributes) == 1 else ""
    return Layout(**found, only_attribute="" if found["attribute"] else only)


def sheet(kept: Upload) -> Sheet:
    """The file as a table."""
    return read_sheet(kept.body)


def check(session: Session, kept: Upload, layout: Layout, *, at: datetime) -> Checked:
    """The readings of a file under `layout`, and what is early of them; Invalid by cell."""
    return upload.checked(session, kept.source, sheet(kept), layout, at=at)


def store(session: Session, kept: Upload, layout: Layout, *, by: Actor, at: datetime) -> None:
    """Store the whole file; Invalid by cell, and then nothing of it."""
    _require_keeper(session, kept.source, by, "source.upload")
    if kept.source.paused:
        raise WrongMoment("source.upload", "paused", needs="source_is_collected")
    readings = check(session, kept, layout, at=at).readings
    attempt = upload.store_upload(session, kept, readings, holder=f"person:{by.person_id}", at=at)
    counts = {name: getattr(attempt, name) for name in ("readings", "inserted", "revised", "unchanged")}
    _record(session, kept, "upload", by, at, sha256=kept.sha256, **counts)


def undo(session: Session, kept: Upload, *, by: Actor, at: datetime) -> None:
    """Take back what the file said: known is then what everything else says last."""
    _require_keeper(session, kept.source, by, "source.undo_upload")
    attempt = upload.undo(session, kept, holder=f"person:{by.person_id}", at=at)
    _record(session, kept, "undo_upload", by, at, sha256=kept.sha256, readings=attempt.readings)


def discard(session: Session, kept: Upload, *, by: Actor, at: datetime) -> None:
    """Give up a file that was never stored; its content is kept."""
    _require_keeper(session, kept.source, by, "source.discard_upload")
    upload.discard(session, kept, at=at)
    _record(session, kept, "discard_upload", by, at, sha256=kept.sha256)


def media_type(kept: Upload) -> str:
    """Of what was read as a table: a workbook, or text."""
    if is_workbook(kept.body):
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return "text/csv"


def _require_keeper(session: Session, source: DataSource, by: Actor, verb: str) -> None:
    if not may_keep(session, source.territory_id, by):
        raise Refused(verb, "data_officer_of_the_city")


def _record(session: Session, kept: Upload, verb: str, by: Actor, at: datetime, **facts: str | int) -> None:
    subject, details = f"source:{kept.source_id}", {"upload": kept.id, **facts}
    ledger.append(session, act=f"source.{verb}", subject=subject, by=by, at=at, details=details)
