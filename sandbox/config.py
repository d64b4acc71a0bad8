"""Settings: one frozen value, read from the environment once, failing at start by name."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


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
    private_hubs: tuple[str, ...] = ()
    heartbeat_seconds: float = 5.0
    workers: int = 1


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from `SANDBOX_*` variables, with the embedded defaults where they are silent."""
    env = os.environ if environ is None else environ
    var_dir = Path(env.get("SANDBOX_VAR_DIR", "var")).absolute()
    development = _flag(env, "SANDBOX_DEVELOPMENT")
    return Settings(
        database_url=_database_url(env.get("SANDBOX_DATABASE_URL"), var_dir),
        secret_key=env.get("SANDBOX_SECRET_KEY") or _kept_secret(var_dir),
        var_dir=var_dir,
        host=env.get("SANDBOX_HOST", "127.0.0.1"),
        port=_number(env, "SANDBOX_PORT", 8000, low=1, high=65535),
        development=development,
        https=_flag(env, "SANDBOX_HTTPS"),
        demonstration=_flag(env, "SANDBOX_DEMONSTRATION"),
        official_masthead=_flag(env, "SANDBOX_OFFICIAL_MASTHEAD"),
        session_hours=_number(env, "SANDBOX_SESSION_HOURS", 10, low=1, high=24 * 14),
        private_hubs=tuple(
            part.strip() for part in env.get("SANDBOX_PRIVATE_HUBS", "").split(",") if part.strip()
        ),
        heartbeat_seconds=float(_number(env, "SANDBOX_HEARTBEAT_SECONDS", 5, low=1, high=3600)),
        workers=_number(env, "SANDBOX_WORKERS", 1, low=1, high=256),
    )


def _database_url(given: str | None, var_dir: Path) -> str:
    """The database address; plain `postgresql://` is pointed at the driver that is installed."""
    if not given:
        return f"sqlite:///{var_dir / 'sandbox.sqlite3'}"
    for plain in ("postgres://", "postgresql://"):
        if given.startswith(plain):
            return "postgresql+psycopg://" + given.removeprefix(plain)
    if not given.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise SettingError("SANDBOX_DATABASE_URL: only sqlite:/// and postgresql:// addresses are known")
    return given


def _kept_secret(var_dir: Path) -> str:
    """A secret made once and kept beside the embedded database, readable by its owner alone."""
    path = var_dir / "secret_key"
    if not path.exists():
        var_dir.mkdir(parents=True, exist_ok=True)
        try:
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(32))
        except FileExistsError:
            pass  # another process made it a moment ago
    return path.read_text().strip()


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
