"""The front door for randomised designs: inference deals the treatment anew as it was dealt."""

from __future__ import annotations

import numpy as np

from stats.checks.balance import balance, balance_finding
from stats.clusters.clustered import IntArray
from stats.design import Assignment, Design
from stats.differences.did import Clusters, two_way
from stats.errors import DesignError, EstimationError
from stats.findings import Finding
from stats.inference import Inference
from stats.methods.parts import Parts, first_columns, observed
from stats.missing import Sample
from stats.panel import FloatArray
from stats.results import Estimate
from stats.trials.assignment import Permuted
from stats.trials.crossover import stepped_wedge
from stats.trials.randomisation import randomisation_test
from stats.trials.randomised import matched_pairs


def randomised(cells: Sample, design: Design, rng: np.random.Generator) -> Parts:
    """The effect and its randomisation inference, by the assignment that the design states.

    Dealt at once, to units or pairs: the difference in the change from the mean before the start to the
    mean after it (which takes out what units bring along), ranked among re-assignments within the blocks.
    A stepped wedge: the two-way coefficient, its starts dealt anew.
    """
    if cells.panel.weights is not None:
        raise EstimationError("weights", "re-assignment lets all units count alike")
    assert design.assignment is not None  # a design of this method has one
    start = min(cells.starts)
    clusters = Clusters.of(cells, design, rng)
    path = two_way(cells, clusters, alpha=design.alpha)
    if design.assignment.kind == "stepped_wedge":
        found = stepped_wedge(
            cells.panel.outcomes,
            np.minimum(first_columns(cells), len(cells.panel.periods)),
            rng=rng,
            alpha=design.alpha,
            clusters=None if design.cluster is None else clusters.number,
        )
        effect, inference = found.estimate, found.inference
    else:
        changes = _changes(cells.panel.outcomes, start)
        effect, inference = _dealt_at_once(cells, design.assignment, design, clusters.number, changes, rng)
    return Parts(
        effect=Estimate(effect, inference, design.outcome_unit),
        observed=observed(cells),
        treated=path.treated,
        counterfactual=path.counterfactual,
        evidence="randomised",
        findings=(
            _assignments(inference, design.alpha),
            *_balance(cells, start),
        ),
    )


def _changes(outcomes: FloatArray, start: int) -> FloatArray:
    changes: FloatArray = outcomes[:, start:].mean(axis=1) - outcomes[:, :start].mean(axis=1)
    return changes


def _dealt_at_once(
    cells: Sample,
    assignment: Assignment,
    design: Design,
    clusters: IntArray,
    changes: FloatArray,
    rng: np.random.Generator,
) -> tuple[float, Inference]:
    treated = np.arange(len(changes)) < len(cells.treated)
    blocks = None
    if assignment.blocks is not None:
        labels = [assignment.blocks[unit] for unit in cells.panel.units]
        blocks = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    if assignment.kind == "pairs":
        if blocks is None:
            raise DesignError({"assignment.blocks": ["must name the pair of each unit"]})
        pairs = matched_pairs(changes, treated, blocks, rng=rng, alpha=design.alpha)
        return pairs.estimate, pairs.randomisation
    mechanism = Permuted(treated.astype(np.int64), clusters=clusters.astype(np.int64), blocks=blocks)
    within = None if blocks is None else (blocks[:, None] == np.arange(1, blocks.max() + 1)).astype(float)
    inference = randomisation_test(changes, mechanism, rng=rng, alpha=design.alpha, controls=within)
    columns = [treated.astype(np.float64), np.ones(len(changes)), *([] if within is None else within.T)]
    return float(np.linalg.lstsq(np.column_stack(columns), changes, rcond=None)[0][0]), inference


def _balance(cells: Sample, start: int) -> list[Finding]:
    """The units' means before the start, which chance should have balanced."""
    count = len(cells.treated)
    if not cells.controls:
        return []
    treated = np.arange(len(cells.panel.units)) < count
    return [balance_finding(balance({"outcome": cells.panel.outcomes[:, :start].mean(axis=1)}, treated))]


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
