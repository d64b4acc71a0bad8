"""What happens within a period, and its report, in words: states, acts, deeds, fields and what is missing."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext, lazy_gettext

from sandbox.web.filters import day, pick, provision

_ = lazy_gettext

KINDS = {
    "change": _("Changes"),
    "extension": _("Extension of the period"),
    "law_request": _("Request to amend the law"),
    "conversion": _("Conversion to an innovation project"),
    "revocation": _("Revocation"),
    "permit": _("Ordinary permit"),
    "report": _("Final report"),
}
_COMMON = {
    "filed": (_("Filed"), "information"),
    "consulting": (_("In consultation"), "information"),
    "deliberated": (_("Deliberated"), "information"),
    "refused": (_("Refused"), "danger"),
    "withdrawn": (_("Withdrawn"), "neutral"),
}
STATUSES: dict[str, dict[str, tuple[Any, str]]] = {
    "change": _COMMON
    | {"recorded": (_("Recorded as minor"), "success"), "approved": (_("Approved"), "success")},
    "extension": _COMMON | {"granted": (_("Granted"), "success")},
    "law_request": _COMMON
    | {
        "under_review": (_("Under review"), "information"),
        "escalated": (_("With the Regulatory Rationalisation Committee"), "warning"),
        "needed": (_("Amendment needed"), "success"),
        "not_needed": (_("Amendment not needed"), "neutral"),
    },
    "revocation": {
        "open": (_("Proceeding open"), "warning"),
        "revoked": (_("Revoked"), "danger"),
        "dropped": (_("Ended without revocation"), "neutral"),
    },
    "report": {
        "draft": (_("Draft"), "neutral"),
        "filed": (_("Filed"), "information"),
        "supplement_asked": (_("Supplement demanded"), "warning"),
        "accepted": (_("Accepted"), "success"),
    },
}
VERBS: dict[str, dict[str, Any]] = {
    "change": {
        "file": _("File a change"),
        "contest": _("Classify the recorded change as major"),
        "consult": _("Consult the ministries on the change"),
        "reply": _("Reply on the change"),
        "deliberate": _("Record the committee's resolution on the change"),
        "approve": _("Approve the change"),
        "refuse": _("Refuse the change"),
        "withdraw": _("Withdraw the change"),
    },
    "extension": {
        "file": _("File for an extension"),
        "deliberate": _("Record the committee's resolution on the extension"),
        "grant": _("Grant the extension"),
        "refuse": _("Refuse the extension"),
        "withdraw": _("Withdraw the extension"),
    },
    "law_request": {
        "file": _("Request the amendment of the law"),
        "assess": _("Assess the request by the criteria"),
        "escalate": _("Take the request to the Regulatory Rationalisation Committee"),
        "find_needed": _("Notify that the amendment is needed"),
        "find_not_needed": _("Notify that the amendment is not needed"),
        "withdraw": _("Withdraw the request to amend the law"),
        "complete": _("Record that the amendment is complete"),
    },
    "conversion": {"begin": _("Begin the application for conversion")},
    "revocation": {
        "open": _("Open a proceeding to revoke"),
        "consult_city": _("Give the city's opinion on the revocation"),
        "deliberate": _("Record the committee's deliberation on the revocation"),
        "invite": _("Record the invitation to the hearing"),
        "hear": _("Record the hearing"),
        "revoke": _("Revoke the approval"),
        "drop": _("End the proceeding without revocation"),
    },
    "permit": {"file": _("Report the ordinary permit"), "confirm": _("Confirm the ordinary permit")},
    "report": {
        "save": _("Write the report"),
        "file": _("Sign and file the report"),
        "demand": _("Demand a supplement"),
        "supplement": _("Answer the demand"),
        "file_again": _("File the supplemented report"),
        "accept": _("Accept the report"),
        "consent": _("Agree to publish the report"),
        "prove": _("Give written proof"),
    },
}
DEEDS: dict[str, dict[str, Any]] = {
    "change": {
        "create": _("Change filed"),
        "contest": _("Change classified as major"),
        "consult": _("Ministries consulted on a change"),
        "reply": _("Ministry replied on a change"),
        "deliberate": _("Committee deliberated on a change"),
        "approve": _("Change approved"),
        "refuse": _("Change refused"),
        "withdraw": _("Change withdrawn"),
    },
    "extension": {
        "create": _("Extension filed"),
        "deliberate": _("Committee deliberated on the extension"),
        "grant": _("Extension granted"),
        "refuse": _("Extension refused"),
        "withdraw": _("Extension withdrawn"),
    },
    "law_request": {
        "create": _("Amendment of the law requested"),
        "assess": _("Request to amend the law assessed"),
        "escalate": _("Request to amend the law escalated"),
        "find_needed": _("Amendment found needed"),
        "find_not_needed": _("Amendment found not needed"),
        "withdraw": _("Request to amend the law withdrawn"),
        "complete": _("Amendment of the law complete"),
    },
    "revocation": {
        "create": _("Proceeding to revoke opened"),
        "consult_city": _("City consulted on the revocation"),
        "deliberate": _("Committee deliberated on the revocation"),
        "invite": _("Operator invited to the hearing"),
        "hear": _("Hearing on record"),
        "revoke": _("Approval revoked"),
        "drop": _("Proceeding ended without revocation"),
    },
    "report": {
        "create": _("Report begun"),
        "save": _("Report changed"),
        "file": _("Report filed"),
        "demand": _("Supplement demanded"),
        "supplement": _("Demand answered"),
        "file_again": _("Supplemented report filed"),
        "accept": _("Report accepted"),
        "consent": _("Publication agreed to"),
        "prove": _("Written proof given"),
    },
}
ACTS = {
    "conversion.create": _("Application for conversion begun"),
    "conversion.file": _("Conversion applied for"),
    "permit.create": _("Ordinary permit reported"),
}
NEEDS = {
    "pilot_goes_on": _("A change is filed between the approval and the end of the pilot."),
    "pilot_runs": _("The pilot does not run."),
    "no_extension_yet": _("The period has been extended once; the law knows no second extension."),
    "period_goes_on": _("The period has ended."),
    "filed_in_time": _("The last day for this has passed."),
    "cover_reaches_the_new_end": _("The insurance does not reach to the new end of the period."),
    "committee_agrees": _("The committee has not agreed."),
    "every_ministry_replied_again": _("Not every ministry has replied. Silence is not consent."),
    "change_still_stands": _("What was changed has been changed again since."),
    "nothing_else_changed_it": _("What is to be changed was changed in another way since."),
    "every_criterion_is_assessed": _("The request has to be assessed by every criterion first."),
    "kind_requests_amendments": _("The operator of this kind of project does not request amendments."),
    "deemed_until_the_amendment": _("The period is not deemed extended until an amendment."),
    "amendment_is_needed": _("Nobody has found that the law is to be amended."),
    "no_conversion_yet": _("An application for conversion has been begun already."),
    "city_was_consulted": _("The city has not been consulted."),
    "committee_deliberated": _("The committee has not deliberated."),
    "operator_was_invited": _("The operator has not been invited to a hearing."),
    "operator_was_heard": _("The operator has not been heard."),
    "hearing_was_held": _("The day of the hearing has not come."),
    "permit_is_reported": _("The operator has not reported a permit."),
    "due_report_is_filed": _("The period has ended, and the company has not filed its final report."),
    "report_is_complete": _("The report does not contain everything that the law asks for."),
    "every_demand_is_answered": _("Not every demand has been answered."),
    "demand_is_open": _("No demand is open."),
    "period_has_ended": _("The report is filed once the period has ended."),
    "period_is_granted": _("There is no granted period to report on."),
    "consent_is_missing": _("The report is not filed yet, or this side has agreed already."),
    "report_is_filed": _("The report is not filed yet."),
}
LABELS = {
    "field": _("What changes"),
    "nature": _("Kind of change"),
    "after": _("New wording"),
    "reason": _("Reason"),
    "agrees": _("Agrees"),
    "text": _("Text"),
    "held_on": _("Day of the meeting"),
    "meeting": _("Number of the meeting"),
    "months": _("Months"),
    "results": _("Results that show the need"),
    "wanted": _("What of the law should change"),
    "ground": _("Ground"),
    "facts": _("Facts"),
    "opinion": _("Opinion"),
    "invited_on": _("Day of the invitation"),
    "hearing_on": _("Day of the hearing"),
    "place": _("Place"),
    "operator_came": _("The operator came"),
    "restoration": _("Duty to restore"),
    "compensation": _("Duty to compensate"),
    "law": _("Amended law"),
    "amended_on": _("Amended on"),
    "office": _("Office that gave the permit"),
    "permit_number": _("Number of the permit"),
    "permitted_on": _("Permitted on"),
    "due_on": _("Due on"),
    "answer": _("Answer"),
}
FIELDS = {
    "title_ko": _("Title in Korean"),
    "title_en": _("Title in English"),
    "summary_ko": _("Summary in Korean"),
    "summary_en": _("Summary in English"),
    "technology": _("Technology"),
    "contact": _("Contact"),
    "operator_name_ko": _("Name of the operator in Korean"),
    "operator_name_en": _("Name of the operator in English"),
    "operator_address": _("Address of the operator"),
    "articles": _("Articles, one to a line"),
    "districts": _("Districts by code, one to a line"),
}
PHASES = {
    "before_the_plan": _("Before the analysis plan was locked"),
    "before_results": _("Before any result was known"),
    "after_results": _("After results were known"),
}
PATTERNS = (
    (
        r"At most (?P<count>\d+) characters, in one line where it was one\.",
        _("At most %(count)s characters, in one line where it was one."),
    ),
    (
        r"Under this rule at most (?P<count>\d+) letters change\.",
        _("Under this rule at most %(count)s letters change."),
    ),
    (r"This territory has no district (?P<code>.+)\.", _("This territory has no district %(code)s.")),
    (
        r"The time limit of this ground has not run out \((?P<source>.+)\)\.",
        _("The time limit of this ground has not run out (%(source)s)."),
    ),
    (
        r"Between invitation and hearing lie at least (?P<count>\d+) days \((?P<source>.+)\)\.",
        _("Between invitation and hearing lie at least %(count)s days (%(source)s)."),
    ),
    (r"At most (?P<count>\d+) demands\.", _("At most %(count)s demands.")),
)
COMPLAINTS = (
    _("This regime has no such rule."),
    _("This rule is not open to what is to be changed."),
    _("This cannot be changed here."),
    _("Nothing would change."),
    _("At most 120 characters on a line."),
    _("The meeting has not been held yet."),
    _("The meeting lies before what it is about."),
    _("The committee fixes the length of the extension."),
    _("Without agreement there is no length."),
    _("The invitation goes out in the course of this proceeding."),
    _("The hearing lies too far ahead."),
    _("The permit is older than the amended law."),
    _("The permit has not been given yet."),
    _("The day lies ahead, and within a year."),
)


def too_late(error: Any) -> str:
    """The arithmetic of a right that was lost."""
    return gettext(
        "Too late by law (%(source)s): counted from %(event)s, the last day was %(due)s; today is %(today)s.",
        source=provision(error.rule.source),
        event=day(error.event_on),
        due=day(error.due_on),
        today=day(error.today),
    )


def field_name(pilot: Any, field: str) -> str:
    """What of the pilot `field` is."""
    if field.startswith("contents."):
        items = {f"contents.{item.id}": item for item in pilot.exemption.regime.plan_contents}
        return pick(items[field], "name") if field in items else field
    return str(FIELDS[field])


def label(name: str, kind: str = "") -> str:
    """What a field is called, in the form of this kind of act."""
    if (kind, name) == ("revocation", "ground"):
        return gettext("Ground for revocation")
    return str(LABELS.get(name, name))
