"""Histories of pilots whose results are complete: run, signed, decided, and with data behind them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np

from experiments.canonical import canonical
from experiments.evaluation import runs
from experiments.evaluation.job import job_of
from experiments.evaluation.work import compute
from stats.panel import Panel
from tests import factories, readings, results
from tests.factories import RUNNING, Case

LATE = datetime(2027, 8, 1, tzinfo=UTC)
MONTHS = [date(year, month, 15) for year in (2025, 2026, 2027) for month in range(1, 13)][6:30]


def run_later(case: Case) -> None:
    """Ask for a run long after the pilot, so that its whole window lies behind."""
    case.at = LATE
    factories.request_evaluation(case)


def store(**changes) -> factories.Step:
    """A step that stores a complete result, as a worker would."""

    def step(case: Case) -> None:
        claimed = runs.claim(case.session, holder="test", now=case.tick())
        document = results.result_document(claimed, case.primary, [case.guardrail], **changes)
        assert runs.finish(case.session, claimed.id, claimed.fence, canonical(document), at=case.tick())
        case.session.refresh(claimed)

    return step


RAN = (*RUNNING, run_later, store())
SIGNED = (*RAN, factories.sign_result)
DECIDED = (*SIGNED, factories.propose("expand_conditional"), factories.decide)
DECIDED_AGAINST = (*SIGNED, factories.propose("stop"), factories.decide, factories.confirm)


def measure(case: Case) -> None:
    """Readings of both metrics in every month; one cell of the primary metric is missing."""
    codes = [f"D{number:02d}" for number in range(1, 7)]
    for metric in (case.primary, case.guardrail):
        values = {(code, day): 10.0 + index for index, code in enumerate(codes) for day in MONTHS}
        if metric is case.primary:
            del values["D06", date(2025, 9, 15)]
        readings.create_readings(case.session, case.site.territory, metric, values, received_at=LATE)


def store_what_was_read(case: Case) -> None:
    read = job_of(case.session, case.evaluation).primary
    panel = Panel(outcomes=read.outcomes, units=read.units, periods=read.periods, covariates=read.covariates)
    store(panel_digest=panel.digest())(case)


MEASURED = (*RUNNING, measure, run_later, store_what_was_read, factories.sign_result)


def measure_completely(case: Case) -> None:
    """Readings of both metrics in every month, noisy, with a fall where and when the pilot runs."""
    noise = np.random.default_rng(7)
    for metric in (case.primary, case.guardrail):
        values = {
            (f"D{number:02d}", day): 10
            + float(noise.normal())
            - 3 * (number <= 2 and day >= date(2026, 7, 1))
            for number in range(1, 7)
            for day in MONTHS
        }
        readings.create_readings(case.session, case.site.territory, metric, values, received_at=LATE)


def compute_result(case: Case) -> None:
    """What the worker does, in this process."""
    claimed = runs.claim(case.session, holder="test", now=case.tick())
    text = compute(job_of(case.session, claimed))
    assert runs.finish(case.session, claimed.id, claimed.fence, text, at=case.tick())
    case.session.refresh(claimed)


COMPUTED = (*RUNNING, measure_completely, run_later, compute_result, factories.sign_result)
