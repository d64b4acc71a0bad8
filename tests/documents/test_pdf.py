"""Documents on paper: tagged, in Korean, the same bytes each time, and nothing fetched from elsewhere."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from sandbox.documents import pdf as paper

pytestmark = pytest.mark.skipif(not paper.is_available(), reason="Pango is not installed")

PAGE = """<!doctype html><html lang="ko"><head><title>승인서</title>
<meta name="dcterms.created" content="2026-11-24T00:00:00Z">
<style>body {{ font-family: "Pretendard GOV", "Noto Sans CJK KR" }}</style></head>
<body><h1>규제특례 승인서</h1>{}</body></html>"""


@pytest.fixture(scope="module")
def made():
    return paper.pdf(PAGE.format("<p>나래모빌리티 뷁 漢字 제2026-1호</p>"))


def test_korean_reads_back_also_where_our_font_has_no_glyph(made):
    text = PdfReader(io.BytesIO(made)).pages[0].extract_text()
    assert "규제특례 승인서" in text
    assert "나래모빌리티 뷁 漢字 제2026-1호" in text


def test_it_is_tagged_named_and_in_its_language(made):
    document = PdfReader(io.BytesIO(made))
    root = document.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "ko"
    assert document.metadata.title == "승인서"
    assert document.metadata.creation_date.isoformat() == "2026-11-24T00:00:00+00:00"
    assert "pdfuaid:part" in document.xmp_metadata.stream.get_data().decode()


def test_the_same_page_gives_the_same_bytes(made):
    paper.pdf.cache_clear()
    assert paper.pdf(PAGE.format("<p>나래모빌리티 뷁 漢字 제2026-1호</p>")) == made


def test_nothing_is_fetched(tmp_path):
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg"><text y="9">SECRET</text></svg>')
    made = paper.pdf(
        PAGE.format(f'<img alt="" src="{secret.as_uri()}"><img alt="" src="http://192.0.2.1/x.png">')
    )
    assert not PdfReader(io.BytesIO(made)).pages[0].images
    assert "SECRET" not in PdfReader(io.BytesIO(made)).pages[0].extract_text()


def test_a_machine_without_pango_says_so(monkeypatch):
    paper.pdf.cache_clear()
    monkeypatch.setattr(paper, "is_available", lambda: False)
    with pytest.raises(paper.NoPdf):
        paper.pdf(PAGE.format(""))
