"""What a form sent: kept as typed, so that a refused page shows it again beside its errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema
from werkzeug.datastructures import MultiDict

from experiments.errors import Invalid
from experiments.fields import Prose, load


class _ReasonSchema(Schema):
    reason = Prose(required=True, longest=4000, blank=True)


class Sent:
    """Posted values with the errors that they met; `initial` shows where nothing was posted."""

    def __init__(self, form: MultiDict[str, str], initial: Mapping[str, Any] | None = None) -> None:
        self._form = form
        self._initial = initial or {}
        self.errors: dict[str, list[str]] = {}

    def __getitem__(self, name: str) -> Any:
        """What to show in the control `name`."""
        return self._form.get(name, "") if self._form else self._initial.get(name, "")

    @property
    def was_posted(self) -> bool:
        return bool(self._form)

    def one(self, name: str) -> str:
        return self._form.get(name, "")

    def many(self, name: str) -> list[str]:
        """Every non-blank value posted under `name`."""
        return [value for value in self._form.getlist(name) if value.strip()]

    def chosen(self, name: str) -> list[str]:
        """Values to show as ticked."""
        return (
            self._form.getlist(name) if self._form else [str(value) for value in self._initial.get(name, [])]
        )

    def rows(self, name: str, columns: Sequence[str], most: int) -> list[dict[str, str]]:
        """Rows `name.0.column` and so on; rows that are blank throughout are left out."""
        rows = [{column: self.one(f"{name}.{i}.{column}") for column in columns} for i in range(most)]
        return [row for row in rows if any(value.strip() for value in row.values())]

    def lines(self, name: str, most: int) -> list[str]:
        """Texts `name.0`, `name.1` and so on; blank ones are left out."""
        return [text for i in range(most) if (text := self.one(f"{name}.{i}").strip())]

    def text(self, name: str, *, longest: int) -> str:
        """One cleaned text; Invalid under its own name."""
        field = Schema.from_dict({"text": Prose(required=True, longest=longest)})()
        try:
            return str(load(field, {"text": self.one(name)})["text"])
        except Invalid as error:
            raise Invalid({name: error.errors["text"]}) from error

    def refuse(self, error: Invalid) -> None:
        self.errors = error.errors


def reason(form: Mapping[str, str]) -> str:
    """The posted reason, cleaned; an empty one is the use case's to refuse."""
    return str(load(_ReasonSchema(), {"reason": form.get("reason", "")})["reason"])
