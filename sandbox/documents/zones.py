"""The gazette notice of a growth zone (혁신성장진흥구역): its fields, and where its papers lie open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from experiments.errors import Invalid, NotFound, Refused
from experiments.fields import Prose
from experiments.fields import load as loaded
from experiments.lifecycle import Actor
from sandbox import access
from sandbox.documents.facts import Fact, same
from sandbox.documents.issue import About, issue_one
from sandbox.documents.models import OfficialDocument
from sandbox.organisations import Organisation
from sandbox.programmes.models import Site
from sandbox.regimes import Regime, regime
from sandbox.regimes.load import DocumentField, DocumentForm

ACT = "designate_zone"
REGIME = "kr-smart-city"
DAYS = ("papers_from", "papers_to")
KNOWN = frozenset({"minister", "issued_on"})


def form_of(law: Regime) -> DocumentForm:
    """The form of the notice; NotFound in a regime that designates no zones."""
    forms = law.documents_of(ACT)
    if not forms:
        raise NotFound("document", ACT)
    return forms[0]


def asked(form: DocumentForm) -> tuple[DocumentField, ...]:
    """The fields that whoever publishes fills in."""
    return tuple(field for field in form.fields if field.id not in KNOWN)


def publish(
    session: Session, site: Site, typed: Mapping[str, str], *, by: Actor, at: datetime
) -> OfficialDocument:
    """Publish the notice of a zone of `site`, by a ministry's decider, from what was typed by field.

    Invalid, by `document.FIELD`, for a field that is empty, and where the papers lie open for fewer days
    than the regime asks for (Art. 43(3), 35(6)).
    """
    if not access.decider(by):
        raise Refused("zone.publish", "decider")
    law = regime(REGIME)
    form = form_of(law)
    values = _loaded(form, typed)
    _check_days(law, values, at)
    office = session.get_one(Organisation, by.organisation_id)
    known = {name: same(str(value)) for name, value in values.items()} | {
        "minister": Fact(office.name_ko, office.name_en),
        "issued_on": same(_today(law, at).isoformat()),
    }
    about = About(law, f"site:{site.territory.code}", site=site)
    return issue_one(session, about, form, known, by=by, at=at)


def _loaded(form: DocumentForm, typed: Mapping[str, str]) -> dict[str, str | date]:
    kinds: dict[str, fields.Field] = {
        field.id: fields.Date(required=True) if field.id in DAYS else Prose(required=True, longest=2000)
        for field in asked(form)
    }
    try:
        values: dict[str, str | date] = loaded(Schema.from_dict(kinds)(), dict(typed))
    except Invalid as error:
        raise Invalid({f"document.{name}": told for name, told in error.errors.items()}) from error
    return values


def _check_days(law: Regime, values: Mapping[str, str | date], at: datetime) -> None:
    first, last = values["papers_from"], values["papers_to"]
    assert isinstance(first, date)
    assert isinstance(last, date)
    if first < _today(law, at):
        raise Invalid({"document.papers_from": ["Not before today."]})
    for rule in law.clocks_started_by("zone_gazetted"):
        if last - first + timedelta(days=1) < timedelta(days=rule.length.value):
            told = f"At least {rule.length.value} days ({rule.source})."
            raise Invalid({"document.papers_to": [told]})


def _today(law: Regime, at: datetime) -> date:
    return at.astimezone(ZoneInfo(law.zone)).date()
