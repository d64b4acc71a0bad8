from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session, sessionmaker

from sandbox import db


@pytest.fixture
def sessions(committed_database: str) -> Iterator[sessionmaker[Session]]:
    """A session factory over a database of its own, where commits are real."""
    engine = db.engine_for(committed_database)
    yield sessionmaker(engine)
    engine.dispose()
