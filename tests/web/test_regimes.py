"""Regimes on public pages: one law whole, what was not checked, every version."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sandbox.regimes import regimes, use_folder
from tests.web.visitors import said


@pytest.fixture
def reader(client):
    with client.session_transaction() as session:
        session["language"] = "en"
    return client


def test_every_regime_is_listed_for_everybody(reader):
    page = said(reader.get("/regimes"))
    for name in (
        "Smart City",
        "ICT convergence",
        "Financial innovation",
        "Industrial convergence",
        "European",
    ):
        assert name in page


@pytest.mark.parametrize("law", regimes(), ids=lambda law: law.id)
def test_every_regime_is_shown_whole_in_both_languages(client, law):
    for language in ("ko", "en"):
        with client.session_transaction() as session:
            session["language"] = language
        page = said(client.get(f"/regimes/{law.id}/{law.version}"))
        shown = [*law.kinds, *law.grounds, *law.plan_contents, *law.clocks, *law.remarks]
        for item in shown:
            assert " ".join(getattr(item, f"name_{language}").split()) in page
        for point in law.unverified:
            assert " ".join(getattr(point, f"text_{language}").split()) in page


def test_what_was_not_checked_stands_beside_its_part(reader):
    page = reader.get("/regimes/kr-ict").text
    after = page.index("What else the law says")
    assert "The grounds of this Act have not been entered." in page[page.index('id="grounds"') : after]
    assert "By when it must be asked for has not been confirmed." in page[after:]


@pytest.mark.parametrize("path", ["/regimes/nowhere", "/regimes/kr-ict/1999-01"])
def test_an_unknown_regime_is_not_there(reader, path):
    assert reader.get(path).status_code == 404


@pytest.fixture
def two_open(tmp_path):
    """The service with a second regime under which applications are taken."""
    source = Path(__file__).parents[1] / "regimes" / "made-up.2026-01.json"
    shutil.copy(source, tmp_path)
    use_folder(tmp_path)
    yield
    use_folder(None)


def test_a_company_chooses_among_open_regimes(office, two_open):
    opened = office(())
    page = opened.read("author", "company/pilots/new")
    assert "A made-up regime" in page
    assert "Smart City regulatory sandbox" in page
    assert "ICT convergence" not in page
    form = opened.read("author", "company/pilots/new?regime=made-up")
    assert "Aim" in form
    assert "Trial" in form
    assert opened.open("author", "company/pilots/new?regime=kr-ict").status_code == 404
    # One alone knows rapid confirmation.
    assert "Under which regime?" not in opened.read("author", "confirmations/new")


def test_a_single_open_regime_is_not_asked_for(office):
    assert "Under which regime?" not in office(()).read("author", "company/pilots/new")
