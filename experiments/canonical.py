"""Canonical JSON (RFC 8785) and its SHA-256: what plans, results and acts are fixed by."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785


def canonical(document: Any) -> str:
    """`document` as RFC 8785 text; NaN and infinities raise."""
    return rfc8785.dumps(document).decode()


def digest(text: str) -> str:
    """SHA-256 of the UTF-8 bytes of `text`, in lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
