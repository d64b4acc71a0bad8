"""What codes are called: statuses, verbs, roles, findings, guards, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext, lazy_gettext

from experiments.errors import BrokenRecord, Invalid, NotFound, Refused, WrongMoment
from sandbox.accounts import Person, TooManyAttempts
from sandbox.claims.filing import TooManyClaims
from sandbox.period.late import TooLate
from sandbox.pilots.parts import Deed
from sandbox.regimes.committees import CommitteeRules
from sandbox.web import (
    amendment_words,
    claim_words,
    committee_words,
    condition_words,
    drawing,
    measure_words,
    period_words,
    risk_words,
    similar_words,
    team_words,
    webhook_words,
)
from sandbox.web.filters import instant, pick

_ = lazy_gettext

HTTP_TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Not possible now",
    413: "Too large",
    415: "Not JSON",
    422: "Not accepted",
    428: "Version needed",
    429: "Too many attempts",
    500: "Something broke",
}

ROLES = {
    "company_author": _("Company author"),
    "company_signatory": _("Company signatory"),
    "city_reviewer": _("City reviewer"),
    "ministry_reviewer": _("Ministry reviewer"),
    "decider": _("Decider"),
    "evaluator": _("Evaluator"),
    "city_data_officer": _("City data officer"),
    **committee_words.ROLES,
    "auditor": _("Auditor"),
    "administrator": _("Administrator"),
    "service": _("The service"),
    "resident": _("Resident"),
}

STATUSES: dict[str, dict[str, tuple[Any, str]]] = {
    "pilot": {
        "draft": (_("Draft"), "neutral"),
        "in_review": (_("In review"), "information"),
        "returned": (_("Returned"), "warning"),
        "approved": (_("Approved"), "success"),
        "running": (_("Running"), "progress"),
        "suspended": (_("Suspended"), "warning"),
        "extended": (_("Running, period extended"), "progress"),
        "deemed_extended": (_("Running, period deemed extended"), "progress"),
        "report_due": (_("Ended, report due"), "warning"),
        "reported": (_("Final report filed"), "information"),
        "concluded": (_("Concluded"), "success"),
        "stopped": (_("Stopped"), "danger"),
        "revoked": (_("Revoked"), "danger"),
        "regularised": (_("Ordinary permit obtained"), "success"),
        "converted": (_("Converted to an innovation project"), "success"),
        "rejected": (_("Rejected"), "danger"),
        "withdrawn": (_("Withdrawn"), "neutral"),
        **committee_words.PILOT_STATUSES,
    },
    "exemption": {
        "draft": (_("Draft"), "neutral"),
        "local_review": (_("With the city"), "information"),
        "local_done": (_("City has answered"), "information"),
        "submitted": (_("Filed"), "information"),
        "consulting": (_("In consultation"), "information"),
        "consulted": (_("Consultation closed"), "information"),
        "approved": (_("Granted"), "success"),
        "rejected": (_("Rejected"), "danger"),
        "withdrawn": (_("Withdrawn"), "neutral"),
        **committee_words.EXEMPTION_STATUSES,
    },
    "confirmation": {
        "draft": (_("Draft"), "neutral"),
        "received": (_("Request received"), "information"),
        "waiting": (_("With the agencies"), "information"),
        "all_in": (_("Every agency has answered"), "information"),
        "notified": (_("Company notified"), "success"),
        "withdrawn": (_("Withdrawn"), "neutral"),
    },
    "resolution": committee_words.RESOLUTIONS,
    "meeting": committee_words.MEETINGS,
    "confirmation_outcome": {
        "free_to_operate": (_("No permit needed"), "success"),
        "permit_needed": (_("Permit needed"), "warning"),
        "mixed": (_("Permit needed in part"), "warning"),
    },
    "agency_reply": {
        "not_ours": (_("Not competent"), "neutral"),
        "no_permit": (_("No permit needed"), "success"),
        "permit_needed": (_("Permit needed"), "warning"),
        "deemed_not_required": (_("Deemed not required"), "success"),
    },
    "compensation": {
        "filed": (_("Waits for the ministry"), "information"),
        "approved": (_("Approved in place of insurance"), "success"),
        "refused": (_("Not approved"), "danger"),
    },
    "fast_track": similar_words.STATUSES,
    "claim": claim_words.STATUSES,
    **measure_words.STATUSES,
    **condition_words.STATUSES_BY_KIND,
    **amendment_words.STATUSES_BY_KIND,
    **period_words.STATUSES,
    "experiment": {
        "draft": (_("Plan in draft"), "neutral"),
        "locked": (_("Plan locked"), "success"),
        "evaluated": (_("Result signed"), "success"),
        "withdrawn": (_("Withdrawn"), "neutral"),
    },
    "evaluation": {
        "requested": (_("Waiting to run"), "information"),
        "running": (_("Running"), "progress"),
        "done": (_("Finished"), "success"),
        "failed": (_("Failed"), "danger"),
    },
    "decision": {
        "proposed": (_("Proposed"), "information"),
        "awaiting_second": (_("Waiting for a second decider"), "warning"),
        "decided": (_("Decided"), "success"),
        "sent_back": (_("Sent back"), "neutral"),
    },
    "attempt": {
        "done": (_("Collected"), "success"),
        "failed": (_("Failed"), "danger"),
        "stale": (_("Superseded"), "neutral"),
    },
    "bid": {
        "submitted": (_("Submitted"), "information"),
        "selected": (_("Selected"), "success"),
        "not_selected": (_("Not selected"), "neutral"),
    },
    "reply": {
        "agree": (_("Agrees"), "success"),
        "agree_with_conditions": (_("Agrees with conditions"), "success"),
        "disagree": (_("Disagrees"), "danger"),
        "not_ours": (_("Not competent"), "neutral"),
    },
    "guardrail": {
        "safe": (_("Shown to be safe"), "success"),
        "unclear": (_("Not yet clear"), "warning"),
        "harmed": (_("Got worse"), "danger"),
        "not_computable": (_("Not computable"), "warning"),
    },
    "diagnostic": {
        "ok": (_("In order"), "success"),
        "caution": (_("Caution"), "warning"),
        "fail": (_("Not met"), "danger"),
    },
}

# Buttons: what a person is about to do.
VERBS: dict[str, dict[str, Any]] = {
    "pilot": {
        "start": _("Start the pilot"),
        "suspend": _("Suspend the pilot"),
        "lift": _("Lift the suspension"),
        "finish": _("Report the end of the pilot"),
    },
    "exemption": {
        "edit": _("Edit the draft"),
        "send_to_city": _("Send to the city"),
        "give_opinion": _("Give the city's opinion"),
        "answer_actions": _("Answer the required actions"),
        "sign": _("Sign and file"),
        "return_filing": _("Return the filing"),
        "open_consultation": _("Open the consultation"),
        "close_consultation": _("Close the consultation"),
        "grant": _("Grant the exemption"),
        "refuse": _("Refuse the exemption"),
        "withdraw": _("Withdraw the application"),
        **committee_words.EXEMPTION_VERBS,
    },
    "meeting": committee_words.MEETING_VERBS,
    "confirmation": {
        "edit": _("Edit the draft"),
        "submit": _("Sign and submit"),
        "route": _("Ask the competent agencies"),
        "take_alone": _("Answer without other agencies"),
        "reply": _("Say whether a permit is needed"),
        "answer": _("Answer the company"),
        "apply": _("Apply for an exemption with this request"),
        "withdraw": _("Withdraw the request"),
    },
    "compensation": {
        "approve": _("Approve the compensation plan"),
        "refuse": _("Refuse the compensation plan"),
    },
    "fast_track": similar_words.VERBS,
    "claim": claim_words.VERBS,
    **measure_words.VERBS,
    **condition_words.VERBS_BY_KIND,
    **amendment_words.VERBS_BY_KIND,
    **period_words.VERBS,
    "experiment": {
        "save_draft": _("Write the analysis plan"),
        "lock": _("Lock the plan"),
        "amend": _("Amend the plan"),
        "sign_result": _("Sign the result"),
        "withdraw": _("Withdraw the registration"),
    },
    "consultation": {
        "reply": _("Reply to the consultation"),
        "ask_supplement": _("Ask for a supplement"),
        "extend_reply": _("Extend the period for the reply"),
    },
    "supplement": {"answer": _("Answer the request for a supplement")},
    "decision": {
        "propose": _("Propose a decision"),
        "decide": _("Decide as proposed"),
        "decide_against": _("Decide against the finding"),
        "confirm": _("Confirm as second decider"),
        "send_back": _("Send back"),
    },
}

MEETING_MODES = committee_words.MODES
RESOLUTION_REASONS = committee_words.WHY

# Timeline: what happened.
DEEDS: dict[str, dict[str, Any]] = {
    "pilot": {
        "create": _("Pilot registered"),
        "edit": _("Draft changed"),
        "revise": _("Returned filing changed"),
        "file": _("Application filed"),
        "return": _("Filing returned"),
        "approve": _("Pilot approved"),
        "reject": _("Pilot rejected"),
        "start": _("Pilot started"),
        "suspend": _("Pilot suspended"),
        "lift": _("Suspension lifted"),
        "finish": _("Pilot finished"),
        "extend": _("Period extended"),
        "run_on_extended": _("Went on in the extended period"),
        "run_on_deemed": _("Went on in the period deemed extended"),
        "deem_extended": _("Period deemed extended"),
        "end_deemed": _("Deemed extension ended"),
        "convert": _("Converted to an innovation project"),
        "end_period": _("Period ended"),
        "report": _("Final report filed"),
        "revoke": _("Exemption revoked"),
        "regularise": _("Ordinary permit obtained"),
        "conclude": _("Pilot concluded"),
        "stop": _("Pilot stopped"),
        "withdraw": _("Application withdrawn"),
        **committee_words.PILOT_DEEDS,
    },
    "exemption": {
        "create": _("Application begun"),
        "edit": _("Application changed"),
        "send_to_city": _("Sent to the city"),
        "give_opinion": _("City gave its opinion"),
        "answer_actions": _("Required actions answered"),
        "sign": _("Application signed and filed"),
        "return_filing": _("Filing returned"),
        "open_consultation": _("Consultation opened"),
        "close_consultation": _("Consultation closed"),
        "grant": _("Exemption granted"),
        "refuse": _("Exemption refused"),
        "withdraw": _("Application withdrawn"),
        **committee_words.EXEMPTION_DEEDS,
    },
    "meeting": committee_words.MEETING_DEEDS,
    "confirmation": {
        "create": _("Request begun"),
        "edit": _("Request changed"),
        "submit": _("Request signed and submitted"),
        "route": _("Agencies asked"),
        "take_alone": _("No other agency is competent"),
        "collect": _("Every agency has answered"),
        "answer": _("Company notified"),
        "apply": _("Application begun with this request"),
        "withdraw": _("Request withdrawn"),
    },
    "compensation": {
        "create": _("Compensation plan filed"),
        "approve": _("Compensation plan approved"),
        "refuse": _("Compensation plan refused"),
    },
    "fast_track": similar_words.DEEDS,
    "claim": claim_words.DEEDS,
    **measure_words.DEEDS,
    **condition_words.DEEDS_BY_KIND,
    **amendment_words.DEEDS_BY_KIND,
    **period_words.DEEDS,
    "experiment": {
        "create": _("Registration opened"),
        "save_draft": _("Plan draft saved"),
        "lock": _("Analysis plan locked"),
        "amend": _("Analysis plan amended"),
        "sign_result": _("Result signed"),
        "withdraw": _("Registration withdrawn"),
    },
    "consultation": {
        "reply": _("Consultation answered"),
        "ask_supplement": _("Supplement asked for"),
        "extend_reply": _("Period for the reply extended"),
    },
    "supplement": {"answer": _("Supplement answered")},
    "decision": {
        "create": _("Decision proposed"),
        "decide": _("Decided"),
        "decide_against": _("First decision against the finding"),
        "confirm": _("Confirmed by a second decider"),
        "send_back": _("Proposal sent back"),
    },
}

OUTCOMES = {
    "invalid": (_("Evidence not valid"), "warning"),
    "safety_stop": (_("Stop for safety"), "danger"),
    "expand_nationwide": (_("Expand nationwide"), "success"),
    "expand_conditional": (_("Expand with conditions"), "success"),
    "extend_pilot": (_("Extend the pilot"), "information"),
    "redesign_rerun": (_("Redesign and run again"), "warning"),
    "stop": (_("Stop"), "danger"),
    "amend_law_only": (_("Amend the law only"), "information"),
}

RULE_INPUTS = {
    "coverage": _("Share of readings present"),
    "coverage_difference": _("Difference in readings present, treated and control"),
    "late_difference": _("Difference in late readings, treated and control"),
    "device_difference": _("Difference in districts with a new device, treated and control"),
    "unit_changes": _("Districts that look as if their unit had changed"),
    "pre_fit": _("Misfit before the start, relative to the outcome's spread"),
    "pre_trend_p": _("p-value of different trends before the start"),
    "primary.benefit": _("Estimated benefit"),
    "primary.benefit_low": _("Benefit, lower end of the interval"),
    "primary.benefit_high": _("Benefit, upper end of the interval"),
    "primary.p_value": _("p-value of no effect"),
    "guardrails.harmed": _("Guardrails that got worse beyond their margin"),
    "guardrails.not_shown_safe": _("Guardrails not shown to be safe"),
    "sites": _("Sites with evidence"),
}

COMPARISONS = {
    "at_least": _("at least"),
    "at_most": _("at most"),
    "above": _("above"),
    "below": _("below"),
}

UNKNOWN_REASONS = {
    "not_part_of_this_design": _("not part of this design"),
    "unbounded": _("the interval has no end on this side"),
}

MISSING_RECORDS = {
    "locked plan": _("No analysis plan has been locked yet, or there is no such version."),
    "signed result": _(
        "The data and the result are published together, once an evaluator has signed the result."
    ),
    "token": _("There is no such token of this source."),
    "telemetry": _("The company has not opened a source for its own readings."),
    **team_words.MISSING,
    "claim form": _("No damage can be claimed here: the pilot has not started, or its law knows no claims."),
}

NEEDS = {
    "contents_complete": _("The plan contents are not complete."),
    "every_required_action_is_answered": _("Every action that the city requires must be answered first."),
    "every_required_file_is_attached": _(
        "A file that the law asks for is missing; the list of files names it."
    ),
    "files_can_be_added": _("Files are added while the application is written or a supplement is asked for."),
    "file_is_not_filed_yet": _("A file that was filed stays in the case."),
    **committee_words.NEEDS,
    "every_ministry_replied": _("Not every ministry has replied. Silence is not consent."),
    "every_agency_replied": _("Not every agency has replied."),
    "ministry_has_not_replied": _("This ministry has replied already. A reply is given once."),
    "supplement_waits": _("This request for a supplement waits for no answer any more."),
    "agency_is_asked": _(
        "Your office is not asked any more: it has replied, or its time has run out and the law has replied."
    ),
    "asks_for_a_permit": _("No agency asks for a permit: there is nothing to apply for."),
    "no_application_yet": _("An application has been begun with this request already."),
    "exemption_is_granted": _("The exemption has not been granted."),
    "pilot_is_approved_and_goes_on": _(
        "A policy is filed once the exemption is granted, and until the pilot ends."
    ),
    "plan_is_locked": _("The analysis plan has not been locked."),
    "result_is_signed": _("An evaluator has to sign the result first."),
    "no_open_proposal": _("Another proposal is still open."),
    "decision_is_proposed": _("There is no proposal to decide on."),
    "result_is_undecided": _("A decision has already been taken on this result."),
    "result_is_done": _("The evaluation has not finished."),
    "agrees_with_the_finding": _("The proposal goes against the finding."),
    "goes_against_the_finding": _("The proposal is in line with the finding."),
    "call_is_open": _("The call is not open."),
    "no_bid_yet": _("This city has made its bid."),
    "quota_left": _("The call's quota is used up."),
    "account_is_open": _("The account is closed."),
    "source_as_it_was_read": _(
        "Somebody changed this source since you opened the form. Read it again before you go on."
    ),
    "source_counts": _("The source is set aside already."),
    "source_is_set_aside": _("The source is not set aside."),
    "source_is_collected": _("The source is paused."),
    "hub_as_it_was_read": _(
        "Somebody changed this hub since you opened the form. Read it again before you go on."
    ),
    "hub_with_credentials": _("The hub has no credentials."),
    "hub_without_sources": _("A source reads from this hub, or did."),
    "hub_in_use": _("The hub is withdrawn already."),
    "hub_that_rests": _("The hub is not left alone."),
    "token_works": _("The token has ended or was revoked already."),
    "upload_is_not_stored": _("The file is stored already."),
    "upload_is_not_discarded": _("The file was discarded."),
    "upload_is_stored": _("The file is not stored, or was undone already."),
    "source_is_paused": _("The source is not paused."),
    "metric_as_it_was_read": _(
        "Somebody wrote a version since you opened the form. Read it before you go on."
    ),
    "source_has_a_hub": _("A company sends these readings itself; there is nothing to change or to ask for."),
    "telemetry_is_not_open": _("The source of this pilot is open already."),
    **claim_words.NEEDS,
    **measure_words.NEEDS,
    **condition_words.NEEDS,
    **amendment_words.NEEDS,
    **risk_words.NEEDS,
    **similar_words.NEEDS,
    **period_words.NEEDS,
    **webhook_words.NEEDS,
    **team_words.NEEDS,
}

RULES_SAID = {
    **risk_words.RULES,
    "signatory_who_did_not_write_it": _("Whoever wrote the application cannot sign it."),
    "signatory_who_did_not_write_the_request": _("Whoever wrote the request cannot sign it."),
    "decider_who_neither_wrote_nor_reviewed": _("Whoever wrote or reviewed the file cannot decide on it."),
    **committee_words.RULES,
    "not_ones_own_account": _("Nobody changes or closes their own account: another administrator does."),
    "second_decider": _("A second decider is needed, who neither proposed nor took the first decision."),
}

CONFIRMED = {
    "free_to_operate": _("None of the agencies asked needs a permit for this. It may be put into operation."),
    "permit_needed": _(
        "A permit is needed. Its requirements and procedure stand below; where they cannot be met, "
        "an exemption may be applied for."
    ),
    "mixed": _(
        "Some agencies need a permit, others do not. What is asked for stands below; where it cannot be met, "
        "an exemption may be applied for."
    ),
}

PERIODS = {
    "hour": _("hour"),
    "day": _("day"),
    "week": _("week"),
    "month": _("month"),
    "year": _("year"),
}
DIRECTIONS = {"increase": _("should rise"), "decrease": _("should fall")}
MISSING = {
    "refuse": _("Refuse to evaluate"),
    "drop_unit": _("Leave the district out"),
    "drop_period": _("Leave the period out"),
    "available": _("Use the readings that there are"),
}
SORTS = {
    "-registered": _("Newest first"),
    "registered": _("Oldest first"),
    "-start": _("Latest start"),
    "start": _("Earliest start"),
    "title": _("Title, A to Z"),
    "-title": _("Title, Z to A"),
}
ORGANISATION_KINDS = {
    "company": _("Company"),
    "city": _("City"),
    "ministry": _("Ministry"),
    "institute": _("Evaluating institute"),
    "agency": _("Delegated agency"),
    "committee": _("Committee"),
    "operator": _("Operator of the register"),
}


@dataclass(frozen=True)
class PersonBox:
    """Who is signed in, as the header shows it."""

    name: str
    role: str
    organisation: str


def person_box(person: Person) -> PersonBox:
    return PersonBox(person.name, role(person.role), pick(person.organisation, "name"))


def role(code: str) -> str:
    return str(ROLES.get(code, code))


def status(kind: str, code: str) -> tuple[str, str]:
    """(label, tone) of a status tag."""
    label, tone = STATUSES[kind][code]
    return str(label), tone


def modes_of(rules: CommitteeRules) -> list[tuple[str, str]]:
    """The ways in which a committee may deliberate, as choices."""
    return [(mode.value, str(MEETING_MODES[mode.value])) for mode in rules.modes]


def verb(kind: str, code: str) -> str:
    return str(VERBS[kind][code])


def deed(kind: str, code: str) -> str:
    return str(DEEDS[kind][code])


def outcome(code: str) -> tuple[str, str]:
    """(label, tone) of a finding or a decided outcome."""
    label, tone = OUTCOMES[code]
    return str(label), tone


def confirmed(code: str) -> str:
    """What an outcome of a rapid confirmation means for the company."""
    return str(CONFIRMED[code])


def unknown_reason(code: str) -> str:
    return str(UNKNOWN_REASONS.get(code, code))


def need(guard: str) -> str:
    return str(NEEDS.get(guard, guard))


def deed_of(kind: str, verb: str) -> str:
    """What happened to a subject of this kind meanwhile, or to another part of its case."""
    for deeds in (DEEDS.get(kind, {}), *DEEDS.values()):
        if verb in deeds:
            return str(deeds[verb])
    return verb


def error_sentence(error: Exception) -> str:
    """One sentence for people about a domain error."""
    if isinstance(error, Refused):
        return str(RULES_SAID.get(error.rule, gettext("Your role does not allow this.")))
    if isinstance(error, WrongMoment):
        return _wrong_moment(error)
    if isinstance(error, Invalid):
        return gettext("Something in what was sent is missing or wrong.")
    if isinstance(error, NotFound):
        return str(MISSING_RECORDS.get(error.kind, gettext("There is no such record.")))
    if isinstance(error, TooManyClaims):
        return gettext(
            "Too many claims were filed from here. Try again after %(until)s.", until=instant(error.until)
        )
    if isinstance(error, TooManyAttempts):
        return gettext("Too many failed sign-ins. Try again after %(until)s.", until=instant(error.until))
    if isinstance(error, BrokenRecord):
        return gettext("A stored record contradicts itself: %(where)s.", where=error.where)
    return gettext("Somebody else changed this record a moment ago. Read it again before you go on.")


def _wrong_moment(error: WrongMoment) -> str:
    if isinstance(error, TooLate):
        return period_words.too_late(error)
    if error.needs:
        return need(error.needs)
    if error.meanwhile:
        code, name, at = error.meanwhile
        return gettext(
            "Meanwhile: %(deed)s, by %(name)s, %(at)s. Read the record again before you go on.",
            deed=deed_of(error.verb.partition(".")[0], code),
            name=name,
            at=instant(datetime.fromisoformat(at)),
        )
    return gettext("This is not possible in the present state of the record.")


@dataclass(frozen=True)
class TimelineEntry:
    """A row of a timeline, as its macro takes it."""

    at: datetime
    what: str
    who: str | None
    reason: str | None
    tag: tuple[str, str] | None = None
    url: str | None = None


def deeds(rows: Iterable[Deed]) -> list[TimelineEntry]:
    """A case's history in the reader's words."""
    return [
        TimelineEntry(
            row.at, deed(row.kind, row.verb), f"{row.actor_name} · {role(row.actor_role)}", row.reason
        )
        for row in rows
    ]


def names(subjects: Iterable[Any]) -> str:
    """Names in the reader's language, separated by commas."""
    return ", ".join(pick(subject, "name") for subject in subjects)


