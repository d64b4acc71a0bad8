"""What conditions, their terms, findings and breaches are called."""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext

from sandbox.conditions.models import Check, Terms
from sandbox.web.filters import number, pick
from sandbox.web.options import unit

_ = lazy_gettext

STATUSES = {
    "standing": (_("In force"), "success"),
    "change_asked": (_("Change asked for"), "warning"),
    "lifted": (_("Lifted"), "neutral"),
}
EVIDENCE_STATUSES = {
    "filed": (_("Filed"), "information"),
    "accepted": (_("Accepted"), "success"),
    "returned": (_("Returned"), "warning"),
}
BREACH_STATUSES = {
    "open": (_("Open"), "danger"),
    "explained": (_("Explained"), "warning"),
    "closed": (_("Closed"), "neutral"),
}
VERBS = {
    "create": _("Say how an imposed condition is checked"),
    "rebind": _("Say anew how it is checked"),
    "ask_change": _("Ask for a change"),
    "agree_change": _("Agree to a change"),
    "refuse_change": _("Refuse the change"),
    "lift": _("Lift the condition"),
}
EVIDENCE_VERBS = {"accept": _("Accept the evidence"), "return": _("Return the evidence")}
BREACH_VERBS = {
    "explain": _("Explain the breach"),
    "ask_again": _("Ask for another explanation"),
    "close": _("Close the breach"),
}
DEEDS = {
    "create": _("Check of a condition set up"),
    "rebind": _("Check of a condition set up anew"),
    "ask_change": _("Change of a condition asked for"),
    "agree_change": _("Change of a condition agreed to"),
    "refuse_change": _("Change of a condition refused"),
    "lift": _("Condition lifted"),
}
EVIDENCE_DEEDS = {
    "create": _("Evidence for a condition filed"),
    "attach": _("File attached to evidence for a condition"),
    "accept": _("Evidence for a condition accepted"),
    "return": _("Evidence for a condition returned"),
}
BREACH_DEEDS = {
    "create": _("Breach of a condition found"),
    "explain": _("Breach of a condition explained"),
    "ask_again": _("Another explanation of a breach asked for"),
    "close": _("Breach of a condition closed"),
}
ACTS = {"condition.check": _("Condition judged")}
NEEDS = {
    "condition_is_bound": _(
        "The ministry has not said yet how this condition is checked; "
        "until then nobody can show that it is kept."
    ),
    "condition_is_imposed": _("The condition is not imposed."),
    "condition_is_not_imposed_yet": _(
        "The condition is imposed; what it says changes only by a request that the lead ministry agrees to."
    ),
    "regime_judges_conditions": _("The regime of this case does not say how conditions are judged."),
    "no_evidence_waits": _("Evidence for this day is filed already."),
}
VERDICTS = {
    "kept": (_("Kept"), "success"),
    "breached": (_("Breached"), "danger"),
    "no_data": (_("Too few readings"), "warning"),
}
BASES = {
    "metric": _("Collected readings"),
    "evidence": _("What the company files"),
}
SIDES = {"at_most": _("at most"), "at_least": _("at least")}
GATHERINGS = {
    "mean": _("mean of the window"),
    "sum": _("sum over the window"),
    "highest": _("highest of the window"),
    "lowest": _("lowest of the window"),
}
FREQUENCIES = {
    "once": _("once"),
    "weekly": _("every week"),
    "monthly": _("every month"),
    "quarterly": _("every quarter"),
}
LABELS = {
    "file": _("File"),
    "text": _("What the condition says from now on"),
    "purpose_item": _("Item of the plan that it serves"),
    "purpose": _("Which risk or aim it serves, and how"),
    "basis": _("What shows that it is kept"),
    "metric": _("Metric"),
    "bound": _("Bound"),
    "side": _("The value has to be"),
    "gathering": _("Readings become"),
    "evidence": _("What is to be filed"),
    "frequency": _("How often"),
    "first_due_on": _("First due day"),
    "wanted": _("What it should say instead"),
    "reason": _("Reason"),
    "proof": _("What shows that nobody is less safe"),
    "due_on": _("Due day"),
    "explanation": _("Why it happened, and what was done"),
}


def label(field: str) -> str:
    return str(LABELS[field])


def verdict(check: Check) -> tuple[str, str]:
    """(label, tone) of a finding."""
    text, tone = VERDICTS[check.verdict]
    if check.basis == "evidence" and check.verdict == "breached":
        text = _("Nothing accepted in time")
    return str(text), tone


def terms(each: Terms) -> str:
    """How a condition is checked, in one line."""
    often = FREQUENCIES[each.frequency]
    if each.metric is None or each.bound is None:
        return gettext("%(evidence)s; %(often)s", evidence=each.evidence, often=often)
    return gettext(
        "%(metric)s: %(gathering)s %(side)s %(bound)s %(unit)s in every treated district; %(often)s",
        metric=pick(each.metric, "name"),
        gathering=GATHERINGS[str(each.gathering)],
        side=SIDES[str(each.side)],
        bound=number(each.bound),
        unit=unit(each.metric),
        often=often,
    )


STATUSES_BY_KIND = {
    "condition": STATUSES,
    "condition_evidence": EVIDENCE_STATUSES,
    "condition_breach": BREACH_STATUSES,
}
VERBS_BY_KIND = {"condition": VERBS, "condition_evidence": EVIDENCE_VERBS, "condition_breach": BREACH_VERBS}
DEEDS_BY_KIND = {"condition": DEEDS, "condition_evidence": EVIDENCE_DEEDS, "condition_breach": BREACH_DEEDS}

COMPLAINTS = (
    _("This does not belong to the basis."),
    _("The regime has no such item of the plan."),
    _("There is no such metric."),
    _("The condition has no such due day."),
    _("The application does not name this article."),
    _("The regime has no such criterion."),
    _("This day has not come."),
    _("Name what it is linked to, and nothing else."),
    _("This case has no such part."),
    _("Not before the pilot was registered."),
)
PATTERNS = (
    (
        r"Between (?P<first>\S+) and (?P<last>\S+)\.",
        _("Between %(first)s and %(last)s."),
    ),
)
