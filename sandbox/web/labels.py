"""What the fields of forms are called, for the summary of what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext, lazy_gettext

from sandbox.pilots.models import Pilot
from sandbox.regimes import Regime, regimes
from sandbox.web import committee_words, words
from sandbox.web.filters import pick

_ = lazy_gettext

APPLICATION = {
    "site": _("Site"),
    "title_ko": _("Title in Korean"),
    "title_en": _("Title in English"),
    "summary_ko": _("In plain words, in Korean"),
    "summary_en": _("In plain words, in English"),
    "technology": _("Technology"),
    "contact": _("Whom residents can call"),
    "planned_from": _("Planned from"),
    "planned_to": _("Planned to"),
    "districts": _("Districts"),
    "lead": _("Lead ministry"),
    "evaluator": _("Evaluating institute"),
    "kind": _("Kind"),
    "ground": _("Ground"),
    "articles": _("Rules to be lifted"),
    "requested_months": _("Requested period"),
}
ACTS = {
    "opinion": _("Opinion"),
    "required_actions": _("Required actions"),
    "ministries": _("Competent ministries"),
    "reply": _("Reply"),
    "text": _("Reasons"),
    "conditions": _("Conditions"),
    "granted_from": _("From"),
    "granted_to": _("To"),
    "items": _("What has to be supplemented"),
    "answer": _("Answer"),
    "outcome": _("Proposed decision"),
    "reason": _("Reasons"),
    "reasons": _("Reasons"),
    **committee_words.LABELS,
}
CONFIRMATION = {
    "lead": _("Ministry that receives the request"),
    "title": _("What is it called"),
    "technology": _("Technology"),
    "description": _("What it does, where and how"),
    "articles": _("Rules in doubt"),
    "agencies": _("Competent agencies"),
    "reply": _("Reply"),
    "text": _("Reasons"),
    "requirements": _("Requirements"),
    "procedure": _("Procedure"),
}
HOLIDAY = {
    "day": _("Day"),
    "is_holiday": _("What the day becomes"),
    "name_ko": _("Name in Korean"),
    "name_en": _("Name in English"),
    "reason": _("Reason"),
}
CONDITION = {
    "text": _("Condition"),
    "legal_basis": _("Legal basis"),
    "necessity": _("Why it is necessary"),
    "proportionality": _("Why it is proportionate"),
}


def of_application(fields: Iterable[str], law: Regime) -> dict[str, str]:
    """Labels of the form of a pilot; the contents of its plan are called as the regime calls them."""
    contents = {f"contents.{item.id}": pick(item, "name") for item in law.plan_contents}
    return _of(fields, APPLICATION | contents)


def of_case(fields: Iterable[str], pilot: Pilot) -> dict[str, str]:
    """Labels of the forms and boxes of a case; `reason.kind.verb` is the box of an act."""
    actions = pilot.exemption.required_actions
    answers = {f"answers.{action.id}": _action(i) for i, action in enumerate(actions, start=1)}
    on_documents = {
        f"document.{field.id}": pick(field, "name")
        for form in pilot.exemption.regime.documents
        for field in form.fields
    }
    contents = {f"contents.{item.id}": pick(item, "name") for item in pilot.exemption.regime.plan_contents}
    known = answers | on_documents | contents
    return {field: known.get(field) or _in_case(field) for field in fields}


def of_confirmation(fields: Iterable[str]) -> dict[str, str]:
    """Labels of the forms of a request for rapid confirmation."""
    return _of(fields, CONFIRMATION)


def of_committee(fields: Iterable[str]) -> dict[str, str]:
    """Labels of the forms of the committee's rooms; scores are called as their criterion is."""
    criteria = {
        f"scores.{each.id}": pick(each, "name") for law in regimes() for each in law.approval_criteria
    }
    return _of(fields, committee_words.COMMITTEE_LABELS | criteria)


def of_holiday(fields: Iterable[str]) -> dict[str, str]:
    """Labels of the form that changes a public holiday."""
    return _of(fields, HOLIDAY)


def of_plan(fields: Iterable[str]) -> dict[str, str]:
    """Labels of the form of an analysis plan."""
    return {field: words.plan_field(field) for field in fields}


def _in_case(field: str) -> str:
    match field.split("."):
        case ["reason", kind, verb]:
            why = gettext("Reason")
            return f"{words.verb(kind, verb)} – {why}"
        case ["required_actions", row]:
            return _action(int(row) + 1)
        case ["items", row]:
            return gettext("Item %(number)s", number=int(row) + 1)
        case ["conditions", row, column]:
            number = gettext("Condition %(number)s", number=int(row) + 1)
            return f"{number} – {CONDITION[column]}"
        case [name, *_rest]:
            return str(ACTS.get(name, ""))
    return ""


def _action(number: int) -> str:
    return gettext("Action %(number)s", number=number)


def _of(fields: Iterable[str], known: dict[str, str]) -> dict[str, str]:
    return {field: str(known[field]) for field in fields if field in known}
