"""Similar cases with their reasons, copying, and the fast track from the request to its clock."""

from __future__ import annotations

import pytest

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from sandbox.exemptions import review
from sandbox.pilots import registration
from sandbox.regimes.load import RegimeSchema
from sandbox.similar import copying, fast_track, sameness
from sandbox.similar.fast_track import FAST_TRACK
from sandbox.similar.models import FastTrack, FastTrackStatus
from sandbox.similar.search import Wanted, similar
from tests.cells import Move, cells, row_expected, row_found
from tests.factories import (
    DRAFTED,
    FILED,
    GRANTED,
    REGIME,
    application_values,
    create_case,
    create_pilot,
    pilot_values,
)

ARTICLE = "Road Traffic Act Art. 4"


def next_case(case, **changes):
    """Another draft of the same company, at the same site."""
    return registration.register(
        case.session,
        site=case.site,
        evaluator=case.pilot.evaluator,
        lead=case.pilot.exemption.lead,
        regime_id=REGIME,
        values=pilot_values(**changes),
        application_values=application_values(contents={}),
        by=case.actor("author"),
        at=case.tick(),
    )


def asked(earlier, later):
    """The later case asks to go the way of the earlier one."""
    return fast_track.ask(
        later.session,
        later.pilot,
        earlier.pilot,
        statement="The same crossings.",
        by=later.actor("author"),
        at=later.tick(),
    )


def test_reasons_rank_and_are_told(session):
    other = create_pilot(session, FILED, technology="robot", title_en="Robots", title_ko="로봇")
    approved = create_case(session, GRANTED)
    found = similar(
        session,
        Wanted((ARTICLE.upper(),), "Smart  Crossing", "crossings"),
        to=approved.actor("author"),
    )
    assert [each.pilot for each in found] == [approved.pilot, other]
    first, second = found
    assert first.articles == (ARTICLE,)
    assert first.technology
    assert "crossings" in first.words
    assert [each.text for each in first.conditions] == [
        each.text for each in approved.pilot.exemption.conditions if each.is_imposed
    ]
    assert (second.articles, second.technology) == ((ARTICLE,), False)
    assert similar(session, Wanted(("No such Act",), "none", "xylophone"), to=approved.actor("author")) == []


def test_nobody_finds_another_company_s_draft(session):
    case = create_case(session, DRAFTED)
    wanted = Wanted((ARTICLE,))
    assert [each.pilot for each in similar(session, wanted, to=case.actor("author"))] == [case.pilot]
    for who in ("other_author", "reviewer", "city_reviewer", "auditor"):
        assert similar(session, wanted, to=case.actor(who)) == []


def test_texts_are_added_to_the_own_draft(session):
    case = create_case(session, GRANTED)
    draft = next_case(case)
    item = draft.exemption.regime.plan_contents[0].id
    condition = next(each for each in case.pilot.exemption.conditions if each.is_imposed)
    by, chosen = case.actor("author"), {"items": [item], "conditions": [condition.id], "into": item}
    copying.copy(session, draft, case.pilot, **chosen, by=by, at=case.tick())
    before = case.pilot.exemption.contents[item]
    assert draft.exemption.contents == {item: f"{before}\n\n{condition.text}"}


def test_what_may_not_be_copied(session):
    case, stranger = create_case(session, GRANTED), create_case(session, DRAFTED)
    own = stranger.pilot
    item = own.exemption.regime.plan_contents[0].id

    def copy(source, who="author", items=(), conditions=(), into=""):
        copying.copy(
            session,
            own,
            source,
            items=items,
            conditions=conditions,
            into=into,
            by=stranger.actor(who),
            at=stranger.tick(),
        )

    with pytest.raises(NotFound):
        copy(case.pilot, items=[item])
    with pytest.raises(Invalid):
        copy(case.pilot, conditions=[10**6], into=item)
    with pytest.raises(Invalid):
        copy(case.pilot)
    with pytest.raises(Refused):
        copy(case.pilot, who="signatory", conditions=[1], into=item)


