"""The task list leads whoever may work an item off to its form, and nobody else."""

from __future__ import annotations

from tests.factories import DRAFTED


def test_an_item_leads_the_author_to_the_form(office):
    office = office(DRAFTED)
    office.case.pilot.exemption.contents = {}
    page = office.open("author", "cases/{}/tasks").text
    assert f'href="/company/pilots/{office.number}"' in page
    assert "For this kind of application the law asks for no file." in page
    assert f'href="/company/pilots/{office.number}"' not in office.open("signatory", "cases/{}/tasks").text
    assert office.open("other_author", "cases/{}/tasks").status_code == 404
