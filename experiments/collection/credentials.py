"""What proves to a hub who asks: sealed in the database, opened for one request, never shown.

Sealing is Fernet (AES-128-CBC with HMAC-SHA256) under the operator's keys. The first key seals, every key
opens: a key is rotated by putting a new one in front, sealing again, and then taking the old one out.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import lru_cache
from itertools import groupby
from typing import Any
from urllib.parse import unquote

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from experiments.errors import DomainError

HIDDEN = "***"
# Shorter secrets could be part of a reading; in an answer that is believed they stay as they are.
SHORTEST_IN_BODY = 8
_TOKEN = validate.Regexp(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?\Z", error="Printable ASCII characters only.")
_URL_SAFE = str.maketrans("+/", "-_")
_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")


class CredentialsUnreadable(DomainError):
    """None of the operator's keys opens the credentials."""


class Kind(StrEnum):
    """How a hub wants to be told who asks."""

    KEY_IN_HEADER = "key_in_header"
    KEY_IN_QUERY = "key_in_query"
    BASIC = "basic"
    CLIENT_CREDENTIALS = "client_credentials"


# A key as it stands in an address: nothing but what needs no encoding there, and encoded characters.
_ENCODED = re.compile(r"(?=.*%)(?:[A-Za-z0-9_.~*-]|%[0-9A-Fa-f]{2})+")


@dataclass(frozen=True)
class Credentials:
    """`name` is the header or parameter of a key, the user of `basic`, the id of an OAuth2 client.

    `token_url` and `scope` are those of OAuth2 client credentials (RFC 6749, section 4.4).
    """

    kind: Kind
    name: str
    secret: str = field(repr=False)
    token_url: str | None = None
    scope: str | None = None

    def headers(self, token: str | None = None) -> dict[str, str]:
        """What goes into the request's headers; `token` is the bearer token of a client."""
        if self.kind is Kind.KEY_IN_HEADER:
            return {self.name: self.secret}
        if self.kind is Kind.BASIC:
            return {"Authorization": f"Basic {self._pair()}"}
        return {"Authorization": f"Bearer {token}"} if token is not None else {}

    def params(self) -> dict[str, str]:
        """What goes into the request's address, before it is encoded.

        Korean portals hand out each key twice, plain and percent-encoded; of the second kind what it encodes
        is sent, or it would be encoded twice and no key of anybody.
        """
        if self.kind is not Kind.KEY_IN_QUERY:
            return {}
        return {self.name: unquote(self.secret) if _ENCODED.fullmatch(self.secret) else self.secret}

    def secrets(self) -> tuple[str, ...]:
        """What `hide` and `hide_in_body` look for, in any encoding of its characters, the longest first."""
        ways = {self.secret, unquote(self.secret)}
        if self.kind in (Kind.BASIC, Kind.CLIENT_CREDENTIALS):
            pair = self._pair().rstrip("=")
            ways |= {pair, pair.translate(_URL_SAFE)}
        return tuple(sorted(ways, key=len, reverse=True))

    def _pair(self) -> str:
        return base64.b64encode(f"{self.name}:{self.secret}".encode()).decode()


class CredentialsSchema(Schema):
    """Credentials as people state them."""

    kind = fields.Enum(Kind, by_value=True, required=True)
    name = fields.String(required=True, validate=validate.Length(min=1, max=300))
    secret = fields.String(required=True, validate=[validate.Length(min=1, max=4000), _TOKEN])
    token_url = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=500))
    scope = fields.String(load_default=None, allow_none=True, validate=[validate.Length(max=500), _TOKEN])

    @validates_schema
    def fits_its_kind(self, data: Mapping[str, Any], **_: Any) -> None:
        """Names of headers and parameters are plain; only OAuth2 has, and needs, a token's address."""
        is_client = data["kind"] is Kind.CLIENT_CREDENTIALS
        if data["kind"] in (Kind.KEY_IN_HEADER, Kind.KEY_IN_QUERY):
            if not _NAME.fullmatch(data["name"]):
                raise ValidationError("Letters, digits, '_', '.' and '-' only.", "name")
        elif data["kind"] is Kind.BASIC and ":" in data["name"]:
            raise ValidationError("A user's name has no colon.", "name")
        if is_client != bool(data["token_url"]):
            raise ValidationError("Client credentials, and only they, have a token address.", "token_url")


