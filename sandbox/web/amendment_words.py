"""What items of the law-amendment board, lines of evidence, uncertainties and guidance are called."""

from __future__ import annotations

from flask_babel import lazy_gettext

_ = lazy_gettext

STATUSES = {
    "identified": (_("Identified"), "neutral"),
    "requested": (_("Amendment requested"), "information"),
    "under_review": (_("Under review"), "information"),
    "not_needed": (_("Amendment not needed"), "neutral"),
    "needed": (_("Amendment needed"), "warning"),
    "escalated": (_("Before the Regulatory Rationalisation Committee"), "warning"),
    "started": (_("Amendment started"), "progress"),
    "completed": (_("Amendment completed"), "success"),
    "in_force": (_("In force"), "success"),
}
VERBS = {
    "request": _("Request the amendment"),
    "request_by_operator": _("Follow an operator's request"),
    "review": _("Begin the review"),
    "find_needed": _("Find that an amendment is needed"),
    "find_not_needed": _("Find that no amendment is needed"),
    "escalate": _("Take it to the Regulatory Rationalisation Committee"),
    "start": _("Start the amendment"),
    "complete": _("Report the amendment as completed"),
    "enter_into_force": _("Note the entry into force"),
}
DEEDS = {
    "create": _("Article put on the board"),
    "request": _("Amendment of an article requested"),
    "request_by_operator": _("Amendment of an article requested by an operator"),
    "review": _("Review of an article begun"),
    "find_needed": _("Amendment of an article found needed"),
    "find_not_needed": _("Amendment of an article found not needed"),
    "escalate": _("Article taken to the Regulatory Rationalisation Committee"),
    "start": _("Amendment of an article started"),
    "complete": _("Amendment of an article completed"),
    "enter_into_force": _("Amended article in force"),
}
UNCERTAINTY_STATUSES = {
    "named": (_("Not settled"), "warning"),
    "answered": (_("Answered"), "success"),
    "tested": (_("Tested"), "success"),
    "declared_open": (_("Declared open"), "neutral"),
}
UNCERTAINTY_VERBS = {
    "link": _("Say what is to settle it"),
    "answer": _("Answer it"),
    "test": _("Note the test"),
    "declare_open": _("Declare it open"),
    "reopen": _("Take it up again"),
}
UNCERTAINTY_DEEDS = {
    "create": _("Uncertainty named"),
    "link": _("Uncertainty linked"),
    "answer": _("Uncertainty answered"),
    "test": _("Uncertainty tested"),
    "declare_open": _("Uncertainty declared open"),
    "reopen": _("Uncertainty taken up again"),
}
GUIDANCE_STATUSES = {
    "given": (_("Given"), "information"),
    "stated": (_("Company has stated"), "progress"),
    "confirmed": (_("Confirmed"), "success"),
    "contested": (_("Contested"), "warning"),
}
GUIDANCE_VERBS = {
    "state": _("State whether it was followed"),
    "confirm": _("Confirm the statement"),
    "contest": _("Contest the statement"),
}
GUIDANCE_DEEDS = {
    "create": _("Guidance recorded"),
    "state": _("Following of guidance stated"),
    "confirm": _("Following of guidance confirmed"),
    "contest": _("Following of guidance contested"),
}
ACTS = {
    "amendment.link": _("Case linked to an article of the board"),
    "amendment.write": _("Wording of an amendment drafted"),
    "amendment.hand_over": _("Article handed to the competent ministry"),
    "amendment.report": _("Step of an amendment reported to the committee"),
    "amendment_evidence.enter": _("Evidence for amending the law named"),
    "amendment_evidence.remove": _("Evidence for amending the law taken back"),
}
NEEDS = {
    "every_article_has_its_evidence": _(
        "An article has no evidence yet: what would show that it has to change must be named first."
    ),
    "wording_is_drafted": _("The wording of the amendment has not been drafted."),
    "line_can_be_taken_back": _("Evidence that the grant rests on stays."),
    "step_is_not_reported": _("This step has been reported to the committee already."),
    "every_uncertainty_is_settled": _(
        "An uncertainty named at approval is neither answered, nor tested, nor declared open."
    ),
}
SHOWN_BY = {"metric": _("A collected metric"), "document": _("A document")}
LINKED_TO = {
    "metric": _("A metric (its code)"),
    "condition": _("A condition (its number)"),
    "plan_item": _("An item of the plan"),
    "nothing_yet": _("Nothing yet"),
}
LABELS = {
    "article": _("Article"),
    "criterion": _("What it speaks for"),
    "shown_by": _("What supplies it"),
    "metric": _("Metric"),
    "document": _("Document"),
    "would_show": _("What it would show"),
    "draft": _("Proposed wording"),
    "assessment": _("What the evidence says so far"),
    "in_force_on": _("In force since"),
    "reported_on": _("Reported on"),
    "meeting": _("Meeting of the committee"),
    "ministry": _("Competent ministry"),
    "reason": _("Reason"),
    "text": _("Text"),
    "linked_to": _("What is to settle it"),
    "link": _("Code, number or item"),
    "given_on": _("Given on"),
    "is_followed": _("Was it followed?"),
    "statement": _("How, or why not"),
}


def label(field: str) -> str:
    return str(LABELS[field])


STATUSES_BY_KIND = {
    "amendment": STATUSES,
    "uncertainty": UNCERTAINTY_STATUSES,
    "guidance": GUIDANCE_STATUSES,
}
VERBS_BY_KIND = {"amendment": VERBS, "uncertainty": UNCERTAINTY_VERBS, "guidance": GUIDANCE_VERBS}
DEEDS_BY_KIND = {"amendment": DEEDS, "uncertainty": UNCERTAINTY_DEEDS, "guidance": GUIDANCE_DEEDS}
