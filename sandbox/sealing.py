"""Sealing: what the database keeps unreadable, and only the operator's keys open.

Fernet (AES-128-CBC with HMAC-SHA256) under the keys that also seal the credentials of hubs: the first
key seals, every key opens.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from experiments.errors import BrokenRecord


class Seal:
    """Seals texts with `keys` (32 bytes each, in URL-safe base64; at least one)."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def close(self, text: str) -> str:
        """`text` for the database."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str, *, where: str) -> str:
        """What was sealed; BrokenRecord, naming `where`, if no key opens it."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise BrokenRecord(where, "none of the keys opens it") from None

    def renew(self, sealed: str, *, where: str) -> str:
        """The same text under the first key."""
        return self.close(self.open(sealed, where=where))
