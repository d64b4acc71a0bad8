"""What a design is called and told: methods, levels of evidence, and what each method asks for besides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext

from experiments.errors import BrokenRecord
from experiments.evaluation.models import Evaluation
from experiments.registrations.plan_design import planned_evidence
from sandbox.web import drawing
from sandbox.web.filters import pick
from stats.results import Evidence

_ = lazy_gettext

METHODS = {
    "did": (
        _("Difference-in-differences"),
        _("Compares how the treated districts changed with how the controls changed."),
    ),
    "synthetic_control": (
        _("Synthetic control"),
        _(
            "Weights the controls so that together they follow the treated districts before the start; "
            "the gap afterwards is the effect."
        ),
    ),
    "synthetic_did": (
        _("Synthetic difference-in-differences"),
        _("Weights controls and periods before the start, then compares changes; levels may differ."),
    ),
    "augmented_synthetic_control": (
        _("Augmented synthetic control"),
        _("Corrects a synthetic control by regression where the controls alone do not fit well."),
    ),
    "staggered": (
        _("Staggered starts"),
        _(
            "For districts that start at different times: effects by start and period are averaged, and no "
            "district that has started serves as a control."
        ),
    ),
    "interrupted": (
        _("Interrupted time series"),
        _(
            "Compares the treated districts with their own past. The level of evidence is lower: other "
            "changes at the same time cannot be told apart from the pilot."
        ),
    ),
    "randomised": (
        _("Randomised assignment"),
        _("For districts that chance has chosen; the uncertainty follows from how the draw was made."),
    ),
}
"""Name and one sentence, in the order in which the form offers them."""

# How firmly a causal reading stands, the strongest first: label, tone, sentence.
EVIDENCE: Mapping[Evidence, tuple[Any, str, Any]] = {
    "randomised": (
        _("Evidence: randomised"),
        "success",
        _("Chance decided which districts were treated."),
    ),
    "comparison": (
        _("Evidence: comparison with controls"),
        "information",
        _("Districts without the pilot stand for what would have happened."),
    ),
    "controlled_before_after": (
        _("Lower evidence: own past and a control series"),
        "warning",
        _(
            "The treated districts are compared with their own past, corrected by a control series. "
            "This is a lower level of evidence than a comparison with controls."
        ),
    ),
    "before_after": (
        _("Lower evidence: own past only"),
        "warning",
        _(
            "There are no controls: the treated districts are compared with their own past alone. Any other "
            "change at the same time would look like an effect of the pilot."
        ),
    ),
}
CONTROL_GROUPS = {
    "never": _("Districts that never start"),
    "not_yet": _("Also districts that have not started yet"),
}
ASSIGNMENTS = {
    "units": (
        _("Districts, all at once"),
        _("Of all districts, or of each block, some were drawn."),
    ),
    "pairs": (
        _("Matched pairs"),
        _("Of each pair of similar districts one was drawn."),
    ),
    "stepped_wedge": (
        _("Stepped wedge"),
        _("Every district starts sooner or later; chance decided when."),
    ),
    "switchback": (
        _("Switchback"),
        _("The treatment goes on and off by blocks of time; chance decided in which it was on."),
    ),
}
TOSSED = {
    "coins": _("A coin was tossed for each block"),
    "balanced": _("A fixed number of blocks was drawn"),
}
PARTICULARS = {
    "starts": _("Start of each treated district"),
    "control_group": _("Compared with"),
    "anticipation": _("Periods of anticipation"),
    "covariates": _("Covariates"),
    "season": _("Periods in a season"),
    "assignment": _("How chance dealt the treatment"),
    "blocks": _("Blocks or pairs"),
    "length": _("Periods in a block of time"),
    "washout": _("Periods left out at the start of each block"),
    "tossed": _("How the blocks were drawn"),
    "together": _("All districts switch at once"),
    "sequences": _("Sequence of each treated district"),
    "neighbours": _("Neighbours of the treated districts"),
}
"""What a plan tells its method besides, in the order in which pages say it."""


def method(code: str) -> str:
    return str(METHODS[code][0])


def methods() -> list[tuple[str, str, str]]:
    """The methods as radio buttons: code, name, sentence."""
    return [(code, str(name), str(said)) for code, (name, said) in METHODS.items()]


def assignments() -> list[tuple[str, str, str]]:
    """The ways of dealing a treatment as radio buttons."""
    return [(code, str(name), str(said)) for code, (name, said) in ASSIGNMENTS.items()]


def evidence(level: Evidence) -> tuple[str, str]:
    """(label, tone) of the tag."""
    label, tone, _said = EVIDENCE[level]
    return str(label), tone


def evidence_said(level: Evidence) -> str:
    return str(EVIDENCE[level][2])


def is_lower(level: Evidence) -> bool:
    """Whether no district without the pilot is compared."""
    return level in ("controlled_before_after", "before_after")


def of_plan(plan: Mapping[str, Any]) -> tuple[str, str]:
    """The tag of the level that a result of `plan` will have."""
    return evidence(planned_evidence(plan))


def lower_evidence(run: Evaluation) -> tuple[str, str] | None:
    """The tag that the finding of `run` needs beside it; None where the evidence is a comparison.

    A list goes on where one plan no longer has its digest; the plan's own page says so.
    """
    try:
        level = planned_evidence(run.plan_version.contents())
    except BrokenRecord:
        return None
    return evidence(level) if is_lower(level) else None


def particulars(
    plan: Mapping[str, Any], districts: Iterable[Any], metrics: Iterable[Any]
) -> list[tuple[str, str]]:
    """(label, text) of what the plan tells its method besides; districts and metrics bear codes and names."""
    places, measures = _names(districts), _names(metrics)
    design, starts = plan["design"], plan["districts"].get("starts") or {}
    told = [
        ("starts", ", ".join(f"{places.get(code, code)} {day}" for code, day in sorted(starts.items()))),
        ("control_group", CONTROL_GROUPS.get(design.get("control_group"), "")),
        ("anticipation", design.get("anticipation")),
        (
            "covariates",
            ", ".join(measures.get(each["code"], each["code"]) for each in design.get("covariates", [])),
        ),
        ("season", design.get("season")),
        *_dealt(design.get("assignment") or {}, places),
        ("neighbours", ", ".join(places.get(code, code) for code in design.get("neighbours", []))),
    ]
    return [(str(PARTICULARS[name]), str(said)) for name, said in told if said]


def value(written: Any) -> str:
    """A value of a plan, for the table of what an amendment changed."""
    if written is None:
        return "–"
    if isinstance(written, list):
        return ", ".join(map(str, written))
    return drawing.number(written) if isinstance(written, float) else str(written)


def _dealt(assignment: Mapping[str, Any], places: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    if not assignment:
        return
    yield "assignment", ASSIGNMENTS[assignment["kind"]][0]
    blocks: Mapping[str, str] = assignment.get("blocks") or {}
    members: dict[str, list[str]] = {}
    for code in sorted(blocks):
        members.setdefault(blocks[code], []).append(places.get(code, code))
    yield "blocks", "; ".join(f"{block}: {', '.join(names)}" for block, names in sorted(members.items()))
    if switchback := assignment.get("switchback"):
        yield from (("length", switchback["length"]), ("washout", switchback["washout"]))
        yield "tossed", TOSSED[switchback["tossed"]]
        if switchback["together"]:
            yield "together", gettext("yes")
        rows = sorted(switchback["sequences"].items())
        yield "sequences", "; ".join(f"{places.get(code, code)} {sequence}" for code, sequence in rows)


def _names(named: Iterable[Any]) -> dict[str, str]:
    return {each.code: pick(each, "name") for each in named}
