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
from tests.factories import GRANTED, create_case, create_metric, lock_plan, plan_document

# August 2026 begins in Seoul while it is still July in UTC.
AUGUST_IN_SEOUL = datetime(2026, 7, 31, 15, tzinfo=UTC)


def asked(session, *steps, measured=values, cadence="month", **plan):
    """A run that waits, under a plan with these changes."""

    def save(case):
        factories.plans.save_draft(
            case.session, case.pilot, plan_document(case, **plan), by=case.actor("evaluator"), at=case.tick()
        )

    def measure(case):
        for metric in (case.primary, case.guardrail):
            readings.create_readings(
                case.session, case.site.territory, metric, measured(), received_at=AFTER, cadence=cadence
            )

    return create_case(session, (*GRANTED, *steps, save, lock_plan, measure, ask))


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
    assert set(made.first_treated.values()) == {"2026-07"}


def test_the_start_is_named_as_periods_are(session):
    case = asked(session, period="week", design={"method": "did", "alpha": 0.05, "missing": "available"})
    assert set(read(case).first_treated.values()) == {"2026-W28"}


def test_a_period_torn_by_the_start_is_neither_before_nor_after(session):
    case = asked(session, period="week", design={"method": "did", "alpha": 0.05, "missing": "available"})
    periods = read(case).primary.periods
    # 1 July 2026 is a Wednesday.
    assert ("2026-W26" in periods, "2026-W27" in periods, "2026-W28" in periods) == (True, False, True)


def test_hours_are_read_up_to_the_moment(session):
    """Readings stand at noon UTC, which is nine in the evening in Seoul."""
    missing = {"method": "did", "alpha": 0.05, "missing": "available"}
    plan = WEEKLY | {"period": "hour", "design": missing}
    case = asked(session, measured=seven_weeks, cadence="day", **plan)
    panel = read(case).primary
    assert panel.periods[0] == "2026-06-01T00:00+09:00"
    assert len(panel.periods) == 24 * 49
    known = ~np.isnan(panel.outcomes[0])
    assert {name[10:] for name, is_known in zip(panel.periods, known, strict=True) if is_known} == {
        "T21:00+09:00"
    }


def test_only_periods_that_lie_wholly_in_the_window_are_read(session):
    window = {
        "baseline_from": "2026-06-03",
        "intervention_from": "2026-07-06",
        "intervention_to": "2026-07-20",
    }
    case = asked(session, measured=seven_weeks, cadence="day", **WEEKLY | {"window": window})
    assert read(case).primary.periods == (
        "2026-W24",
        "2026-W25",
        "2026-W26",
        "2026-W27",
        "2026-W28",
        "2026-W29",
    )


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
        (AUGUST_IN_SEOUL, "2026-07"),
        (AUGUST_IN_SEOUL + timedelta(days=20), "2026-07"),
        (AFTER, "2027-06"),
    ],
)
def test_only_periods_that_have_ended_are_read(session, as_of, last):
    case = create_case(session, REQUESTED)
    known_before(case, datetime(2025, 7, 1, tzinfo=UTC))
    assert read(case, as_of).primary.periods[-1] == last


@pytest.mark.parametrize(
    "as_of",
    [
        datetime(2025, 6, 1, tzinfo=UTC),
        datetime(2025, 7, 20, tzinfo=UTC),
        AUGUST_IN_SEOUL - timedelta(microseconds=1),
    ],
)
def test_too_early_a_run_says_so(session, as_of):
    case = create_case(session, REQUESTED)
    with pytest.raises(Invalid) as refusal:
        read(case, as_of)
    assert refusal.value.errors == {"as_of": ["no whole period of the intervention had passed"]}


# -- cells --------------------------------------------------------------------------------------------


def without(*cells):
    return lambda: {cell: value for cell, value in values().items() if cell not in cells}


def seven_weeks():
    """Readings of ten on every day of seven weeks, but for D06 on a day of the second."""
    days = [date(2026, 6, 1) + timedelta(days=day) for day in range(49)]
    cells = {(unit, day): 10.0 for unit in UNITS for day in days}
    del cells["D06", date(2026, 6, 10)]
    return cells


WEEKLY = {
    "period": "week",
    "window": {
        "baseline_from": "2026-06-01",
        "intervention_from": "2026-07-06",
        "intervention_to": "2026-07-19",
    },
}


def summed(case):
    """The primary metric is a sum; the guardrail stays a mean."""
    case.primary = create_metric(case.session, aggregation="sum")


def test_a_sum_with_a_reading_missing_is_no_sum(session):
    outcomes = read(asked(session, summed, measured=seven_weeks, cadence="day", **WEEKLY)).primary.outcomes
    assert outcomes[:5].tolist() == [[70.0] * 7] * 5
    assert np.flatnonzero(np.isnan(outcomes[5])).tolist() == [1]
    assert np.nansum(outcomes[5]) == 6 * 70.0


def test_a_mean_with_a_reading_missing_is_a_mean(session):
    case = asked(session, summed, measured=seven_weeks, cadence="day", **WEEKLY)
    assert (read(case).guardrails[0].outcomes == 10.0).all()


def test_coverage_is_the_share_of_readings_that_are_there(session):
    gone = [("D06", MONTHS[3]), ("D06", MONTHS[4]), ("D01", MONTHS[0])]
    made = read(asked(session, measured=without(*gone)))
    assert made.primary.coverage == pytest.approx(1 - 3 / (6 * 24))
    assert np.isnan(made.primary.outcomes).sum() == 3


def test_coverage_of_a_sum_counts_what_is_there_of_it(session):
    case = asked(session, summed, measured=seven_weeks, cadence="day", **WEEKLY)
    assert read(case).primary.coverage == pytest.approx(1 - 1 / (6 * 49))


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
