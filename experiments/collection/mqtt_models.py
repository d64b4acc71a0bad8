"""What is known of a source's session at an MQTT broker, beyond the life of any worker."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from experiments.collection.models import DataSource
from experiments.orm import Base, Identified


class MqttSession(Identified, Base):
    """The session that the broker at `broker` (its address) keeps for one source under `client_id`.

    `topics` are the filters that the session may be subscribed to there. `connected_since` is None while
    nobody listens; up to `heard_until` a connection is known to have stood.
    """

    __tablename__ = "mqtt_session"
    __table_args__ = (
        CheckConstraint(
            "connected_since IS NULL OR heard_until IS NOT NULL", name="who_is_connected_was_heard"
        ),
    )

    source_id: Mapped[int] = mapped_column(ForeignKey(DataSource.id), unique=True)
    client_id: Mapped[str] = mapped_column(unique=True)
    broker: Mapped[str]
    topics: Mapped[list[Any]] = mapped_column(JSON, default=list)
    connected_since: Mapped[datetime | None]
    heard_until: Mapped[datetime | None]

    source: Mapped[DataSource] = relationship()
