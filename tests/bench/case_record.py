"""How much memory the archive of a large case takes: 2,000 acts, 200 attachments of 1 MB.

python -m tests.bench.case_record
"""

from __future__ import annotations

import hashlib
import resource
import secrets
import tempfile
import time
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from sandbox import ledger, tables
from sandbox.exemptions.files import FileStore
from sandbox.exemptions.models import Attachment
from sandbox.records.archive import archive
from tests.factories import GRANTED, Case, create_case

ACTS = 2_000
FILES = 200
BYTES = 1 << 20
STEPS = (0, 20, FILES)


def main() -> None:
    print(f"{'files':>6} {'archive MB':>11} {'peak MB':>8} {'seconds':>8}")
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/x.sqlite3")
        tables.Base.metadata.create_all(engine)
        store = FileStore(Path(folder) / "files")
        with Session(engine) as session:
            case = create_case(session, GRANTED)
            _act(case)
            held = 0
            for files in STEPS:
                _attach(case, store, files - held)
                held = files
                session.commit()
                began, size = time.perf_counter(), 0
                pieces = archive(session, case.pilot, store, reader=case.actor("auditor"), at=case.at)
                for piece in pieces:
                    size += len(piece)
                took = time.perf_counter() - began
                print(f"{files:>6} {size / 1e6:>11.1f} {_peak():>8.0f} {took:>8.1f}")


def _act(case: Case) -> None:
    for number in range(ACTS):
        ledger.append(
            case.session,
            act="pilot.finish",
            subject=case.pilot.key,
            by=case.actor("author"),
            at=case.at,
            details={"number": number},
        )


def _attach(case: Case, store: FileStore, count: int) -> None:
    for _ in range(count):
        body = secrets.token_bytes(BYTES)
        store.keep(body)
        case.pilot.exemption.attachments.append(
            Attachment(
                kind="other",
                name="plan.pdf",
                media_type="application/pdf",
                size=BYTES,
                sha256=hashlib.sha256(body).hexdigest(),
                is_scanned=False,
                attached_at=case.at,
                attached_by_id=case.actor("author").person_id,
                attached_by_name="Author",
            )
        )


def _peak() -> float:
    """The most memory that this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
