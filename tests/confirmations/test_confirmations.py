"""Rapid confirmation: agencies with their own clocks, silence as the law takes it, and what comes of it."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import load
from sandbox.clocks import running
from sandbox.confirmations import desk, replies, requests
from sandbox.confirmations.models import AgencyReply, ConfirmationOutcome, ConfirmationStatus
from sandbox.confirmations.replies import AgencyReplySchema
from sandbox.ledger.chain import LedgerEntry
from sandbox.pilots import registration
from sandbox.regimes import regime
from tests.factories import BEGINNING, REGIME, application_values, create_case, pilot_values

NO_PERMIT = {"reply": "no_permit", "text": "Our law does not reach it.", "requirements": "", "procedure": ""}
PERMIT = NO_PERMIT | {
    "reply": "permit_needed",
    "text": "It is a vehicle.",
    "requirements": "A type approval.",
    "procedure": "File form 7; 20 days.",
}
NOT_OURS = NO_PERMIT | {"reply": "not_ours", "text": "Another ministry's."}


class Asked:
    """One request with the people around it, and a clock that every step moves by an hour."""

    def __init__(self, session):
        self.session = session
        self.case = create_case(session)
        self.at = BEGINNING
        self.confirmation = requests.draft(
            session,
            regime=regime(REGIME),
            lead=self.case.people["reviewer"].organisation,
            values={
                "title": "Delivery robot",
                "technology": "robot",
                "description": "It delivers parcels on pavements.",
                "articles": ["Road Traffic Act Art. 2"],
            },
            by=self.actor("author"),
            at=self.at,
        )

    def actor(self, who):
        return self.case.people[who].actor

    def organisation(self, who):
        return self.case.people[who].organisation

    def tick(self):
        self.at += timedelta(hours=1)
        return self.at

    def submit(self):
        requests.submit(self.session, self.confirmation, by=self.actor("signatory"), at=self.tick())
        return self

    def route(self, *who):
        asked = [self.organisation(each) for each in who or ("other_reviewer", "city_reviewer")]
        replies.route(self.session, self.confirmation, asked, by=self.actor("reviewer"), at=self.tick())
        return self

    def agency(self, who):
        home = self.organisation(who).id
        return next(each for each in self.confirmation.agencies if each.organisation_id == home)

    def reply(self, who, **said):
        replies.reply(self.session, self.agency(who), **said, by=self.actor(who), at=self.tick())
        return self

    def pass_days(self, days):
        """Days pass, and the registry looks at its clocks as its heartbeat does."""
        self.at += timedelta(days=days)
        lapsed = running.lapse(self.session, at=self.at)
        replies.deem(self.session, lapsed, at=self.at)
        return self

    def answer(self, **said):
        replies.answer(
            self.session, self.confirmation, **(said or NO_PERMIT), by=self.actor("reviewer"), at=self.tick()
        )
        return self


@pytest.fixture
def asked(session):
    return Asked(session)


def clocks(asked, rule):
    return [each for each in asked.confirmation.clocks if each.rule_id == rule]


def test_each_agency_gets_thirty_days_of_its_own(asked):
    asked.submit().route()
    own = [asked.agency(who).clock for who in ("other_reviewer", "city_reviewer")]
    assert [(each.rule_id, each.due_on) for each in own] == [("K01", date(2026, 4, 1))] * 2
    assert [each.owed_by_id for each in own] == [
        asked.organisation("other_reviewer").id,
        asked.organisation("city_reviewer").id,
    ]


def test_the_leads_clock_stands_still_while_the_agencies_have_theirs(session, asked):
    asked.submit().route()
    session.refresh(asked.confirmation)
    (lead,) = clocks(asked, "K02")
    assert running.derivation(session, lead).stands_still
    asked.at += timedelta(days=10)
    asked.reply("other_reviewer", **NO_PERMIT).reply("city_reviewer", **NOT_OURS)
    # 30 days from 2 March; 3 to 11 March stood still, and 12 March, when all were in, counts again.
    assert not running.derivation(session, lead).stands_still
    assert lead.due_on == date(2026, 4, 10)


def test_all_replies_bring_the_request_back_to_the_lead(asked):
    asked.submit().route().reply("other_reviewer", **NO_PERMIT)
    assert asked.confirmation.status == ConfirmationStatus.WAITING
    asked.reply("city_reviewer", **PERMIT)
    assert asked.confirmation.status == ConfirmationStatus.ALL_IN


def test_on_the_last_day_silence_says_nothing_yet(asked):
    asked.submit().route()
    asked.at = BEGINNING
    asked.pass_days(30)
    assert asked.agency("city_reviewer").reply is None


def test_silence_means_by_law_that_no_permit_is_needed(session, asked):
    asked.submit().route().reply("other_reviewer", **NO_PERMIT).pass_days(31)
    silent = asked.agency("city_reviewer")
    assert (silent.reply, silent.replied_by_id) == (AgencyReply.DEEMED_NOT_REQUIRED, None)
    assert silent.clock.lapsed_on == silent.clock.ended_on
    assert asked.confirmation.status == ConfirmationStatus.ALL_IN
    entry = session.query(LedgerEntry).filter_by(act="confirmation.deem").one()
    assert entry.subject == asked.confirmation.case.key
    assert "49-2(4)" in json.loads(entry.details)["provision"]


def test_nothing_is_deemed_of_the_lead_ministry(asked):
    asked.submit().pass_days(60)
    assert asked.confirmation.status == ConfirmationStatus.RECEIVED
    assert asked.confirmation.outcome is None


def test_after_its_time_an_agency_is_not_heard_any_more(asked):
    asked.submit().route().pass_days(31)
    with pytest.raises(WrongMoment) as error:
        asked.reply("city_reviewer", **PERMIT)
    assert error.value.needs == "agency_is_asked"


@pytest.mark.parametrize("missing", ["requirements", "procedure"])
def test_a_permit_without_what_it_takes_is_no_reply(missing):
    with pytest.raises(Invalid) as error:
        load(AgencyReplySchema(), PERMIT | {missing: " "})
    assert set(error.value.errors) == {missing}


def test_requirements_belong_to_a_permit_alone():
    with pytest.raises(Invalid) as error:
        load(AgencyReplySchema(), NO_PERMIT | {"requirements": "A helmet."})
    assert set(error.value.errors) == {"requirements"}


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (["no_permit", "no_permit"], ConfirmationOutcome.FREE_TO_OPERATE),
        (["no_permit", "deemed_not_required"], ConfirmationOutcome.FREE_TO_OPERATE),
        (["not_ours", "not_ours"], ConfirmationOutcome.FREE_TO_OPERATE),
        (["permit_needed", "not_ours"], ConfirmationOutcome.PERMIT_NEEDED),
        (["permit_needed", "permit_needed"], ConfirmationOutcome.PERMIT_NEEDED),
        (["permit_needed", "no_permit"], ConfirmationOutcome.MIXED),
        (["permit_needed", "deemed_not_required"], ConfirmationOutcome.MIXED),
    ],
)
def test_what_the_replies_come_to(said, outcome):
    assert replies.outcome_of(said) == outcome


def test_the_company_is_notified_of_the_whole(session, asked):
    asked.submit().route("other_reviewer").reply("other_reviewer", **PERMIT).answer()
    assert asked.confirmation.outcome == ConfirmationOutcome.MIXED
    assert running.running(session, asked.confirmation.case) == []


def test_the_lead_may_answer_alone_with_a_reason(asked):
    asked.submit()
    replies.take_alone(
        asked.session,
        asked.confirmation,
        by=asked.actor("reviewer"),
        at=asked.tick(),
        reason="Only our law speaks of it.",
    )
    asked.answer(**PERMIT)
    assert asked.confirmation.outcome == ConfirmationOutcome.PERMIT_NEEDED


def test_a_permit_leads_to_an_application_that_names_the_request(session, asked):
    asked.submit().route("other_reviewer").reply("other_reviewer", **PERMIT).answer()
    case = asked.case
    pilot = registration.register(
        session,
        site=case.site,
        evaluator=asked.organisation("evaluator"),
        lead=asked.organisation("reviewer"),
        regime_id=REGIME,
        values=pilot_values(),
        application_values=application_values(),
        confirmation=asked.confirmation,
        by=asked.actor("author"),
        at=asked.tick(),
    )
    assert requests.confirmation_of(session, pilot.exemption) is asked.confirmation
    with pytest.raises(WrongMoment) as error:
        requests.apply_with(
            session, asked.confirmation, pilot.exemption, by=asked.actor("author"), at=asked.tick()
        )
    assert error.value.needs == "no_application_yet"


def test_nothing_to_apply_for_where_no_permit_is_needed(asked):
    asked.submit().route("other_reviewer").reply("other_reviewer", **NO_PERMIT).answer()
    with pytest.raises(WrongMoment) as error:
        requests.apply_with(
            asked.session,
            asked.confirmation,
            asked.case.pilot.exemption,
            by=asked.actor("author"),
            at=asked.tick(),
        )
    assert error.value.needs == "asks_for_a_permit"


def test_whoever_wrote_it_does_not_sign_it(asked):
    with pytest.raises(Refused):
        requests.submit(asked.session, asked.confirmation, by=asked.actor("author"), at=asked.tick())


def test_only_the_asked_agency_replies(asked):
    asked.submit().route("other_reviewer")
    agency = asked.agency("other_reviewer")
    for who in ("city_reviewer", "reviewer", "author", "decider"):
        with pytest.raises(Refused):
            replies.reply(asked.session, agency, **NO_PERMIT, by=asked.actor(who), at=asked.tick())


@pytest.mark.parametrize("wrong", [(), ("author",), ("reviewer",), ("other_reviewer", "other_reviewer")])
def test_wrong_agencies_are_named(asked, wrong):
    asked.submit()
    chosen = [asked.organisation(who) for who in wrong]
    with pytest.raises(Invalid) as error:
        replies.route(asked.session, asked.confirmation, chosen, by=asked.actor("reviewer"), at=asked.tick())
    assert all(field.startswith("agencies") for field in error.value.errors)
    assert asked.confirmation.agencies == []


def test_withdrawal_ends_every_clock(session, asked):
    asked.submit().route()
    requests.withdraw(
        session, asked.confirmation, by=asked.actor("author"), at=asked.tick(), reason="We build another."
    )
    assert running.running(session, asked.confirmation.case) == []
    # What lapses later finds nothing to deem.
    asked.pass_days(60)
    assert [agency.reply for agency in asked.confirmation.agencies] == [None, None]


def seen(asked, who):
    try:
        return desk.find(asked.session, asked.confirmation.number, asked.actor(who)) is asked.confirmation
    except NotFound:
        return False


def test_a_draft_is_the_companys_own(asked):
    assert [who for who in asked.case.people if seen(asked, who)] == ["author", "signatory"]


def test_who_sees_a_request(asked):
    asked.submit().route("other_reviewer")
    assert [who for who in asked.case.people if seen(asked, who)] == [
        *("author", "signatory", "reviewer", "decider", "second_decider", "other_reviewer", "other_decider"),
        "auditor",
    ]


def test_a_draft_that_was_given_up_stays_the_companys_own(asked):
    requests.withdraw(
        asked.session, asked.confirmation, by=asked.actor("author"), at=asked.tick(), reason="Never mind."
    )
    assert not seen(asked, "reviewer")


def test_an_edit_that_raced_another_is_refused(asked):
    seen_version = asked.confirmation.version
    values = {"title": "Robot", "technology": "robot", "description": "It walks.", "articles": []}
    requests.edit(
        asked.session,
        asked.confirmation,
        values,
        seen_version=seen_version,
        by=asked.actor("author"),
        at=asked.tick(),
    )
    with pytest.raises(WrongMoment):
        requests.edit(
            asked.session,
            asked.confirmation,
            values,
            seen_version=seen_version,
            by=asked.actor("author"),
            at=asked.tick(),
        )


def test_what_waits_for_an_office_stands_first(asked):
    asked.submit().route("other_reviewer")
    (row,) = desk.rows(asked.session, asked.actor("other_reviewer"))
    assert (row.verbs, row.waits_for_me, row.due_on) == (("reply",), True, date(2026, 4, 1))
    (row,) = desk.rows(asked.session, asked.actor("author"))
    assert (row.verbs, row.waits_for_me) == (("withdraw",), False)
