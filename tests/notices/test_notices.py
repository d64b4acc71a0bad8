"""Notices: who is told of what, once; mails that are tried again; reminders at the distances people chose."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from experiments.errors import Invalid
from experiments.fields import load
from sandbox.clocks import running
from sandbox.db import sessions_for
from sandbox.exemptions.told import TOLD
from sandbox.notices import outbox, post, reminders
from sandbox.notices.models import Mail, MailMode, MailStatus, Notice
from sandbox.notices.outbox import SettingsSchema, mail_after
from sandbox.notices.senders import NotSent, sender_of
from sandbox.notices.texts import TEXTS, text
from tests.factories import (
    ANSWERED,
    BEGINNING,
    CONSULTED,
    CONSULTING,
    DECIDED,
    GRANTED,
    PROPOSED,
    SENT,
    SUSPENDED,
    create_case,
)

LETTERHEAD = post.Letterhead("pilots@example.org", "https://pilots.example.org")


def told(session, case, code):
    """Who has been told of `code`, by what they are to the case."""
    query = select(Notice.person_id).where(Notice.code == code)
    ids = set(session.scalars(query))
    return sorted(who for who, person in case.people.items() if person.id in ids)


@pytest.mark.parametrize(
    ("history", "code", "who"),
    [
        (SENT, "exemption.send_to_city", ["city_reviewer"]),
        (ANSWERED, "exemption.give_opinion", ["author"]),
        (ANSWERED, "exemption.answer_actions", ["signatory"]),
        (CONSULTING, "exemption.open_consultation", ["other_reviewer"]),
        (CONSULTED, "exemption.reply", ["reviewer"]),
        (CONSULTED, "exemption.close_consultation", ["decider", "second_decider"]),
        (
            GRANTED,
            "exemption.grant",
            ["author", "city_reviewer", "other_reviewer", "reviewer", "signatory"],
        ),
        (PROPOSED, "decision.propose", ["decider", "second_decider"]),
        (
            SUSPENDED,
            "pilot.suspend",
            [
                *("author", "city_reviewer", "data_officer", "evaluator", "reviewer", "second_decider"),
                "signatory",
            ],
        ),
        (
            DECIDED,
            "decision.decide",
            [
                *("author", "city_reviewer", "data_officer", "evaluator", "reviewer", "second_decider"),
                "signatory",
            ],
        ),
    ],
)
def test_who_is_told(session, history, code, who):
    case = create_case(session, history)
    assert told(session, case, code) == who


def test_no_stranger_is_ever_told(session):
    case = create_case(session, DECIDED)
    ids = set(session.scalars(select(Notice.person_id)))
    strangers = [who for who in case.people if who.startswith("other_") and "reviewer" not in who]
    assert [who for who in strangers if case.people[who].id in ids] == []
    assert case.people["other_city_reviewer"].id not in ids


def test_every_text_says_the_case_and_leaves_no_gap():
    facts = {
        **{"what_ko": "회신", "what_en": "Reply", "due_on": "2026-04-01", "days": 3},
        "article": "도로교통법 제4조",
        "count": 3,
    }
    for code in TEXTS:
        for language in ("ko", "en"):
            said = text(code, language, case="RS-2026-0001", facts=facts)
            assert said.startswith("RS-2026-0001: ")
            assert "{" not in said


def test_every_told_step_has_a_text():
    assert {f"exemption.{verb}" for verb in TOLD} <= set(TEXTS)


def test_an_act_that_is_undone_tells_nobody(session):
    case = create_case(session)
    savepoint = session.begin_nested()
    SENT[-1](case)
    savepoint.rollback()
    assert told(session, case, "exemption.send_to_city") == []


# -- mails ------------------------------------------------------------------------------------------------


class Post:
    """A post office of the test: its clock, what arrived, and whether it takes anything."""

    def __init__(self, sessions):
        self.sessions, self.now, self.arrived, self.refuses = sessions, BEGINNING + timedelta(days=1), [], ""

    def send(self, message):
        if self.refuses:
            raise NotSent(self.refuses)
        self.arrived.append(message)

    def run(self):
        return post.post(self.sessions, self.send, LETTERHEAD, lambda: self.now)


@pytest.fixture
def office(committed_database):
    return Post(sessions_for(committed_database))


@pytest.fixture
def sent_case(office):
    """A case that was sent to the city: its reviewer has one notice."""
    with office.sessions() as session:
        case = create_case(session, SENT)
        reviewer = case.people["city_reviewer"]
        person_id, email = reviewer.id, reviewer.email
        session.commit()
    return person_id, email


def mails(office):
    with office.sessions() as session:
        return [
            (mail.status, [attempt.error for attempt in mail.attempts], mail.next_at)
            for mail in session.scalars(select(Mail).order_by(Mail.id))
        ]


def test_a_notice_becomes_one_mail_with_a_link(office, sent_case):
    assert office.run() == 1
    assert office.run() == 0
    (message,) = office.arrived
    assert message["To"] == sent_case[1]
    body = message.get_content()
    assert "의견 검토 요청이 도착했습니다." in body
    assert "https://pilots.example.org/cases/RS-2026-" in body
    assert [(status, errors) for status, errors, _ in mails(office)] == [("sent", [None])]


def test_a_mail_that_is_not_taken_is_tried_again_later_and_later(office, sent_case):
    office.refuses = "mailbox is full"
    pauses = []
    for _ in range(post.MOST_ATTEMPTS):
        office.run()
        ((status, errors, next_at),) = mails(office)
        pauses.append(next_at - office.now)
        office.now = max(office.now, next_at) + timedelta(seconds=1)
    assert status == MailStatus.GIVEN_UP
    assert errors == ["mailbox is full"] * post.MOST_ATTEMPTS
    assert pauses[:3] == [timedelta(minutes=2), timedelta(minutes=4), timedelta(minutes=8)]
    assert office.run() == 0


def test_a_mail_goes_out_once_the_server_takes_it(office, sent_case):
    office.refuses = "try later"
    office.run()
    office.refuses = ""
    assert office.run() == 0  # not before its time
    office.now += timedelta(minutes=3)
    assert office.run() == 1
    assert mails(office)[0][1] == ["try later", None]


def test_what_a_dead_worker_held_is_sent_by_another(office, sent_case):
    with office.sessions() as session:
        post.make_mails(session, LETTERHEAD, at=office.now)
        session.commit()
        assert post.claim(session, at=office.now) is not None
        session.commit()
    assert office.run() == 0
    office.now += post.HELD + timedelta(seconds=1)
    assert office.run() == 1


def test_of_two_workers_one_sends(office, sent_case):
    gate = threading.Barrier(2)

    def work():
        gate.wait()
        office.run()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    office.now += post.HELD + timedelta(seconds=1)
    office.run()
    assert len({message["Message-ID"] for message in office.arrived}) == len(office.arrived) == 1


def test_a_closed_account_gets_no_mail(office, sent_case):
    with office.sessions() as session:
        post.make_mails(session, LETTERHEAD, at=office.now)
        mail = session.scalars(select(Mail)).one()
        mail.person.disabled_at = office.now
        session.commit()
    assert office.run() == 0
    assert mails(office)[0][:2] == (MailStatus.GIVEN_UP, [post.CLOSED])


def test_a_digest_gathers_what_came_until_nine_in_the_morning(office, sent_case):
    person_id, _email = sent_case
    with office.sessions() as session:
        for notice in session.scalars(select(Notice)):
            notice.mail_after = mail_after(MailMode.DAILY, notice.at)
        again = Notice(
            person_id=person_id, key="x", code="pilot.start", subject="pilot:gone", facts={}, at=BEGINNING
        )
        again.mail_after = mail_after(MailMode.DAILY, BEGINNING)
        session.add(again)
        session.commit()
    office.now = BEGINNING + timedelta(hours=2)
    assert office.run() == 0
    office.now = BEGINNING + timedelta(days=2)
    assert office.run() == 1
    assert office.arrived[0]["Subject"].endswith("외 1건")


@pytest.mark.parametrize(
    ("mode", "at", "expected"),
    [
        (MailMode.EACH, datetime(2026, 3, 2, 3, tzinfo=UTC), datetime(2026, 3, 2, 3, tzinfo=UTC)),
        # 23:59 UTC is 08:59 in Seoul; 00:01 UTC is a minute after nine.
        (MailMode.DAILY, datetime(2026, 3, 1, 23, 59, tzinfo=UTC), datetime(2026, 3, 2, 0, tzinfo=UTC)),
        (MailMode.DAILY, datetime(2026, 3, 2, 0, 1, tzinfo=UTC), datetime(2026, 3, 3, 0, tzinfo=UTC)),
        (MailMode.NONE, datetime(2026, 3, 2, 3, tzinfo=UTC), None),
    ],
)
def test_when_a_notice_is_mailed(mode, at, expected):
    assert mail_after(mode, at) == expected


def test_mails_go_into_a_folder_whole(tmp_path, office, sent_case):
    send = sender_of(f"file:{tmp_path / 'mail'}")
    post.post(office.sessions, send, LETTERHEAD, lambda: office.now)
    (file,) = (tmp_path / "mail").iterdir()
    assert file.suffix == ".eml"
    assert sent_case[1].encode() in file.read_bytes()


@pytest.mark.parametrize("address", ["", "file:", "ftp://host", "smtp://", "mail"])
def test_an_address_that_leads_nowhere_is_refused(address):
    with pytest.raises(ValueError, match="use console"):
        sender_of(address)


# -- reminders --------------------------------------------------------------------------------------------


def test_reminders_come_at_the_chosen_distances_once(session):
    case = create_case(session, CONSULTING)
    # Both ministries reply by 1 April.
    due = min(clock.due_on for clock in running.running(session, case.pilot.exemption.case))
    for days in (14, 3, 0):
        today = due - timedelta(days=days)
        assert reminders.remind(session, today=today, at=case.at) == 2
        assert reminders.remind(session, today=today, at=case.at) == 0
    assert reminders.remind(session, today=due - timedelta(days=5), at=case.at) == 0
    assert told(session, case, "clock.due") == ["other_reviewer", "reviewer"]
    assert told(session, case, "clock.due_today") == ["other_reviewer", "reviewer"]


def test_people_choose_their_distances(session):
    case = create_case(session, CONSULTING)
    outbox.wish(session, mail="none", language="en", reminder_days=[30, 5], by=case.actor("reviewer"))
    due = min(clock.due_on for clock in running.running(session, case.pilot.exemption.case))
    assert reminders.remind(session, today=due - timedelta(days=5), at=case.at) == 1
    notice = session.scalars(select(Notice).where(Notice.code == "clock.due")).one()
    assert (notice.person_id, notice.mail_after) == (case.people["reviewer"].id, None)


def test_a_lapse_is_told_to_the_office_and_the_lead(session):
    case = create_case(session, CONSULTING)
    lapsed = running.lapse(session, at=case.at + timedelta(days=60))
    reminders.tell_of_lapses(session, lapsed, at=case.at)
    assert told(session, case, "clock.lapsed") == ["other_reviewer", "reviewer"]


@pytest.mark.parametrize(
    ("days", "field"), [([-1], "reminder_days.0"), (["x"], "reminder_days.0"), ([1] * 9, "reminder_days")]
)
def test_wrong_distances_are_named(days, field):
    with pytest.raises(Invalid) as error:
        load(SettingsSchema(), {"mail": "each", "language": "ko", "reminder_days": days})
    assert set(error.value.errors) == {field}


def test_the_moved_due_date_reminds_anew(session):
    case = create_case(session, CONSULTING)
    clock = running.running(session, case.pilot.exemption.case)[0]
    today = clock.due_on - timedelta(days=3)
    reminders.remind(session, today=today, at=case.at)
    clock.due_on = date(2026, 5, 4)
    assert reminders.remind(session, today=date(2026, 5, 1), at=case.at) >= 1
