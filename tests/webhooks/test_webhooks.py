"""Webhooks: who is told what, signed how, tried again, given up."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import load
from sandbox.notices.models import Notice
from sandbox.sealing import Seal
from sandbox.webhooks import desk, sending
from sandbox.webhooks.desk import EndpointSchema
from sandbox.webhooks.models import Attempt, Delivery
from tests.factories import RUNNING, create_case, suspend

SEAL = Seal([Fernet.generate_key().decode()])
URL = "https://hooks.example.org/sandbox"


def open_endpoint(case, who="signatory", events=("pilot.suspend",), url=URL):
    return desk.open_endpoint(
        case.session,
        url=url,
        events=events,
        private_hubs=(),
        seal=SEAL,
        by=case.actor(who),
        at=case.tick(),
    )


def queued(session):
    return session.scalars(select(Delivery).order_by(Delivery.id)).unique().all()


class Receiver:
    """The other side: it answers with `status`, or not at all, and keeps what it was sent."""

    def __init__(self, status=204):
        self.status = status
        self.got = []

    def __call__(self, url, headers, body):
        self.got.append((url, dict(headers), body))
        if self.status is None:
            raise sending.NotTaken("ConnectError: nobody there")
        return self.status


def send(session, receiver, at):
    """One round at that instant, through sessions on the same transaction as the test's."""
    sessions = sessionmaker(session.get_bind(), class_=Session, join_transaction_mode="create_savepoint")
    session.commit()
    taken = sending.send_due(sessions, sending.Way(receiver, SEAL, "https://sandbox.example.org"), lambda: at)
    session.expire_all()
    return taken


def test_an_act_is_told_to_the_addresses_of_the_offices_it_concerns(session):
    case = create_case(session, RUNNING)
    open_endpoint(case)
    open_endpoint(case, "other_signatory")
    open_endpoint(case, events=("pilot.lift",))
    suspend(case)
    assert [(each.event, each.subject) for each in queued(session)] == [("pilot.suspend", case.pilot.key)]


def test_a_delivery_is_signed_and_holds_no_names(session):
    case = create_case(session, RUNNING)
    opened = open_endpoint(case)
    suspend(case)
    receiver = Receiver()
    assert send(session, receiver, case.at) == 1
    ((url, headers, body),) = receiver.got
    stamp, given = (part.partition("=")[2] for part in headers[sending.SIGNATURE].split(","))
    signed = stamp.encode() + b"." + body
    assert url == URL
    assert hmac.new(opened.secret.encode(), signed, hashlib.sha256).hexdigest() == given
    event = json.loads(body)
    assert set(event) == {"id", "event", "at", "subject", "number", "href"}
    assert event["href"] == f"https://sandbox.example.org/cases/{case.pilot.number}"


def test_the_secret_is_sealed(session):
    opened = open_endpoint(create_case(session))
    assert opened.secret not in opened.endpoint.secret


def test_what_is_not_taken_is_tried_again_later_and_later(session):
    case = create_case(session, RUNNING)
    open_endpoint(case)
    suspend(case)
    at, receiver, pauses = case.at, Receiver(500), []
    for _ in range(4):
        send(session, receiver, at)
        assert send(session, receiver, at) == 0
        (delivery,) = queued(session)
        pauses.append(delivery.next_at - at)
        at = delivery.next_at
    assert pauses == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)]
    receiver.status = 200
    assert send(session, receiver, at) == 1
    tries = session.scalars(select(Attempt).order_by(Attempt.id)).all()
    assert [each.status for each in tries] == [500, 500, 500, 500, 200]
    assert queued(session)[0].status == "taken"


@pytest.mark.parametrize("status", [None, 302, 404])
def test_only_an_answer_of_success_is_taken(session, status):
    case = create_case(session, RUNNING)
    open_endpoint(case)
    suspend(case)
    assert send(session, Receiver(status), case.at) == 0
    assert queued(session)[0].status == "queued"


def test_after_days_of_failure_the_address_is_closed_with_a_notice(session):
    case = create_case(session, RUNNING)
    endpoint = open_endpoint(case).endpoint
    suspend(case)
    at = case.at
    while endpoint.ended_at is None:
        assert at - case.at < timedelta(days=7)
        send(session, Receiver(None), at)
        (delivery,) = queued(session)
        at = delivery.next_at
    assert delivery.status == "given_up"
    told = session.scalars(select(Notice.person_id).where(Notice.code == "webhook.give_up"))
    assert set(told) == {case.people["author"].id, case.people["signatory"].id}


def test_what_was_taken_can_be_sent_again(session):
    case = create_case(session, RUNNING)
    endpoint = open_endpoint(case).endpoint
    desk.send_test(session, endpoint, by=case.actor("signatory"), at=case.tick())
    receiver = Receiver()
    send(session, receiver, case.at)
    (delivery,) = queued(session)
    desk.resend(session, delivery, by=case.actor("signatory"), at=case.tick())
    with pytest.raises(WrongMoment):
        desk.resend(session, delivery, by=case.actor("signatory"), at=case.tick())
    send(session, receiver, case.at)
    bodies = [body for _url, _headers, body in receiver.got]
    assert len(bodies) == 2
    assert bodies[0] == bodies[1]


def test_a_removed_address_is_told_nothing(session):
    case = create_case(session, RUNNING)
    endpoint = open_endpoint(case).endpoint
    desk.remove(session, endpoint, by=case.actor("signatory"), at=case.tick())
    suspend(case)
    assert queued(session) == []
    with pytest.raises(WrongMoment):
        desk.send_test(session, endpoint, by=case.actor("signatory"), at=case.tick())


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://[::1]/",
        "https://user:secret@hooks.example.org/",
        "https://hooks.example.org:22/",
        "ftp://hooks.example.org/",
        "nonsense",
    ],
)
def test_addresses_that_may_not_be_called_are_refused(session, url):
    with pytest.raises(Invalid) as error:
        open_endpoint(create_case(session), url=url)
    assert set(error.value.errors) == {"url"}


def test_an_address_that_turns_out_private_is_not_called():
    post = sending.https_post(())
    with pytest.raises(sending.NotTaken, match="private network"):
        post("https://localhost/", {}, b"{}")


@pytest.mark.parametrize("events", [[], ["no.such.event"], None])
def test_events_are_chosen_among_those_there_are(events):
    with pytest.raises(Invalid):
        load(EndpointSchema(), {"url": URL, "events": events})


@pytest.mark.parametrize("who", ["author", "decider", "evaluator", "auditor", "administrator"])
def test_others_keep_no_addresses(session, who):
    with pytest.raises(Refused):
        open_endpoint(create_case(session), who)


def test_an_address_of_another_office_is_not_found(session):
    case = create_case(session)
    endpoint = open_endpoint(case).endpoint
    with pytest.raises(NotFound):
        desk.find(session, endpoint.id, case.actor("other_signatory"))
    with pytest.raises(Refused):
        desk.remove(session, endpoint, by=case.actor("other_signatory"), at=case.tick())
