"""Settings: one frozen value, read from the environment once, failing at start by name."""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from sandbox.notices.senders import sender_of
from sandbox.regimes import use_folder

# `host:port` or `host:*`; an IPv6 address stands in brackets.
_PRIVATE_HUB = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s:\[\]/@]+):(\*|[0-9]{1,5})")


class SettingError(ValueError):
    """A setting is missing or malformed; the message starts with its name."""


@dataclass(frozen=True)
class Settings:
    """Everything the service can be told from outside; the README has a line for each."""

    database_url: str
    secret_key: str
    var_dir: Path
    host: str = "127.0.0.1"
    port: int = 8000
    development: bool = False
    https: bool = False
    official_masthead: bool = False
    demonstration: bool = False
    session_hours: int = 10
    draft_days: int = 90
    private_hubs: tuple[str, ...] = ()
    credential_keys: tuple[str, ...] = field(default=(), repr=False)
    heartbeat_seconds: float = 5.0
    workers: int = 1
    dask_scheduler: str = ""
    collectors: int = 4
    trusted_proxies: int = 0
    mail: str = field(default="console", repr=False)
    mail_from: str = "sandbox@localhost"
    public_url: str = ""
    virus_scan: str = ""
    regimes: Path | None = None


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from `SANDBOX_*` variables, with the embedded defaults where they are silent."""
    env = os.environ if environ is None else environ
    var_dir = Path(env.get("SANDBOX_VAR_DIR", "var")).absolute()
    development = _flag(env, "SANDBOX_DEVELOPMENT")
    return Settings(
        database_url=_database_url(env.get("SANDBOX_DATABASE_URL"), var_dir),
        secret_key=env.get("SANDBOX_SECRET_KEY") or _kept_secret(var_dir, "secret_key", "SANDBOX_SECRET_KEY"),
        var_dir=var_dir,
        host=env.get("SANDBOX_HOST", "127.0.0.1"),
        port=_number(env, "SANDBOX_PORT", 8000, low=1, high=65535),
        development=development,
        https=_flag(env, "SANDBOX_HTTPS"),
        demonstration=_flag(env, "SANDBOX_DEMONSTRATION"),
        official_masthead=_flag(env, "SANDBOX_OFFICIAL_MASTHEAD"),
        session_hours=_number(env, "SANDBOX_SESSION_HOURS", 10, low=1, high=24 * 14),
        draft_days=_number(env, "SANDBOX_DRAFT_DAYS", 90, low=1, high=3650),
        private_hubs=_private_hubs(env.get("SANDBOX_PRIVATE_HUBS", "")),
        credential_keys=_credential_keys(env.get("SANDBOX_CREDENTIAL_KEYS", ""), var_dir),
        heartbeat_seconds=float(_number(env, "SANDBOX_HEARTBEAT_SECONDS", 5, low=1, high=3600)),
        workers=_number(env, "SANDBOX_WORKERS", 1, low=1, high=256),
        dask_scheduler=_scheduler(env.get("SANDBOX_DASK_SCHEDULER", "")),
        # Each needs a connection to the database while it writes; more schedulers may run beside this one.
        collectors=_number(env, "SANDBOX_COLLECTORS", 4, low=1, high=12),
        trusted_proxies=_number(env, "SANDBOX_TRUSTED_PROXIES", 0, low=0, high=5),
        mail=_mail(env.get("SANDBOX_MAIL", "").strip() or f"file:{var_dir / 'mail'}"),
        mail_from=env.get("SANDBOX_MAIL_FROM", "").strip() or "sandbox@localhost",
        regimes=_regimes(env.get("SANDBOX_REGIMES", "")),
        virus_scan=_command(env.get("SANDBOX_VIRUS_SCAN", "")),
        public_url=_public_url(env.get("SANDBOX_PUBLIC_URL", "")),
    )


def _database_url(given: str | None, var_dir: Path) -> str:
    """The database address; plain `postgresql://` is pointed at the driver that is installed."""
    if not given:
        return f"sqlite:///{var_dir / 'sandbox.sqlite3'}"
    url = given
    for plain in ("postgres://", "postgresql://"):
        if given.startswith(plain):
            url = "postgresql+psycopg://" + given.removeprefix(plain)
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise SettingError("SANDBOX_DATABASE_URL: only sqlite:/// and postgresql:// addresses are known")
    try:
        make_url(url)
    except (ArgumentError, ValueError):
        # The address may hold a password, which must not stand in a log.
        raise SettingError("SANDBOX_DATABASE_URL: this is not an address of a database") from None
    return url


def _kept_secret(var_dir: Path, file_name: str, setting: str) -> str:
    """A secret made once and kept beside the embedded database, readable by its owner alone."""
    path = var_dir / file_name
    try:
        if not path.exists():
            _keep_new_secret(path)
        secret = path.read_text().strip()
    except OSError as error:
        raise SettingError(f"SANDBOX_VAR_DIR: {error.strerror}: {error.filename}") from error
    if not secret:
        raise SettingError(f"{setting}: the kept secret in {path} is empty; remove the file")
    return secret


def _keep_new_secret(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written elsewhere and linked: whoever starts at the same moment sees a whole secret or none.
    with tempfile.NamedTemporaryFile("w", dir=path.parent) as file:
        # As a key of Fernet wants it; a secret of browser cookies may look like that too.
        file.write(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
        file.flush()
        with suppress(FileExistsError):  # another process made it a moment ago
            os.link(file.name, path)


def _credential_keys(given: str, var_dir: Path) -> tuple[str, ...]:
    """Keys that seal (the first) and open credentials of hubs."""
    name = "SANDBOX_CREDENTIAL_KEYS"
    keys = tuple(part.strip() for part in given.split(",") if part.strip())
    keys = keys or (_kept_secret(var_dir, "credential_key", name),)
    for key in keys:
        try:
            fits = len(base64.b64decode(key, altchars=b"-_", validate=True)) == 32
        except (binascii.Error, ValueError):
            fits = False
        if not fits:
            raise SettingError(f"{name}: every key is 32 bytes in URL-safe base64")
    return keys


def _private_hubs(given: str) -> tuple[str, ...]:
    hubs = tuple(part.strip() for part in given.split(",") if part.strip())
    for hub in hubs:
        if not _PRIVATE_HUB.fullmatch(hub):
            raise SettingError(f"SANDBOX_PRIVATE_HUBS: {hub!r} is not host:port or host:*")
    return hubs


def _command(given: str) -> str:
    command = given.strip()
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise SettingError(f"SANDBOX_VIRUS_SCAN: {error}") from None
    if words and shutil.which(words[0]) is None:
        raise SettingError(f"SANDBOX_VIRUS_SCAN: there is no program {words[0]!r}")
    return command


def _regimes(given: str) -> Path | None:
    """The installation's own folder of regime files, all of which are read now."""
    folder = Path(given.strip()).absolute() if given.strip() else None
    if folder is not None and not folder.is_dir():
        raise SettingError(f"SANDBOX_REGIMES: there is no folder {folder}")
    try:
        use_folder(folder)
    except ValueError as error:
        raise SettingError(f"SANDBOX_REGIMES: {error}") from error
    return folder


