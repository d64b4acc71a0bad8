"""Who is told of which step of an application."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sandbox.exemptions.models import Exemption
from sandbox.notices.outbox import AUTHORS, CITY, COMPANY, DECIDERS, REVIEWERS, SIGNATORIES, Office


def _company(exemption: Exemption) -> Iterable[Office]:
    return (Office(exemption.company_id, COMPANY),)


def _authors(exemption: Exemption) -> Iterable[Office]:
    return (Office(exemption.company_id, AUTHORS),)


def _signatories(exemption: Exemption) -> Iterable[Office]:
    return (Office(exemption.company_id, SIGNATORIES),)


def _city(exemption: Exemption) -> Iterable[Office]:
    return (Office(exemption.city_id, CITY),)


def _lead(exemption: Exemption) -> Iterable[Office]:
    return (Office(exemption.lead_id, REVIEWERS),)


def _asked(exemption: Exemption) -> Iterable[Office]:
    return (Office(asked.ministry_id, REVIEWERS) for asked in exemption.consultations)


def _deciders(exemption: Exemption) -> Iterable[Office]:
    return (Office(exemption.lead_id, DECIDERS),)


def _everybody(exemption: Exemption) -> Iterable[Office]:
    return (*_company(exemption), *_city(exemption), *_lead(exemption), *_asked(exemption))


TOLD: dict[str, Callable[[Exemption], Iterable[Office]]] = {
    "send_to_city": _city,
    "give_opinion": _authors,
    "answer_actions": _signatories,
    "sign": lambda exemption: (*_lead(exemption), *_city(exemption)),
    "return_filing": _company,
    "open_consultation": _asked,
    "reply": _lead,
    "ask_supplement": _authors,
    "answer_supplement": _asked,
    "extend_reply": lambda exemption: (*_company(exemption), *_lead(exemption)),
    "close_consultation": lambda exemption: (*_lead(exemption), *_deciders(exemption)),
    "report_experts": _lead,
    "table": lambda exemption: (*_company(exemption), *_lead(exemption)),
    "resolve": lambda exemption: (*_company(exemption), *_lead(exemption), *_deciders(exemption)),
    "refile": _lead,
    "grant": _everybody,
    "refuse": _everybody,
    "find_not_required": _everybody,
    "withdraw": lambda exemption: (*_lead(exemption), *_asked(exemption)),
}
"""By verb; a step that is not named here is nobody else's business."""
