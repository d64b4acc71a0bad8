"""A truthful hub with three entities over ten days, and sources that read it."""

import pytest

from tests.experiments.collection.build import create_source, entity
from tests.experiments.collection.conftest import sessions
from tests.faults.hub import FaultHub

__all__ = ["sessions"]


@pytest.fixture
def hub():
    with FaultHub() as hub:
        for number in (1, 2, 3):
            for at in range(10):
                hub.add(entity(number), at, 100.0 * number + at)
        yield hub


@pytest.fixture
def source(hub, sessions):
    """One source that reads `hub` in windows of five days and pages of two entities."""
    with sessions.begin() as session:
        return create_source(session, hub.base_url, overlap_seconds=30 * 86_400).id
