"""What a committee's work is called: resolutions, meetings, votes, and the steps they bring to a case."""

from __future__ import annotations

from flask_babel import lazy_gettext

_ = lazy_gettext

ROLES = {
    "secretariat": _("Secretariat"),
    "committee_member": _("Committee member"),
    "expert": _("Expert"),
}
EXEMPTION_STATUSES = {
    "returned": (_("Returned"), "warning"),
    "expert_done": (_("Experts have reported"), "information"),
    "tabled": (_("On the committee's agenda"), "information"),
    "resolved": (_("Committee has resolved"), "information"),
    "not_required": (_("No exemption needed"), "success"),
}
PILOT_STATUSES = {"not_required": (_("No exemption needed"), "success")}
RESOLUTIONS = {
    "approve": (_("Approve"), "success"),
    "approve_with_conditions": (_("Approve with conditions"), "success"),
    "modify": (_("Have it modified"), "warning"),
    "reject": (_("Reject"), "danger"),
    "not_required": (_("No exemption needed"), "success"),
    "defer": (_("Put off"), "warning"),
}
MEETINGS = {
    "planned": (_("Being prepared"), "neutral"),
    "called": (_("Called"), "information"),
    "closed": (_("Closed, minutes to be signed"), "warning"),
    "signed": (_("Minutes signed"), "success"),
}
EXEMPTION_VERBS = {
    "revise": _("Change the returned application"),
    "report_experts": _("Report of the experts"),
    "table": _("Put on the agenda"),
    "resolve": _("Record the resolution"),
    "modify": _("Modify the application"),
    "refile": _("Sign the modified application"),
    "find_not_required": _("Find that no exemption is needed"),
}
EXEMPTION_DEEDS = {
    "revise": _("Returned application changed"),
    "report_experts": _("Experts have reported"),
    "table": _("Put on the committee's agenda"),
    "resolve": _("Committee has resolved"),
    "modify": _("Application modified"),
    "refile": _("Modified application signed and filed"),
    "find_not_required": _("Found that no exemption is needed"),
}
PILOT_DEEDS = {"find_not_required": _("Found that no exemption is needed")}
MEETING_VERBS = {
    "call": _("Call the meeting"),
    "close": _("Close the meeting"),
    "sign": _("Sign the minutes"),
}
MEETING_DEEDS = {
    "create": _("Meeting planned"),
    "edit": _("Agenda or minutes changed"),
    "call": _("Meeting called"),
    "close": _("Meeting closed"),
    "sign": _("Minutes signed"),
}
NEEDS = {
    "committee_has_resolved": _("The committee has not resolved on this case."),
    "file_is_as_resolved": _(
        "The file has changed since the committee resolved on it. It must be tabled again."
    ),
    "file_has_changed": _("Nothing has been modified since the committee resolved."),
    "committee_takes_it": _("The committee has resolved on this case, or this law knows no committee."),
}
RULES = {
    "secretariat_or_reviewer_of_the_lead": _(
        "Only the secretariat or a reviewer of the lead ministry may do this."
    ),
}
LABELS = {
    "codes": _("Reasons of the law"),
    "against": _("Why the committee is not followed"),
}
