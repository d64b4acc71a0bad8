"""The archive of a case: what is in it for whom, and what a check of it finds."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from datetime import datetime
from types import SimpleNamespace

import pytest

from experiments.errors import BrokenRecord
from sandbox.exemptions.files import FileStore, attach
from sandbox.ledger.chain import expected_hash
from sandbox.records import archive as archives
from sandbox.records.check import faults
from sandbox.records.tables import rows, tables_of
from tests.factories import DRAFTED, GRANTED, LOCKED, create_case

PDF = b"%PDF-1.7\n" + b"." * 2000


@pytest.fixture
def store(tmp_path):
    return FileStore(tmp_path / "files")


def exported(case, store, who, folder):
    """The archive as `who` gets it."""
    path = folder / f"{who}.zip"
    pieces = archives.archive(case.session, case.pilot, store, reader=case.actor(who), at=case.at)
    path.write_bytes(b"".join(pieces))
    return path


def rewritten(path, change):
    """The archive again with each file as `change(name, content)` gives it; None leaves it out."""
    with zipfile.ZipFile(path) as old:
        contents = {name: old.read(name) for name in old.namelist()}
    other = path.with_suffix(".other.zip")
    with zipfile.ZipFile(other, "w") as new:
        for name, content in contents.items():
            if (changed := change(name, content)) is not None:
                new.writestr(name, changed)
    return other


@pytest.fixture
def case(session, store):
    case = create_case(session, DRAFTED)
    attach(
        session,
        store,
        case.pilot.exemption,
        kind="other",
        name="plan.pdf",
        body=PDF,
        by=case.actor("author"),
        at=case.tick(),
    )
    return case.walk(LOCKED[len(DRAFTED) :])


def test_the_auditor_takes_the_whole_case_away(case, store, tmp_path):
    path = exported(case, store, "auditor", tmp_path)
    assert faults(path, case.session) == []
    with zipfile.ZipFile(path) as made:
        names = set(made.namelist())
        assert made.read("plan/1.json").decode() == case.pilot.experiment.versions[0].document
        attachment = case.pilot.exemption.attachments[0]
        assert made.read(f"attachments/{attachment.id}.pdf") == PDF
        acts = [json.loads(line)["act"] for line in made.read("ledger.jsonl").decode().splitlines()]
    assert {"exemption.grant", "document.issue", "pilot.approve"} <= set(acts)
    assert {"tables/exemption_history.csv", "tables/clock_event.jsonl", "tables/consultation.csv"} <= names
    assert sum(name.startswith("documents/") for name in names) == 2


def test_a_party_gets_what_its_pages_show_and_no_ledger(case, store, tmp_path):
    path = exported(case, store, "author", tmp_path)
    with zipfile.ZipFile(path) as made:
        names = set(made.namelist())
        manifest = json.loads(made.read("manifest.json"))
    assert not manifest["is_whole"]
    assert "ledger.jsonl" not in names
    assert "tables/agenda_ballot.jsonl" not in names
    assert "tables/consultation.jsonl" in names


def test_rows_of_other_cases_are_not_in_it(case, session):
    other = create_case(session, GRANTED)
    for name, query in tables_of(case.pilot, case.actor("auditor")).items():
        for row in rows(session, query):
            assert row.get("pilot_id", case.pilot.id) != other.pilot.id, name
            assert row.get("exemption_id", case.pilot.exemption_id) != other.pilot.exemption_id, name


def test_secrets_are_no_columns_of_a_record(case):
    columns = {
        c.name
        for query in tables_of(case.pilot, case.actor("auditor")).values()
        for c in query.selected_columns
    }
    assert not {name for name in columns if {"token", "secret", "sealed", "password"} & set(name.split("_"))}


def test_a_formula_in_a_cell_stays_text(case, store, tmp_path):
    case.pilot.summary_en = "=HYPERLINK(1)"
    case.session.flush()
    with zipfile.ZipFile(exported(case, store, "author", tmp_path)) as made:
        lines = csv.DictReader(io.StringIO(made.read("tables/pilot.csv").decode("utf-8-sig")))
    assert next(lines)["summary_en"] == "'=HYPERLINK(1)"


def test_a_changed_a_missing_and_an_added_file_are_named(case, store, tmp_path):
    path = exported(case, store, "auditor", tmp_path)

    def change(name, content):
        if name == "tables/pilot.jsonl":
            return content.replace(b"Smart", b"Smort")
        return None if name == "plan/1.json" else content

    other = rewritten(path, change)
    with zipfile.ZipFile(other, "a") as made:
        made.writestr("more.txt", "x")
    assert faults(other) == [
        "more.txt: the manifest does not name it",
        "tables/pilot.jsonl: its content is not what was exported",
        "plan/1.json: it is missing",
    ]


def with_other_last_act(path, edit):
    """The archive with its last act as `edit` leaves it, and a manifest that agrees."""
    forged = b""

    def change(name, content):
        nonlocal forged
        if name == "ledger.jsonl":
            *before, last = [json.loads(line) for line in content.splitlines()]
            forged = "".join(json.dumps(line) + "\n" for line in (*before, edit(last))).encode()
            return forged
        if name == "manifest.json":
            manifest = json.loads(content)
            for file in manifest["files"]:
                if file["path"] == "ledger.jsonl":
                    file["sha256"] = hashlib.sha256(forged).hexdigest()
            return json.dumps(manifest)
        return content

    return rewritten(path, change)


def test_an_act_changed_together_with_the_manifest_is_named(case, store, tmp_path):
    path = exported(case, store, "auditor", tmp_path)
    (fault,) = faults(with_other_last_act(path, lambda row: row | {"actor_name": "Nobody"}))
    assert fault.endswith("its contents do not have its hash")


def test_an_act_that_this_installation_does_not_have_is_named(case, store, tmp_path):
    def edit(row):
        other = row | {"actor_name": "Nobody"}
        at = datetime.fromisoformat(row["at"])
        return other | {"hash": expected_hash(SimpleNamespace(**other | {"at": at}))}

    path = with_other_last_act(exported(case, store, "auditor", tmp_path), edit)
    assert faults(path) == []
    (fault,) = faults(path, case.session)
    assert fault.endswith("the ledger of this installation has another one")


def test_a_file_that_the_store_lost_is_named(case, store, tmp_path):
    sha256 = case.pilot.exemption.attachments[0].sha256
    (store.folder / sha256[:2] / sha256).unlink()
    (fault,) = faults(exported(case, store, "auditor", tmp_path))
    assert fault.endswith("its content is not what the register recorded")


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all"])
def test_what_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    with pytest.raises(BrokenRecord):
        faults(path)


def test_an_archive_without_manifest_is_refused(tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a", "b")
    with pytest.raises(BrokenRecord):
        faults(path)


def test_it_comes_in_pieces(case, store):
    pieces = list(archives.archive(case.session, case.pilot, store, reader=case.actor("auditor"), at=case.at))
    assert len([piece for piece in pieces if piece]) > 10
