"""Files of an application: checked, then kept outside the web root by the hash of their content."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

from sqlalchemy.orm import Session

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.lifecycle import Actor, touch
from sandbox.exemptions.models import Attachment, Exemption, ExemptionStatus
from sandbox.exemptions.table import EXEMPTION, author_of_the_company, record

OTHER = "other"
LARGEST_FILE_BYTES = 7 * 1024 * 1024
MOST_FILES = 50
LONGEST_NAME = 200
SCAN_SECONDS = 60
INFECTED = 1
NOT_SCANNED = "The file could not be scanned for viruses. Try again later."
BEFORE_FILING = frozenset(
    {
        *(ExemptionStatus.DRAFT, ExemptionStatus.RETURNED),
        *(ExemptionStatus.LOCAL_REVIEW, ExemptionStatus.LOCAL_DONE),
    }
)
OPEN_FOR_FILES = BEFORE_FILING | {ExemptionStatus.CONSULTING}

# What the first bytes say, by the ending of the name; a file is what both say, or nothing.
_ZIP, _OLE = b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1")
TYPES: dict[str, tuple[bytes, str]] = {
    "pdf": (b"%PDF-", "application/pdf"),
    "png": (b"\x89PNG\r\n\x1a\n", "image/png"),
    "jpg": (b"\xff\xd8\xff", "image/jpeg"),
    "jpeg": (b"\xff\xd8\xff", "image/jpeg"),
    "docx": (_ZIP, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "xlsx": (_ZIP, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "hwpx": (_ZIP, "application/hwp+zip"),
    "hwp": (_OLE, "application/x-hwp"),
}
PARTS = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "hwpx": "Contents/content.hpf"}
"""What an archive of that type must hold."""


@dataclass(frozen=True)
class FileStore:
    """A folder of files by their SHA-256, with the command that scans them (empty: none is configured)."""

    folder: Path
    scanner: str = ""

    def keep(self, body: bytes) -> str:
        """Keep `body`; the same content is kept once. Its SHA-256."""
        sha256 = hashlib.sha256(body).hexdigest()
        place = self._place(sha256)
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            # Written beside and moved, so that nobody reads half a file under a whole one's name.
            with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as part:
                part.write(body)
            Path(part.name).replace(place)
        return sha256

    def read(self, sha256: str) -> bytes:
        """The content; NotFound where it is not there, or is not what its name says."""
        try:
            body = self._place(sha256).read_bytes()
        except FileNotFoundError as error:
            raise NotFound("file", sha256) from error
        if hashlib.sha256(body).hexdigest() != sha256:
            raise NotFound("file", sha256)
        return body

    def scan(self, body: bytes) -> bool:
        """Whether a scanner found the content clean; False where none is configured.

        Invalid where it is infected, or where the scanner could not look at it.
        """
        if not self.scanner:
            return False
        try:
            ended = subprocess.run(  # noqa: S603 - the operator's own command
                shlex.split(self.scanner), input=body, capture_output=True, timeout=SCAN_SECONDS, check=False
            ).returncode
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Invalid({"file": [NOT_SCANNED]}) from error
        if ended == INFECTED:
            raise Invalid({"file": ["The scanner found a virus in this file."]})
        if ended:
            raise Invalid({"file": [NOT_SCANNED]})
        return True

    def _place(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256


def attach(
    session: Session,
    store: FileStore,
    exemption: Exemption,
    *,
    kind: str,
    name: str,
    body: bytes,
    by: Actor,
    at: datetime,
) -> Attachment:
    """Add a file to the application, by its author, while it is written or supplemented."""
    if not author_of_the_company(by, exemption):
        raise Refused("exemption.attach", "author_of_the_company")
    if exemption.status not in OPEN_FOR_FILES:
        raise WrongMoment(
            "exemption.attach",
            exemption.status,
            needs="files_can_be_added",
            meanwhile=EXEMPTION.last_move(exemption),
        )
    _check_kind(exemption, kind)
    shown, media_type = checked(name, body)
    is_scanned = store.scan(body)
    touch(exemption)
    made = Attachment(
        kind=kind,
        name=shown,
        media_type=media_type,
        size=len(body),
        sha256=store.keep(body),
        is_scanned=is_scanned,
        attached_at=at,
        attached_by_id=by.person_id,
        attached_by_name=by.name,
    )
    exemption.attachments.append(made)
    session.flush()
    record(session, exemption, "attach", by, at, kind=kind, sha256=made.sha256, size=made.size)
    return made


def detach(
    session: Session, exemption: Exemption, attachment: Attachment, *, by: Actor, at: datetime, reason: str
) -> None:
    """Take a file back before the application is filed; who took it back, and why, stays."""
    if not author_of_the_company(by, exemption):
        raise Refused("exemption.detach", "author_of_the_company")
    if exemption.status not in BEFORE_FILING or attachment.removed_at is not None:
        raise WrongMoment("exemption.detach", exemption.status, needs="file_is_not_filed_yet")
    if not reason.strip():
        raise Invalid({"reason": ["a reason is needed"]})
    touch(exemption)
    attachment.removed_at, attachment.removed_reason = at, reason.strip()
    record(session, exemption, "detach", by, at, sha256=attachment.sha256, reason=attachment.removed_reason)


def checked(name: str, body: bytes) -> tuple[str, str]:
    """The name as it is shown, and what the file is; Invalid where name and content disagree."""
    shown = _shown(name)
    return shown, _media_type(shown, body)


def find(exemption: Exemption, attachment_id: int) -> Attachment:
    """The file of this application that is there; NotFound for one of another, or one taken back."""
    for each in exemption.attachments:
        if each.id == attachment_id and each.removed_at is None:
            return each
    raise NotFound("attachment", attachment_id)


def _shown(name: str) -> str:
    """The last part of a name as some machine gave it, without what nobody sees."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[-LONGEST_NAME:]


def _check_kind(exemption: Exemption, kind: str) -> None:
    asked = {item.id for item in exemption.regime.attachments} | {OTHER}
    if kind not in asked:
        raise Invalid({"kind": ["The regime does not ask for this."]})
    if len(exemption.attachments) >= MOST_FILES:
        raise Invalid({"file": [f"At most {MOST_FILES} files."]})


def _media_type(name: str, body: bytes) -> str:
    """What the file is by its name and its content alike; Invalid where they disagree or it is too large."""
    ending = name.rpartition(".")[2].lower()
    if ending not in TYPES:
        raise Invalid({"file": ["Files are PDF, PNG, JPEG, DOCX, XLSX, HWP or HWPX."]})
    if not body:
        raise Invalid({"file": ["The file is empty."]})
    if len(body) > LARGEST_FILE_BYTES:
        raise Invalid({"file": [f"At most {LARGEST_FILE_BYTES // 1024 // 1024} MB."]})
    magic, media_type = TYPES[ending]
    if not body.startswith(magic) or not _holds_its_part(ending, body):
        raise Invalid({"file": ["The content is not what the name of the file says."]})
    return media_type


def _holds_its_part(ending: str, body: bytes) -> bool:
    part = PARTS.get(ending)
    if part is None:
        return True
    try:
        with zipfile.ZipFile(BytesIO(body)) as archive:
            return part in archive.namelist()
    except zipfile.BadZipFile:
        return False
