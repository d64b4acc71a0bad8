"""Quorum and majority, counted without the recused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sandbox.exemptions.models import Resolution
from sandbox.regimes.committees import CommitteeRules

APPROVING = (Resolution.APPROVE, Resolution.APPROVE_WITH_CONDITIONS)


@dataclass(frozen=True)
class Tally:
    """How a resolution came about, in whole people.

    called        members called to the meeting
    recused       of these, barred from this item
    members       called less recused: what the quorum is a share of
    quorum        how many of them have to take part
    took_part     how many did
    majority      how many of those taking part have to agree
    votes         by resolution
    resolution    what was resolved; DEFER also where there was no quorum, or no majority for anything
    why           majority, no_quorum or no_majority
    """

    called: int
    recused: int
    members: int
    quorum: int
    took_part: int
    majority: int
    votes: dict[str, int]
    resolution: Resolution
    why: str


def count(
    rules: CommitteeRules,
    *,
    called: Collection[int],
    recused: Collection[int],
    present: Collection[int],
    ballots: Mapping[int, str],
) -> Tally:
    """The resolution on one item; people by id. Whoever is recused counts nowhere, vote or not.

    Members who approve and members who approve with conditions together carry an approval with
    conditions where neither has a majority alone (our rule).
    """
    members = set(called) - set(recused)
    taking_part = members & set(present)
    votes = Counter(Resolution(choice) for person, choice in ballots.items() if person in taking_part)
    quorum = rules.quorum.least_of(len(members))
    majority = rules.decision.least_of(len(taking_part))
    if not members or len(taking_part) < quorum:
        resolution, why = Resolution.DEFER, "no_quorum"
    else:
        carried = _carried(votes, majority)
        resolution, why = (carried, "majority") if carried else (Resolution.DEFER, "no_majority")
    return Tally(
        called=len(set(called)),
        recused=len(set(called) & set(recused)),
        members=len(members),
        quorum=quorum,
        took_part=len(taking_part),
        majority=majority,
        votes={choice.value: votes[choice] for choice in Resolution if votes[choice]},
        resolution=resolution,
        why=why,
    )


def _carried(votes: Counter[Resolution], majority: int) -> Resolution | None:
    for choice in Resolution:
        if votes[choice] and votes[choice] >= majority:
            return choice
    if sum(votes[choice] for choice in APPROVING) >= majority > 0:
        return Resolution.APPROVE_WITH_CONDITIONS
    return None
