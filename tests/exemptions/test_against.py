"""Following the committee or not, and changing the file after its resolution."""

from __future__ import annotations

import pytest

from experiments.errors import Invalid, Refused, WrongMoment
from sandbox.exemptions import application
from sandbox.exemptions.models import Resolution
from sandbox.pilots import case as cases
from tests.factories import (
    CONSULTED,
    CONSULTING,
    REPLIED,
    RESOLVED,
    TABLED,
    condition_values,
    create_case,
    grant,
    reply,
    reply_of_the_lead,
    resolve,
    table,
)

R = Resolution


def decided(case, verb, **changes):
    """Decide by `verb`, with a reason."""
    words = {"reason": "For this reason."} | changes
    if verb == "grant":
        return grant(case, **words)
    return getattr(cases, verb)(case.session, case.pilot, **words, by=case.actor("decider"), at=case.tick())


@pytest.mark.parametrize(
    ("resolution", "verb"),
    [
        (R.APPROVE, "refuse"),
        (R.APPROVE, "find_not_required"),
        (R.REJECT, "grant"),
        (R.NOT_REQUIRED, "refuse"),
    ],
)
def test_against_the_committee_only_with_reasons_for_that(session, resolution, verb):
    case = create_case(session, (*TABLED, resolve(resolution)))
    with pytest.raises(Invalid) as refusal:
        decided(case, verb)
    assert set(refusal.value.errors) == {"against"}
    decided(case, verb, against="The committee did not know of the accident.")
    assert case.pilot.exemption.against_resolution == "The committee did not know of the accident."


@pytest.mark.parametrize(
    ("resolution", "verb", "status"),
    [
        (R.APPROVE, "grant", "approved"),
        (R.REJECT, "refuse", "rejected"),
        (R.NOT_REQUIRED, "find_not_required", "not_required"),
    ],
)
def test_with_the_committee(session, resolution, verb, status):
    case = create_case(session, (*TABLED, resolve(resolution)))
    terms = {"conditions": []} if verb == "grant" else {}
    with pytest.raises(Invalid):
        decided(case, verb, against="Because.", **terms)
    decided(case, verb, **terms)
    assert (case.pilot.exemption.status, case.pilot.status) == (status, status)


def test_an_approval_under_conditions_without_any_goes_against_it(session):
    with pytest.raises(Invalid) as refusal:
        grant(create_case(session, RESOLVED), conditions=[])
    assert set(refusal.value.errors) == {"against"}


def test_conditions_that_the_committee_did_not_resolve_go_against_it(session):
    case = create_case(session, (*TABLED, resolve(R.APPROVE)))
    with pytest.raises(Invalid) as refusal:
        grant(case)
    assert set(refusal.value.errors) == {"against"}
    grant(case, against="The accident calls for a guard.")
    assert [each.is_imposed for each in case.pilot.exemption.conditions] == [True]


def reply_with_two_conditions(case):
    asked = [condition_values(), condition_values(text="Signs stand at every crossing.")]
    reply(case, "other_reviewer", reply="agree_with_conditions", conditions=asked)


def test_some_of_the_conditions_resolved_go_against_it(session):
    replied = (*CONSULTING, reply_of_the_lead, reply_with_two_conditions)
    case = create_case(session, (*replied, *RESOLVED[len(REPLIED) :]))
    first, _second = case.pilot.exemption.conditions
    with pytest.raises(Invalid) as refusal:
        grant(case, conditions=[first.id])
    assert set(refusal.value.errors) == {"against"}
    grant(case)


@pytest.mark.parametrize("resolution", [R.MODIFY, R.DEFER])
@pytest.mark.parametrize("verb", ["grant", "refuse", "find_not_required"])
def test_what_is_put_off_or_to_be_modified_is_not_decided(session, resolution, verb):
    case = create_case(session, (*TABLED, resolve(resolution)))
    with pytest.raises(WrongMoment) as refusal:
        decided(case, verb)
    assert refusal.value.needs == "committee_has_resolved"


@pytest.mark.parametrize("history", [CONSULTED, TABLED])
def test_nothing_is_decided_before_the_resolution(session, history):
    with pytest.raises(WrongMoment):
        grant(create_case(session, history))


def test_a_modified_file_is_signed_and_tabled_again(session):
    case = create_case(session, RESOLVED)
    exemption = case.pilot.exemption
    by = case.actor("signatory")
    with pytest.raises(WrongMoment) as refusal:
        application.refile(session, exemption, by=by, at=case.tick())
    assert refusal.value.needs == "file_has_changed"
    changed = {"contents": exemption.contents | {"safety": "A second guard."}}
    application.modify(session, exemption, changed, by=case.actor("author"), at=case.tick())
    with pytest.raises(WrongMoment) as refusal:
        grant(case)
    assert refusal.value.needs == "file_is_as_resolved"
    with pytest.raises(Refused):
        application.refile(session, exemption, by=case.actor("author"), at=case.tick())
    application.refile(session, exemption, by=by, at=case.tick())
    assert (exemption.status, exemption.resolution) == ("consulted", None)
    table(case)
    resolve(R.APPROVE_WITH_CONDITIONS)(case)
    grant(case)
    assert exemption.status == "approved"
