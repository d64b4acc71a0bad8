"""A recommended design in the reader's words: which one, why, and why not the others."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext

from experiments.evaluation.advice import Advice
from sandbox.web import design_words
from sandbox.web.charts import columns_table
from sandbox.web.filters import pick
from stats.recommend import Recommendation


@dataclass(frozen=True)
class ShownAdvice:
    """What the page takes; `method` and `evidence` are None where no design can be carried."""

    method: str | None
    evidence: tuple[str, str] | None
    why: tuple[str, ...]
    ruled_out: tuple[tuple[str, str], ...]
    errors: tuple[tuple[str | None, ...], ...]
    basis: str


def shown(advice: Advice) -> ShownAdvice:
    """`advice` in the language of this answer."""
    found = advice.recommendation
    return ShownAdvice(
        method=None if found.design is None else design_words.method(found.design.method),
        evidence=_evidence(found),
        why=tuple(pick(ground, "sentence") for ground in found.why),
        ruled_out=tuple(
            (design_words.method(ground.method), pick(ground, "sentence")) for ground in found.ruled_out
        ),
        errors=_errors(found),
        basis=gettext(
            "%(metric)s in %(treated)s treated and %(control)s control districts, %(first)s to %(last)s "
            "(%(count)s periods).",
            metric=pick(advice.metric, "name"),
            treated=len(advice.treated),
            control=len(advice.controls),
            first=advice.periods[0],
            last=advice.periods[-1],
            count=len(advice.periods),
        ),
    )


def _errors(found: Recommendation) -> tuple[tuple[str | None, ...], ...]:
    """Forecast errors with the same decimals, the smallest first."""
    ranked = sorted(found.errors.items(), key=lambda each: each[1])
    methods = [design_words.method(method) for method, _ in ranked]
    return columns_table((), methods, [error for _, error in ranked]).rows


def _evidence(found: Recommendation) -> tuple[str, str] | None:
    if found.design is None:
        return None
    planned = {
        "design": {"method": found.design.method},
        "districts": {"control": list(found.design.controls)},
    }
    return design_words.of_plan(planned)
