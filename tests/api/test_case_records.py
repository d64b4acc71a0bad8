"""The record of a case and the annual report over the interface."""

from __future__ import annotations

import hashlib
import io
import zipfile

from tests.factories import DRAFTED, GRANTED


def test_the_manifest_names_what_the_archive_holds(office):
    case = office(GRANTED)
    for who, is_whole in (("auditor", True), ("author", False)):
        said = case[who].get(f"{case.path}/record").json
        assert said["is_whole"] is is_whole
        with zipfile.ZipFile(io.BytesIO(case[who].get(f"{case.path}/record.zip").data)) as made:
            held = {
                name: hashlib.sha256(made.read(name)).hexdigest()
                for name in made.namelist()
                if name != "manifest.json"
            }
        assert {file["path"]: file["sha256"] for file in said["files"]} == held
        assert ("ledger.jsonl" in held) is is_whole


def test_nobody_but_the_parties_gets_a_record(office):
    case = office(GRANTED)
    for path in (f"{case.path}/record", f"{case.path}/record.zip"):
        for who in ("other_author", "other_city_reviewer", "other_evaluator", "administrator"):
            assert case[who].get(path).status_code == 404, (who, path)
        assert case["public"].get(path).status_code == 401
    draft = office(DRAFTED)
    assert draft["reviewer"].get(f"{draft.path}/record").status_code == 404
    assert draft["author"].get(f"{draft.path}/record").status_code == 200


def test_anyone_reads_the_annual_report(office):
    case = office(GRANTED)
    (year, *_) = case["public"].get("/annual-reports").json["years"]
    report = case["public"].get(f"/annual-reports/{year}").json
    assert report["steps"]["approve"] == 1
    assert report["standing"] == {"approved": 1}
    assert report["results"]["overdue"] == []
    assert case["public"].get("/annual-reports/1999").status_code == 404
    assert case["public"].get("/annual-reports/99999999999999999999").status_code == 404
