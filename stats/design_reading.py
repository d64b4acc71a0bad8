"""Reading a design's document: what is missing, unknown or of the wrong kind is gathered by field."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_args

from stats.design_parts import (
    FIRST_METHODS,
    NEWER,
    NEWEST,
    OPTIONAL,
    REQUIRED,
    SCHEMA_VERSION,
    Assignment,
    Errors,
    Method,
    Predictor,
    Switchback,
)


def wrong_fields(document: Mapping[str, Any]) -> Errors:
    errors: Errors = defaultdict(list)
    version = document.get("schema_version", SCHEMA_VERSION)
    _check_version(errors, version, document)
    known = (*REQUIRED, *OPTIONAL, *(NEWER if version != 1 else ()), *(NEWEST if version == 3 else ()))
    for name in document:
        if name not in known:
            errors[str(name)].append("is not a field of a design")
    for name in REQUIRED:
        if name not in document:
            errors[name].append("is required")
    alpha = document.get("alpha", 0.05)
    if isinstance(alpha, bool) or not isinstance(alpha, int | float):
        errors["alpha"].append(f"must be a number, not {alpha!r}")
    for name in ("method", "missing", "outcome_unit", "outcome_unit_ko", "control_group"):
        if not isinstance(document.get(name, ""), str):
            errors[name].append("must be a text")
    for name in ("anticipation", "season"):
        if not _is_count(document.get(name)):
            errors[name].append("must be a whole number")
    return errors


def _check_version(errors: Errors, version: Any, document: Mapping[str, Any]) -> None:
    method = document.get("method")
    if isinstance(version, bool) or version not in range(1, SCHEMA_VERSION + 1):
        errors["schema_version"].append(f"must be 1 to {SCHEMA_VERSION}, not {version!r}")
    if version == 1 and method in get_args(Method)[len(FIRST_METHODS) :]:
        errors["method"].append(f"{method} needs schema_version 2")
    if version == 2:
        _check_newest(errors, document)


def _check_newest(errors: Errors, document: Mapping[str, Any]) -> None:
    """What version 2 knew for some methods or not at all."""
    if document.get("anticipation") and document.get("method") != "staggered":
        errors["anticipation"].append("needs schema_version 3 for this method")
    assignment = document.get("assignment")
    if isinstance(assignment, Mapping) and (
        "switchback" in assignment or assignment.get("kind") == "switchback"
    ):
        errors["assignment"].append("a switchback needs schema_version 3")


def _is_count(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def texts(errors: Errors, field_name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(_is_text(item) for item in value):
        errors[field_name].append("must be a list of non-blank texts")
        return ()
    return tuple(value)


def text_map(errors: Errors, field_name: str, value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping) or not all(_is_text(item) for pair in value.items() for item in pair):
        errors[field_name].append("must map units to non-blank texts")
        return {}
    return dict(value)


def assignment(errors: Errors, value: Any) -> Assignment | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or not {"kind"} <= set(value) <= {"kind", "blocks", "switchback"}:
        errors["assignment"].append("must be an object with kind and blocks")
        return None
    if not isinstance(value["kind"], str):
        errors["assignment.kind"].append("must be a text")
    blocks = value.get("blocks")
    return Assignment(
        value["kind"],
        None if blocks is None else text_map(errors, "assignment.blocks", blocks),
        _switchback(errors, value.get("switchback")),
    )


def _switchback(errors: Errors, value: Any) -> Switchback | None:
    if value is None:
        return None
    path = "assignment.switchback"
    known = {one.name for one in fields(Switchback)}
    if not isinstance(value, Mapping) or not {"length", "periods"} <= set(value) <= known:
        errors[path].append(f"must be an object with length and periods, and may hold {', '.join(known)}")
        return None
    for name in ("length", "washout"):
        if not _is_count(value.get(name, 0)) or value.get(name, 0) is None:
            errors[f"{path}.{name}"].append("must be a whole number")
    if not isinstance(value.get("together", False), bool):
        errors[f"{path}.together"].append("must be true or false")
    if value.get("first") is not None and not _is_text(value["first"]):
        errors[f"{path}.first"].append("must be a non-blank text")
    periods = value["periods"] if isinstance(value["periods"], Mapping) else {}
    if not periods:
        errors[f"{path}.periods"].append("must map units to their treated periods")
    told = {str(unit): texts(errors, f"{path}.periods.{unit}", each) for unit, each in periods.items()}
    return Switchback(**{**value, "periods": told})


def predictors(errors: Errors, value: Any) -> tuple[Predictor, ...]:
    if not isinstance(value, list | tuple):
        errors["predictors"].append("must be a list")
        return ()
    read = []
    for index, item in enumerate(value):
        if not isinstance(item, Mapping) or set(item) != {"name", "periods"}:
            errors[f"predictors.{index}"].append("must be an object with name and periods")
            continue
        if not _is_text(item["name"]):
            errors[f"predictors.{index}.name"].append("must be a non-blank text")
        read.append(Predictor(item["name"], texts(errors, f"predictors.{index}.periods", item["periods"])))
    return tuple(read)
