"""Copy into the own draft: plan texts of the company's earlier cases, public texts of conditions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from experiments.errors import Invalid, NotFound
from experiments.fields import Line, Whole
from experiments.lifecycle import Actor
from sandbox import ledger
from sandbox.exemptions import application
from sandbox.exemptions.models import Condition, Exemption
from sandbox.pilots import register
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import PILOT

LONGEST_TEXT = 8000
"""As in the form of the application."""


class CopySchema(Schema):
    """Items of the plan to take over by id; conditions by id, and the item that they are added to."""

    source = Line(required=True, longest=40)
    items = fields.List(Line(longest=60), load_default=list, validate=validate.Length(max=60))
    conditions = fields.List(Whole(), load_default=list, validate=validate.Length(max=60))
    into = Line(load_default="", longest=60, blank=True)


def copy(
    session: Session,
    pilot: Pilot,
    source: Pilot,
    *,
    items: Sequence[str],
    conditions: Sequence[int],
    into: str,
    by: Actor,
    at: datetime,
) -> None:
    """Add the chosen texts of `source` to what the draft says already; nothing is overwritten.

    Plan texts only of the own company's cases, conditions only of public ones: NotFound otherwise.
    """
    exemption = pilot.exemption
    verb = "revise" if exemption.status == "returned" else "edit"
    PILOT.check(pilot, verb, by=by)
    known = {item.id for item in exemption.regime.plan_contents}
    if source.id == pilot.id or not (items or conditions):
        raise Invalid({"items": ["Choose at least one text."]})
    if conditions and into not in known:
        raise Invalid({"into": ["Choose an item of the plan."]})
    if items and source.company_id != pilot.company_id:
        raise NotFound("pilot", str(source.number))
    if any(item not in known or not source.exemption.contents.get(item) for item in items):
        raise Invalid({"items": ["There is no such choice."]})
    contents = dict(exemption.contents)
    for item in items:
        _add(contents, item, source.exemption.contents[item])
    for text in _condition_texts(session, source, conditions):
        _add(contents, into, text)
    application.edit(session, exemption, {"contents": contents}, by=by, at=at)
    # Whoever has the form of the draft open is told that it was changed.
    PILOT.perform(session, pilot, verb, by=by, at=at)
    details = {"source": source.number, "items": list(items), "conditions": list(conditions)}
    ledger.append(session, act="exemption.copy", subject=exemption.case.key, by=by, at=at, details=details)


def _condition_texts(session: Session, source: Pilot, chosen: Sequence[int]) -> list[str]:
    if not chosen:
        return []
    public = register.find(session, str(source.number))
    texts = {each.id: each.text for each in _imposed(public.exemption)}
    if not texts.keys() >= set(chosen):
        raise Invalid({"conditions": ["There is no such choice."]})
    return [texts[key] for key in chosen]


def _imposed(exemption: Exemption) -> list[Condition]:
    return [each for each in exemption.conditions if each.is_imposed]


def _add(contents: dict[str, str], item: str, text: str) -> None:
    there = (contents.get(item) or "").strip()
    contents[item] = f"{there}\n\n{text}" if there else text
    if len(contents[item]) > LONGEST_TEXT:
        raise Invalid({"items": [f"Longer than maximum length {LONGEST_TEXT}."]})
