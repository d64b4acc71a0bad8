"""The lifecycle of a final report, cell by cell."""

from __future__ import annotations

import pytest

from sandbox.exemptions.models import Consultation, Exemption
from sandbox.pilots.models import Pilot
from sandbox.regimes import regime
from sandbox.reports.models import Demand, Report
from sandbox.reports.table import REPORT
from tests.cells import HOMES, Move, cells, expected_rows, found, row_expected, row_found, rows
from tests.factories import REGIME

TABLE = {
    "save": Move("draft", "draft", "company_author"),
    "file": Move("draft", "filed", "company_signatory"),
    "demand": Move("filed supplement_asked", "supplement_asked", "city_reviewer ministry_reviewer"),
    "supplement": Move("supplement_asked", "supplement_asked", "company_author"),
    "file_again": Move("supplement_asked", "filed", "company_signatory"),
    "accept": Move("filed", "accepted", "ministry_reviewer"),
}


def create_report(status, **changes):
    """A report that leaves nothing empty, under whose regime a pilot has a period; not stored."""
    exemption = Exemption(
        lead_id=HOMES["ministry"],
        city_id=HOMES["city"],
        regime_id=REGIME,
        regime_version="2026-09",
        kind="demonstration",
    )
    asked = regime(REGIME, "2026-09").period.reported_of("demonstration")
    contents = {item.id: "As measured." for item in asked}
    pilot = Pilot(company_id=HOMES["company"], exemption=exemption)
    return Report(**({"status": status, "pilot": pilot, "contents": contents} | changes))


def test_the_table_is_the_expected_one():
    assert rows(REPORT) == expected_rows(TABLE)


@pytest.mark.parametrize(("status", "verb"), cells(REPORT, TABLE))
def test_cells(status, verb):
    assert row_found(REPORT, create_report(status), verb) == row_expected(TABLE, status, verb)


def test_a_ministry_that_was_consulted_may_demand_a_supplement():
    report = create_report("filed")
    report.pilot.exemption.lead_id = 0
    assert found(REPORT, report, "demand", "ministry_reviewer") == "refused"
    report.pilot.exemption.consultations.append(Consultation(ministry_id=HOMES["ministry"]))
    assert found(REPORT, report, "demand", "ministry_reviewer") == "yes"


def test_an_incomplete_report_is_not_filed():
    assert found(REPORT, create_report("draft", contents={}), "file", "company_signatory") == "wrong moment"


def test_a_demand_without_an_answer_keeps_the_report_from_being_filed_again():
    report = create_report("supplement_asked", demands=[Demand(text="The counts?")])
    assert found(REPORT, report, "file_again", "company_signatory") == "wrong moment"
