"""The part of the plan's form that says how it is estimated: each method takes the fields that it needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from experiments.registrations.plan_assignment import IN_ONE_BLOCK, STEPPED_WEDGE, SWITCHBACK, kind_of
from experiments.registrations.plan_design import FIELDS_OF_METHODS, METHODS_WITH_STARTS
from sandbox.web.typed import metric, number, rows

_CODES = re.compile(r"[\s,]+")


def read(form: MultiDict[str, str]) -> dict[str, Any]:
    """The design as typed, without what was left in fields that its method does not take."""
    method = form.get("design.method", "")
    design: dict[str, Any] = {
        "method": method,
        "alpha": number(form.get("design.alpha")),
        "missing": form.get("design.missing", ""),
        "predictors": [],
    }
    for name, methods in FIELDS_OF_METHODS.items():
        if method in methods and (typed := _READ[name](form)) not in (None, "", []):
            design[name] = typed
    return design


def starts(form: MultiDict[str, str], design: Mapping[str, Any]) -> dict[str, str]:
    """The treated districts' own first days, where the method takes any and some were typed."""
    if design["method"] not in METHODS_WITH_STARTS and kind_of(design) != STEPPED_WEDGE:
        return {}
    typed = {
        code: form.get(f"districts.starts.{code}", "").strip() for code in form.getlist("districts.treated")
    }
    return {code: day for code, day in typed.items() if day}


def shown(design: Mapping[str, Any]) -> dict[str, Any]:
    """What the form shows of the newer fields. A draft may hold anything in the place of anything."""
    assignment = _object(design.get("assignment"))
    switchback = _object(assignment.get("switchback"))
    covariates = design.get("covariates")
    return {
        "control_group": design.get("control_group", "never"),
        "covariates": [
            f"{each.get('code')}@{each.get('version', 1)}"
            for each in (covariates if isinstance(covariates, list) else [])
            if isinstance(each, Mapping)
        ],
        "neighbours": design["neighbours"] if isinstance(design.get("neighbours"), list) else [],
        "assignment": assignment
        | {
            "blocks": _lines(assignment.get("blocks")),
            "switchback": switchback | {"sequences": _sequences(switchback.get("sequences"))},
        },
    }


def _predictors(form: MultiDict[str, str]) -> list[dict[str, Any]]:
    return [
        {**metric(row["metric"], "metric"), "first": row["first"], "last": row["last"]}
        for row in rows(form, "design.predictors", ("metric", "first", "last"))
    ]


def _assignment(form: MultiDict[str, str]) -> dict[str, Any]:
    kind, text = form.get("design.assignment.kind", ""), form.get("design.assignment.blocks", "").strip()
    if kind == SWITCHBACK:
        return {"kind": kind, "switchback": _switchback(form)}
    return {"kind": kind} | ({"blocks": _blocks(text)} if text and kind not in IN_ONE_BLOCK else {})


def _switchback(form: MultiDict[str, str]) -> dict[str, Any]:
    typed = {name: form.get(f"design.assignment.switchback.{name}", "").strip() for name in _SWITCHBACK}
    return {
        "length": number(typed["length"]),
        "washout": number(typed["washout"] or "0"),
        "tossed": typed["tossed"],
        "together": typed["together"] == "on",
        "sequences": _sequences_of(typed["sequences"]),
    }


def _sequences_of(text: str) -> Any:
    """District -> sequence from lines "district: 0110"; the text itself where one stands twice."""
    lines = [line.partition(":") for line in filter(None, map(str.strip, text.splitlines()))]
    found = {code.strip(): "".join(sequence.split()) for code, _, sequence in lines}
    return found if len(found) == len(lines) else text


def _sequences(told: Any) -> str:
    """The inverse of `_sequences_of`."""
    if not isinstance(told, Mapping):
        return "" if told is None else str(told)
    return "\n".join(f"{code}: {sequence}" for code, sequence in told.items())


def _blocks(text: str) -> Any:
    """District -> block from lines "name: district, district"; the text itself where one stands twice."""
    found: dict[str, str] = {}
    for number_of_line, line in enumerate(filter(None, map(str.strip, text.splitlines())), start=1):
        name, _, codes = line.rpartition(":")
        for code in filter(None, _CODES.split(codes)):
            if code in found:
                return text
            found[code] = name.strip() or str(number_of_line)
    return found


def _lines(blocks: Any) -> str:
    """The inverse of `_blocks`."""
    if not isinstance(blocks, Mapping):
        return "" if blocks is None else str(blocks)
    names = dict.fromkeys(map(str, blocks.values()))
    return "\n".join(
        f"{name}: {' '.join(code for code, block in blocks.items() if str(block) == name)}" for name in names
    )


def _object(part: Any) -> dict[str, Any]:
    return dict(part) if isinstance(part, Mapping) else {}


_SWITCHBACK = ("length", "washout", "tossed", "together", "sequences")
_READ: Mapping[str, Any] = {
    "predictors": _predictors,
    "control_group": lambda form: form.get("design.control_group", ""),
    "anticipation": lambda form: number(form.get("design.anticipation")),
    "covariates": lambda form: [metric(typed) for typed in form.getlist("design.covariates")],
    "season": lambda form: number(form.get("design.season")),
    "assignment": _assignment,
    "neighbours": lambda form: form.getlist("design.neighbours"),
}
