"""The front door for randomised designs: inference deals the treatment anew as it was dealt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stats.checks.balance import dealt_balance_finding
from stats.clusters.clustered import IntArray
from stats.design import Assignment, Design
from stats.differences.did import Clusters, paths
from stats.errors import DesignError, EstimationError
from stats.findings import Finding
from stats.inference import Inference
from stats.methods import crossover
from stats.methods.parts import Parts, before_the_start, first_columns, observed
from stats.missing import Sample
from stats.panel import FloatArray
from stats.results import Estimate
from stats.trials.assignment import Permuted
from stats.trials.randomisation import randomisation_test
from stats.trials.randomised import matched_pairs


def randomised(cells: Sample, design: Design, rng: np.random.Generator) -> Parts:
    """The effect and its randomisation inference, by the assignment that the design states.

    Dealt at once, to units or pairs: the difference in the change from the mean before the start to the
    mean after it (which takes out what units bring along), ranked among re-assignments within the blocks.
    A stepped wedge: the two-way coefficient, its starts dealt anew. A switchback: the coefficient with
    unit and, unless all switch together, period effects, its blocks of time tossed anew.
    """
    if cells.panel.weights is not None:
        raise EstimationError("weights", "re-assignment lets all units count alike")
    assert design.assignment is not None  # a design of this method has one
    if design.assignment.switchback is not None:
        parts = crossover.switched(cells, design, design.assignment.switchback, rng)
        return _with_findings(parts, design, [])
    clusters = Clusters.of(cells, design, rng).number.astype(np.int64)
    if design.assignment.kind == "stepped_wedge":
        parts = crossover.wedge(cells, design, clusters, rng)
        return _with_findings(parts, design, _balance(cells, clusters, None, rng))
    blocks = _blocks(cells, design.assignment)
    parts = _dealt_at_once(cells, design, clusters, blocks, rng)
    return _with_findings(parts, design, _balance(cells, clusters, blocks, rng))


def _dealt_at_once(
    cells: Sample, design: Design, clusters: IntArray, blocks: IntArray | None, rng: np.random.Generator
) -> Parts:
    start = min(cells.starts)
    outcomes = cells.panel.outcomes
    changes = outcomes[:, start:].mean(axis=1) - outcomes[:, :start].mean(axis=1)
    effect, inference = _effect(changes, cells, design, clusters, blocks, rng)
    treated, counterfactual = paths(cells.panel, cells.starts)
    return Parts(
        effect=Estimate(effect, inference, design.outcome_unit),
        observed=observed(cells),
        treated=treated,
        counterfactual=counterfactual,
        evidence="randomised",
    )


def _effect(
    changes: FloatArray,
    cells: Sample,
    design: Design,
    clusters: IntArray,
    blocks: IntArray | None,
    rng: np.random.Generator,
) -> tuple[float, Inference]:
    treated = np.arange(len(changes)) < len(cells.treated)
    assert design.assignment is not None
    if design.assignment.kind == "pairs":
        if blocks is None:
            raise DesignError({"assignment.blocks": ["must name the pair of each unit"]})
        pairs = matched_pairs(changes, treated, blocks, rng=rng, alpha=design.alpha)
        return pairs.estimate, pairs.randomisation
    mechanism = Permuted(treated.astype(np.int64), clusters=clusters, blocks=blocks)
    within = None if blocks is None else (blocks[:, None] == np.arange(1, blocks.max() + 1)).astype(float)
    inference = randomisation_test(changes, mechanism, rng=rng, alpha=design.alpha, controls=within)
    columns = [treated.astype(np.float64), np.ones(len(changes)), *([] if within is None else within.T)]
    return float(np.linalg.lstsq(np.column_stack(columns), changes, rcond=None)[0][0]), inference


def _blocks(cells: Sample, assignment: Assignment) -> IntArray | None:
    if assignment.blocks is None:
        return None
    labels = [assignment.blocks[unit] for unit in cells.panel.units]
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _balance(
    cells: Sample, clusters: IntArray, blocks: IntArray | None, rng: np.random.Generator
) -> list[Finding]:
    """What the units were like before the first start, beside what chance leaves."""
    if not cells.controls and len(set(cells.starts)) == 1:
        return []
    labels = np.unique(-first_columns(cells), return_inverse=True)[1].astype(np.int64)
    mechanism = Permuted(labels, clusters=clusters, blocks=blocks)
    return [dealt_balance_finding(before_the_start(cells), mechanism, rng, blocks)]


def _with_findings(parts: Parts, design: Design, more: list[Finding]) -> Parts:
    return replace(parts, findings=(_assignments(parts.effect.inference, design.alpha), *more))


def _assignments(inference: Inference, alpha: float) -> Finding:
    """Whether the assignments that were possible are many enough for the level."""
    count = inference.placebos or 0
    enough = count >= 1 / alpha - 1
    return Finding(
        "ok" if enough else "caution",
        "assignments",
        float(count),
        f"가능한 다른 배정 {count}개와 견주었습니다."
        + ("" if enough else " 유의수준에 견주어 너무 적어 어떤 값도 배제할 수 없습니다."),
        f"The assignment was compared with {count} others."
        + ("" if enough else " They are too few for the level: no value can be ruled out."),
    )
