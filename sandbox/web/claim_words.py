"""What claims for damage are called: states, deeds, fields and the acts that answer them."""

from __future__ import annotations

from flask_babel import lazy_gettext

_ = lazy_gettext

STATUSES = {
    "filed": (_("Filed"), "information"),
    "informed": (_("Claimant informed"), "progress"),
    "paid": (_("Paid"), "success"),
    "refused": (_("Refused with proof"), "danger"),
    "reported": (_("Answered and reported"), "neutral"),
}
VERBS = {
    "inform": _("Inform the claimant"),
    "pay": _("Note the payment"),
    "refuse": _("Refuse with proof"),
    "report": _("Report to the Minister"),
}
DEEDS = {
    "create": _("Claim for damage filed"),
    "inform": _("Claimant informed about insurance or compensation"),
    "attach": _("File attached to the proof of a refusal"),
    "pay": _("Claim for damage paid"),
    "refuse": _("Claim for damage refused with proof"),
    "report": _("Outcome of a claim reported"),
}
ACTS = {
    "claim.file": _("Claim for damage filed"),
    "claim.erase": _("Personal data of a claim erased"),
}
NEEDS = {
    "pilot_was_started": _("Damage can be claimed once the pilot has started."),
    "regime_knows_claims": _("The law of this pilot knows no claims of this kind."),
}
LABELS = {
    "file": _("File that proves a refusal"),
    "information": _("What the claimant is told"),
    "paid_won": _("Sum paid"),
    "paid_on": _("Paid on"),
    "refusal": _("Why the claim is refused"),
    "proof": _("What proves it"),
    "report": _("What became of the claim"),
}
DONE = {
    "inform": _("The claimant can read it under the link of the receipt."),
    "pay": _("The payment is noted. The time for the report to the Minister runs now."),
    "refuse": _("The refusal is noted. The time for the report to the Minister runs now."),
    "report": _("The outcome is reported."),
}


def label(field: str) -> str:
    return str(LABELS[field])


def done(verb: str) -> str:
    """What to tell whoever just did `verb`."""
    return str(DONE[verb])
