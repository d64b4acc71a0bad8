"""What notices say of conditions, of amending the law, of uncertainties and of guidance."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "condition.unbound": (
        "{case}: 이행 확인 방법이 정해지지 않은 조건이 있어 확인 방법을 정하여야 합니다. 건수: {count}",
        "{case}: imposed conditions whose check nobody has set up yet: {count}. Say how each is checked.",
    ),
    "condition.ask_change": (
        "{case}: 조건 변경 신청이 접수되었습니다.",
        "{case}: the company asks for a changed condition.",
    ),
    "condition.agree_change": (
        "{case}: 조건 변경이 승인되었습니다.",
        "{case}: the changed condition is agreed to.",
    ),
    "condition.refuse_change": (
        "{case}: 조건 변경이 승인되지 않았습니다.",
        "{case}: the changed condition is refused.",
    ),
    "condition.lift": ("{case}: 조건이 해제되었습니다.", "{case}: a condition has been lifted."),
    "condition_evidence.create": (
        "{case}: 조건 이행 증빙이 제출되었습니다.",
        "{case}: evidence for a condition has been filed.",
    ),
    "condition_evidence.accept": (
        "{case}: 조건 이행 증빙이 인정되었습니다.",
        "{case}: the evidence for a condition is accepted.",
    ),
    "condition_evidence.return": (
        "{case}: 조건 이행 증빙이 반려되었습니다.",
        "{case}: the evidence for a condition is returned.",
    ),
    "condition_breach.create": (
        "{case}: 조건 위반이 확인되었습니다. 소명과 확인이 필요합니다.",
        "{case}: a condition is broken; it has to be explained and followed up.",
    ),
    "condition_breach.explain": (
        "{case}: 조건 위반에 대한 소명이 제출되었습니다.",
        "{case}: the breach of a condition has been explained.",
    ),
    "condition_breach.ask_again": (
        "{case}: 조건 위반에 대한 추가 소명이 요청되었습니다.",
        "{case}: another explanation of a breach is asked for.",
    ),
    "condition_breach.close": (
        "{case}: 조건 위반 건이 종결되었습니다.",
        "{case}: the breach of a condition has been closed.",
    ),
    "amendment.request": (
        "{case}: 법령 정비가 요청되었습니다. 조항: {article}",
        "{case}: an amendment is requested of {article}.",
    ),
    "amendment.request_by_operator": (
        "{case}: 같은 조항의 다른 사업자가 법령 정비를 요청하였습니다. 조항: {article}",
        "{case}: another operator requests an amendment of {article}.",
    ),
    "amendment.review": (
        "{case}: 법령 정비 검토가 시작되었습니다. 조항: {article}",
        "{case}: the review of {article} has begun.",
    ),
    "amendment.find_needed": (
        "{case}: 법령 정비가 필요하다고 판단되었습니다. 조항: {article}",
        "{case}: an amendment of {article} is needed.",
    ),
    "amendment.find_not_needed": (
        "{case}: 법령 정비가 필요하지 않다고 판단되었습니다. 조항: {article}",
        "{case}: no amendment of {article} is needed.",
    ),
    "amendment.escalate": (
        "{case}: 규제합리화위원회에 상정되었습니다. 조항: {article}",
        "{case}: {article} is before the Regulatory Rationalisation Committee.",
    ),
    "amendment.start": (
        "{case}: 법령 정비가 착수되었습니다. 조항: {article}",
        "{case}: the amendment of {article} has started.",
    ),
    "amendment.complete": (
        "{case}: 법령 정비가 완료되었습니다. 조항: {article}",
        "{case}: the amendment of {article} is completed.",
    ),
    "amendment.enter_into_force": (
        "{case}: 정비된 법령이 시행되었습니다. 지체 없이 허가등을 받아야 합니다. 조항: {article}",
        "{case}: amended {article} is in force; the ordinary permit is to be obtained without delay.",
    ),
    "uncertainty.create": (
        "{case}: 해소해야 할 불확실성이 등록되었습니다.",
        "{case}: an uncertainty has been named.",
    ),
    "guidance.create": ("{case}: 행정지도 내용이 기록되었습니다.", "{case}: guidance has been recorded."),
    "guidance.state": (
        "{case}: 행정지도 이행 여부가 제출되었습니다.",
        "{case}: the company states whether it followed the guidance.",
    ),
    "guidance.confirm": (
        "{case}: 행정지도 이행 여부가 확인되었습니다.",
        "{case}: the statement on the guidance is confirmed.",
    ),
    "guidance.contest": (
        "{case}: 행정지도 이행 여부에 이견이 제기되었습니다.",
        "{case}: the statement on the guidance is contested.",
    ),
}
