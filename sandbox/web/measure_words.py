"""What the start, suspensions, orders, incidents, inspections and tasks are called."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext, lazy_gettext

from experiments.baseline import BaselineShare
from sandbox.web.filters import pick

_ = lazy_gettext

STATUSES: dict[str, dict[str, tuple[Any, str]]] = {
    "suspension_proposal": {
        "open": (_("Waits for the Minister"), "warning"),
        "acted": (_("Suspended on it"), "danger"),
        "dismissed": (_("Dismissed"), "neutral"),
    },
    "suspension": {
        "in_force": (_("In force"), "danger"),
        "reported": (_("Measures reported"), "information"),
        "closed": (_("Measures closed"), "success"),
        "lifted": (_("Lifted"), "neutral"),
        "made_permanent": (_("Stopped for good"), "danger"),
    },
    "order": {
        "announced": (_("Announced"), "information"),
        "heard": (_("Operator heard"), "information"),
        "issued": (_("Issued"), "warning"),
        "reported": (_("Reported as carried out"), "information"),
        "done": (_("Carried out"), "success"),
        "missed": (_("Period missed"), "danger"),
        "withdrawn": (_("Withdrawn"), "neutral"),
    },
    "incident": {
        "reported": (_("Open"), "warning"),
        "closed": (_("Closed"), "neutral"),
    },
    "inspection": {
        "planned": (_("Inspection planned"), "information"),
        "recorded": (_("Recorded"), "success"),
        "cancelled": (_("Cancelled"), "neutral"),
    },
    "remedy_task": {
        "open": (_("To be done"), "warning"),
        "reported": (_("Reported done"), "information"),
        "done": (_("Done"), "success"),
    },
}
VERBS: dict[str, dict[str, Any]] = {
    "suspension_proposal": {
        "act": _("Suspend on this proposal"),
        "dismiss": _("Dismiss the proposal"),
    },
    "suspension": {
        "report_measures": _("Report the measures taken"),
        "accept_measures": _("Find the measures sufficient"),
        "send_back": _("Send the report back"),
        "close_without_measures": _("Close without measures"),
        "stop_for_good": _("Stop the pilot for good"),
    },
    "order": {
        "state_position": _("State the operator's position"),
        "record_hearing": _("Record how the operator was heard"),
        "issue": _("Issue the order"),
        "extend": _("Extend the period"),
        "report": _("Report the order carried out"),
        "accept": _("Find the order carried out"),
        "send_back": _("Send the report back"),
        "withdraw": _("Withdraw the announcement"),
    },
    "incident": {"follow_up": _("Add to the incident"), "close": _("Close the incident")},
    "inspection": {"record": _("Fill in the checklist"), "cancel": _("Cancel the inspection")},
    "remedy_task": {
        "report": _("Report the task done"),
        "accept": _("Find the task done"),
        "send_back": _("Send the task back"),
    },
}
DEEDS: dict[str, dict[str, Any]] = {
    "suspension_proposal": {
        "create": _("Suspension proposed"),
        "act": _("Proposal to suspend followed"),
        "dismiss": _("Proposal to suspend dismissed"),
    },
    "suspension": {
        "create": _("Suspension ordered"),
        "report_measures": _("Measures against the suspension reported"),
        "accept_measures": _("Measures found sufficient"),
        "send_back": _("Report on the measures sent back"),
        "close_without_measures": _("Measures closed without any"),
        "lift": _("Suspension ended"),
        "stop_for_good": _("Suspension made permanent"),
    },
    "order": {
        "create": _("Order announced"),
        "state_position": _("Operator stated its position"),
        "record_hearing": _("Hearing of the operator recorded"),
        "issue": _("Order issued"),
        "extend": _("Period of the order extended"),
        "report": _("Order reported as carried out"),
        "accept": _("Order found carried out"),
        "send_back": _("Report on the order sent back"),
        "miss": _("Period of the order missed"),
        "withdraw": _("Announced order withdrawn"),
    },
    "incident": {
        "create": _("Incident reported"),
        "follow_up": _("Incident followed up"),
        "close": _("Incident closed"),
    },
    "inspection": {
        "create": _("Inspection planned"),
        "attach": _("Photo of an inspection attached"),
        "record": _("Inspection recorded"),
        "cancel": _("Inspection cancelled"),
    },
    "remedy_task": {
        "create": _("Task opened for the company"),
        "report": _("Task reported done"),
        "accept": _("Task found done"),
        "send_back": _("Task sent back"),
    },
}
ACTS = {"residents.inform": _("Residents informed")}
NEEDS = {
    "cover_is_complete": _("Insurance or an approved compensation plan is missing to the end of the period."),
    "baseline_is_collected": _("Too little of the plan's baseline has been collected."),
    "residents_are_informed": _("It is not on record that residents were informed."),
    "measures_are_closed": _("The measures against what led to the suspension are not closed."),
    "pilot_is_suspended": _("Only a suspended pilot is stopped for good in this way."),
    "pilot_goes_on": _("This is possible only while the pilot is permitted and goes on."),
    "not_extended_yet": _("The period has been extended already; the law knows one extension."),
}
STEPS = {
    "exemption_is_granted": _("The exemption is granted"),
    "plan_is_locked": _("The analysis plan is locked"),
    "cover_is_complete": _("Insurance runs to the end of the period, or a plan takes its place"),
    "baseline_is_collected": _("The baseline is collected"),
    "residents_are_informed": _("Residents are informed"),
}
CAUSES = {
    "incident": _("Incident"),
    "guardrail": _("Guardrail metric"),
    "inspection": _("Inspection"),
}
HEARD = {
    "statement": _("Written statement"),
    "hearing": _("Hearing"),
    "waiver": _("The operator waived it"),
    "silence": _("No answer by the day"),
}
RESULTS = {
    "in_order": _("In order"),
    "finding": _("Finding"),
    "not_looked_at": _("Not looked at"),
}
LABELS = {
    "code": _("Ground for the suspension"),
    "reason": _("Reason"),
    "measures": _("What was done"),
    "committee_reference": _("Deliberation of the committee"),
    "kind": _("Kind of order"),
    "legal_ground": _("Legal ground"),
    "content": _("What is ordered"),
    "answer_by": _("The operator may answer until"),
    "text": _("Text"),
    "heard_as": _("How the operator was heard"),
    "heard_on": _("Day of the hearing"),
    "appeal": _("How to appeal"),
    "due_on": _("Last day of the period"),
    "city_opinion": _("Opinion of the city"),
    "report": _("What was done"),
    "severity": _("Severity"),
    "happened_at": _("When it happened (Korean time)"),
    "place": _("Place"),
    "what": _("What happened"),
    "deaths": _("Deaths"),
    "injured": _("Injured people"),
    "damage_won": _("Damage in won"),
    "done": _("What was done at once"),
    "planned_on": _("Day of the inspection"),
    "purpose": _("Purpose of the inspection"),
    "is_joint": _("City and ministry inspect together"),
    "inspected_on": _("Inspected on"),
    "present": _("Who was there"),
    "file": _("Photo"),
    "informed_on": _("Informed on"),
    "how": _("How"),
    "link": _("Address of the notice"),
    "incident": _("Number of the incident"),
    "evaluation": _("Number of the evaluation"),
    "document_sha256": _("SHA-256 of the result"),
    "guardrails": _("Guardrail metrics that got worse"),
}


def label(field: str) -> str:
    """What a field is called; of a checklist's field, what its last part is called."""
    parts = {
        "result": gettext("Result"),
        "text": gettext("What is to be put right"),
        "due_on": gettext("To be done by"),
    }
    if field.startswith("items."):
        return parts.get(field.rpartition(".")[2], field)
    return str(LABELS.get(field, field))


def share(found: BaselineShare, least_pct: int) -> str:
    """One sentence: how much of a metric's baseline there is, and where it lacks."""
    name = pick(found.metric, "name")
    if found.is_doubled:
        return gettext("%(metric)s: two sources give readings for the same cell; set one aside.", metric=name)
    facts = {
        "metric": name,
        "filled": f"{found.filled:,}",
        "cells": f"{found.cells:,}",
        "least": least_pct,
    }
    said = gettext(
        "%(metric)s: %(filled)s of %(cells)s cells hold readings; %(least)s per cent are needed.", **facts
    )
    if not found.lacks:
        return said
    lacks = ", ".join(f"{pick(each.district, 'name')} ({each.missing})" for each in found.lacks)
    empty = gettext("Empty cells by district: %(districts)s.", districts=lacks)
    return f"{said} {empty}"
