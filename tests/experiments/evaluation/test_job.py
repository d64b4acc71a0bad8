"""The job: what a run reads, as of its moment, cell by cell."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import update

from experiments.collection.models import Observation, to_microseconds
from experiments.errors import Invalid
from experiments.evaluation.job import job_of
from tests import factories, readings
from tests.experiments.evaluation.build import AFTER, MONTHS, REQUESTED, UNITS, ask, values
from tests.factories import GRANTED, create_case, create_metric, lock_plan, plan_document, start

# July 2026 begins in Seoul while it is still June in UTC.
JULY_IN_SEOUL = datetime(2026, 6, 30, 15, tzinfo=UTC)


def asked(session, *steps, measured=values, **plan):
    """A run that waits, under a plan with these changes."""

    def save(case):
        factories.plans.save_draft(
            case.session, case.pilot, plan_document(case, **plan), by=case.actor("evaluator"), at=case.tick()
        )

    def measure(case):
        for metric in (case.primary, case.guardrail):
            readings.create_readings(case.session, case.site.territory, metric, measured(), received_at=AFTER)

    return create_case(session, (*GRANTED, *steps, save, lock_plan, start, measure, ask))


def read(case, as_of=None):
    if as_of is not None:
        case.evaluation.as_of = as_of
    return job_of(case.session, case.evaluation)


def known_before(case, moment):
    """Let all readings be known since before `moment`."""
    case.session.execute(update(Observation).values(received_at=to_microseconds(moment)))


def test_rows_are_the_plans_districts_treated_first(session):
    case = asked(session, districts={"treated": ["D02", "D01"], "control": ["D05", "D03"], "why": "Alike."})
    made = read(case)
    assert made.primary.units == ("D02", "D01", "D05", "D03")
    assert made.primary.outcomes[2, 0] == values()["D05", MONTHS[0]]


def test_columns_are_the_plans_periods(session):
    made = read(create_case(session, REQUESTED))
    assert made.primary.periods[0], made.primary.periods[-1] == ("2025-07", "2027-06")
    assert made.primary.outcomes.shape == (6, 24)
    assert made.first_treated == "2026-07"


def test_the_start_is_named_as_periods_are(session):
    case = asked(session, period="week", design={"method": "did", "alpha": 0.05, "missing": "available"})
    assert read(case).first_treated == "2026-W27"


def test_a_job_says_what_it_follows_from(session):
    case = create_case(session, REQUESTED)
    made, plan = read(case), case.pilot.experiment.plan
    assert (made.plan, made.plan_version, made.plan_sha256) == (plan.contents(), 1, plan.sha256)
    assert (made.seed, made.as_of) == (20260302, case.evaluation.as_of.isoformat())


def test_a_job_travels_to_another_process(session):
    made = read(create_case(session, REQUESTED))
    there = pickle.loads(pickle.dumps(made))  # noqa: S301 - our own bytes
    assert np.array_equal(there.primary.outcomes, made.primary.outcomes)
    assert there.plan == made.plan


# -- periods that have ended --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "last"),
    [
        (JULY_IN_SEOUL - timedelta(microseconds=1), "2026-05"),
        (JULY_IN_SEOUL, "2026-06"),
        (JULY_IN_SEOUL + timedelta(days=20), "2026-06"),
        (AFTER, "2027-06"),
    ],
)
def test_only_periods_that_have_ended_are_read(session, as_of, last):
    case = create_case(session, REQUESTED)
    known_before(case, datetime(2025, 7, 1, tzinfo=UTC))
    assert read(case, as_of).primary.periods[-1] == last


@pytest.mark.parametrize(
    ("as_of", "message"),
    [
        (datetime(2025, 6, 1, tzinfo=UTC), "nothing of the plan's window had passed"),
        (datetime(2025, 7, 20, tzinfo=UTC), "no period of the plan had ended"),
    ],
)
def test_too_early_a_run_says_so(session, as_of, message):
    case = create_case(session, REQUESTED)
    with pytest.raises(Invalid) as refusal:
        read(case, as_of)
    assert refusal.value.errors == {"as_of": [message]}


# -- cells --------------------------------------------------------------------------------------------


def without(*cells):
    return lambda: {cell: value for cell, value in values().items() if cell not in cells}


def every_month_of(*years):
    """Readings of ten in every month of whole years, but for D06 in May 2025."""
    days = [date(year, month, 15) for year in years for month in range(1, 13)]
    cells = {(unit, day): 10.0 for unit in UNITS for day in days}
    del cells["D06", date(2025, 5, 15)]
    return cells


YEARLY = {
    "period": "year",
    "window": {
        "baseline_from": "2024-01-01",
        "intervention_from": "2026-07-01",
        "intervention_to": "2026-12-31",
    },
}


def summed(case):
    """The primary metric is a sum; the guardrail stays a mean."""
    case.primary = create_metric(case.session, aggregation="sum")


def test_a_sum_with_a_reading_missing_is_no_sum(session):
    case = asked(session, summed, measured=lambda: every_month_of(2024, 2025, 2026), **YEARLY)
    outcomes = read(case).primary.outcomes
    assert outcomes[:5].tolist() == [[120.0] * 3] * 5
    assert outcomes[5, [0, 2]].tolist() == [120.0, 120.0]
    assert np.isnan(outcomes[5, 1])


def test_a_mean_with_a_reading_missing_is_a_mean(session):
    case = asked(session, summed, measured=lambda: every_month_of(2024, 2025, 2026), **YEARLY)
    assert (read(case).guardrails[0].outcomes == 10.0).all()


def test_coverage_is_the_share_of_readings_that_are_there(session):
    gone = [("D06", MONTHS[3]), ("D06", MONTHS[4]), ("D01", MONTHS[0])]
    made = read(asked(session, measured=without(*gone)))
    assert made.primary.coverage == pytest.approx(1 - 3 / (6 * 24))
    assert np.isnan(made.primary.outcomes).sum() == 3


def test_coverage_of_a_sum_counts_what_is_there_of_it(session):
    case = asked(session, summed, measured=lambda: every_month_of(2024, 2025, 2026), **YEARLY)
    assert read(case).primary.coverage == pytest.approx(1 - 1 / (12 * 18))


def test_a_metric_is_described_as_the_result_needs_it(session):
    case = create_case(session, REQUESTED)
    described = read(case).primary.metric
    assert described["code"] == case.primary.code
    assert (described["unit"], described["unit_ko"], described["direction"]) == (
        "minutes",
        "minutes",
        "decrease",
    )


# -- predictors ---------------------------------------------------------------------------------------


def with_predictors(session, *predictors):
    """A synthetic control whose predictors are `predictors`; income is measured beside the metrics."""
    income = create_metric(session, code=f"income-{len(predictors)}")
    named = [{"first": "2025-07", "last": "2025-12"} | each(income) for each in predictors]
    design = {"method": "synthetic_control", "alpha": 0.05, "missing": "refuse", "predictors": named}
    case = asked(session, design=design)
    series = dict.fromkeys(values(), 100.0)
    readings.create_readings(session, case.site.territory, income, series, received_at=AFTER)
    return case, income


def test_predictors_are_read_beside_the_outcome(session):
    case, income = with_predictors(session, lambda income: {"metric": income.code, "version": 1})
    covariates = read(case).primary.covariates
    assert set(covariates) == {income.code}
    assert (covariates[income.code] == 100.0).all()
    assert read(case).guardrails[0].covariates == {}


def test_without_predictors_nothing_else_is_read(session):
    assert read(create_case(session, REQUESTED)).primary.covariates == {}
