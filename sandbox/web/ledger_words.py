"""What the acts in the ledger are called, and what can be wrong with a row or with what it speaks of."""

from __future__ import annotations

from flask_babel import lazy_gettext

from sandbox import audit
from sandbox.web import (
    amendment_words,
    claim_words,
    committee_words,
    condition_words,
    measure_words,
    period_words,
    risk_words,
    similar_words,
    team_words,
    webhook_words,
)
from sandbox.web.words import DEEDS

_ = lazy_gettext

# Acts on subjects without a lifecycle; the others are named by their deeds.
ACTS = {
    **committee_words.ACTS,
    "alert.close": _("Alert about data closed"),
    "alert.open": _("Alert about data opened"),
    "alert.see": _("Alert about data seen"),
    "bid.submit": _("Bid submitted"),
    "calendar.open": _("Calendar address opened"),
    "calendar.revoke": _("Calendar address closed"),
    "call.open": _("Call opened"),
    "district.fact": _("Fact about a district recorded"),
    "district.outline": _("Outlines of districts stored"),
    "confirmation.deem": _("Silence of an agency: no permit needed"),
    "confirmation.reply": _("Agency replied to a rapid confirmation"),
    "decision.propose": _("Decision proposed"),
    "comment.retract": _("Comment taken back"),
    "comment.write": _("Comment written"),
    "pilot.assign": _("Case assigned within an office"),
    "clock.ended": _("Clock ended"),
    "clock.extended": _("Clock extended"),
    "clock.lapsed": _("Clock lapsed"),
    "clock.resumed": _("Clock resumed"),
    "clock.started": _("Clock started"),
    "clock.stopped": _("Clock stopped"),
    "clock.voided": _("Clock ended with the case"),
    "exemption.answer_supplement": _("Supplement answered"),
    "exemption.attach": _("File attached"),
    "exemption.detach": _("File taken back"),
    "exemption.ask_supplement": _("Supplement asked for"),
    "exemption.extend_reply": _("Period for the reply extended"),
    "exemption.reply": _("Ministry replied"),
    "holiday.change": _("Public holiday changed"),
    "hub.edit": _("Hub changed"),
    "hub.register": _("Hub registered"),
    "hub.remove_credentials": _("Credentials of a hub removed"),
    "hub.rest": _("Hub left alone after failures"),
    "hub.seal_again": _("Credentials of a hub sealed again under a new key"),
    "hub.store_credentials": _("Credentials of a hub sealed"),
    "hub.wake": _("Rest of a hub ended"),
    "hub.withdraw": _("Hub withdrawn"),
    "insurance.file": _("Insurance policy filed"),
    "metric.define": _("Metric defined"),
    "metric.supersede": _("Next version of a metric"),
    "document.issue": _("Official document issued"),
    "organisation.change_address": _("Address of an organisation entered"),
    "organisation.create": _("Organisation entered"),
    "person.change_password": _("Own password changed"),
    "person.change_role": _("Role changed"),
    "person.create": _("Account opened"),
    "person.disable": _("Account closed"),
    "person.give_password": _("New password given"),
    "person.sign_in": _("Signed in"),
    "person.sign_out": _("Signed out"),
    "pilot.amend_plan": _("Analysis plan amended"),
    "pilot.lock_plan": _("Analysis plan locked"),
    "pilot.make_token": _("Token for the company's own readings made"),
    "pilot.move_telemetry_start": _("Earlier start of the company's own readings"),
    "pilot.open_telemetry": _("Source for the company's own readings opened"),
    "pilot.register": _("Pilot registered"),
    "pilot.request_evaluation": _("Evaluation requested"),
    "pilot.revoke_token": _("Token for the company's own readings revoked"),
    "pilot.rotate_token": _("Token for the company's own readings renewed"),
    "pilot.save_plan_draft": _("Plan draft saved"),
    "pilot.sign_result": _("Result signed"),
    "site.select": _("Site selected"),
    "quarantine.discard": _("Quarantined readings given up"),
    "quarantine.reprocess": _("Quarantined readings tried again"),
    "source.backfill": _("Days asked to be read again"),
    "source.set_aside": _("Source set aside"),
    "source.count_again": _("Source counts again"),
    "source.collect": _("Run asked for"),
    "source.device_change": _("Change of a device registered"),
    "source.discard_upload": _("File of readings discarded"),
    "source.edit": _("Source changed"),
    "source.make_token": _("Token of a source made"),
    "source.pause": _("Source paused"),
    "source.open_pushed": _("Source opened that is sent to"),
    "source.register": _("Source registered"),
    "source.resume": _("Source resumed"),
    "source.revoke_token": _("Token of a source revoked"),
    "source.rotate_token": _("Token of a source renewed"),
    "source.undo_upload": _("File of readings undone"),
    "source.upload": _("File of readings stored"),
    **claim_words.ACTS,
    **measure_words.ACTS,
    **condition_words.ACTS,
    **amendment_words.ACTS,
    **risk_words.ACTS,
    **similar_words.ACTS,
    **period_words.ACTS,
    **webhook_words.ACTS,
    **team_words.ACTS,
}

FAULTS = {
    "it is missing": _("It is missing."),
    "it does not follow from the row before it": _("It does not follow from the row before it."),
    "its contents were changed after it was written": _("Its contents were changed after it was written."),
    audit.MISSING: _("The row that the record speaks of is missing."),
    audit.UNRECORDED: _("No record in the ledger speaks of it."),
    audit.OTHER_DIGEST: _("Its digest is not the recorded one."),
    audit.OTHER_TEXT: _("Its text does not have the recorded digest."),
    audit.OTHER_TIME: _("Its time is not the recorded one."),
    audit.OTHER_REASON: _("Its reason is not the recorded one."),
    audit.OTHER_FINDING: _("Its finding is not the recorded one."),
    audit.OTHER_FINDING_IN_TEXT: _("The finding in its text is not the recorded one."),
    audit.OTHER_OUTCOME: _("Its outcome is not the recorded one."),
    audit.OTHER_EVALUATION: _("It rests on another result than the recorded one."),
    audit.OTHER_DOCUMENT: _("It is not the document that the ledger says was issued."),
    audit.OTHER_FACT: _("It is not what its act put there."),
    audit.GONE: _("Its act put it there, and it is gone."),
    audit.OTHER_STATUS: _("Its status is not the one that its last record leads to."),
}


def act(code: str) -> str:
    """What was done; the code itself where it has no other name."""
    kind, _dot, verb = code.partition(".")
    return str(ACTS.get(code) or DEEDS.get(kind, {}).get(verb, code))


def fault(why: str) -> str:
    return str(FAULTS.get(why, why))
