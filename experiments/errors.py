"""Errors of the domain: they carry facts and know no HTTP.

DomainError
├── Refused            the wrong person: who is asked for, by name of the rule
├── WrongMoment        the right person at the wrong time, with what happened meanwhile
├── Invalid            input that breaks a rule, by field
├── NotFound           no such subject
└── BrokenRecord       the stored record contradicts itself
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class DomainError(Exception):
    """Anything that a use case refuses, with facts for the rim to phrase."""


class Refused(DomainError):
    """`verb` on `subject` is not for this actor; `rule` names the predicate that said no."""

    def __init__(self, verb: str, rule: str) -> None:
        super().__init__(f"{verb}: {rule} does not hold")
        self.verb = verb
        self.rule = rule


class WrongMoment(DomainError):
    """`verb` cannot happen while the subject is `status`.

    `meanwhile` tells who moved it there last, as (verb, actor name, ISO instant), where known;
    `needs` names an unmet guard where the status itself would allow the verb.
    """

    def __init__(
        self,
        verb: str,
        status: str,
        *,
        meanwhile: tuple[str, str, str] | None = None,
        needs: str | None = None,
    ) -> None:
        super().__init__(f"{verb} is not possible while {status}" + (f": needs {needs}" if needs else ""))
        self.verb = verb
        self.status = status
        self.meanwhile = meanwhile
        self.needs = needs


class Invalid(DomainError):
    """Input refused, by field path (`metrics.0.direction`) with one or more messages each."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__("; ".join(f"{field}: {' '.join(texts)}" for field, texts in errors.items()))
        self.errors = {field: list(texts) for field, texts in errors.items()}


class NotFound(DomainError):
    """There is no `kind` with this `key`."""

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(f"no {kind} {key}")
        self.kind = kind
        self.key = key


class BrokenRecord(DomainError):
    """A stored document does not match its digest or its neighbours."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why
