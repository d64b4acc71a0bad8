"""Quorum and majority, counted without the recused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.committee.counting import APPROVING, count
from sandbox.exemptions.models import Resolution
from sandbox.regimes import regime

RULES = regime("kr-smart-city").committee
R = Resolution


def counted(ballots, *, called=None, recused=(), present=None):
    called = range(1, (called or len(ballots)) + 1)
    votes = dict(enumerate(ballots, start=1))
    present = votes if present is None else range(1, present + 1)
    return count(RULES, called=called, recused=recused, present=present, ballots=votes)


@pytest.mark.parametrize(
    ("called", "took_part", "why"),
    [
        (1, 1, "majority"),
        (2, 1, "no_quorum"),
        (2, 2, "majority"),
        (4, 2, "no_quorum"),
        (4, 3, "majority"),
        (5, 2, "no_quorum"),
        (5, 3, "majority"),
        (30, 15, "no_quorum"),
        (30, 16, "majority"),
    ],
)
def test_exactly_half_is_no_quorum(called, took_part, why):
    tally = counted(["approve"] * took_part, called=called)
    assert (tally.why, tally.resolution) == (why, R.APPROVE if why == "majority" else R.DEFER)


@pytest.mark.parametrize(
    ("ballots", "resolution", "why"),
    [
        (["approve", "approve", "reject"], R.APPROVE, "majority"),
        (["approve", "reject"], R.DEFER, "no_majority"),
        (["approve", "approve", "reject", "reject"], R.DEFER, "no_majority"),
        (["reject", "reject", "reject", "approve"], R.REJECT, "majority"),
        (["modify", "modify", "approve"], R.MODIFY, "majority"),
        (["not_required", "not_required", "reject"], R.NOT_REQUIRED, "majority"),
        (["defer", "defer", "approve"], R.DEFER, "majority"),
        (["approve", "approve_with_conditions", "reject"], R.APPROVE_WITH_CONDITIONS, "majority"),
        (["approve", "approve_with_conditions", "reject", "reject"], R.DEFER, "no_majority"),
        (["approve", "modify", "reject"], R.DEFER, "no_majority"),
    ],
)
def test_a_majority_of_those_taking_part_resolves(ballots, resolution, why):
    tally = counted(ballots)
    assert (tally.resolution, tally.why) == (resolution, why)


def test_whoever_sits_there_and_does_not_vote_counts_for_quorum_and_majority():
    tally = counted(["approve", "approve"], called=5, present=4)
    assert (tally.took_part, tally.majority, tally.resolution) == (4, 3, R.DEFER)


def test_the_recused_lower_the_quorum():
    tally = counted(["approve", "approve"], called=4, recused=[4])
    assert (tally.members, tally.quorum, tally.resolution) == (3, 2, R.APPROVE)


def test_a_recusal_can_break_the_quorum():
    assert counted(["approve"] * 3, called=5).why == "majority"
    assert counted(["approve"] * 3, called=5, recused=[3]).why == "no_quorum"


def test_where_everybody_is_recused_nothing_is_resolved():
    tally = counted(["approve"] * 3, recused=[1, 2, 3])
    assert (tally.members, tally.took_part, tally.votes, tally.why) == (0, 0, {}, "no_quorum")


def test_a_vote_of_the_recused_counts_nowhere():
    tally = counted(["reject", "approve", "approve"], called=3, recused=[1])
    assert (tally.votes, tally.resolution) == ({"approve": 2}, R.APPROVE)


ballots = st.lists(st.sampled_from([None, *R]), min_size=1, max_size=9)


@given(votes=ballots, data=st.data())
def test_recusal_turns_no_rejection_into_an_approval(votes, data):
    """Whoever is recused without having voted to reject: the base gets smaller, a rejection stays one."""
    cast = {i: str(vote) for i, vote in enumerate(votes) if vote is not None}
    others = [i for i in range(len(votes)) if cast.get(i) != R.REJECT]
    recused = data.draw(st.sets(st.sampled_from(others))) if others else set()
    facts = {"called": range(len(votes)), "present": cast, "ballots": cast}
    before = count(RULES, recused=(), **facts)
    after = count(RULES, recused=recused, **facts)
    if before.resolution == R.REJECT:
        assert after.resolution in (R.REJECT, R.DEFER)


@given(votes=ballots, data=st.data())
def test_who_would_have_approved_cannot_bring_an_approval_about_by_recusal(votes, data):
    cast = {i: str(vote) for i, vote in enumerate(votes) if vote is not None}
    friends = [i for i, vote in cast.items() if vote in APPROVING]
    recused = data.draw(st.sets(st.sampled_from(friends))) if friends else set()
    facts = {"called": range(len(votes)), "present": cast, "ballots": cast}
    if count(RULES, recused=(), **facts).resolution not in APPROVING:
        assert count(RULES, recused=recused, **facts).resolution not in APPROVING
