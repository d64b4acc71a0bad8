"""What the people of the demonstration write, in Korean with its English beside it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PilotTexts:
    """The words of one pilot: what the company files and what the plan asks."""

    technology: str
    summary_ko: str
    summary_en: str
    articles: tuple[str, ...]
    ground: str
    opinion: str
    action: str
    answer: str
    condition: str
    condition_basis: str
    necessity: str
    proportionality: str
    hypothesis_ko: str
    hypothesis_en: str
    why_controls: str


PILOTS = {
    "shuttle": PilotTexts(
        technology="자율주행 셔틀 / autonomous shuttle",
        summary_ko="세 개 동에서 안전요원이 탄 자율주행 셔틀이 정해진 노선을 돌며 버스가 뜸한 시간의 대기를 줄입니다. "
        "셔틀은 시속 30km를 넘지 않습니다.",
        summary_en="In three districts an autonomous shuttle with a safety operator on board runs a fixed route, to "
        "shorten the wait when buses are rare. The shuttle does not exceed 30 km/h.",
        articles=("여객자동차 운수사업법 제4조", "자동차관리법 제27조"),
        ground="no_standard",
        opinion="노선이 통학로와 겹치는 구간의 안전대책을 보완하는 조건으로 동의합니다.",
        action="통학로 구간의 등하교 시간 운행 계획을 제출할 것.",
        answer="등하교 시간(08:00~09:00, 13:00~15:00)에는 통학로 구간을 우회합니다.",
        condition="통학로 구간에서는 시속 20km를 넘지 않을 것.",
        condition_basis="Art. 49(8)",
        necessity="통학로 보행량이 많아 충돌 시 피해가 클 수 있습니다.",
        proportionality="전체 노선의 12%에만 적용되어 운행 시간에 미치는 영향이 2분 이내입니다.",
        hypothesis_ko="셔틀이 다니는 동의 버스 평균 대기시간이 대조 동보다 줄어든다.",
        hypothesis_en="The mean wait for a bus falls in the shuttle's districts compared with the controls.",
        why_controls="다른 실증사업이 없는 같은 시의 모든 동입니다. 같은 데이터허브에서 같은 방식으로 수집합니다. "
        "(Every district of the city without a pilot, collected in the same way.)",
    ),
    "crossings": PilotTexts(
        technology="스마트 횡단보도 / smart crossings",
        summary_ko="네 개 동의 횡단보도가 보행자를 감지해 보행 신호를 연장하고 운전자에게 경고합니다. 영상은 저장하지 않습니다.",
        summary_en="Crossings in four districts detect pedestrians, extend their green and warn drivers. No video is kept.",
        articles=("도로교통법 제4조", "개인정보 보호법 제25조"),
        ground="inappropriate",
        opinion="보행 안전에 도움이 될 것으로 보아 동의합니다. 신호 연장으로 인한 정체를 살펴야 합니다.",
        action="첨두시간 신호 연장의 상한을 정할 것.",
        answer="첨두시간에는 신호 연장을 주기당 6초로 제한합니다.",
        condition="영상은 현장 장치에서 즉시 비식별 처리하고 저장하지 않을 것.",
        condition_basis="Art. 49(8)",
        necessity="보행자의 얼굴이 영상에 담깁니다.",
        proportionality="감지에는 비식별 영상으로 충분하며 추가 비용이 없습니다.",
        hypothesis_ko="스마트 횡단보도가 있는 동의 보행자 상충 건수가 대조 동보다 줄어든다.",
        hypothesis_en="Conflicts with pedestrians fall in districts with smart crossings compared with the controls.",
        why_controls="다른 실증사업이 없는 같은 시의 모든 동입니다. 같은 데이터허브에서 같은 방식으로 수집합니다. "
        "(Every district of the city without a pilot, collected in the same way.)",
    ),
    "drones": PilotTexts(
        technology="드론 배송 / drone delivery",
        summary_ko="두 개 동에서 드론이 약과 생필품을 지정 착륙장으로 나릅니다. 주거지 위로는 날지 않습니다.",
        summary_en="In two districts drones carry medicine and daily goods to marked landing places. They do not fly over "
        "homes.",
        articles=("항공안전법 제129조", "물류시설의 개발 및 운영에 관한 법률 제7조"),
        ground="impossible",
        opinion="소음 민원 대응 계획을 갖추는 것을 전제로 동의합니다.",
        action="소음 측정 지점과 민원 창구를 정할 것.",
        answer="착륙장마다 소음계를 설치하고 시 민원실과 공동 창구를 둡니다.",
        condition="비행 고도를 120m 이하로 하고 학교 상공을 비행하지 않을 것.",
        condition_basis="Art. 49(8)",
        necessity="추락 시 인명 피해를 막기 위해 필요합니다.",
        proportionality="지정 항로의 길이가 3% 늘어날 뿐입니다.",
        hypothesis_ko="드론 배송 동의 배달차량 통행 수가 대조 동보다 줄어든다.",
        hypothesis_en="Trips of delivery vehicles fall in the drones' districts compared with the controls.",
        why_controls="다른 실증사업이 없는 같은 시의 모든 동입니다. (Every district of the city without a pilot.)",
    ),
    "prop99": PilotTexts(
        technology="담배세와 금연 프로그램 / tobacco tax and control programme",
        summary_ko="1988년 캘리포니아 주민발의 99호는 담배세를 갑당 25센트 올리고 그 수입을 금연 사업에 썼습니다. "
        "공개된 연도별 자료를 데이터허브를 통해 재생하며, 결과는 이미 알려져 있습니다.",
        summary_en="California's Proposition 99 of 1988 raised the tobacco tax by 25 cents a pack and spent the revenue on "
        "tobacco control. Published yearly data are played back from a data hub; the outcome is known history.",
        articles=("California Proposition 99 (1988)",),
        ground="on_record",
        opinion="공개 자료의 재현이며 새로 시행하는 것이 없습니다. (A replay of public data; nothing new is carried out.)",
        action="자료의 출처를 밝힐 것. (State the origin of the data.)",
        answer="Abadie, Diamond, Hainmueller (2010)의 공개 자료입니다. (The published data of that paper.)",
        condition="모든 화면에 재현임을 표시할 것. (Every page says that this is a replay.)",
        condition_basis="등록부 규칙 (our rule)",
        necessity="실제 사례로 오해할 수 있습니다. (It could be taken for a real case.)",
        proportionality="표시 외의 부담이 없습니다. (No burden beyond the label.)",
        hypothesis_ko="주민발의 99호가 1인당 담배 판매량을 합성 캘리포니아보다 낮춘다.",
        hypothesis_en="Proposition 99 lowers cigarette sales per person below those of a synthetic California.",
        why_controls="큰 담배 규제를 새로 도입하지 않은 38개 주로, Abadie·Diamond·Hainmueller(2010)의 대조군과 같습니다. "
        "(The 38 states of the published donor pool, without large tobacco programmes of their own.)",
    ),
}

MINUTES = (
    "사업의 필요성과 안전 대책을 심의하고, 관계부처가 제시한 조건을 붙여 승인하기로 하였습니다. "
    "(Necessity and safety were deliberated on; approved under the condition that was asked for.)"
)

GRANT_REASON = (
    "필요성과 안전성이 인정되고, 부과하는 조건이 비례의 원칙에 맞습니다. "
    "(Necessary and safe; the condition is proportionate.)"
)
AGREEMENT = "조건을 지키는 것을 전제로 동의합니다. (Agreed, provided the condition is kept.)"
DECISION_REASON = (
    "확정된 계획의 규칙에 따른 판정을 받아들입니다. 확대 구역에서도 측정을 계속합니다. "
    "(We follow the finding of the locked plan's rule; measuring continues where it is expanded.)"
)
CONTENTS_OF_PLANS = {
    "purpose": "신청서 요약에 적은 기술을 정한 구역에서 실증합니다.",
    "exemption_needed": "위에 적은 조항의 적용을 실증 기간 동안 배제할 것을 요청합니다.",
    "safety": "안전요원, 원격 정지, 주간 점검을 두고 이상이 있으면 즉시 멈춥니다.",
    "compensation": "사망 1인당 1억 5천만 원, 대물 사고당 10억 원 이상의 책임보험에 가입합니다.",
    "necessity": "현행 기준으로는 시험 운행을 할 수 없습니다.",
    "benefits": "대기시간과 사고를 줄이고 결과를 공개 자료로 남깁니다.",
    "method": "정한 구역에서 운행하고 나머지 동을 대조군으로 삼아 비교합니다.",
    "funding": "총 18억 원 가운데 절반을 기업이 부담합니다.",
    "origin": "합성통제 논문과 함께 공개된 연도별 자료 (data/SOURCE.md).",
}

HOW_RESIDENTS_KNOW = "가구별 안내문과 동 주민센터 게시 (시연)"
NOTICE_TO_RESIDENTS = (
    "우리 동에서 새로운 기술을 정해진 기간 동안 시험합니다. 안전요원이 함께하며, 불편이나 사고는 "
    "시청 담당 부서로 알려 주시면 됩니다. 결과는 등록부에 모두 공개합니다."
)

EVIDENCE_DOCUMENT = "대조 구역과 비교한 평가보고서 / evaluation against control districts"
EVIDENCE_SHOWS = (
    "규제를 적용하지 아니하여도 안전 지표가 나빠지지 않고 이용자 편익이 늘어나는지 보여 줍니다. / "
    "It shows whether users gain while no safety metric gets worse without the rule."
)
