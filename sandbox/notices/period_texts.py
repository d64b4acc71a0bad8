"""What notices say of a pilot's period and of its final report, in Korean and in English."""

from __future__ import annotations

PERIOD_TEXTS: dict[str, tuple[str, str]] = {
    "change.create": ("{case}: 변경 신청이 접수되었습니다.", "{case}: a change has been filed."),
    "change.contest": (
        "{case}: 경미한 변경으로 기록된 사항이 변경승인 대상으로 다시 분류되었습니다.",
        "{case}: a change recorded as minor has been classified as major.",
    ),
    "change.consult": (
        "{case}: 변경에 대한 관계부처 협의 요청이 도착했습니다.",
        "{case}: ministries are consulted on a change.",
    ),
    "change.reply": ("{case}: 변경에 대한 회신이 있습니다.", "{case}: a ministry has replied on a change."),
    "change.deliberate": (
        "{case}: 변경에 대한 위원회 심의 결과가 기록되었습니다.",
        "{case}: the committee has deliberated on a change.",
    ),
    "change.approve": ("{case}: 변경이 승인되었습니다.", "{case}: the change has been approved."),
    "change.refuse": ("{case}: 변경이 승인되지 않았습니다.", "{case}: the change has been refused."),
    "change.withdraw": ("{case}: 변경 신청이 취하되었습니다.", "{case}: the change has been withdrawn."),
    "extension.create": ("{case}: 기간 연장 신청이 접수되었습니다.", "{case}: an extension is asked for."),
    "extension.deliberate": (
        "{case}: 기간 연장에 대한 위원회 심의 결과가 기록되었습니다.",
        "{case}: the committee has deliberated on the extension.",
    ),
    "extension.grant": ("{case}: 기간 연장이 승인되었습니다.", "{case}: the extension has been granted."),
    "extension.refuse": (
        "{case}: 기간 연장이 승인되지 않았습니다.",
        "{case}: the extension has been refused.",
    ),
    "extension.withdraw": (
        "{case}: 기간 연장 신청이 취하되었습니다.",
        "{case}: the extension has been withdrawn.",
    ),
    "law_request.create": (
        "{case}: 법령 정비 요청이 접수되었습니다.",
        "{case}: the amendment of the law is requested.",
    ),
    "law_request.assess": (
        "{case}: 법령 정비 요청에 대한 검토 의견이 기록되었습니다.",
        "{case}: the request to amend the law has been assessed.",
    ),
    "law_request.escalate": (
        "{case}: 법령 정비 요청이 규제합리화위원회에 상정되었습니다.",
        "{case}: the request to amend the law goes to the Regulatory Rationalisation Committee.",
    ),
    "law_request.find_needed": (
        "{case}: 법령 정비가 필요하다고 통지되었습니다. 혁신사업 전환을 신청할 수 있습니다.",
        "{case}: the law is to be amended; conversion may be applied for.",
    ),
    "law_request.find_not_needed": (
        "{case}: 법령 정비가 필요하지 않다고 통지되었습니다.",
        "{case}: the law is not to be amended.",
    ),
    "law_request.withdraw": (
        "{case}: 법령 정비 요청이 취하되었습니다.",
        "{case}: the request to amend the law has been withdrawn.",
    ),
    "law_request.complete": (
        "{case}: 법령 정비가 완료되었습니다.",
        "{case}: the amendment of the law is complete.",
    ),
    "conversion.create": (
        "{case}: 혁신사업 전환 신청서를 작성하기 시작했습니다.",
        "{case}: an application for conversion has been begun.",
    ),
    "conversion.file": (
        "{case}: 혁신사업 전환이 신청되었습니다.",
        "{case}: conversion has been applied for.",
    ),
    "revocation.create": (
        "{case}: 승인 취소 절차가 시작되었습니다.",
        "{case}: a proceeding to revoke the approval has been opened.",
    ),
    "revocation.consult_city": (
        "{case}: 승인 취소에 대한 지방자치단체 의견이 기록되었습니다.",
        "{case}: the city has given its opinion on the revocation.",
    ),
    "revocation.deliberate": (
        "{case}: 승인 취소에 대한 위원회 심의 결과가 기록되었습니다.",
        "{case}: the committee has deliberated on the revocation.",
    ),
    "revocation.invite": ("{case}: 청문이 통지되었습니다.", "{case}: a hearing has been called."),
    "revocation.hear": ("{case}: 청문 결과가 기록되었습니다.", "{case}: the hearing is on record."),
    "revocation.revoke": ("{case}: 승인이 취소되었습니다.", "{case}: the approval has been revoked."),
    "revocation.drop": (
        "{case}: 승인 취소 절차가 취소 없이 끝났습니다.",
        "{case}: the proceeding ends without a revocation.",
    ),
    "permit.create": (
        "{case}: 일반 허가등의 취득이 보고되었습니다.",
        "{case}: an ordinary permit has been reported.",
    ),
    "report.file": ("{case}: 결과보고서가 접수되었습니다.", "{case}: the final report is in."),
    "report.demand": (
        "{case}: 결과보고서의 보완이 요구되었습니다.",
        "{case}: a supplement to the final report is demanded.",
    ),
    "report.supplement": (
        "{case}: 결과보고서 보완 요구에 답변하였습니다.",
        "{case}: a demand for a supplement has been answered.",
    ),
    "report.file_again": (
        "{case}: 보완된 결과보고서가 제출되었습니다.",
        "{case}: the supplemented report has been filed.",
    ),
    "report.accept": ("{case}: 결과보고서가 수리되었습니다.", "{case}: the final report is accepted."),
    "report.consent": (
        "{case}: 결과보고서 공개에 대한 동의가 등록되었습니다.",
        "{case}: one side agrees to publish the report.",
    ),
    "report.prove": (
        "{case}: 소관 기관의 서면 확인이 발급되었습니다.",
        "{case}: the authority has given its written proof.",
    ),
}