def hide(text: str, secrets: Sequence[str]) -> str:
    """`text` without any of `secrets`, however they are written there: plainly, or with characters escaped
    as in JSON, in addresses (once or more often), in forms or in HTML."""
    for secret in secrets:
        text = _written(secret).sub(HIDDEN, text)
    return text


def hide_in_body(body: bytes, secrets: Sequence[str]) -> bytes:
    """`body` without those of `secrets` that are too long to stand there by chance, as `hide` does it."""
    for secret in secrets:
        if len(secret) >= SHORTEST_IN_BODY:
            body = body.replace(secret.encode(), HIDDEN.encode())
            if any(mark in body for mark in (b"\\", b"%", b"&")) or " " in secret:
                body = _written_in_bytes(secret).sub(HIDDEN.encode(), body)
    return body


def _pattern(secret: str) -> str:
    """Each character in any of its ways, which may differ from one run to the next. No repetition is
    without bound, and a run of backslashes is one: the body is the hub's to choose."""
    return "".join(_run(character, len(list(run))) for character, run in groupby(secret))


def _run(character: str, times: int) -> str:
    ways = [f"(?:{way}){{{times}}}" for way in _ways(character)]
    if character == "\\":
        plain = (re.escape(character), f"\\\\{{1,8}}{re.escape(character)}")
        ways = [f"(?:{way}){{{times}}}" for way in _ways(character) if way not in plain]
        ways.append(f"\\\\{{{times},{9 * times}}}")
    return f"(?:{'|'.join(ways)})"


def _ways(character: str) -> list[str]:
    octets = "".join(f"%(?:25){{0,3}}{_hexadecimal(f'{octet:02x}')}" for octet in character.encode())
    code = ord(character)
    ways = [re.escape(character), octets, f"\\\\{{1,4}}u{_hexadecimal(f'{code:04x}')}"]
    ways += [f"&#0{{0,4}}{code};", f"&#[xX]0{{0,4}}{_hexadecimal(f'{code:x}')};"]
    if character in "\"'\\/":
        # Escaped, and escaped again where JSON stands in a text of JSON.
        ways.append(f"\\\\{{1,8}}{re.escape(character)}")
    if character in _ENTITIES:
        ways.append(f"&{_ENTITIES[character]};")
    return [*ways, r"\+"] if character == " " else ways


def _hexadecimal(digits: str) -> str:
    return "".join(f"[{d}{d.upper()}]" if d.isalpha() else d for d in digits)


@lru_cache(maxsize=256)
def _written(secret: str) -> re.Pattern[str]:
    return re.compile(_pattern(secret))


@lru_cache(maxsize=256)
def _written_in_bytes(secret: str) -> re.Pattern[bytes]:
    return re.compile(_pattern(secret).encode())


class Vault:
    """Seals and opens credentials with the operator's keys (32 bytes each, in URL-safe base64)."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys]) if keys else None

    def seal(self, credentials: Credentials) -> str:
        """Text for the database; CredentialsUnreadable where the operator has named no key."""
        if self._fernet is None:
            raise CredentialsUnreadable("there is no key to seal credentials with")
        return self._fernet.encrypt(orjson.dumps(asdict(credentials))).decode()

    def open(self, sealed: str) -> Credentials:
        """What was sealed; CredentialsUnreadable where no key fits."""
        try:
            if self._fernet is None:
                raise InvalidToken
            facts = orjson.loads(self._fernet.decrypt(sealed.encode()))
        except InvalidToken:
            raise CredentialsUnreadable("the credentials do not open with any of the keys") from None
        return Credentials(**facts | {"kind": Kind(facts["kind"])})

    def seal_again(self, sealed: str) -> str:
        """The same credentials under the first key."""
        return self.seal(self.open(sealed))
