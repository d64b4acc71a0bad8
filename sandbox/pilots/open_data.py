"""Results given back in the words of data hubs and portals: NGSI-LD indicators and a DCAT catalogue.

Only what is public is told: signed results of public pilots. Addresses come from the rim, which alone
knows where the service lives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.evaluation.models import Evaluation
from sandbox.pilots import register
from sandbox.pilots.evaluations import signed_result
from sandbox.pilots.models import Pilot
from sandbox.pilots.published import Published, published
from sandbox.pilots.result import MetricRead
from stats.results import Interval

# What a file of a pilot is called -> its absolute address.
Address = Callable[[str, str], str]

INDICATOR_CONTEXT = (
    "https://smartdatamodels.org/context.jsonld",
    "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.6.jsonld",
)
CATALOGUE_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
FILES = {
    "data": ("text/csv", "The cells that the evaluation read"),
    "result": ("application/json", "The signed result"),
    "plan": ("application/json", "The locked analysis plan"),
    "indicators": ("application/ld+json", "The effects as NGSI-LD KeyPerformanceIndicator"),
}


def indicators(page: Published) -> list[dict[str, Any]]:
    """The effects of a signed result as NGSI-LD `KeyPerformanceIndicator` entities (smart data models),
    the primary metric's first; empty where there is no signed result.

    `kpiValue` is the effect, with the ends of its interval beside it. Readings have their own instants;
    an indicator's time is its `calculationPeriod`.
    """
    if page.result is None:
        return []
    metrics = [page.result.primary, *(each.metric for each in page.result.guardrails)]
    return [_indicator(page, read) for read in metrics]


def catalogue(session: Session, address: Address) -> dict[str, Any]:
    """Every public pilot with a signed result as a dataset of a DCAT 3 catalogue in JSON-LD."""
    pilots = session.scalars(
        select(Pilot)
        .where(
            register.is_public(),
            select(Evaluation.id)
            .where(Evaluation.experiment_id == Pilot.experiment_id, Evaluation.signed_at.is_not(None))
            .exists(),
        )
        .order_by(Pilot.number)
    )
    return {
        "@context": CATALOGUE_CONTEXT,
        "@type": "dcat:Catalog",
        "dct:title": _both("규제샌드박스 실증사업 평가 결과", "Results of regulatory-sandbox pilots"),
        "dcat:dataset": [_dataset(session, pilot, address) for pilot in pilots],
    }


def _indicator(page: Published, read: MetricRead) -> dict[str, Any]:
    result, effect = page.result, read.estimates.effect
    assert result is not None  # asked before
    assert result.signed_at is not None  # only signed results are published
    interval = effect.inference.interval
    value: dict[str, Any] = {
        "type": "Property",
        "value": effect.value,
        "observedAt": _instant(result.signed_at),
        "unit": _property(read.unit.name_en),
    }
    if isinstance(interval, Interval):
        ends = {"lowerBound": interval.low, "upperBound": interval.high}
        value |= {name: _property(end) for name, end in ends.items() if abs(end) != float("inf")}
        value["confidenceLevel"] = _property(1 - effect.inference.alpha)
    return {
        "@context": list(INDICATOR_CONTEXT),
        "id": f"urn:ngsi-ld:KeyPerformanceIndicator:{page.number}:{result.evaluation_id}:{read.code}",
        "type": "KeyPerformanceIndicator",
        "name": _property(f"{page.title_en}: effect on {read.name.name_en}"),
        "alternateName": _property(f"{page.title_ko}: {read.name.name_ko}에 대한 효과"),
        "description": _property(read.estimates.sentence_en),
        "category": _property(["quantitative"]),
        "process": _property("regulatory sandbox pilot"),
        "organization": _property(page.company.name_en),
        "provider": _property(page.evaluator.name_en),
        "calculatedBy": _property(page.evaluator.name_en),
        "calculationMethod": _property("automatic"),
        "calculationFormula": _property(read.estimates.design.method),
        "calculationFrequency": _property("once"),
        "calculationPeriod": _property(_period(page, result.as_of)),
        "area": _property(page.territory.name_en),
        "kpiValue": value,
        "resultDigest": _property(result.document_sha256),
        "asOf": _property({"@type": "DateTime", "@value": _instant(result.as_of)}),
    }


def _dataset(session: Session, pilot: Pilot, address: Address) -> dict[str, Any]:
    page = published(session, str(pilot.number))
    signed = signed_result(session, pilot)
    assert page.result is not None  # the catalogue holds no others
    assert page.plan is not None
    assert signed is not None
    digests = {"result": page.result.document_sha256, "plan": page.plan.in_force.sha256}
    period = _period(page, page.result.as_of)
    return {
        "@type": "dcat:Dataset",
        "@id": address(page.number, "page"),
        "dct:identifier": page.number,
        "dct:title": _both(page.title_ko, page.title_en),
        "dct:description": _both(page.summary_ko, page.summary_en),
        "dct:publisher": _agent(page.site.name_ko, page.site.name_en),
        "dct:creator": _agent(page.evaluator.name_ko, page.evaluator.name_en),
        "dct:issued": _typed(_instant(page.result.signed_at or page.result.as_of), "dateTime"),
        "dct:spatial": {"@type": "dct:Location", "dct:title": _both(*_names(page.territory))},
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": _typed(period["from"], "date"),
            "dcat:endDate": _typed(period["to"], "date"),
        },
        # Corrections that came later are not in it: this says up to when they were known.
        "dct:provenance": {
            "@type": "dct:ProvenanceStatement",
            "dct:description": f"Readings with their corrections as known at {_instant(page.result.as_of)}",
        },
        "dcat:distribution": [
            _distribution(address(page.number, file), *FILES[file], digests.get(file)) for file in FILES
        ],
    }


def _distribution(url: str, media_type: str, title: str, sha256: str | None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "@type": "dcat:Distribution",
        "dct:title": title,
        "dcat:accessURL": {"@id": url},
        "dcat:mediaType": media_type,
    }
    if sha256 is not None:
        made["spdx:checksum"] = {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": sha256,
        }
    return made


def _period(page: Published, as_of: datetime) -> Mapping[str, str]:
    """The days of the intervention that the result looks at."""
    assert page.plan is not None  # a result has a plan
    window = page.plan.contents["window"]
    last = min(str(window["intervention_to"]), as_of.astimezone(UTC).date().isoformat())
    return {"from": str(window["intervention_from"]), "to": last}


def _property(value: Any) -> dict[str, Any]:
    return {"type": "Property", "value": value}


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _typed(value: str, kind: str) -> dict[str, str]:
    return {"@type": f"xsd:{kind}", "@value": value}


def _names(name: Any) -> tuple[str, str]:
    return name.name_ko, name.name_en


def _both(korean: str, english: str) -> list[dict[str, str]]:
    return [{"@language": "ko", "@value": korean}, {"@language": "en", "@value": english}]


def _agent(korean: str, english: str) -> dict[str, Any]:
    return {"@type": "foaf:Organization", "foaf:name": _both(korean, english)}