def form_url(endpoint: str, number: str) -> str:
    """Where the form of an act stands; desks without a case have no number in their address."""
    return url_for(endpoint, number=number)


def rule_lines(rule: Iterable[Mapping[str, Any]]) -> list[str]:
    """The lines of a decision rule as sentences, in order."""
    return [rule_line(line) for line in rule]


def rule_line(line: Mapping[str, Any]) -> str:
    """One line: its tests joined by and/or, then its finding."""
    label, _tone = outcome(line["finding"])
    if not line["tests"]:
        return gettext("Otherwise: %(finding)s", finding=label)
    joint = gettext(" and ") if line["when"] == "all" else gettext(" or ")
    tests = joint.join(rule_test(test) for test in line["tests"])
    return gettext("If %(tests)s: %(finding)s", tests=tests, finding=label)


def promise(direction: str, margin: float, unit: str) -> str:
    """What a guardrail must not do; `direction` is the good one, `margin` stands in `unit`."""
    size = f"{amount(margin)} {unit}"
    if direction == "decrease":
        return gettext("must not rise by %(margin)s", margin=size)
    return gettext("must not fall by %(margin)s", margin=size)


def amount(value: float) -> str:
    """A number that a person wrote, without zeros that nobody wrote."""
    return drawing.number(value)