def _mail(address: str) -> str:
    try:
        sender_of(address)
    except ValueError as error:
        # The address may hold a password, which must not stand in a log.
        raise SettingError(f"SANDBOX_MAIL: {error}") from None
    return address


def _public_url(given: str) -> str:
    """The address under which people reach the service, without a slash at its end."""
    url = given.strip().rstrip("/")
    if url and not re.fullmatch(r"https?://[^\s/?#]+", url):
        raise SettingError("SANDBOX_PUBLIC_URL: use https://host, without a path")
    return url


def _scheduler(given: str) -> str:
    """The address of a Dask scheduler, `tcp://host:8786`; empty for processes of this machine."""
    address = given.strip()
    if address and not re.fullmatch(r"(tcp|tls|ws|wss)://[^\s/?#@]+:[0-9]{1,5}", address):
        raise SettingError("SANDBOX_DASK_SCHEDULER: use tcp://host:port")
    return address


def _flag(env: Mapping[str, str], name: str) -> bool:
    value = env.get(name, "0").strip().lower()
    if value not in {"0", "1", "true", "false", "yes", "no", ""}:
        raise SettingError(f"{name}: use 1 or 0, not {value!r}")
    return value in {"1", "true", "yes"}


def _number(env: Mapping[str, str], name: str, default: int, *, low: int, high: int) -> int:
    raw = env.get(name, "").strip()
    if not raw:
        return default
    try:
        value = int(raw)
    except ValueError:
        raise SettingError(f"{name}: {raw!r} is not a whole number") from None
    if not low <= value <= high:
        raise SettingError(f"{name}: {value} is outside {low} to {high}")
    return value
