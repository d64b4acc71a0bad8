"""Who plays in the demonstration: offices, companies and people, all invented and labelled so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.lifecycle import Actor
from sandbox.accounts import Person, Role, create_person
from sandbox.organisations import Organisation, OrganisationKind, create_organisation

PASSWORD = "demonstration only"  # noqa: S105 - printed on purpose, for a database of invented cases
SETTING_UP = Actor(None, "sandbox demo", "service")


@dataclass(frozen=True)
class Part:
    """A person of the demonstration; the e-mail's local part is the key."""

    key: str
    name: str
    role: Role
    organisation: str

    @property
    def email(self) -> str:
        return f"{self.key}@demo.example"


ORGANISATIONS = {
    "ministry": (
        OrganisationKind.MINISTRY,
        "국토교통부 (시연)",
        "Ministry of Land and Transport (demonstration)",
        None,
    ),
    "police": (OrganisationKind.MINISTRY, "경찰청 (시연)", "National Police Agency (demonstration)", None),
    "health": (OrganisationKind.MINISTRY, "보건복지부 (시연)", "Ministry of Health (demonstration)", None),
    "gaon": (OrganisationKind.CITY, "가온시 (가상)", "City of Gaon (synthetic)", None),
    "state": (
        OrganisationKind.CITY,
        "캘리포니아주 (역사 재현)",
        "State of California (replayed history)",
        None,
    ),
    "mobility": (
        OrganisationKind.COMPANY,
        "나래모빌리티 (가상)",
        "Narae Mobility (synthetic)",
        "110-81-00001",
    ),
    "crossing": (OrganisationKind.COMPANY, "이음신호 (가상)", "Ieum Signals (synthetic)", "110-81-00002"),
    "tobacco": (
        OrganisationKind.COMPANY,
        "담배규제 프로그램 (역사 재현)",
        "Tobacco control programme (replayed history)",
        "110-81-00003",
    ),
    "institute": (
        OrganisationKind.INSTITUTE,
        "도시평가연구원 (가상)",
        "Institute for City Evaluation (synthetic)",
        None,
    ),
    "agency": (
        OrganisationKind.AGENCY,
        "위원회 사무국 (시연)",
        "Secretariat of the committee (demonstration)",
        None,
    ),
    "committee": (
        OrganisationKind.COMMITTEE,
        "스마트도시위원회 (시연)",
        "Smart City Committee (demonstration)",
        None,
    ),
    "operator": (
        OrganisationKind.OPERATOR,
        "등록부 운영기관 (시연)",
        "Operator of the register (demonstration)",
        None,
    ),
}

ADDRESSES = {
    "mobility": "가온시 나래로 11 (가상 주소)",
    "crossing": "가온시 이음길 22 (가상 주소)",
}

PEOPLE = (
    Part("author", "김서연", Role.COMPANY_AUTHOR, "mobility"),
    Part("signatory", "이도현", Role.COMPANY_SIGNATORY, "mobility"),
    Part("author2", "박지우", Role.COMPANY_AUTHOR, "crossing"),
    Part("signatory2", "최하준", Role.COMPANY_SIGNATORY, "crossing"),
    Part("author3", "Ann Rivers", Role.COMPANY_AUTHOR, "tobacco"),
    Part("signatory3", "Ben Castillo", Role.COMPANY_SIGNATORY, "tobacco"),
    Part("city", "정민서", Role.CITY_REVIEWER, "gaon"),
    Part("data", "강예준", Role.CITY_DATA_OFFICER, "gaon"),
    Part("city2", "Carla Ortega", Role.CITY_REVIEWER, "state"),
    Part("data2", "Dan Whitfield", Role.CITY_DATA_OFFICER, "state"),
    Part("ministry", "윤지호", Role.MINISTRY_REVIEWER, "ministry"),
    Part("police", "임수아", Role.MINISTRY_REVIEWER, "police"),
    Part("health", "한유진", Role.MINISTRY_REVIEWER, "health"),
    Part("decider", "오시우", Role.DECIDER, "ministry"),
    Part("decider2", "서다은", Role.DECIDER, "ministry"),
    Part("evaluator", "신주원", Role.EVALUATOR, "institute"),
    Part("secretary", "조은별", Role.SECRETARIAT, "agency"),
    Part("member", "문태호", Role.COMMITTEE_MEMBER, "committee"),
    Part("member2", "배수진", Role.COMMITTEE_MEMBER, "committee"),
    Part("member3", "송재현", Role.COMMITTEE_MEMBER, "committee"),
    Part("member4", "노유라", Role.COMMITTEE_MEMBER, "committee"),
    Part("expert", "남도윤", Role.EXPERT, "committee"),
    Part("auditor", "권나윤", Role.AUDITOR, "operator"),
    Part("admin", "황건우", Role.ADMINISTRATOR, "operator"),
)


@dataclass(frozen=True)
class Cast:
    """Looks people and offices up by their key in the session of the moment."""

    def actor(self, session: Session, key: str) -> Actor:
        return session.scalars(select(Person).where(Person.email == f"{key}@demo.example")).one().actor

    def office(self, session: Session, key: str) -> Organisation:
        name_en = ORGANISATIONS[key][2]
        return session.scalars(select(Organisation).where(Organisation.name_en == name_en)).one()


def engage(session: Session, at: datetime) -> Cast:
    """Create every office and person of the demonstration."""
    offices = {
        key: create_organisation(
            session,
            kind=kind.value,
            name_ko=name_ko,
            name_en=name_en,
            registration_number=number,
            address=ADDRESSES.get(key),
            by=SETTING_UP,
            at=at,
        )
        for key, (kind, name_ko, name_en, number) in ORGANISATIONS.items()
    }
    for part in PEOPLE:
        create_person(
            session,
            email=part.email,
            name=part.name,
            role=part.role,
            organisation=offices[part.organisation],
            password=PASSWORD,
            by=SETTING_UP,
            at=at,
        )
    return Cast()
