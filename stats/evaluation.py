"""The evaluation: everything that one run of a design on a panel says, as one frozen value.

It imports no estimator, so that reading a stored evaluation costs nothing. `document()` is
JSON-able and has nothing of the moment in it: the same panel, design and seed give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

from stats.design import Design
from stats.errors import DesignError, DocumentError
from stats.findings import Finding, NotComputable
from stats.results import Component, Estimate, EventStudy, Evidence, Placebo, PredictorBalance, Series, Weight

SCHEMA_VERSION = 3
"""Version 1 had neither evidence nor components; its documents are read as comparisons without any. Version 2
did not keep the covariance of an event study."""


@dataclass(frozen=True)
class Evaluation:
    """One run: what was put in, what came out, how far it may be relied upon, and that in words.

    panel_digest       of the panel as handed in (`Panel.digest`)
    treated, controls, periods   what the estimate rests on, after the design's policy on missing cells
    dropped_units, dropped_periods   what that policy took out
    effect             mean effect on the treated over the treated periods, in the unit of the outcome
    relative_effect    the same as a share of the counterfactual mean (-0.25: a quarter lower)
    series             treated and counterfactual means by period, and their gap
    event_study        for difference-in-differences and staggered starts, else None
    placebos           controls analysed as if treated, where the inference rests on them
    weights, predictors   for synthetic controls, else empty
    components         effects by cohort (staggered), change of level and of slope (interrupted), else empty
    evidence           what a causal reading rests on, see `stats.results.Evidence`
    findings           diagnostics, gravest first
    """

    design: Design
    panel_digest: str
    treated: tuple[str, ...]
    controls: tuple[str, ...]
    periods: tuple[str, ...]
    dropped_units: tuple[str, ...]
    dropped_periods: tuple[str, ...]
    effect: Estimate
    relative_effect: Estimate | NotComputable
    series: Series
    event_study: EventStudy | None
    placebos: tuple[Placebo, ...]
    weights: tuple[Weight, ...]
    predictors: tuple[PredictorBalance, ...]
    findings: tuple[Finding, ...]
    sentence_ko: str
    sentence_en: str
    components: tuple[Component, ...] = ()
    evidence: Evidence = "comparison"

    @property
    def not_computable(self) -> tuple[tuple[str, NotComputable], ...]:
        """Every number that is missing, as (path in the document, reason)."""
        return tuple(_reasons("", self.document()))

    def document(self) -> dict[str, Any]:
        """JSON-able, keys as the fields and `schema_version`."""
        relative, study = self.relative_effect, self.event_study
        return {
            "schema_version": SCHEMA_VERSION,
            "design": self.design.document(),
            "panel_digest": self.panel_digest,
            "treated": list(self.treated),
            "controls": list(self.controls),
            "periods": list(self.periods),
            "dropped_units": list(self.dropped_units),
            "dropped_periods": list(self.dropped_periods),
            "effect": self.effect.document(),
            "relative_effect": relative.document(),
            "series": self.series.document(),
            "event_study": None if study is None else study.document(),
            "placebos": [placebo.document() for placebo in self.placebos],
            "weights": [weight.document() for weight in self.weights],
            "predictors": [predictor.document() for predictor in self.predictors],
            "components": [component.document() for component in self.components],
            "evidence": self.evidence,
            "findings": [finding.document() for finding in self.findings],
            "sentence_ko": self.sentence_ko,
            "sentence_en": self.sentence_en,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Evaluation:
        """The evaluation of which `document()` was made; `DocumentError` names what is not as promised."""
        version = document.get("schema_version")
        if version not in range(1, SCHEMA_VERSION + 1) or isinstance(version, bool):
            raise DocumentError("schema_version", f"{version!r} is none of 1 to {SCHEMA_VERSION}")
        try:
            return cls(**_fields(document))
        except DesignError as error:
            raise DocumentError("design", str(error)) from error
        except KeyError as error:
            raise DocumentError(str(error.args[0]), "is missing") from error
        except (TypeError, AttributeError) as error:
            raise DocumentError("document", str(error)) from error


def _fields(document: Mapping[str, Any]) -> dict[str, Any]:
    relative, study = document["relative_effect"], document["event_study"]
    return {
        "design": Design.from_document(document["design"]),
        "panel_digest": document["panel_digest"],
        **{
            name: tuple(document[name])
            for name in ("treated", "controls", "periods", "dropped_units", "dropped_periods")
        },
        "effect": Estimate.from_document(document["effect"]),
        "relative_effect": NotComputable.from_document(relative)
        if "not_computable" in relative
        else Estimate.from_document(relative),
        "series": Series.from_document(document["series"]),
        "event_study": None if study is None else EventStudy.from_document(study),
        "placebos": tuple(Placebo.from_document(item) for item in document["placebos"]),
        "weights": tuple(Weight.from_document(item) for item in document["weights"]),
        "predictors": tuple(PredictorBalance.from_document(item) for item in document["predictors"]),
        "components": tuple(Component.from_document(item) for item in document.get("components", [])),
        "evidence": _evidence(document.get("evidence", "comparison")),
        "findings": tuple(Finding.from_document(item) for item in document["findings"]),
        "sentence_ko": document["sentence_ko"],
        "sentence_en": document["sentence_en"],
    }


def _evidence(value: Any) -> Evidence:
    if value not in get_args(Evidence):
        raise DocumentError("evidence", f"{value!r} is no level of evidence")
    return cast(Evidence, value)


def _reasons(path: str, node: Any) -> Iterator[tuple[str, NotComputable]]:
    if isinstance(node, Mapping):
        if "not_computable" in node:
            yield path, NotComputable.from_document(node)
        else:
            for key, child in node.items():
                yield from _reasons(f"{path}.{key}" if path else key, child)
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _reasons(f"{path}.{index}", child)
