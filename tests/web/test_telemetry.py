"""The company's page for its own readings: opened, a token made, shown once, renewed, revoked."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from experiments.collection.models import DataSource
from sandbox.pilots.telemetry import PilotSource
from tests.factories import FILED, RUNNING
from tests.web.office import wrong_fields

SECRET = re.compile(r"src_[\w-]{40,}")
PAGE = "company/pilots/{}/telemetry"
# Apart from the sources of the city's baseline.
OURS = select(DataSource).join(PilotSource, PilotSource.source_id == DataSource.id)


def open_source(office, **changes):
    return office.send(
        "author", f"{PAGE}/open", **{"metrics": office.case.primary.code, "cadence": "day"} | changes
    )


def test_the_case_file_leads_the_company_there_and_nobody_else(office):
    opened = office(RUNNING)
    assert "Own readings of the pilot" in opened.read("author", "cases/{}")
    assert "Own readings of the pilot" not in opened.read("reviewer", "cases/{}")
    assert opened.open("data_officer", PAGE).status_code == 403
    assert opened.open("other_author", PAGE).status_code == 404


def test_a_token_is_shown_once_renewed_and_revoked(office):
    opened = office(RUNNING)
    assert open_source(opened).status_code == 303
    made = opened.send("signatory", PAGE, label="Depot", days="30")
    assert len(SECRET.findall(made.text)) == 1
    assert not SECRET.findall(opened.read("author", PAGE))
    renewed = opened.send("author", f"{PAGE}/tokens/1/rotate")
    assert SECRET.findall(renewed.text) not in ([], SECRET.findall(made.text))
    assert opened.send("author", f"{PAGE}/tokens/2/revoke").status_code == 303
    assert "revoked" in opened.read("author", PAGE)


def test_a_form_that_chooses_nothing_is_shown_again(office):
    answer = open_source(office(RUNNING), metrics=[])
    assert answer.status_code == 422
    assert wrong_fields(answer) == {"metrics"}


def test_before_the_plan_is_locked_nothing_can_be_opened(office):
    opened = office(FILED)
    assert "No readings can be sent now" in opened.read("author", PAGE)
    assert open_source(opened).status_code == 409


def test_the_city_sees_where_its_readings_come_from(office):
    opened = office(RUNNING)
    open_source(opened)
    (source,) = opened.stored(select(PilotSource.source_id))
    page = opened.read("data_officer", f"sources/{source}")
    assert "No hub is asked." in page
    assert "Collect now" not in page


def test_the_company_moves_the_start_of_its_readings_back(office):
    opened = office(RUNNING)
    open_source(opened)
    (source,) = opened.stored(OURS)
    first = source.starts_at.astimezone(ZoneInfo("Asia/Seoul")).date()
    refused = opened.send("author", f"{PAGE}/start", starts_on=str(first - timedelta(days=1)))
    assert wrong_fields(refused) == {"starts_on"}
    assert wrong_fields(opened.send("author", f"{PAGE}/start", starts_on="9999-12-31")) == {"starts_on"}
    assert opened.send("data_officer", f"{PAGE}/start", starts_on=str(first)).status_code == 403
    opened.case.session.get(DataSource, source.id).starts_at = source.starts_at + timedelta(days=30)
    opened.case.session.commit()
    assert opened.send("author", f"{PAGE}/start", starts_on=str(first)).status_code == 303
    assert [each.starts_at for each in opened.stored(OURS)] == [source.starts_at]
