"""The result document of an evaluation as values: what pages and API show of it, signed or not yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from experiments.evaluation.models import Evaluation
from sandbox.names import Name
from stats.evaluation import Evaluation as Estimates
from stats.findings import Finding


@dataclass(frozen=True)
class MetricRead:
    """One metric of the plan: which, how completely and how evenly it was read, from which panel, and
    what came out. `collection` is empty in results from before such checks were kept."""

    code: str
    version: int
    name: Name
    unit: Name
    direction: str
    coverage: float
    panel_digest: str
    estimates: Estimates
    collection: tuple[Finding, ...]


@dataclass(frozen=True)
class GuardrailRead:
    """A guardrail: it must not get worse by `margin`; `direction` is the good one."""

    metric: MetricRead
    margin: float
    direction: str
    status: str
    sentence: Name


@dataclass(frozen=True)
class Result:
    """A finished evaluation. `trace` holds every line of the rule as it was executed.

    `reasons` explains, by code, what could not be computed.
    """

    evaluation_id: int
    finding: str
    primary: MetricRead
    guardrails: tuple[GuardrailRead, ...]
    trace: tuple[Mapping[str, Any], ...]
    reasons: Mapping[str, Name]
    plan_version: int
    plan_sha256: str
    as_of: datetime
    seed: int
    packages: Mapping[str, str]
    document_sha256: str
    signed_at: datetime | None
    signed_by: str | None


def result_of(evaluation: Evaluation) -> Result:
    """What the document of a finished `evaluation` says; BrokenRecord where it no longer has its digest."""
    document = evaluation.result()
    primary = _metric(document["primary"])
    guardrails = tuple(_guardrail(each) for each in document["guardrails"])
    return Result(
        evaluation_id=evaluation.id,
        finding=document["finding"],
        primary=primary,
        guardrails=guardrails,
        trace=tuple(document["trace"]),
        reasons=_reasons([primary, *(each.metric for each in guardrails)]),
        plan_version=document["plan"]["version"],
        plan_sha256=document["plan"]["sha256"],
        as_of=evaluation.as_of,
        seed=document["seed"],
        packages=document["packages"],
        document_sha256=str(evaluation.document_sha256),
        signed_at=evaluation.signed_at,
        signed_by=evaluation.signed_by_name,
    )


def _metric(read: Mapping[str, Any]) -> MetricRead:
    described = read["metric"]
    return MetricRead(
        code=described["code"],
        version=described["version"],
        name=Name(described["name_ko"], described["name_en"]),
        unit=Name(described["unit_ko"], described["unit"]),
        direction=described["direction"],
        coverage=read["coverage"],
        panel_digest=read["panel_digest"],
        estimates=Estimates.from_document(read["evaluation"]),
        collection=tuple(map(Finding.from_document, read.get("health", {}).get("findings", []))),
    )


def _guardrail(read: Mapping[str, Any]) -> GuardrailRead:
    sentence = Name(read["sentence_ko"], read["sentence_en"])
    return GuardrailRead(_metric(read), read["margin"], read["direction"], read["status"], sentence)


def _reasons(metrics: list[MetricRead]) -> dict[str, Name]:
    return {
        reason.reason_code: Name(reason.sentence_ko, reason.sentence_en)
        for metric in metrics
        for _, reason in metric.estimates.not_computable
    }
