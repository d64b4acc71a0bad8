"""The application's lifecycle, cell by cell."""

from __future__ import annotations

import pytest

from sandbox.exemptions.models import Consultation, Exemption
from sandbox.exemptions.table import EXEMPTION
from tests.cells import HOMES, Move, cells, expected_rows, row_expected, row_found, rows
from tests.factories import REGIME, application_values

COMPANY = "company_author company_signatory"
UNDECIDED = (
    "draft returned local_review local_done submitted consulting consulted expert_done tabled resolved"
)
SECRETARIAT = "secretariat other_secretariat"
MINISTRY = f"ministry_reviewer {SECRETARIAT}"

TABLE = {
    "edit": Move("draft", "draft", "company_author"),
    "revise": Move("returned", "returned", "company_author"),
    "send_to_city": Move("draft returned", "local_review", "company_author"),
    "give_opinion": Move("local_review", "local_done", "city_reviewer"),
    "answer_actions": Move("local_done", "local_done", "company_author"),
    "sign": Move("local_done", "submitted", "company_signatory"),
    "return_filing": Move("submitted", "returned", MINISTRY, needs_reason=True),
    "open_consultation": Move("submitted", "consulting", MINISTRY),
    "close_consultation": Move("consulting", "consulted", MINISTRY),
    "report_experts": Move("consulted", "expert_done", SECRETARIAT),
    "table": Move("consulted expert_done", "tabled", SECRETARIAT),
    "resolve": Move("tabled", "resolved", SECRETARIAT, needs_reason=True),
    "modify": Move("resolved", "resolved", "company_author"),
    "refile": Move("", "consulted", "company_signatory"),
    "grant": Move("resolved", "approved", "decider", needs_reason=True),
    "refuse": Move("resolved", "rejected", "decider", needs_reason=True),
    "find_not_required": Move("resolved", "not_required", "decider", needs_reason=True),
    "withdraw": Move(UNDECIDED, "withdrawn", COMPANY, needs_reason=True),
}
# Where a row opens more states than this file, on which the committee has approved, lets it leave.
GUARDED = {
    "table": "consulted expert_done resolved",
    "refile": "resolved",
    "grant": "consulted resolved",
    "refuse": "consulted resolved",
    "find_not_required": "consulted resolved",
}
PROVISIONS = {
    "send_to_city": "Art. 49(2)",
    "give_opinion": "Art. 49(2)",
    "answer_actions": "Art. 49(2)",
    "sign": "Art. 49(1), 50(1)",
    "return_filing": "D52(3)",
    "open_consultation": "Art. 49(4)",
    "close_consultation": "Art. 49(4)",
    "report_experts": "Art. 51(1), D54(1)",
    "table": "Art. 49(7)",
    "resolve": "Art. 49(7)",
    "modify": "Art. 49(8)",
    "refile": "Art. 49(8)",
    "grant": "Art. 49(7), 51(1)",
    "refuse": "Art. 49(7)",
    "find_not_required": "Art. 49(7)",
}


def create_exemption(status: str) -> Exemption:
    """A complete application on which every ministry has replied and the committee agrees; not stored."""
    exemption = Exemption(
        regime_id=REGIME,
        regime_version="2026-09",
        company_id=HOMES["company"],
        city_id=HOMES["city"],
        lead_id=HOMES["ministry"],
        status=status,
        resolution="approve",
        **application_values(articles=[]),
    )
    exemption.consultations.append(Consultation(reply="agree", replied_by_id=0))
    return exemption


def test_the_table_is_the_expected_one():
    """As the rows stand; what a cell leaves out because a guard holds it is said below."""
    found = rows(EXEMPTION)
    for verb, sources in GUARDED.items():
        assert {s.value for s in EXEMPTION.transition(verb).sources} == set(sources.split())
        found[verb] = (set(TABLE[verb].sources.split()), *found[verb][1:])
    assert found == expected_rows(TABLE)


@pytest.mark.parametrize(("status", "verb"), cells(EXEMPTION, TABLE))
def test_cells(status, verb):
    assert row_found(EXEMPTION, create_exemption(status), verb) == row_expected(TABLE, status, verb)


def test_steps_name_their_provision():
    assert {t.verb: t.source for t in EXEMPTION.transitions if t.source} == PROVISIONS


def test_the_draft_alone_is_kept_from_the_public_timeline():
    assert [t.verb for t in EXEMPTION.transitions if not t.public] == ["edit", "revise"]
