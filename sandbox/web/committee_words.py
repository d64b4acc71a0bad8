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
    "cancelled": (_("Cancelled"), "neutral"),
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
    "cancel": _("Cancel the meeting"),
    "close": _("Close the meeting"),
    "sign": _("Sign the minutes"),
}
MEETING_DEEDS = {
    "create": _("Meeting planned"),
    "edit": _("Agenda or minutes changed"),
    "call": _("Meeting called"),
    "cancel": _("Meeting cancelled"),
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
NEEDS |= {
    "regime_has_a_committee": _("This law knows no committee."),
    "a_case_is_on_the_agenda": _("Put at least one case on the agenda first."),
    "meeting_lies_ahead": _(
        "The first day of the meeting is too near or has passed. Move it to a later day."
    ),
    "members_are_seated": _("Nobody has a seat on the first day of the meeting."),
    "every_item_is_resolved": _("Every case on the agenda needs its resolution first."),
    "minutes_are_written": _("The minutes have to be written first."),
    "minutes_can_be_written": _("Minutes are written from the call on until a chair has signed them."),
    "oral_meeting_is_called": _("Attendance is noted in a meeting that has been called."),
    "deliberation_has_begun": _("The deliberation has not begun yet."),
    "written_window_is_open": _("The time for written votes is over."),
    "written_window_is_over_or_all_voted": _(
        "Written votes are counted once everybody has voted or the time is over."
    ),
    "attendance_is_noted": _("Only members who are noted as present vote."),
    "no_conflict_is_declared": _("You have declared a conflict in this case. It stands."),
    "interest_is_declared": _("Declare your interests in this case first."),
    "experts_have_assessed": _(
        "At least one expert has to assess the case, and everybody asked has to declare interests."
    ),
}
RULES = {
    "keeper_of_the_committee": _("Only the secretariat of the committee may do this."),
    "chair_of_the_meeting": _("Only a co-chair who was called to the meeting signs its minutes."),
    "member_called_to_the_meeting": _("Only members who were called to this meeting take part."),
    "member_who_is_not_recused": _("You are recused from this case."),
    "expert_who_was_asked": _("Only the expert who was asked may do this."),
    "secretariat_or_reviewer_of_the_lead": _(
        "Only the secretariat or a reviewer of the lead ministry may do this."
    ),
}
LABELS = {
    "codes": _("Reasons of the law"),
    "against": _("Why the committee is not followed"),
}
COMMITTEE_LABELS = {
    "mode": _("How the committee deliberates"),
    "begins_on": _("From"),
    "ends_on": _("To"),
    "person": _("Person"),
    "affiliation": _("Office or company they come from"),
    "is_chair": _("Co-chair"),
    "from_on": _("From"),
    "until_on": _("To"),
    "case": _("Case"),
    "attended": _("Present"),
    "has_conflict": _("Conflict of interest"),
    "reason": _("What the conflict is"),
    "choice": _("Vote"),
    "minutes": _("Minutes"),
    "text": _("Opinion"),
    "recommendation": _("Recommendation"),
}
DONE = {
    "add_item": _("The case is on the agenda."),
    "remove_item": _("The case is off the agenda."),
    "redate": _("The meeting has other days now."),
    "cancel": _("The meeting is cancelled."),
    "call": _("The meeting is called; its cases are tabled."),
    "note_attendance": _("Attendance is noted."),
    "declare": _("Your declaration is recorded."),
    "vote": _("Your vote is recorded."),
    "resolve": _("The resolution is recorded."),
    "write_minutes": _("The minutes are saved."),
    "close": _("The meeting is closed."),
    "sign": _("The minutes are signed."),
    "ask_expert": _("The expert is asked."),
    "declare_as_expert": _("Your declaration is recorded."),
    "assess": _("Your assessment is recorded."),
    "report_experts": _("The experts' report is in the file."),
}
MODES = {"oral": _("In a meeting"), "written": _("In writing")}
WHY = {
    "majority": _("Resolved by majority"),
    "no_quorum": _("No quorum: the case stays put off"),
    "no_majority": _("No majority for any resolution: the case stays put off"),
}
ACTS = {
    "seat.appoint": _("Seat on a committee given"),
    "seat.end": _("Seat on a committee ended"),
    "meeting.redate": _("Meeting moved to other days"),
    "meeting.add_item": _("Case put on an agenda"),
    "meeting.remove_item": _("Case taken off an agenda"),
    "meeting.note_attendance": _("Attendance noted"),
    "meeting.declare": _("Interest declared"),
    "meeting.vote": _("Vote cast"),
    "meeting.resolve": _("Resolution counted"),
    "meeting.write_minutes": _("Minutes written"),
    "exemption.ask_expert": _("Expert asked"),
    "exemption.declare_as_expert": _("Expert declared interests"),
    "exemption.assess": _("Expert assessed the case"),
}
COMPLAINTS = (
    _("The period begins before the day of the decision."),
    _("Name at least one reason of the law."),
    _("The committee resolved otherwise. Say why it is not followed."),
    _("This decision follows the committee; leave this empty."),
    _("The meeting ends before it begins."),
    _("An oral meeting is held on one day."),
    _("A written deliberation is open for at most 60 days."),
    _("This committee does not deliberate in this way."),
    _("This case belongs to another committee."),
    _("This case is on an agenda already."),
    _("Say what the conflict is."),
    _("Leave this empty."),
    _("Only somebody with the role of a committee member has a seat."),
    _("The seat ends before it begins."),
    _("This person has a seat in that time."),
    _("Only somebody with the role of an expert is asked."),
    _("Whoever comes from a party to the case is not asked."),
    _("This expert has been asked already."),
    _("The regime knows no such criterion."),
)
PATTERNS = (
    (
        r"The meeting begins on (?P<day>.+) at the earliest\.",
        _("The meeting begins on %(day)s at the earliest."),
    ),
    (
        r"The period begins more than (?P<months>\d+) months after the decision \((?P<source>.+)\)\.",
        _("The period begins more than %(months)s months after the decision (%(source)s)."),
    ),
    (
        r"longer than the (?P<months>\d+) months that were applied for",
        _("longer than the %(months)s months that were applied for"),
    ),
    (r"A score from 1 to (?P<highest>\d+) is needed\.", _("A score from 1 to %(highest)s is needed.")),
    (r"no such reason: (?P<codes>.+)", _("no such reason: %(codes)s")),
    (r"at most (?P<most>\d+) cases on one agenda", _("at most %(most)s cases on one agenda")),
    (r"not called to this meeting: (?P<people>.+)", _("not called to this meeting: %(people)s")),
)
