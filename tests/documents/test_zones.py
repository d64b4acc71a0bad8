"""The notice of a growth zone carries every field, and its papers lie open as long as the law asks."""

from __future__ import annotations

import pytest

from experiments.errors import Invalid, Refused
from sandbox.accounts import Role
from sandbox.documents import standing, zones
from sandbox.documents.gazette import gazette
from tests.factories import BEGINNING, create_person, create_site

TYPED = {
    "name": "가온 혁신성장진흥구역",
    "location": "가온시 중앙동 일원, 1.2제곱킬로미터",
    "purpose": "자율주행 산업 집적",
    "papers_at": "가온시청 스마트도시과",
    "papers_from": "2026-03-02",
    "papers_to": "2026-03-15",
}


@pytest.fixture
def publish(session):
    site, decider = create_site(session), create_person(session, Role.DECIDER)

    def act(by=decider, **changes):
        return zones.publish(session, site, TYPED | changes, by=by.actor, at=BEGINNING)

    return act


def test_a_zone_is_published_in_the_gazette(session, publish):
    notice = publish()
    assert gazette(session).notices == (notice,)
    values = {field["id"]: field["value"]["ko"] for field in notice.contents()["fields"]}
    assert TYPED.items() <= values.items()
    assert standing(session, notice, today=BEGINNING.date()).status == "in_force"


@pytest.mark.parametrize("field", list(TYPED))
def test_a_blank_field_blocks_it(publish, field):
    with pytest.raises(Invalid) as refused:
        publish(**{field: " "})
    assert set(refused.value.errors) == {f"document.{field}"}


def test_the_papers_lie_open_for_fourteen_days_with_both_ends(publish):
    with pytest.raises(Invalid) as refused:
        publish(papers_to="2026-03-14")
    assert refused.value.errors == {"document.papers_to": ["At least 14 days (Art. 43(3), 35(6))."]}


def test_they_do_not_lie_open_before_the_notice(publish):
    with pytest.raises(Invalid, match="Not before today"):
        publish(papers_from="2026-03-01")


@pytest.mark.parametrize("role", [Role.MINISTRY_REVIEWER, Role.CITY_REVIEWER, Role.COMPANY_AUTHOR])
def test_only_a_decider_publishes(session, publish, role):
    with pytest.raises(Refused):
        publish(by=create_person(session, role))