def rule_test(test: Mapping[str, Any]) -> str:
    """One test of a rule: an input, a comparison, a threshold."""
    return gettext(
        "%(input)s %(comparison)s %(threshold)s",
        input=RULE_INPUTS[test["input"]],
        comparison=COMPARISONS[test["comparison"]],
        threshold=f"{test['threshold']:g}",
    )


PLAN_FIELDS = {
    "title_ko": _("Title in Korean"),
    "title_en": _("Title in English"),
    "hypothesis_ko": _("Hypothesis in Korean"),
    "hypothesis_en": _("Hypothesis in English"),
    "period": _("Period of the analysis"),
    "window": _("Where and when"),
    "window.baseline_from": _("Baseline from"),
    "window.intervention_from": _("Intervention from"),
    "window.intervention_to": _("Intervention to"),
    "districts.treated": _("Treated districts"),
    "districts.control": _("Control districts"),
    "districts.starts": _("Start of each treated district"),
    "districts.why": _("Why these controls"),
    "primary": _("Primary metric"),
    "primary.direction": _("Good direction"),
    "primary.minimum_effect": _("Smallest effect worth having"),
    "guardrails": _("Guardrails"),
    "design": _("How it is estimated"),
    "design.method": _("Method"),
    "design.alpha": _("Error rate (alpha)"),
    "design.missing": _("Where readings are missing"),
    "design.predictors": _("Predictors of the synthetic control"),
    "design.control_group": _("Compared with"),
    "design.anticipation": _("Periods of anticipation"),
    "design.covariates": _("Covariates"),
    "design.season": _("Periods in a season"),
    "design.assignment": _("How chance dealt the treatment"),
    "design.assignment.blocks": _("Blocks or pairs"),
    "design.assignment.switchback.length": _("Periods in a block of time"),
    "design.assignment.switchback.washout": _("Periods left out at the start of each block"),
    "design.assignment.switchback.tossed": _("How the blocks were drawn"),
    "design.assignment.switchback.together": _("All districts switch at once"),
    "design.assignment.switchback.sequences": _("Sequence of each treated district"),
    "design.neighbours": _("Neighbours of the treated districts"),
    "rule": _("Decision rule"),
    "rule.least_coverage": _("Smallest share of readings present"),
    "rule.worst_pre_fit": _("Largest misfit before the start"),
    "seed": _("Seed of the random numbers"),
    "reason": _("Reason"),
}


def plan_field(path: str) -> str:
    """What a field of the plan is called, by the longest part of its path that has a name."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        known = PLAN_FIELDS.get(".".join(parts[:length]))
        if known:
            return str(known)
    return path
