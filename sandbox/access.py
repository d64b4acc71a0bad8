"""Who may: one map from every route to a readable rule, and the rules themselves.

Predicates take the actor (None for the public) first. Rules about one subject take the subject
too and stand in the lifecycle tables; `RULES` guards the doors, and a route without a rule is
closed to everybody.
"""

from __future__ import annotations

from collections.abc import Callable

from experiments.lifecycle import Actor
from sandbox.roles import Role

Rule = Callable[[Actor | None], bool]


# -- who someone is ---------------------------------------------------------------------------


def anyone(actor: Actor | None) -> bool:
    return True


def signed_in(actor: Actor | None) -> bool:
    return actor is not None


def company_people(actor: Actor | None) -> bool:
    return actor is not None and actor.role in {Role.COMPANY_AUTHOR, Role.COMPANY_SIGNATORY}


def company_author(actor: Actor | None) -> bool:
    return actor is not None and actor.role == Role.COMPANY_AUTHOR


def company_signatory(actor: Actor | None) -> bool:
    return actor is not None and actor.role == Role.COMPANY_SIGNATORY


def city_reviewer(actor: Actor | None) -> bool:
    return actor is not None and actor.role == Role.CITY_REVIEWER


def ministry_reviewer(actor: Actor | None) -> bool:
    return actor is not None and actor.role == Role.MINISTRY_REVIEWER


def agency_reviewer(actor: Actor | None) -> bool:
    """Reviewers of the offices whose laws may ask for a permit."""
    return city_reviewer(actor) or ministry_reviewer(actor)


def parties_of_confirmations(actor: Actor | None) -> bool:
    return company_people(actor) or regulators(actor)


def decider(actor: Actor | None) -> bool:
    return actor is not None and actor.role == Role.DECIDER


def regulators(actor: Actor | None) -> bool:
    """City and ministry reviewers, deciders, and the auditor who reads everything."""
    return actor is not None and actor.role in {
        Role.CITY_REVIEWER,
        Role.MINISTRY_REVIEWER,
        Role.DECIDER,
        Role.AUDITOR,
    }


def holders_of_desks(actor: Actor | None) -> bool:
    """Regulators, and the secretariat that moves cases along for them."""
    return regulators(actor) or secretariat(actor)


def ministry_people(actor: Actor | None) -> bool:
    return actor is not None and actor.role in {Role.MINISTRY_REVIEWER, Role.DECIDER}


def secretariat(actor: Actor | None) -> bool:
    """The agency that keeps a committee's agenda and minutes for the ministries (Art. 56, D58)."""
    return actor is not None and actor.role == Role.SECRETARIAT


def keepers_of_agendas(actor: Actor | None) -> bool:
    """Who moves an application along on the ministry's side: its reviewers, or their delegate."""
    return ministry_reviewer(actor) or secretariat(actor)


def committee_member(actor: Actor | None) -> bool:
    return actor is not None and actor.role == Role.COMMITTEE_MEMBER


def expert(actor: Actor | None) -> bool:
    return actor is not None and actor.role == Role.EXPERT


def sits_on_committees(actor: Actor | None) -> bool:
    return committee_member(actor) or expert(actor)


def readers_of_committees(actor: Actor | None) -> bool:
    return keepers_of_agendas(actor) or committee_member(actor) or decider(actor) or auditor(actor)


def keepers_of_seats(actor: Actor | None) -> bool:
    return keepers_of_agendas(actor) or administrator(actor)


def keepers_and_experts(actor: Actor | None) -> bool:
    return keepers_of_agendas(actor) or expert(actor)


def readers_of_committee_rooms(actor: Actor | None) -> bool:
    return readers_of_committees(actor) or administrator(actor) or expert(actor)


def evaluator(actor: Actor | None) -> bool:
    return actor is not None and actor.role == Role.EVALUATOR


def evaluators_and_auditor(actor: Actor | None) -> bool:
    return actor is not None and actor.role in {Role.EVALUATOR, Role.AUDITOR}


def readers_of_advice(actor: Actor | None) -> bool:
    """Whoever writes the plan, whoever checks it, and the company whose pilot it judges."""
    return evaluators_and_auditor(actor) or company_people(actor)


