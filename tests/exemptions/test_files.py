"""Files of an application: what is taken, what is asked for, and what stays."""

from __future__ import annotations

import hashlib
import zipfile
from io import BytesIO

import pytest

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from sandbox.exemptions import application, files
from sandbox.exemptions.files import LARGEST_FILE_BYTES, FileStore
from sandbox.exemptions.table import EXEMPTION, missing_files
from tests.factories import ANSWERED, CONSULTING, FILED, SENT, create_case

PDF = b"%PDF-1.7\nA safety case."


def archive(*parts):
    body = BytesIO()
    with zipfile.ZipFile(body, "w") as made:
        for part in parts:
            made.writestr(part, "text")
    return body.getvalue()


@pytest.fixture
def store(tmp_path):
    return FileStore(tmp_path / "files")


def attach(case, store, who="author", *, kind="other", name="safety.pdf", body=PDF):
    return files.attach(
        case.session,
        store,
        case.pilot.exemption,
        kind=kind,
        name=name,
        body=body,
        by=case.actor(who),
        at=case.tick(),
    )


def test_a_file_is_kept_under_its_hash_once(session, store):
    case = create_case(session)
    one, two = attach(case, store), attach(case, store, name="again.pdf")
    assert one.sha256 == two.sha256 == hashlib.sha256(PDF).hexdigest()
    assert [path.name for path in store.folder.rglob("*") if path.is_file()] == [one.sha256]
    assert store.read(one.sha256) == PDF


def test_changed_content_is_not_handed_out(session, store):
    kept = attach(create_case(session), store)
    (place,) = (path for path in store.folder.rglob("*") if path.is_file())
    place.write_bytes(b"%PDF-1.7\nAnother.")
    with pytest.raises(NotFound):
        store.read(kept.sha256)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("plan.exe", b"MZ"),
        ("plan", PDF),
        ("plan.pdf", b"<html><script>"),
        ("plan.docx", PDF),
        ("plan.docx", archive("xl/workbook.xml")),
        ("plan.xlsx", b"PK\x03\x04 and then nothing"),
        ("plan.pdf", b""),
        ("plan.pdf", PDF + b" " * LARGEST_FILE_BYTES),
    ],
)
def test_what_is_no_such_file_is_refused(session, store, name, body):
    case = create_case(session)
    with pytest.raises(Invalid) as error:
        attach(case, store, name=name, body=body)
    assert set(error.value.errors) == {"file"}
    assert case.pilot.exemption.attachments == []
    assert not store.folder.exists()


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("계획.PDF", PDF),
        ("plan.docx", archive("word/document.xml")),
        ("plan.hwpx", archive("Contents/content.hpf")),
        ("plan.jpeg", b"\xff\xd8\xff\xe0"),
    ],
)
def test_what_is_taken(session, store, name, body):
    assert attach(create_case(session), store, name=name, body=body).name == name


def test_a_name_leads_nowhere(session, store):
    kept = attach(create_case(session), store, name="C:\\docs\\..\\../../etc/pass\x00wd.pdf")
    assert kept.name == "passwd.pdf"


def test_only_what_the_regime_knows_is_attached(session, store):
    with pytest.raises(Invalid) as error:
        attach(create_case(session), store, kind="certificate")
    assert set(error.value.errors) == {"kind"}


@pytest.mark.parametrize("who", ["signatory", "city_reviewer", "reviewer", "other_author", "auditor"])
def test_only_its_author_attaches(session, store, who):
    with pytest.raises(Refused):
        attach(create_case(session), store, who)


@pytest.mark.parametrize(
    ("history", "open_"), [(SENT, True), (ANSWERED, True), (FILED, False), (CONSULTING, True)]
)
def test_when_files_are_added(session, store, history, open_):
    case = create_case(session, history)
    if open_:
        assert attach(case, store).id
    else:
        with pytest.raises(WrongMoment) as error:
            attach(case, store)
        assert error.value.needs == "files_can_be_added"


def test_the_proof_of_safety_is_asked_of_innovation_projects_alone(session):
    """D53 excludes demonstrations."""
    exemption = create_case(session).pilot.exemption
    assert missing_files(exemption) == []
    exemption.kind = "innovation"
    assert missing_files(exemption) == ["safety_proof"]


def test_without_the_file_that_is_asked_for_nobody_signs(session, store):
    case = create_case(session, ANSWERED)
    case.pilot.exemption.kind = "innovation"
    with pytest.raises(WrongMoment) as error:
        application.sign(session, case.pilot.exemption, by=case.actor("signatory"), at=case.tick())
    assert error.value.needs == "every_required_file_is_attached"
    attach(case, store, kind="safety_proof")
    assert EXEMPTION.check(case.pilot.exemption, "sign", by=case.actor("signatory"))


def test_a_file_taken_back_leaves_its_row_and_reason(session, store):
    case = create_case(session)
    kept = attach(case, store)
    by, at = case.actor("author"), case.tick()
    files.detach(session, case.pilot.exemption, kept, by=by, at=at, reason="An old version.")
    with pytest.raises(NotFound):
        files.find(case.pilot.exemption, kept.id)
    assert (kept.removed_reason, len(case.pilot.exemption.attachments)) == ("An old version.", 1)


def test_what_was_filed_stays(session, store):
    case = create_case(session)
    kept = attach(case, store)
    case.walk(FILED)
    with pytest.raises(WrongMoment):
        files.detach(
            session, case.pilot.exemption, kept, by=case.actor("author"), at=case.tick(), reason="No."
        )


@pytest.mark.parametrize(
    ("scanner", "message"),
    [
        ("sh -c 'cat >/dev/null; exit 1'", "The scanner found a virus in this file."),
        ("sh -c 'cat >/dev/null; exit 2'", files.NOT_SCANNED),
        ("/nowhere/scanner", files.NOT_SCANNED),
    ],
)
def test_what_the_scanner_does_not_pass_is_not_kept(session, tmp_path, scanner, message):
    store = FileStore(tmp_path / "files", scanner)
    with pytest.raises(Invalid) as error:
        attach(create_case(session), store)
    assert error.value.errors == {"file": [message]}
    assert not store.folder.exists()


def test_the_scanner_sees_the_content(session, tmp_path):
    store = FileStore(tmp_path / "files", f"sh -c 'cat > {tmp_path}/seen'")
    assert attach(create_case(session), store).is_scanned
    assert (tmp_path / "seen").read_bytes() == PDF
