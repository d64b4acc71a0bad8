"""Certificates and the gazette over the interface."""

from __future__ import annotations

from experiments.canonical import canonical, digest
from tests.factories import GRANTED


def test_the_parties_find_the_documents_and_anyone_reads_one(office):
    case = office(GRANTED)
    certificate, notice = case["author"].read(f"{case.path}/documents")["items"]
    assert (certificate["standing"], certificate["ended_by"]) == ("in_force", None)
    assert digest(canonical(certificate["contents"])) == certificate["sha256"]
    assert case["public"].read(f"/documents/{certificate['sha256']}") == certificate
    assert case["public"].read("/gazette")["items"] == [notice]


def test_nobody_else_lists_them(office):
    case = office(GRANTED)
    assert case["other_author"].get(f"{case.path}/documents").status_code == 404
    assert case["public"].get(f"{case.path}/documents").status_code == 401
    assert case["public"].get(f"/documents/{'f' * 64}").status_code == 404
