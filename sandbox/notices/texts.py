"""What notices say, in Korean and in English; `{case}` is the number and title of what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.notices.condition_texts import TEXTS as CONDITIONS
from sandbox.notices.measure_texts import MEASURES
from sandbox.notices.period_texts import PERIOD_TEXTS
from sandbox.notices.similar_texts import SIMILAR_TEXTS

TEXTS: dict[str, tuple[str, str]] = {
    **PERIOD_TEXTS,
    **SIMILAR_TEXTS,
    "exemption.send_to_city": (
        "{case}: 의견 검토 요청이 도착했습니다.",
        "{case}: your opinion is asked for.",
    ),
    "exemption.give_opinion": (
        "{case}: 지자체 의견이 등록되었습니다.",
        "{case}: the city has given its opinion.",
    ),
    "exemption.answer_actions": (
        "{case}: 지자체 요구 사항에 대한 답변이 작성되었습니다. 서명할 수 있습니다.",
        "{case}: the required actions are answered; the application can be signed.",
    ),
    "exemption.sign": ("{case}: 신청서가 접수되었습니다.", "{case}: the application has been filed."),
    "exemption.return_filing": ("{case}: 신청서가 반려되었습니다.", "{case}: the filing has been returned."),
    "exemption.open_consultation": (
        "{case}: 관계부처 협의 요청이 도착했습니다.",
        "{case}: your ministry is asked for its reply.",
    ),
    "exemption.reply": ("{case}: 관계부처가 회신했습니다.", "{case}: a ministry has replied."),
    "exemption.ask_supplement": (
        "{case}: 보완 요청이 도착했습니다.",
        "{case}: a ministry asks for a supplement.",
    ),
    "exemption.answer_supplement": (
        "{case}: 보완 자료에 대한 답변이 제출되었습니다.",
        "{case}: the applicant has answered the request for a supplement.",
    ),
    "exemption.extend_reply": (
        "{case}: 관계부처 회신 기한이 연장되었습니다.",
        "{case}: a ministry's period for the reply has been extended.",
    ),
    "exemption.close_consultation": (
        "{case}: 협의가 끝났습니다. 결정을 기다립니다.",
        "{case}: the consultation is closed; the file waits for a decision.",
    ),
    "exemption.grant": ("{case}: 규제특례가 승인되었습니다.", "{case}: the exemption has been granted."),
    "exemption.refuse": ("{case}: 규제특례가 불승인되었습니다.", "{case}: the exemption has been refused."),
    "exemption.ask_expert": (
        "{case}: 전문위원 검토를 요청받았습니다.",
        "{case}: you are asked to assess the case as an expert.",
    ),
    "meeting.call": (
        "{case}: 위원회 심의 안건입니다. 이해관계를 신고하고 심의에 참여해 주십시오.",
        "{case}: the committee deliberates on this case. Declare your interests and take part.",
    ),
    "exemption.report_experts": (
        "{case}: 전문위원회가 검토 결과를 제출했습니다.",
        "{case}: the experts have reported.",
    ),
    "exemption.table": (
        "{case}: 위원회 안건으로 상정되었습니다.",
        "{case}: the case is on the committee's agenda.",
    ),
    "exemption.resolve": ("{case}: 위원회가 심의·의결했습니다.", "{case}: the committee has resolved."),
    "exemption.refile": (
        "{case}: 수정한 신청서가 접수되었습니다.",
        "{case}: the modified application has been filed.",
    ),
    "exemption.find_not_required": (
        "{case}: 규제특례가 필요하지 않은 것으로 결정되었습니다.",
        "{case}: it was found that no exemption is needed.",
    ),
    "exemption.withdraw": ("{case}: 신청이 취하되었습니다.", "{case}: the application has been withdrawn."),
    "pilot.start": ("{case}: 실증이 시작되었습니다.", "{case}: the pilot has started."),
    "pilot.suspend": ("{case}: 실증이 일시 중지되었습니다.", "{case}: the pilot has been suspended."),
    "pilot.lift": ("{case}: 일시 중지가 해제되었습니다.", "{case}: the suspension has been lifted."),
    "pilot.finish": (
        "{case}: 실증 종료가 보고되었습니다.",
        "{case}: the end of the pilot has been reported.",
    ),
    "pilot.extend": ("{case}: 규제특례 기간이 연장되었습니다.", "{case}: the period has been extended."),
    "pilot.deem_extended": (
        "{case}: 규제특례 기간이 연장된 것으로 봅니다.",
        "{case}: the period is deemed extended.",
    ),
    "pilot.end_deemed": (
        "{case}: 기간 연장 간주가 끝났습니다.",
        "{case}: the deemed extension has ended.",
    ),
    "pilot.end_period": (
        "{case}: 규제특례 기간이 끝났습니다. 결과보고서를 제출해야 합니다.",
        "{case}: the period has ended; the final report is due.",
    ),
    "pilot.report": ("{case}: 결과보고서가 제출되었습니다.", "{case}: the final report has been filed."),
    "pilot.revoke": ("{case}: 규제특례 승인이 취소되었습니다.", "{case}: the exemption has been revoked."),
    "pilot.regularise": (
        "{case}: 일반 허가등을 받아 특례가 종료되었습니다.",
        "{case}: the ordinary permit has been obtained.",
    ),
    "pilot.convert": (
        "{case}: 스마트혁신사업으로 전환되었습니다.",
        "{case}: the pilot has been converted to an innovation project.",
    ),
    "pilot.stop": ("{case}: 실증이 중단되었습니다.", "{case}: the pilot has been stopped."),
    "decision.propose": ("{case}: 결정안이 상정되었습니다.", "{case}: a decision is proposed."),
    "decision.decide": ("{case}: 결정이 내려졌습니다.", "{case}: a decision has been taken."),
    "decision.decide_against": (
        "{case}: 평가 결과와 다른 결정안입니다. 두 번째 결정권자의 확인이 필요합니다.",
        "{case}: a decision against the finding waits for a second decider.",
    ),
    "decision.confirm": ("{case}: 결정이 확정되었습니다.", "{case}: the decision has been confirmed."),
    "decision.send_back": ("{case}: 결정안이 반송되었습니다.", "{case}: the proposal has been sent back."),
    "confirmation.submit": (
        "{case}: 신속확인 신청이 접수되었습니다.",
        "{case}: a rapid confirmation is asked for.",
    ),
    "confirmation.route": (
        "{case}: 허가등 필요 여부에 대한 확인 요청이 도착했습니다.",
        "{case}: your office is asked whether a permit is needed.",
    ),
    "confirmation.collect": (
        "{case}: 모든 관계기관의 회신이 끝났습니다.",
        "{case}: every agency has answered.",
    ),
    "confirmation.deem": (
        "{case}: 기한까지 회신하지 않은 기관은 허가등이 필요하지 않은 것으로 봅니다(법 제49조의2제4항).",
        "{case}: an agency did not reply in time; by law no permit of its own is needed (Art. 49-2(4)).",
    ),
    "confirmation.answer": (
        "{case}: 신속확인 결과가 통보되었습니다.",
        "{case}: the rapid confirmation is answered.",
    ),
    "insurance.file": (
        "{case}: 보험증권 사본이 제출되었습니다.",
        "{case}: an insurance policy has been filed.",
    ),
    "compensation.create": (
        "{case}: 보험을 대신하는 배상계획이 제출되었습니다.",
        "{case}: a compensation plan has been filed in place of insurance.",
    ),
    "compensation.approve": (
        "{case}: 배상계획이 승인되었습니다.",
        "{case}: the compensation plan has been approved.",
    ),
    "compensation.refuse": (
        "{case}: 배상계획이 승인되지 않았습니다.",
        "{case}: the compensation plan has not been approved.",
    ),
    "pilot.period_ends_soon": (
        "{case}: 허용 기간이 {due_on}에 끝납니다. {days}일 남았습니다.",
        "{case}: the permitted period ends on {due_on}; {days} days are left.",
    ),
    "webhook.give_up": (
        "{case}: 여러 날 동안 전달에 실패하여 웹훅을 중지했습니다. 주소를 확인하고 다시 등록하십시오.",
        "{case}: nothing could be delivered for days; the webhook is closed. Check it and open a new one.",
    ),
    "claim.file": (
        "{case}: 손해배상 청구가 접수되었습니다.",
        "{case}: a claim for damage has been filed.",
    ),
    "claim.pay": (
        "{case}: 손해배상 청구에 대한 지급이 등록되었습니다.",
        "{case}: a claim for damage has been paid.",
    ),
    "claim.refuse": (
        "{case}: 손해배상 청구가 증빙과 함께 거절되었습니다.",
        "{case}: a claim for damage has been refused with proof.",
    ),
    "claim.report": (
        "{case}: 손해배상 처리 결과가 보고되었습니다.",
        "{case}: what became of a claim for damage has been reported.",
    ),
    "comment.write": ("{case}: 새 의견이 등록되었습니다.", "{case}: a comment has been written."),
    **MEASURES,
    **CONDITIONS,
    "clock.due": (
        "{case}: {what} – 기한 {due_on}, {days}일 남았습니다.",
        "{case}: {what} – due on {due_on}, {days} days left.",
    ),
    "clock.due_today": ("{case}: {what} – 오늘이 기한입니다.", "{case}: {what} – due today."),
    "clock.lapsed": (
        "{case}: {what} – 기한({due_on})이 지났습니다.",
        "{case}: {what} – the last day, {due_on}, has passed.",
    ),
}


def text(code: str, language: str, *, case: str, facts: Mapping[str, Any]) -> str:
    """What a notice says; `facts` hold `what` in both languages where the text speaks of a clock."""
    korean, english = TEXTS[code]
    named = dict(facts)
    if "what_ko" in named:
        named["what"] = named["what_ko" if language == "ko" else "what_en"]
    return (korean if language == "ko" else english).format(case=case, **named)
