"""Files beside evidence and beside the proof of a refusal: who adds them, until when, who reads them."""

from __future__ import annotations

from datetime import date

import pytest

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from sandbox.claims import desk, handling
from sandbox.conditions import proof
from sandbox.exemptions.files import FileStore
from sandbox.exemptions.kept import MOST_BESIDE, file_of
from tests.claims.filed import informed, refused
from tests.conditions.bound import by_evidence, create_running
from tests.factories import RUNNING, create_case
from tests.period.steps import by

PDF = b"%PDF-1.7\n" + b"0" * 40


@pytest.fixture
def store(tmp_path):
    return FileStore(tmp_path)


def filed_evidence(session):
    case, duty = create_running(session, by_evidence)
    filed = proof.file_evidence(
        session, duty, due_on=date(2026, 7, 31), text="The roster.", **by(case, "author")
    )
    return case, filed


def attach(case, store, filed, who="author", *, name="roster.pdf", body=PDF):
    return proof.attach(case.session, store, filed, name=name, body=body, **by(case, who))


def test_a_file_of_evidence_is_kept_by_its_hash_until_it_is_judged(session, store):
    case, filed = filed_evidence(session)
    made = attach(case, store, filed)
    assert (store.read(made.sha256), made.media_type) == (PDF, "application/pdf")
    assert file_of(filed.files, made.id) is made
    with pytest.raises(NotFound):
        file_of(filed.files, made.id + 1)
    with pytest.raises(Refused):
        attach(case, store, filed, "other_author")
    proof.accept_evidence(session, filed, **by(case, "reviewer"))
    with pytest.raises(WrongMoment):
        attach(case, store, filed)


def test_what_is_no_document_and_too_many_are_refused(session, store):
    case, filed = filed_evidence(session)
    with pytest.raises(Invalid):
        attach(case, store, filed, body=b"<script>")
    for _ in range(MOST_BESIDE):
        attach(case, store, filed)
    with pytest.raises(Invalid):
        attach(case, store, filed)


def prove(case, store, claim, who="signatory"):
    return handling.attach(case.session, store, claim, name="site.pdf", body=PDF, **by(case, who))


def test_the_proof_of_a_refusal_takes_files_of_the_signatory(session, store):
    case = create_case(session, RUNNING)
    claim = informed(case).claim
    with pytest.raises(Refused):
        prove(case, store, claim, "author")
    assert prove(case, store, claim).size == len(PDF)
    handling.refuse(session, claim, refusal="A storm.", proof="See the file.", **by(case, "signatory"))
    prove(case, store, claim)
    assert len(desk.files_of(claim)) == 2
    handling.report(session, claim, report="Refused.", **by(case, "author"))
    with pytest.raises(WrongMoment):
        prove(case, store, claim)


def test_once_a_claim_is_erased_its_files_are_not_read(session, store):
    case = create_case(session, RUNNING)
    claim = refused(case).claim
    prove(case, store, claim)
    claim.erased_at, claim.sealed = case.tick(), None
    assert desk.files_of(claim) == []
