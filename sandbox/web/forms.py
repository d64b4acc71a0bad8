"""What a form sent: kept as typed, so that a refused page shows it again beside its errors."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema
from werkzeug.datastructures import MultiDict

from experiments.errors import Invalid
from experiments.fields import Prose, load

# What is said of a value that has the wrong form; of a control left blank, only that it was left blank.
_OF_BLANKS = re.compile(r"Not a valid |Must be one of: |Shorter than minimum length |Length must be between ")
_BLANK = "Missing data for required field."


class _ReasonSchema(Schema):
    reason = Prose(required=True, longest=4000, blank=True)


class Sent:
    """Posted values with the errors that they met; `initial` shows where nothing was posted."""

    def __init__(self, form: MultiDict[str, str], initial: Mapping[str, Any] | None = None) -> None:
        self._form = form
        self._initial = initial or {}
        self._rows: dict[str, list[str]] = {}
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
        values = [value for value in self._form.getlist(name) if value.strip()]
        self._rows[name] = [name] * len(values)
        return values

    def each_line(self, name: str) -> list[str]:
        """The lines of one text, without blank ones."""
        lines = [line.strip() for line in self.one(name).splitlines() if line.strip()]
        self._rows[name] = [name] * len(lines)
        return lines

    def chosen(self, name: str) -> list[str]:
        """Values to show as ticked."""
        return (
            self._form.getlist(name) if self._form else [str(value) for value in self._initial.get(name, [])]
        )

    def rows(self, name: str, columns: Sequence[str], most: int) -> list[dict[str, str]]:
        """Rows `name.0.column` and so on; rows that are blank throughout are left out."""
        rows = {
            f"{name}.{i}": {column: self.one(f"{name}.{i}.{column}") for column in columns}
            for i in range(most)
        }
        typed = {at: row for at, row in rows.items() if any(value.strip() for value in row.values())}
        self._rows[name] = list(typed)
        return list(typed.values())

    def lines(self, name: str, most: int) -> list[str]:
        """Texts `name.0`, `name.1` and so on; blank ones are left out."""
        texts = {f"{name}.{i}": self.one(f"{name}.{i}").strip() for i in range(most)}
        self._rows[name] = [at for at, text in texts.items() if text]
        return [text for text in texts.values() if text]

    def texts(self, names: Sequence[str], *, longest: int) -> dict[str, str]:
        """Cleaned texts by name, none of them blank; Invalid with all that are wrong."""
        field = Schema.from_dict({"text": Prose(required=True, longest=longest)})()
        texts: dict[str, str] = {}
        errors: dict[str, list[str]] = {}
        for name in names:
            try:
                texts[name] = load(field, {"text": self.one(name)})["text"]
            except Invalid as error:
                errors[name] = error.errors["text"]
        if errors:
            raise Invalid(errors)
        return texts

    def refuse(self, error: Invalid) -> None:
        """Keep the errors under the names of the controls in which they were made."""
        self.errors = {}
        for field, messages in error.errors.items():
            control = self._control(field)
            is_blank = control in self._form and not "".join(self._form.getlist(control)).strip()
            said = [_BLANK if is_blank and _OF_BLANKS.match(message) else message for message in messages]
            self.errors.setdefault(control, []).extend(said)

    def _control(self, field: str) -> str:
        """Where the form shows `field`: blank rows were left out, and lists share one control."""
        for name, controls in self._rows.items():
            position, _, column = field.removeprefix(f"{name}.").partition(".")
            if field.startswith(f"{name}.") and position.isdecimal() and int(position) < len(controls):
                control = controls[int(position)]
                return f"{control}.{column}" if column else control
        # Of a mapping the schema says whether key or value is wrong; the control holds the value.
        named = field.removesuffix(".value")
        return named if named in self._form else field


def reason(form: Mapping[str, str]) -> str:
    """The posted reason, cleaned; an empty one is the use case's to refuse."""
    return str(load(_ReasonSchema(), {"reason": form.get("reason", "")})["reason"])
