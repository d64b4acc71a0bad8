"""The application's lifecycle, cell by cell."""

from __future__ import annotations

import pytest

from sandbox.exemptions.models import Consultation, Exemption
from sandbox.exemptions.table import EXEMPTION
from tests.cells import HOMES, Move, cells, expected, expected_rows, found, rows
from tests.factories import REGIME, application_values

COMPANY = "company_author company_signatory"
UNDECIDED = "draft local_review local_done submitted consulting consulted"

TABLE = {
    "edit": Move("draft", "draft", "company_author"),
    "send_to_city": Move("draft", "local_review", "company_author"),
    "give_opinion": Move("local_review", "local_done", "city_reviewer"),
    "answer_actions": Move("local_done", "local_done", "company_author"),
    "sign": Move("local_done", "submitted", "company_signatory"),
    "return_filing": Move("submitted", "draft", "ministry_reviewer", needs_reason=True),
    "open_consultation": Move("submitted", "consulting", "ministry_reviewer"),
    "close_consultation": Move("consulting", "consulted", "ministry_reviewer"),
    "grant": Move("consulted", "approved", "decider", needs_reason=True),
    "refuse": Move("consulted", "rejected", "decider", needs_reason=True),
    "withdraw": Move(UNDECIDED, "withdrawn", COMPANY, needs_reason=True),
}
PROVISIONS = {
    "send_to_city": "Art. 49(2)",
    "give_opinion": "Art. 49(2)",
    "answer_actions": "Art. 49(2)",
    "sign": "Art. 49(1), 50(1)",
    "return_filing": "D52(3)",
    "open_consultation": "Art. 49(4)",
    "close_consultation": "Art. 49(4)",
    "grant": "Art. 49(7), 51(1)",
    "refuse": "Art. 49(7)",
}


def create_exemption(status: str) -> Exemption:
    """A complete application on which every ministry has replied; nothing of it is stored."""
    exemption = Exemption(
        regime_id=REGIME,
        regime_version="2026-09",
        company_id=HOMES["company"],
        city_id=HOMES["city"],
        lead_id=HOMES["ministry"],
        status=status,
        **application_values(),
    )
    exemption.consultations.append(Consultation(reply="agree", replied_by_id=0))
    return exemption


def test_the_table_is_the_expected_one():
    assert rows(EXEMPTION) == expected_rows(TABLE)


@pytest.mark.parametrize(("status", "verb", "who"), cells(EXEMPTION, TABLE))
def test_cell(status, verb, who):
    assert found(EXEMPTION, create_exemption(status), verb, who) == expected(TABLE, status, verb, who)


def test_steps_name_their_provision():
    assert {t.verb: t.source for t in EXEMPTION.transitions if t.source} == PROVISIONS


def test_the_draft_alone_is_kept_from_the_public_timeline():
    assert [t.verb for t in EXEMPTION.transitions if not t.public] == ["edit"]