def city_data_officer(actor: Actor | None) -> bool:
    return actor is not None and actor.role == Role.CITY_DATA_OFFICER


def watchers_of_collection(actor: Actor | None) -> bool:
    return actor is not None and actor.role in {Role.CITY_DATA_OFFICER, Role.EVALUATOR, Role.AUDITOR}


def officers_and_auditors_of_files(actor: Actor | None) -> bool:
    return city_data_officer(actor) or auditor(actor)


def keepers_of_hubs(actor: Actor | None) -> bool:
    return city_data_officer(actor) or administrator(actor)


def readers_of_hubs(actor: Actor | None) -> bool:
    return watchers_of_collection(actor) or administrator(actor)


def keepers_of_metrics(actor: Actor | None) -> bool:
    """Who says what is measured: cities' data officers and evaluators, never a company that is measured."""
    return city_data_officer(actor) or evaluator(actor)


def writers_of_evidence(actor: Actor | None) -> bool:
    """Who says what would show that a law has to change: the company, the ministry that leads its case."""
    return company_author(actor) or ministry_reviewer(actor)


def signers_of_risk(actor: Actor | None) -> bool:
    return ministry_reviewer(actor) or city_reviewer(actor)


def who_may_doubt(actor: Actor | None) -> bool:
    """Offices that review, decide on or evaluate a pilot; never its company."""
    return agency_reviewer(actor) or ministry_people(actor) or evaluator(actor)


def parties_of_guidance(actor: Actor | None) -> bool:
    return company_author(actor) or agency_reviewer(actor)


def auditor(actor: Actor | None) -> bool:
    return actor is not None and actor.role == Role.AUDITOR


def administrator(actor: Actor | None) -> bool:
    return actor is not None and actor.role == Role.ADMINISTRATOR


def administrator_or_service(actor: Actor | None) -> bool:
    """The first accounts are made by the service itself, from the command line."""
    return administrator(actor) or (actor is not None and actor.is_service)


# -- who someone is to an organisation --------------------------------------------------------


def ministry_staff_of(actor: Actor, ministry_id: int) -> bool:
    return ministry_people(actor) and actor.organisation_id == ministry_id


def decider_at(actor: Actor, ministry_id: int) -> bool:
    return decider(actor) and actor.organisation_id == ministry_id


def city_staff_of(actor: Actor, city_id: int) -> bool:
    return city_reviewer(actor) and actor.organisation_id == city_id


def may_read_case(actor: Actor | None, *, company_id: int, city_id: int, evaluator_id: int | None) -> bool:
    """The file's own parties, every ministry, and the auditor; no other company, no other city."""
    if actor is None:
        return False
    if ministry_people(actor) or secretariat(actor) or auditor(actor):
        return True
    if company_people(actor):
        return actor.organisation_id == company_id
    if actor.role in {Role.CITY_REVIEWER, Role.CITY_DATA_OFFICER}:
        return actor.organisation_id == city_id
    return evaluator(actor) and actor.organisation_id == evaluator_id


def keepers_of_webhooks(actor: Actor | None) -> bool:
    """Who says which programs of their office are told."""
    return company_signatory(actor) or agency_reviewer(actor)


def has_time_limits(actor: Actor | None) -> bool:
    """People of the offices that statutory time limits run against."""
    return company_people(actor) or regulators(actor)


# -- which door has which rule ----------------------------------------------------------------

