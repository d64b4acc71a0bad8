"""Where templates and migrations lie: beside the packages in a checkout, inside `sandbox` in a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def templates() -> Path:
    """The folder of page templates."""
    return _place("templates")


def migrations() -> Path:
    """The folder of Alembic's environment and the numbered migrations."""
    return _place("migrations")


def _place(name: str) -> Path:
    # pyproject.toml maps the top-level folders to these names when it builds a wheel.
    packaged = _PACKAGE / f"_{name}"
    return packaged if packaged.is_dir() else _PACKAGE.parent / name
