"""Which design the readings from before the start can carry: for the plan's writers and the company."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from tests import readings
from tests.factories import GRANTED, LOCKED, save_plan
from tests.web.visitors import Clock, said

ADVICE = "evaluator/{}/plan/advice"
MONTHS = [date(2025 + (6 + i) // 12, (6 + i) % 12 + 1, 15) for i in range(24)]
BEFORE = MONTHS[:11]
"""Readings from July 2025 to May 2026; the pilot starts in July 2026."""


def measure(months=BEFORE, jump=0.0):
    """A step that stores noisy readings of the primary metric, `jump` higher after the start."""

    def step(case):
        rng = np.random.default_rng(4)
        values = {
            (f"D{number:02d}", day): 10
            + number
            + float(rng.normal())
            + jump * (number <= 2 and day > date(2026, 7, 1))
            for number in range(1, 7)
            for day in months
        }
        at = datetime(2026, 3, 3, tzinfo=UTC)
        readings.create_readings(case.session, case.site.territory, case.primary, values, received_at=at)

    return step


DRAFTED = (*GRANTED, save_plan)


def test_an_untouched_plan_is_told_what_to_write_first(office):
    page = said(office(GRANTED).open("evaluator", ADVICE))
    assert "Nothing can be said yet" in page
    assert "Primary metric: Missing data for required field." in page


def test_before_anything_is_collected_that_is_said(office):
    page = said(office(DRAFTED).open("evaluator", ADVICE))
    assert "No reading from before the start has been collected yet." in page


def test_a_draft_is_told_which_design_its_readings_carry_and_why_not_the_others(office):
    page = said(office((*DRAFTED, measure())).open("evaluator", ADVICE))
    assert "Recommended: Difference-in-differences" in page
    assert "in 2 treated and 4 control districts, 2025-07 to 2026-04" in page
    assert "Synthetic control Only" in page
    assert "Interrupted time series There are controls" in page


@pytest.mark.parametrize("jump", [0.0, 50.0])
def test_what_came_after_the_start_is_not_looked_at(office, service, jump):
    office = office((*LOCKED, measure(MONTHS, jump)))
    Clock(service).now = datetime(2027, 8, 1, tzinfo=UTC)
    page = said(office.open("evaluator", ADVICE))
    assert "2025-07 to 2026-06" in page
    assert page.partition("Recommended:")[2][:40] == " Difference-in-differences Evidence: com"


def test_the_plans_form_leads_to_it(office):
    assert (
        f'href="/evaluator/{(opened := office(DRAFTED)).number}/plan/advice"'
        in opened.open("evaluator", "evaluator/{}/plan").text
    )


@pytest.mark.parametrize(
    ("who", "history", "status"),
    [
        ("author", LOCKED, 200),
        ("author", DRAFTED, 409),
        ("evaluator", DRAFTED, 200),
        ("auditor", DRAFTED, 200),
        ("city_reviewer", LOCKED, 403),
        ("decider", LOCKED, 403),
    ],
)
def test_it_is_for_the_plans_writers_and_once_locked_for_the_company(office, who, history, status):
    assert office((*history, measure())).open(who, ADVICE).status_code == status
