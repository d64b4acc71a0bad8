"""What answers about risk and sign-offs are called."""

from __future__ import annotations

from flask_babel import lazy_gettext

_ = lazy_gettext

ACTS = {
    "risk.answer": _("Questions about risk answered"),
    "sign_off.give": _("Sign-off given"),
    "sign_off.take_back": _("Sign-off taken back"),
}
NEEDS = {
    "risk_questions_are_answered": _("A question about risk is not answered."),
    "every_sign_off_is_given": _("A sign-off that an answer about risk calls for is missing."),
    "regime_asks_about_risk": _("This regime asks nothing about risk."),
    "answers_are_with_others": _("The answers about risk can no longer be changed by you."),
    "answer_calls_for_it": _("No answer calls for this sign-off."),
    "sign_off_is_missing": _("This sign-off is given already."),
    "case_is_filed_and_undecided": _("Sign-offs are given from the filing to the decision."),
}
RULES = {
    "reviewer_who_signs_this": _("Another office gives this sign-off."),
    "author_or_lead_ministry": _("The company answers until it has filed, and the lead ministry after it."),
}
SIGNERS = {"lead": _("Lead ministry"), "city": _("City")}
LABELS = {"statement": _("What was looked at, and what it came to"), "reason": _("Reason")}
