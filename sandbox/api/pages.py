"""Finding a pilot for whoever asks, and putting together what they may read of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flask import abort, request, url_for
from flask_babel import gettext

from experiments.errors import NotFound
from experiments.evaluation.models import Evaluation
from sandbox import access
from sandbox.api.links import transitions
from sandbox.api.room import Answer
from sandbox.db import db
from sandbox.pilots import file, register
from sandbox.pilots.models import Pilot
from sandbox.pilots.published import Published, published
from sandbox.web.rim import actor, actor_or_none


def party_pilot(number: str) -> Pilot:
    """The pilot, for a party of its case; NotFound for everybody else."""
    return file.find(db.session, number, actor())


def readable_pilot(number: str) -> Pilot:
    """The pilot, for its parties in any state and for everybody once it is public."""
    asking = actor_or_none()
    if asking is not None:
        try:
            return file.find(db.session, number, asking)
        except NotFound:
            pass
    return register.find(db.session, number)


def pilot_page(pilot: Pilot) -> Answer:
    """The pilot as `PilotPageSchema` shows it, with its version as entity tag."""
    page = {
        **{
            name: getattr(pilot, name)
            for name in ("number", "status", "title_ko", "title_en", "registered_at")
        },
        "site": pilot.site.city,
        "company": pilot.company,
        "is_synthetic": pilot.site.territory.synthetic,
        "published": _published(pilot),
        "transitions": transitions(pilot),
    }
    return page, {"ETag": entity_tag(pilot)}


def case_page(pilot: Pilot) -> Answer:
    """The case as `CaseFileSchema` shows it, with the pilot's version as entity tag."""
    case = file.case_file(db.session, pilot, actor())
    page = {
        "pilot": pilot,
        "application": pilot.exemption,
        "evaluations": shown_runs(pilot, case.evaluations),
        "decisions": case.decisions,
        "history": case.deeds,
        "transitions": transitions(pilot),
    }
    return page, {"ETag": entity_tag(pilot)}


def shown_runs(pilot: Pilot, runs: Sequence[Evaluation]) -> list[Any]:
    """Runs as `EvaluationSchema` shows them: what an unsigned one found is not told to everybody."""
    if sees_unsigned_results(pilot):
        return list(runs)
    return [run if run.signed_at else {name: getattr(run, name) for name in UNSIGNED} for run in runs]


def sees_unsigned_results(pilot: Pilot) -> bool:
    """Before the signature a result is the evaluator's own, and the auditor's to see."""
    asking = actor_or_none()
    return asking is not None and access.evaluators_and_auditor(asking) and file.may_read(pilot, asking)


def entity_tag(pilot: Pilot) -> str:
    return f'"{pilot.version}"'


def seen_version() -> int:
    """The version that the caller read, from If-Match; 428 where it is not said."""
    tags = list(request.if_match)
    if len(tags) != 1 or not re.fullmatch("[0-9]{1,9}", tags[0]):
        abort(428, gettext("Say which version you read: If-Match with the entity tag of the pilot."))
    return int(tags[0])


def _published(pilot: Pilot) -> dict[str, Any] | None:
    try:
        page = published(db.session, str(pilot.number))
    except NotFound:
        return None
    if page.withdrawal:
        return {"acts": page.acts, "stage": page.chain.current}
    return {
        **{name: getattr(page, name) for name in SHOWN},
        "plan_versions": _editions(page),
        "result": _result(page),
        "stage": page.chain.current,
    }


UNSIGNED = (
    *("id", "status", "requested_at", "as_of", "seed", "plan_version"),
    *("finished_at", "error", "signed_at", "signed_by_name"),
)
SHOWN = (
    *("summary_ko", "summary_en", "technology", "contact", "first_day", "last_day", "is_granted"),
    *("evaluator", "relief", "places", "rulings", "incidents", "acts"),
)
RESULT = (
    *("evaluation_id", "finding", "as_of", "seed", "plan_version", "plan_sha256"),
    *("document_sha256", "signed_at", "signed_by"),
)


def _editions(page: Published) -> list[dict[str, Any]]:
    copied = ("number", "sha256", "locked_at", "locked_by", "reason", "is_prospective")
    return [
        {name: getattr(edition, name) for name in copied}
        | {"href": url_for("api-plans.read", number=page.number, version=edition.number)}
        for edition in (page.plan.editions if page.plan else ())
    ]


def _result(page: Published) -> dict[str, Any] | None:
    if page.result is None:
        return None
    key = page.result.evaluation_id
    return {name: getattr(page.result, name) for name in RESULT} | {
        "href": url_for("api-evaluations.document", number=page.number, evaluation_id=key)
    }
