"""A plan is prospective only while nobody could have seen what it asks for."""

from datetime import timedelta

import pytest

from experiments.collection.first_seen import outcomes_were_seen
from tests.experiments.test_panel import Place

PLAN = {
    "window": {"intervention_from": "2026-03-05"},
    "districts": {"treated": ["D1"], "control": ["D2", "D3"]},
    "primary": {"code": "noise", "version": 1},
    "guardrails": [{"code": "intensity", "version": 1}],
}


@pytest.mark.parametrize(
    ("district", "hours", "version", "seen"),
    [
        ("D1", 15, 1, True),
        ("D1", 15 - 1e-6, 1, False),
        ("D2", 15, 1, False),
        ("D1", 15, 2, False),
    ],
)
def test_an_outcome_is_a_treated_reading_of_the_plan_s_metrics_since_the_start(
    session, district, hours, version, seen
):
    """2026-03-05 begins in Seoul at 15:00 UTC on the day before."""
    place = Place(session, "Asia/Seoul", "sum")
    midnight = place.source.starts_at + timedelta(days=3)
    place.write((district, midnight + timedelta(hours=hours), 1.0))
    guardrail = PLAN["guardrails"][0] | {"version": version}
    plan = PLAN | {"guardrails": [guardrail]}
    assert outcomes_were_seen(session, place.territory.id, plan) is seen
