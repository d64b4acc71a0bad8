"""A week of 25 hubs that settle late, edit, fail and forget, with workers that die: nothing is lost."""

from __future__ import annotations

import random
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import func, select

from experiments.collection.claims import claim_next
from experiments.collection.engine import collect_due
from experiments.collection.models import CollectionAttempt, DataSource
from experiments.collection.sources import register_source
from tests.experiments.collection.build import (
    SETTINGS,
    START,
    create_hub,
    create_metric,
    create_territory,
    entity,
    source_data,
)
from tests.faults.hub import FaultHub, Reply
from tests.faults.invariants import check, recorded

HUBS, DAYS, HOURS_PER_ROUND = 25, 7, 12
SEED = 20261123
SETTINGS_HERE = replace(SETTINGS, lease_seconds=600)


def create_city(sessions, hubs):
    """25 sources in 25 districts, one on each hub."""
    with sessions.begin() as session:
        create_territory(session, count=HUBS)
        create_metric(session)
        for number, hub in enumerate(hubs, start=1):
            create_hub(session, hub.base_url, name=f"hub {number}")
            entities = [{"entity": entity(number), "district": f"D{number}"}]
            mapping = [
                {"attribute": "intensity", "metric": "intensity", "unit": "vehicles", "cadence": "hour"}
            ]
            data = source_data(hub=f"hub {number}", name=f"source {number}", entities=entities)
            register_source(session, data | {"attributes": mapping}, at=START)


def live_on(hub, number, begin, rng):
    """Half a day at a hub: a reading an hour, some late, some edited, seldom the past forgotten."""
    for hour in range(begin, begin + HOURS_PER_ROUND):
        if rng.random() < 0.9:
            hub.add(entity(number), hour / 24, rng.randint(0, 500))
    for _ in range(2):
        late = max(0, begin - rng.randint(1, 24))
        hub.add(entity(number), late / 24, rng.randint(0, 500))
    if begin >= 96 and rng.random() < 0.1:
        hub.forget(before=begin / 24 - 3)


def misbehave(rng):
    """A third of the hubs fail for one round, somewhere in the middle."""
    after = rng.randint(0, 2)
    replies = [
        lambda asked: Reply(b"busy", status=503),
        lambda asked: Reply(asked.truth.body[:-1], headers=asked.truth.headers),
        lambda asked: Reply(asked.truth.body, headers=asked.truth.headers, cut=10),
    ]
    answer = rng.choice(replies)
    return lambda asked: answer(asked) if asked.number >= after else None


def test_a_week_of_25_hubs_ends_with_nothing_lost_and_nothing_twice(sessions):
    rng = random.Random(SEED)
    with ExitStack() as stack:
        hubs = [stack.enter_context(FaultHub()) for _ in range(HUBS)]
        create_city(sessions, hubs)
        for begin in range(0, 24 * DAYS, HOURS_PER_ROUND):
            now = START + timedelta(hours=begin + HOURS_PER_ROUND)
            for number, hub in enumerate(hubs, start=1):
                live_on(hub, number, begin, rng)
                hub.play(misbehave(rng) if rng.random() < 0.3 else None)
            for _ in range(3):
                claim_next(sessions, now - timedelta(minutes=30), holder="dead", settings=SETTINGS_HERE)
            for worker in ("one", "two"):
                collect_due(sessions, now, holder=worker, settings=SETTINGS_HERE)
                for hub in hubs:
                    hub.play(None)
                now += timedelta(minutes=10)
        end = START + timedelta(days=DAYS, hours=2)
        collect_due(sessions, end, holder="last", settings=SETTINGS_HERE)
        with sessions() as session:
            ids = list(session.scalars(select(DataSource.id).order_by(DataSource.id)))
        for source_id, hub in zip(ids, hubs, strict=True):
            check(sessions, hub, is_over=True, source_id=source_id)
    assert len(recorded(sessions)) == len({key for hub in hubs for key in hub.sent})
    with sessions() as session:
        failed = select(func.count(CollectionAttempt.id)).where(CollectionAttempt.status == "failed")
        assert session.scalar(failed) > HUBS
