"""What hatchling does when it builds or installs the project; nothing at run time imports this.

The message catalogues are compiled beside their sources, and a wheel gets the top-level folders
`templates/` and `migrations/` under the names that `sandbox.places` looks for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        compile_catalogues(root)
        # An editable installation reads the folders of the checkout.
        if self.target_name == "wheel" and version == "standard":
            for name in ("templates", "migrations"):
                build_data["force_include"][str(root / name)] = f"sandbox/_{name}"


def compile_catalogues(root: Path) -> None:
    """Write a .mo beside every .po; a fuzzy translation is left out, the source text stands in."""
    for source in root.glob("sandbox/translations/*/LC_MESSAGES/*.po"):
        with source.open("rb") as text:
            catalogue = read_po(text, locale=source.parent.parent.name, abort_invalid=True)
        # Replaced in one step: a running service may be reading the old one.
        draft = source.with_suffix(".mo.draft")
        with draft.open("wb") as compiled:
            write_mo(compiled, catalogue)
        draft.replace(source.with_suffix(".mo"))
