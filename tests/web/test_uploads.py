"""Files of readings on the page: mapped, shown before they count, stored whole, undone openly."""

from __future__ import annotations

import io
import json

import pytest
from sqlalchemy import select

from experiments.collection.models import Observation
from sandbox.accounts import Role
from sandbox.ledger import LedgerEntry
from tests.factories import create_metric, create_person, create_site, create_source
from tests.web.visitors import Visitor, remembering, said, stored

BODY = "일시,D01,D02\n2025-12-30,5,6\n2025-12-31,7,\n".encode("cp949")
WIDE = {"observed_at": "일시", "entity": "", "value": "", "attribute": "", "only_attribute": "wait"}


@pytest.fixture
def address(rows, site):
    metric = create_metric(rows, lowest=0)
    attributes = [{"attribute": "wait", "metric": metric.code, "unit": metric.unit}]
    source = create_source(remembering(rows), site, attributes=attributes)
    rows.commit()
    return f"/sources/{source.id}/uploads"


def hand_over(officer, address, body=BODY):
    return officer.send(address, file=(io.BytesIO(body), "waits.csv"))


def test_a_file_is_looked_at_stored_and_undone(officer, address, rows):
    assert hand_over(officer, address).status_code == 303
    assert "일시" in officer.read(f"{address}/1")
    assert "3 readings; the first are shown." in said(officer.send(f"{address}/1", **WIDE))
    assert stored(rows, select(Observation.value)) == []
    assert officer.send(f"{address}/1/store", **WIDE).status_code == 303
    assert sorted(stored(rows, select(Observation.value))) == [5.0, 6.0, 7.0]
    assert officer.send(f"{address}/1/undo").status_code == 303
    assert stored(rows, select(Observation.value)) == []
    assert "undone" in officer.read(address)


def test_both_acts_stand_in_the_ledger(officer, address, rows):
    hand_over(officer, address)
    officer.send(f"{address}/1/store", **WIDE)
    officer.send(f"{address}/1/undo")
    acts = ("source.upload", "source.undo_upload")
    of_files = select(LedgerEntry.details).where(LedgerEntry.act.in_(acts)).order_by(LedgerEntry.number)
    assert [json.loads(details)["readings"] for details in stored(rows, of_files)] == [3, 3]


def test_one_wrong_cell_stops_the_whole_file(officer, address, rows):
    hand_over(officer, address, BODY.replace(b"7", b"-7"))
    answer = officer.send(f"{address}/1/store", **WIDE)
    assert answer.status_code == 422
    assert "B3: This lies outside the metric's range." in said(answer)
    assert stored(rows, select(Observation.value)) == []


def test_what_is_no_table_is_refused(officer, address):
    answer = hand_over(officer, address, b"nothing")
    assert answer.status_code == 422
    assert "There is no row under the header." in said(answer)


def test_a_form_without_a_file_is_refused(officer, address):
    assert officer.send(address).status_code == 422


def test_a_file_is_stored_once(officer, address):
    hand_over(officer, address)
    officer.send(f"{address}/1/store", **WIDE)
    assert officer.send(f"{address}/1/store", **WIDE).status_code == 409


def test_another_citys_source_is_not_found(officer, rows):
    other = create_source(remembering(rows), create_site(rows))
    rows.commit()
    assert hand_over(officer, f"/sources/{other.id}/uploads").status_code == 404


def test_a_file_that_is_not_stored_can_be_discarded(officer, address, rows):
    hand_over(officer, address)
    assert "not stored yet" in officer.read(address)
    assert officer.send(f"{address}/1/discard").status_code == 303
    assert "discarded" in officer.read(address)
    assert officer.send(f"{address}/1/store", **WIDE).status_code == 409
    acts = select(LedgerEntry.act).where(LedgerEntry.act == "source.discard_upload")
    assert len(stored(rows, acts)) == 1


def test_officer_and_auditor_download_a_file_as_it_came(officer, address, rows):
    hand_over(officer, address)
    person = create_person(remembering(rows), Role.AUDITOR)
    rows.commit()
    for visitor in (officer, Visitor(officer.client.application.test_client())):
        if visitor is not officer:
            visitor.sign_in(person)
        answer = visitor.open(f"{address}/1/content")
        assert (answer.status_code, answer.data) == (200, BODY)
        assert answer.headers["Content-Disposition"] == "attachment; filename=waits.csv"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "waits.csv" in visitor.read(address)
    assert visitor.send(f"{address}/1/discard").status_code == 403


def test_two_values_of_one_instant_are_both_named(officer, address):
    hand_over(officer, address, BODY.replace(b"2025-12-31", b"2025-12-30"))
    assert "B3: another value of the same instant stands in B2" in said(officer.send(f"{address}/1", **WIDE))


def test_the_unit_that_is_assumed_and_columns_that_are_not_read_are_named(officer, address):
    hand_over(officer, address, b"when,who,value,colour\n2025-12-30,D01,5,red\n")
    long = {"observed_at": "when", "entity": "who", "value": "value", "only_attribute": "wait"}
    page = said(officer.send(f"{address}/1", **long))
    assert "Values without a unit are taken as the mapping of the source has them:" in page
    assert "nothing of them is stored: colour" in page
