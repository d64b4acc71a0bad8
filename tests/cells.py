"""Every (status x verb x person) cell of a lifecycle, against a table written down in the test.

The expected table is spelled out beside each test and shares nothing with the code: a transition
that is added, dropped or opened to one more person makes cells fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from experiments.errors import Refused, WrongMoment
from experiments.lifecycle import Actor, Lifecycle
from sandbox.accounts import HOME_OF_ROLE, Role

# Organisations of the case by number; strangers are of the same kinds and have no part in it.
HOMES = {"company": 1, "city": 2, "ministry": 3, "institute": 4, "operator": 5, "agency": 6, "committee": 7}
STRANGE = 100


@dataclass(frozen=True)
class Move:
    """One row of an expected table; `who` names people of `PEOPLE`."""

    sources: str
    target: str
    who: str
    needs_reason: bool = False


Table = Mapping[str, Move]


def _people() -> dict[str, Actor]:
    people = {"service": Actor(None, "The service", "service")}
    for position, role in enumerate(Role, start=1):
        home = HOMES[HOME_OF_ROLE[role]]
        people[role.value] = Actor(position, role.value, role, home)
        people[f"other_{role.value}"] = Actor(STRANGE + position, f"other {role.value}", role, STRANGE + home)
    return people


PEOPLE = _people()


def cells(lifecycle: Lifecycle[Any], table: Table) -> list[tuple[str, str]]:
    """(status, verb) of every row of cells, one cell for each of `PEOPLE`; verbs from code and table."""
    verbs = list(dict.fromkeys([*table, *(t.verb for t in lifecycle.transitions)]))
    return [(status.value, verb) for status in lifecycle.states for verb in verbs]


def row_expected(table: Table, status: str, verb: str) -> dict[str, str]:
    """What every person is to be told in this row."""
    return {who: expected(table, status, verb, who) for who in PEOPLE}


def row_found(lifecycle: Lifecycle[Any], subject: Any, verb: str) -> dict[str, str]:
    """What every person is told in this row."""
    return {who: found(lifecycle, subject, verb, who) for who in PEOPLE}


def expected(table: Table, status: str, verb: str, who: str) -> str:
    """ "yes", "refused" or "wrong moment"."""
    move = table[verb]
    if who not in move.who.split():
        return "refused"
    return "yes" if status in move.sources.split() else "wrong moment"


def found(lifecycle: Lifecycle[Any], subject: Any, verb: str, who: str) -> str:
    """What the lifecycle says about this cell, with a reason given."""
    try:
        lifecycle.check(subject, verb, by=PEOPLE[who], reason="Because.")
    except Refused:
        return "refused"
    except WrongMoment:
        return "wrong moment"
    return "yes"


def rows(lifecycle: Lifecycle[Any]) -> dict[str, tuple[set[str], str, bool]]:
    """Sources, target and need of a reason by verb, as the code has them."""
    return {
        t.verb: ({s.value for s in t.sources}, t.target.value, t.needs_reason) for t in lifecycle.transitions
    }


def expected_rows(table: Table) -> dict[str, tuple[set[str], str, bool]]:
    return {verb: (set(m.sources.split()), m.target, m.needs_reason) for verb, m in table.items()}
