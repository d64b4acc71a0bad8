"""Regimes on public pages: one law whole, what was not checked, every version."""

from __future__ import annotations

import pytest

from sandbox.regimes import regimes
from tests.web.visitors import said


@pytest.fixture
def reader(client):
    with client.session_transaction() as session:
        session["language"] = "en"
    return client


def test_every_regime_is_listed_for_everybody(reader):
    page = said(reader.get("/regimes"))
    for name in ("Smart City", "ICT convergence", "Financial innovation", "Industrial convergence", "European"):
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
