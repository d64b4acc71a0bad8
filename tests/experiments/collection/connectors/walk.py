"""From a registered hub and source over HTTP into the record: the same walk for every kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from experiments.collection.models import AttemptStatus
from experiments.collection.sources import register_source
from tests.experiments.collection.build import (
    START,
    collect,
    create_hub,
    create_metric,
    create_territory,
    day,
    scripted_hub,
    source_data,
    stored,
)


def collected(
    sessions: Any,
    hub: Any,
    *,
    kind: str,
    entity_type: str,
    options: Mapping[str, Any],
    attribute: str = "intensity",
    base_path: str = "",
    entities: tuple[str, ...] = ("1", "2", "3"),
) -> list[float]:
    """The values that are stored, sorted, once the source has caught up with ten days and an hour."""
    with scripted_hub(hub) as address:
        with sessions.begin() as session:
            create_territory(session)
            create_metric(session)
            create_hub(session, address + base_path, kind=kind)
            data = source_data(
                entity_type=entity_type,
                options=dict(options),
                attributes=[{"attribute": attribute, "metric": "intensity", "unit": "vehicles"}],
                entities=[{"entity": name, "district": f"D{n}"} for n, name in enumerate(entities, start=1)],
            )
            register_source(session, data, at=START)
        summaries = collect(sessions, day(10) + timedelta(hours=1))
    assert [each.error for each in summaries if each.status != AttemptStatus.DONE] == []
    return sorted(value for value, _ in stored(sessions).values())
