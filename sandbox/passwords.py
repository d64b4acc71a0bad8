"""Passwords: which ones are taken, how they are kept, and whether one fits."""

from __future__ import annotations

import secrets
import unicodedata
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 200


def faults(password: str) -> list[str]:
    """Why `password` is not taken; empty where it is. Length is all that is asked for."""
    if len(password) < SHORTEST:
        return [f"at least {SHORTEST} characters"]
    if len(password) > LONGEST:
        return [f"at most {LONGEST} characters"]
    return []


def hashed(password: str) -> str:
    """What is kept of `password`: an argon2id hash with its salt and parameters."""
    return _hasher().hash(_as_typed_anywhere(password))


def fits(password: str, known: str | None) -> bool:
    """Whether `password` made the hash `known`.

    None (nobody is known) costs the same time as a wrong password, so that nobody can list accounts.
    """
    try:
        _hasher().verify(known or _decoy(), _as_typed_anywhere(password))
    except (VerificationError, InvalidHashError):
        return False
    return known is not None


def _as_typed_anywhere(password: str) -> str:
    # One keyboard sends 한 as one character, another as three: both are the same password. Whatever
    # is longer than a password may be is cut, so that nobody makes the service hash megabytes.
    return unicodedata.normalize("NFKC", password[: LONGEST + 1])


@lru_cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@lru_cache
def _decoy() -> str:
    return _hasher().hash(secrets.token_hex(16))
