"""`sandbox record verify` says whether an archive is what it was."""

from __future__ import annotations

import hashlib
import json
import zipfile

import pytest
from click.testing import CliRunner

from sandbox.cli import main


@pytest.fixture
def archive(tmp_path):
    def make(content, listed=b"as it was"):
        path = tmp_path / "record.zip"
        files = [{"path": "a.txt", "size": 9, "sha256": hashlib.sha256(listed).hexdigest()}]
        with zipfile.ZipFile(path, "w") as made:
            made.writestr("a.txt", content)
            made.writestr("manifest.json", json.dumps({"schema": "case-record/1", "files": files}))
        return str(path)

    return make


def verify(path):
    return CliRunner().invoke(main, ["record", "verify", path])


def test_an_unchanged_archive_passes(archive):
    answer = verify(archive("as it was"))
    assert (answer.exit_code, answer.output) == (0, "The record is as it was exported.\n")


def test_a_changed_one_fails_with_the_name_of_the_file(archive):
    answer = verify(archive("otherwise"))
    assert (answer.exit_code, answer.output) == (1, "a.txt: its content is not what was exported\n")


def test_what_is_no_archive_is_one_sentence(tmp_path):
    path = tmp_path / "x.zip"
    path.write_text("no zip")
    answer = verify(str(path))
    assert answer.exit_code == 1
    assert answer.output.startswith("Error: x.zip: it is no zip archive")