def test_an_accepted_case_has_the_shorter_clock(session):
    earlier, later = create_case(session, GRANTED), create_case(session, FILED)
    track = asked(earlier, later)
    lead = later.pilot.exemption.lead
    with pytest.raises(WrongMoment) as refused:
        review.open_consultation(
            session, later.pilot.exemption, [lead], by=later.actor("reviewer"), at=later.tick()
        )
    assert refused.value.needs == "fast_track_request_is_answered"
    fast_track.accept(session, track, by=later.actor("secretary"), at=later.tick(), reason="The same.")
    review.open_consultation(
        session, later.pilot.exemption, [lead], by=later.actor("reviewer"), at=later.tick()
    )
    (consultation,) = later.pilot.exemption.consultations
    assert consultation.clock.rule_id == "K19"
    assert consultation.clock.rule.length.value == 15


@pytest.mark.parametrize("verb", ["refuse", "withdraw", "change"])
def test_any_other_case_goes_the_ordinary_way(session, verb):
    earlier, later = create_case(session, GRANTED), create_case(session, FILED)
    track, exemption = asked(earlier, later), later.pilot.exemption
    if verb == "refuse":
        fast_track.refuse(session, track, by=later.actor("reviewer"), at=later.tick(), reason="Faster.")
    elif verb == "withdraw":
        fast_track.withdraw(session, track, by=later.actor("author"), at=later.tick())
    else:
        fast_track.accept(session, track, by=later.actor("reviewer"), at=later.tick(), reason="The same.")
        exemption.articles = [*exemption.articles, "Another Act Art. 1"]
    assert sameness.starts_with(session, exemption) == "ministry_notified"


def test_only_the_same_as_an_approved_case_may_ask(session):
    filed, later = create_case(session, FILED), create_case(session, FILED)
    with pytest.raises(Invalid):
        asked(filed, later)
    granted = create_case(session, GRANTED, technology="something else")
    with pytest.raises(Invalid):
        asked(granted, later)
    with pytest.raises(WrongMoment):
        asked(granted, create_case(session, GRANTED))
    with pytest.raises(Refused):
        fast_track.ask(
            session, later.pilot, granted.pilot, statement="x", by=later.actor("reviewer"), at=later.tick()
        )


def test_a_refused_request_may_be_made_again(session):
    earlier, later = create_case(session, GRANTED), create_case(session, FILED)
    track = asked(earlier, later)
    with pytest.raises(Invalid):
        fast_track.refuse(session, track, by=later.actor("reviewer"), at=later.tick(), reason=" ")
    fast_track.refuse(session, track, by=later.actor("reviewer"), at=later.tick(), reason="Say how.")
    assert asked(earlier, later) is track
    assert (track.status, track.answer_reason) == (FastTrackStatus.ASKED, None)
    with pytest.raises(WrongMoment):
        asked(earlier, later)


LEADS = "ministry_reviewer secretariat other_secretariat"
TABLE = {
    "ask_again": Move("refused withdrawn", "asked", "company_author"),
    "accept": Move("asked", "accepted", LEADS, needs_reason=True),
    "refuse": Move("asked", "refused", LEADS, needs_reason=True),
    "withdraw": Move("asked accepted", "withdrawn", "company_author company_signatory"),
}


@pytest.mark.parametrize(("status", "verb"), cells(FAST_TRACK, TABLE))
def test_cell(status, verb):
    from sandbox.exemptions.models import Exemption

    exemption = Exemption(
        regime_id=REGIME, regime_version="2026-09", company_id=1, lead_id=3, status="submitted"
    )
    track = FastTrack(exemption=exemption, status=FastTrackStatus(status))
    assert row_found(FAST_TRACK, track, verb) == row_expected(TABLE, status, verb)


def test_a_fast_track_without_its_clock_is_no_regime():
    errors = RegimeSchema().validate(
        {
            "fast_track": {
                "source": "Act",
                "same": [{"id": "articles", "source": "Act", "name_ko": "규정", "name_en": "Rules"}],
            }
        }
    )
    assert "fast_track" not in errors
    assert "fast_track" in RegimeSchema().validate({"fast_track": {"source": "Act", "same": []}})