RULES: dict[str, Rule] = {
    "static": anyone,
    # the public register
    "register.index": anyone,
    "register.pilot": anyone,
    "register.observations": anyone,
    "register.plan": anyone,
    "register.result": anyone,
    "register.programmes": anyone,
    "regimes.index": anyone,
    "regimes.newest": anyone,
    "regimes.version": anyone,
    # certificates and the gazette
    "documents.gazette": anyone,
    "documents.feed": anyone,
    "documents.zone": decider,
    "documents.document": anyone,
    "documents.file": anyone,
    "documents.sheet": anyone,
    "documents.verify": anyone,
    "documents.room": signed_in,
    "annual.latest": anyone,
    "annual.report": anyone,
    "annual.sheet": anyone,
    "annual.as_json": anyone,
    "annual.as_csv": anyone,
    "records.record": signed_in,
    "records.sheet": signed_in,
    "records.archive": signed_in,
    "api-case-records.manifest": signed_in,
    "api-case-records.archive": signed_in,
    "api-case-records.annual": anyone,
    "api-case-records.annual_years": anyone,
    # accounts
    "accounts.sign_in": anyone,
    "accounts.sign_out": signed_in,
    "accounts.choose_language": anyone,
    "accounts.password": signed_in,
    # the company's desk
    "company.desk": company_people,
    "company.new": company_author,
    "company.edit": company_author,
    "telemetry.index": company_people,
    "telemetry.open_source": company_people,
    "telemetry.move_start": company_people,
    "telemetry.rotate": company_people,
    "telemetry.revoke": company_people,
    # the case file, shared by its parties (who they are is asked again for each case)
    "cases.file": signed_in,
    "cases.move": signed_in,
    "cases.opinion": city_reviewer,
    "cases.actions": company_author,
    "cases.consultation": keepers_of_agendas,
    "attachments.index": signed_in,
    "attachments.attach": company_author,
    "attachments.read": signed_in,
    "attachments.remove": company_author,
    "tasks.index": signed_in,
    "comments.index": signed_in,
    "comments.write": signed_in,
    "comments.retract": signed_in,
    "period.index": signed_in,
    "period.act": signed_in,
    "reports.room": signed_in,
    "reports.public": anyone,
    "insurance.index": signed_in,
    "insurance.policy": company_author,
    "insurance.plan": company_author,
    "insurance.move": decider,
    "start.index": signed_in,
    "start.inform": signed_in,
    "measures.index": signed_in,
    "measures.suspend": decider,
    "measures.begin": signed_in,
    "measures.act": signed_in,
    "measures.attach": agency_reviewer,
    "measures.photo": signed_in,
    "cases.reply": ministry_reviewer,
    "consultations.supplement": ministry_reviewer,
    "consultations.answer": company_author,
    "consultations.extension": ministry_reviewer,
    "clocks.clock": signed_in,
    "clocks.of_confirmation": parties_of_confirmations,
    "clocks.case_calendar": signed_in,
    "clocks.mine": has_time_limits,
    "clocks.open_feed": has_time_limits,
    "clocks.revoke_feed": has_time_limits,
    "clocks.feed": anyone,
    "clocks.holidays": administrator,
    "cases.grant": decider,
    "rulings.return_filing": keepers_of_agendas,
    "rulings.refuse": decider,
    "rulings.find_not_required": decider,
    "rulings.modify": company_author,
    "cases.proposal": ministry_reviewer,
    # conditions, the law-amendment board, uncertainties and guidance
    "conditions.index": signed_in,
    "conditions.terms": ministry_reviewer,
    "conditions.change": company_author,
    "conditions.agreement": decider,
    "conditions.evidence": company_author,
    "conditions.explanation": company_author,
    "conditions.move": decider,
    "conditions.judge": ministry_reviewer,
    "conditions.attach": company_author,
    "conditions.attached": signed_in,
    "conditions.follow": ministry_reviewer,
    "conditions.dashboard": regulators,
    "conditions.public": anyone,
    "api-conditions.read": signed_in,
    "api-conditions.public": anyone,
    "api-conditions.bind": ministry_reviewer,
    "api-conditions.ask_change": company_author,
    "api-conditions.agree_change": decider,
    "api-conditions.refuse_change": decider,
    "api-conditions.lift": decider,
    "api-conditions.file_evidence": company_author,
    "api-conditions.accept_evidence": ministry_reviewer,
    "api-conditions.return_evidence": ministry_reviewer,
    "api-conditions.explain": company_author,
    "api-conditions.ask_again": ministry_reviewer,
    "api-conditions.close": ministry_reviewer,
    "law_change.index": signed_in,
    "law_change.enter": writers_of_evidence,
    "law_change.remove": writers_of_evidence,
    "amendments.index": anyone,
    "amendments.item": anyone,
    "amendments.move": ministry_people,
    "amendments.write": ministry_reviewer,
    "amendments.hand_over": ministry_people,
    "amendments.report": ministry_reviewer,
    "api-amendments.index": anyone,
    "api-amendments.read": anyone,
    "api-amendments.move": ministry_people,
    "api-amendments.enter_into_force": decider,
    "api-amendments.write": ministry_reviewer,
    "api-amendments.hand_over": ministry_people,
    "api-amendments.report": ministry_reviewer,
    "api-amendments.of_case": signed_in,
    "api-amendments.enter": writers_of_evidence,
    "api-amendments.remove": writers_of_evidence,
    # risk
    "risks.index": signed_in,
    "risks.answer": writers_of_evidence,
    "risks.give": signers_of_risk,
    "risks.take_back": signers_of_risk,
    "api-risks.read": signed_in,
    "api-risks.answer": writers_of_evidence,
    "api-risks.give": signers_of_risk,
    "api-risks.take_back": signers_of_risk,
    "similar.search": signed_in,
    "similar.index": signed_in,
    "similar.copy": company_author,
    "similar.ask": company_author,
    "similar.move": signed_in,
    "api-similar.search": signed_in,
    "api-similar.read": signed_in,
    "api-similar.copy": company_author,
    "api-similar.ask": company_author,
    "api-similar.accept": keepers_of_agendas,
    "api-similar.refuse": keepers_of_agendas,
    "api-similar.withdraw": company_people,
    "uncertainties.index": signed_in,
    "uncertainties.name": who_may_doubt,
    "uncertainties.settle": who_may_doubt,
    "uncertainties.give": agency_reviewer,
    "uncertainties.follow": parties_of_guidance,
    "api-uncertainties.read": signed_in,
    "api-uncertainties.name": who_may_doubt,
    "api-uncertainties.link": who_may_doubt,
    "api-uncertainties.settle": who_may_doubt,
    "api-uncertainties.give": agency_reviewer,
    "api-uncertainties.state": company_author,
    "api-uncertainties.confirm": agency_reviewer,
    "api-uncertainties.contest": agency_reviewer,
    # claims for damage: answered by the company, filed by anybody
    "claims.index": parties_of_confirmations,
    "claims.claim": parties_of_confirmations,
    "claims.act": company_people,
    "claims.attach": company_signatory,
    "claims.attached": parties_of_confirmations,
    "public_claims.new": anyone,
    "public_claims.state": anyone,
    "public_claims.receipt": anyone,
    "public_claims.check": anyone,
    "api-claims.file": anyone,
    "api-claims.state": anyone,
    "api-claims.receipt": anyone,
    "api-claims.index": parties_of_confirmations,
    "api-claims.read": parties_of_confirmations,
    "api-claims.inform": company_people,
    "api-claims.pay": company_signatory,
    "api-claims.refuse": company_signatory,
    "api-claims.report": company_people,
    # the committee
    "committee.index": readers_of_committee_rooms,
    "committee.plan": keepers_of_agendas,
    "committee.appoint": keepers_of_seats,
    "committee.end_seat": keepers_of_seats,
    "committee.meeting": readers_of_committees,
    "committee.move": readers_of_committees,
    "resolutions.index": signed_in,
    "resolutions.move": keepers_and_experts,
    # rapid confirmation
    "confirmations.index": parties_of_confirmations,
    "confirmations.new": company_author,
    "confirmations.file": parties_of_confirmations,
    "confirmations.edit": company_author,
    "confirmations.move": parties_of_confirmations,
    "confirmations.route": ministry_reviewer,
    "confirmations.reply": agency_reviewer,
    "confirmations.answer": ministry_reviewer,
    # the regulator's desk
    "regulator.desk": holders_of_desks,
    "regulator.assign": agency_reviewer,
    # the evaluator's desk
    "evaluator.desk": evaluators_and_auditor,
    "evaluator.plan": evaluator,
    "evaluator.advice": readers_of_advice,
    "evaluator.lock": evaluator,
    "evaluator.amend": evaluator,
    "evaluator.run": evaluator,
    "evaluator.result": evaluators_and_auditor,
    "evaluator.sign": evaluator,
    # collection
    "hubs.index": readers_of_hubs,
    "hubs.hub": readers_of_hubs,
    "hubs.new": keepers_of_hubs,
    "hubs.edit": keepers_of_hubs,
    "hubs.credentials": keepers_of_hubs,
    "hubs.remove_credentials": keepers_of_hubs,
    "hubs.withdraw": keepers_of_hubs,
    "hubs.wake": keepers_of_hubs,
    "hubs.test": keepers_of_hubs,
    "conformance.index": watchers_of_collection,
    "sources.index": watchers_of_collection,
    "sources.source": watchers_of_collection,
    "sources.new": city_data_officer,
    "pushed.new": city_data_officer,
    "sources.edit": city_data_officer,
    "sources.pause": city_data_officer,
    "sources.resume": city_data_officer,
    "sources.collect": city_data_officer,
    "sources.set_aside": city_data_officer,
    "sources.count_again": city_data_officer,
    "backfills.index": watchers_of_collection,
    "backfills.ask": city_data_officer,
    "health.source": watchers_of_collection,
    "health.record_change": city_data_officer,
    "health.alerts": watchers_of_collection,
    "health.see": city_data_officer,
    "quarantine.index": watchers_of_collection,
    "quarantine.decide": city_data_officer,
    "districts.index": watchers_of_collection,
    "districts.upload": city_data_officer,
    "districts.district": watchers_of_collection,
    "districts.record_fact": city_data_officer,
    "metrics.index": signed_in,
    "metrics.card": signed_in,
    "metrics.new": keepers_of_metrics,
    "metrics.supersede": keepers_of_metrics,
    "try_it.index": city_data_officer,
    "tokens.index": city_data_officer,
    "tokens.rotate": city_data_officer,
    "tokens.revoke": city_data_officer,
    "uploads.index": officers_and_auditors_of_files,
    "uploads.content": officers_and_auditors_of_files,
    "uploads.discard": city_data_officer,
    "uploads.file": city_data_officer,
    "uploads.store": city_data_officer,
    "uploads.undo": city_data_officer,
    # a company's own people
    "teams.index": company_people,
    "teams.invite": company_signatory,
    "teams.withdraw": company_signatory,
    "teams.let_go": company_signatory,
    "teams.join": anyone,
    "api-teams.read": company_people,
    "api-teams.invite": company_signatory,
    "api-teams.withdraw": company_signatory,
    "api-teams.let_go": company_signatory,
    "api-teams.join": anyone,
    # webhooks
    "webhooks.index": keepers_of_webhooks,
    "webhooks.open_endpoint": keepers_of_webhooks,
    "webhooks.endpoint": keepers_of_webhooks,
    "webhooks.test": keepers_of_webhooks,
    "webhooks.remove": keepers_of_webhooks,
    "webhooks.resend": keepers_of_webhooks,
    "api-webhooks.events": keepers_of_webhooks,
    "api-webhooks.index": keepers_of_webhooks,
    "api-webhooks.open": keepers_of_webhooks,
    "api-webhooks.read": keepers_of_webhooks,
    "api-webhooks.test": keepers_of_webhooks,
    "api-webhooks.remove": keepers_of_webhooks,
    "api-webhooks.resend": keepers_of_webhooks,
    # drafts of forms: each again by the door of its form
    "drafts.read": signed_in,
    "drafts.save": signed_in,
    "drafts.discard": signed_in,
    # notices
    "notices.inbox": signed_in,
    "notices.see": signed_in,
    "notices.settings": signed_in,
    "notices.deliveries": administrator,
    # people and the ledger
    "people.index": administrator,
    "people.new": administrator,
    "people.role": administrator,
    "people.disable": administrator,
    "people.password": administrator,
    "people.new_organisation": administrator,
    "people.address": administrator,
    "audit.ledger": auditor,
    # the interface for machines: the same use cases, asked again for each case as on the pages
    "api-docs.openapi_json": anyone,
    "api-sessions.create": anyone,
    "api-sessions.current": signed_in,
    "api-sessions.end": signed_in,
    # a source's token opens these, no person's
    **dict.fromkeys(
        ("api-sources.index", "api-sources.read", "api-sources.backfills"), watchers_of_collection
    ),
    **dict.fromkeys(
        (
            *(f"api-sources.{verb}" for verb in ("register", "open_pushed", "edit", "pause")),
            *(f"api-sources.{verb}" for verb in ("resume", "collect")),
            *(f"api-sources.{verb}" for verb in ("set_aside", "count_again", "try", "backfill")),
            *(f"api-source-readings.{verb}_token" for verb in ("make", "rotate", "revoke")),
            *(f"api-source-readings.{verb}_file" for verb in ("keep", "check", "store", "undo", "discard")),
            *(f"api-source-readings.{verb}" for verb in ("tokens", "reprocess", "discard")),
            *("api-alerts.see", "api-alerts.record_change"),
        ),
        city_data_officer,
    ),
    **dict.fromkeys(
        ("api-source-readings.files", "api-source-readings.file_content"), officers_and_auditors_of_files
    ),
    **dict.fromkeys(
        ("api-source-readings.quarantine", "api-alerts.index", "api-alerts.changes"), watchers_of_collection
    ),
    "api-observations.push": anyone,
    "api-observations.notify": anyone,
    "api-hubs.index": readers_of_hubs,
    "api-hubs.read": readers_of_hubs,
    "api-hubs.register": keepers_of_hubs,
    "api-hubs.edit": keepers_of_hubs,
    "api-hubs.store_credentials": keepers_of_hubs,
    "api-hubs.remove_credentials": keepers_of_hubs,
    "api-hubs.withdraw": keepers_of_hubs,
    "api-hubs.wake": keepers_of_hubs,
    "api-hubs.test": keepers_of_hubs,
    "api-pilots.index": anyone,
    "api-pilots.read": anyone,
    "api-pilots.case": signed_in,
    "api-pilots.register": company_author,
    "api-pilots.edit": company_author,
    "api-moves.send_to_city": company_author,
    "api-moves.opinion": city_reviewer,
    "api-moves.answers": company_author,
    "api-moves.sign": company_signatory,
    "api-moves.return_filing": keepers_of_agendas,
    "api-moves.consultation": keepers_of_agendas,
    "api-moves.reply": ministry_reviewer,
    "api-moves.ask_supplement": ministry_reviewer,
    "api-moves.extend_reply": ministry_reviewer,
    "api-moves.answer_supplement": company_author,
    "api-moves.close_consultation": keepers_of_agendas,
    "api-moves.grant": decider,
    "api-moves.refuse": decider,
    "api-moves.find_not_required": decider,
    "api-moves.modify": company_author,
    "api-moves.refile": company_signatory,
    "api-moves.withdraw": company_people,
    "api-moves.start": company_signatory,
    "api-moves.suspend": decider,
    "api-moves.lift": decider,
    "api-moves.finish": signed_in,
    "api-comments.index": signed_in,
    "api-comments.write": signed_in,
    "api-comments.retract": signed_in,
    "api-period.read": signed_in,
    "api-period.change_file": company_author,
    "api-period.change_contest": ministry_reviewer,
    "api-period.change_consult": ministry_reviewer,
    "api-period.change_reply": ministry_reviewer,
    "api-period.change_deliberate": ministry_reviewer,
    "api-period.change_approve": decider,
    "api-period.change_refuse": decider,
    "api-period.change_withdraw": company_people,
    "api-period.extension_file": company_signatory,
    "api-period.extension_deliberate": ministry_reviewer,
    "api-period.extension_grant": decider,
    "api-period.extension_refuse": decider,
    "api-period.extension_withdraw": company_people,
    "api-period.law_request_file": company_signatory,
    "api-period.law_request_assess": ministry_reviewer,
    "api-period.law_request_escalate": decider,
    "api-period.law_request_find_needed": decider,
    "api-period.law_request_find_not_needed": decider,
    "api-period.law_request_withdraw": company_people,
    "api-period.law_request_complete": decider,
    "api-period.conversion_begin": company_author,
    "api-period.revocation_open": ministry_reviewer,
    "api-period.revocation_consult_city": city_reviewer,
    "api-period.revocation_deliberate": ministry_reviewer,
    "api-period.revocation_invite": ministry_reviewer,
    "api-period.revocation_hear": ministry_reviewer,
    "api-period.revocation_revoke": decider,
    "api-period.revocation_drop": decider,
    "api-period.permit_file": company_author,
    "api-period.permit_confirm": ministry_reviewer,
    "api-period.report_save": company_author,
    "api-period.report_file": company_signatory,
    "api-period.report_demand": agency_reviewer,
    "api-period.report_supplement": company_author,
    "api-period.report_file_again": company_signatory,
    "api-period.report_accept": ministry_reviewer,
    "api-period.report_consent": signed_in,
    "api-period.report_prove": decider,
    "api-committee.seats": keepers_of_seats,
    "api-committee.appoint": keepers_of_seats,
    "api-committee.index": readers_of_committees,
    "api-committee.plan": keepers_of_agendas,
    "api-committee.read": readers_of_committees,
    "api-committee.add_item": keepers_of_agendas,
    "api-committee.remove_item": keepers_of_agendas,
    "api-committee.redate": keepers_of_agendas,
    "api-committee.cancel": keepers_of_agendas,
    "api-committee.call": keepers_of_agendas,
    "api-committee.note_attendance": keepers_of_agendas,
    "api-committee.declare": committee_member,
    "api-committee.vote": committee_member,
    "api-committee.resolve": keepers_of_agendas,
    "api-committee.write_minutes": keepers_of_agendas,
    "api-committee.close": keepers_of_agendas,
    "api-committee.sign": committee_member,
    "api-committee.of_case": signed_in,
    "api-committee.experts": readers_of_committee_rooms,
    "api-committee.ask_expert": keepers_of_agendas,
    "api-committee.declare_as_expert": expert,
    "api-committee.assess": expert,
    "api-committee.report_experts": keepers_of_agendas,
    "api-insurance.read": signed_in,
    "api-insurance.file_policy": company_author,
    "api-insurance.file_plan": company_author,
    "api-insurance.approve_plan": decider,
    "api-insurance.refuse_plan": decider,
    "api-measures.read": signed_in,
    "api-measures.inform": signed_in,
    "api-measures.dismiss": decider,
    "api-measures.report_measures": company_author,
    "api-measures.accept_measures": ministry_reviewer,
    "api-measures.send_back_measures": ministry_reviewer,
    "api-measures.close_without_measures": ministry_reviewer,
    "api-measures.stop_for_good": decider,
    "api-measures.announce": ministry_reviewer,
    "api-measures.state_position": company_author,
    "api-measures.record_hearing": ministry_reviewer,
    "api-measures.issue": decider,
    "api-measures.extend": decider,
    "api-measures.report_order": company_author,
    "api-measures.accept_order": ministry_reviewer,
    "api-measures.send_back_order": ministry_reviewer,
    "api-measures.withdraw_order": ministry_reviewer,
    "api-measures.report_incident": signed_in,
    "api-measures.follow_up": signed_in,
    "api-measures.close_incident": ministry_reviewer,
    "api-measures.plan_inspection": agency_reviewer,
    "api-measures.record_inspection": agency_reviewer,
    "api-measures.cancel_inspection": agency_reviewer,
    "api-measures.report_task": company_author,
    "api-measures.accept_task": agency_reviewer,
    "api-measures.send_back_task": agency_reviewer,
    "api-confirmations.index": parties_of_confirmations,
    "api-confirmations.draft": company_author,
    "api-confirmations.read": parties_of_confirmations,
    "api-confirmations.submit": company_signatory,
    "api-confirmations.route": ministry_reviewer,
    "api-confirmations.take_alone": ministry_reviewer,
    "api-confirmations.reply": agency_reviewer,
    "api-confirmations.answer": ministry_reviewer,
    "api-confirmations.withdraw": company_people,
    "api-plans.read": anyone,
    "api-plans.draft": evaluators_and_auditor,
    "api-plans.save": evaluator,
    "api-plans.lock": evaluator,
    "api-plans.amend": evaluator,
    "api-evaluations.index": anyone,
    "api-evaluations.read": anyone,
    "api-evaluations.document": anyone,
    "api-evaluations.request": evaluator,
    "api-evaluations.sign": evaluator,
    "api-decisions.propose": ministry_reviewer,
    "api-decisions.decide": decider,
    "api-decisions.confirm": decider,
    "api-decisions.send_back": decider,
    "api-documents.gazette": anyone,
    "api-documents.read": anyone,
    "api-documents.of_case": signed_in,
    "api-open_data.catalogue": anyone,
    "api-open_data.indicators": anyone,
    "api-records.ledger_head": anyone,
    "api-records.metrics": anyone,
    "api-records.metric": anyone,
    "api-records.programmes": anyone,
    "api-records.sites": anyone,
    "api-records.regimes": anyone,
    "api-records.organisations": signed_in,
    # development only
    "style.index": anyone,
}
