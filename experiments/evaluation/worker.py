"""The door of the worker process: estimators are imported there and nowhere else."""

from __future__ import annotations

from experiments.evaluation.job import Job


def carry_out(job: Job) -> str:
    """The result document of `job`; see `work.compute`."""
    from experiments.evaluation.work import compute

    return compute(job)
