"""Columns of a file that is kept beside something else, and how such a file is taken in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from experiments.errors import Invalid, NotFound
from experiments.lifecycle import Actor
from experiments.orm import Identified
from sandbox.exemptions.files import FileStore, checked

MOST_BESIDE = 10


class KeptFile(Identified):
    """A file in the store by the hash of its content; a subclass adds what it stands beside."""

    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    is_scanned: Mapped[bool]
    attached_at: Mapped[datetime]
    attached_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    attached_by_name: Mapped[str]


def taken_in(
    store: FileStore, beside: list[Any], *, name: str, body: bytes, by: Actor, at: datetime
) -> dict[str, Any]:
    """The columns of a new file, once it is checked, scanned and kept.

    beside  the files that are there already; Invalid where they are too many
    """
    if len(beside) >= MOST_BESIDE:
        raise Invalid({"file": [f"At most {MOST_BESIDE} files."]})
    shown, media_type = checked(name, body)
    return {
        "name": shown,
        "media_type": media_type,
        "size": len(body),
        "is_scanned": store.scan(body),
        "sha256": store.keep(body),
        "attached_at": at,
        "attached_by_id": by.person_id,
        "attached_by_name": by.name,
    }


def file_of(beside: list[Any], key: int) -> Any:
    """The file with this key out of those that stand there; NotFound for one of something else."""
    for each in beside:
        if each.id == key:
            return each
    raise NotFound("file", key)
