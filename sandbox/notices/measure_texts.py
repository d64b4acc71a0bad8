"""What notices say of the start, of suspensions, orders, incidents, inspections and tasks."""

from __future__ import annotations

MEASURES: dict[str, tuple[str, str]] = {
    "residents.inform": (
        "{case}: 주민 안내 사실이 기록되었습니다.",
        "{case}: it is on record that residents were informed.",
    ),
    "suspension_proposal.create": (
        "{case}: 일시 중지 제안이 접수되었습니다. 장관의 결정이 필요합니다.",
        "{case}: a suspension is proposed and waits for the Minister.",
    ),
    "suspension_proposal.act": (
        "{case}: 제안에 따라 실증이 일시 중지되었습니다.",
        "{case}: the pilot has been suspended on a proposal.",
    ),
    "suspension_proposal.dismiss": (
        "{case}: 일시 중지 제안이 받아들여지지 않았습니다.",
        "{case}: the proposal to suspend has been dismissed.",
    ),
    "suspension.create": (
        "{case}: 일시 중지 중에는 필요한 조치를 하고 보고해야 합니다.",
        "{case}: while the pilot is suspended, measures are to be taken and reported.",
    ),
    "suspension.report_measures": (
        "{case}: 일시 중지에 대한 조치 결과가 보고되었습니다.",
        "{case}: measures against the suspension have been reported.",
    ),
    "suspension.accept_measures": (
        "{case}: 조치가 충분한 것으로 확인되었습니다.",
        "{case}: the measures have been found sufficient.",
    ),
    "suspension.send_back": (
        "{case}: 조치 결과가 보완 요청과 함께 반송되었습니다.",
        "{case}: the report on the measures has been sent back.",
    ),
    "suspension.close_without_measures": (
        "{case}: 추가 조치 없이 조치 절차가 종결되었습니다.",
        "{case}: the measures are closed; nothing more was to be done.",
    ),
    "order.create": (
        "{case}: 조치명령이 예고되었습니다. 의견을 제출할 수 있습니다.",
        "{case}: an order is announced; the operator may state its position.",
    ),
    "order.state_position": (
        "{case}: 조치명령에 대한 의견이 제출되었습니다.",
        "{case}: the operator has stated its position on an announced order.",
    ),
    "order.record_hearing": (
        "{case}: 조치명령에 대한 의견 청취가 기록되었습니다.",
        "{case}: it is on record how the operator was heard.",
    ),
    "order.issue": ("{case}: 조치명령이 내려졌습니다.", "{case}: an order has been issued."),
    "order.extend": (
        "{case}: 조치명령의 이행 기간이 연장되었습니다.",
        "{case}: the period of an order has been extended.",
    ),
    "order.report": (
        "{case}: 조치명령의 이행 결과가 보고되었습니다.",
        "{case}: the operator reports that an order has been carried out.",
    ),
    "order.accept": (
        "{case}: 조치명령의 이행이 확인되었습니다.",
        "{case}: an order has been found carried out.",
    ),
    "order.send_back": (
        "{case}: 조치명령의 이행 결과가 반송되었습니다.",
        "{case}: the report on an order has been sent back.",
    ),
    "order.miss": (
        "{case}: 조치명령의 이행 기간이 지났습니다. 법 제52조제4항에 따른 조치를 할 수 있습니다.",
        "{case}: the period of an order has passed; measures under Art. 52(4) may follow.",
    ),
    "order.withdraw": (
        "{case}: 예고된 조치명령이 철회되었습니다.",
        "{case}: an announced order has been withdrawn.",
    ),
    "incident.create": ("{case}: 사고가 보고되었습니다.", "{case}: an incident has been reported."),
    "incident.follow_up": (
        "{case}: 사고에 대한 후속 내용이 추가되었습니다.",
        "{case}: something has been added to an incident.",
    ),
    "incident.close": ("{case}: 사고 처리가 종결되었습니다.", "{case}: an incident has been closed."),
    "inspection.create": ("{case}: 현장 점검이 예정되었습니다.", "{case}: an inspection is planned."),
    "inspection.record": (
        "{case}: 현장 점검 결과가 기록되었습니다.",
        "{case}: an inspection has been recorded.",
    ),
    "inspection.cancel": ("{case}: 현장 점검이 취소되었습니다.", "{case}: an inspection is cancelled."),
    "remedy_task.create": (
        "{case}: 기한 내에 이행해야 할 과제가 생겼습니다.",
        "{case}: there is a task to be done by a set day.",
    ),
    "remedy_task.report": ("{case}: 과제 이행이 보고되었습니다.", "{case}: a task is reported done."),
    "remedy_task.accept": ("{case}: 과제 이행이 확인되었습니다.", "{case}: a task has been found done."),
    "remedy_task.send_back": ("{case}: 과제가 반송되었습니다.", "{case}: a task has been sent back."),
}
