"""A page as a tagged PDF (PDF/UA): the same page gives the same bytes on the same machine.

WeasyPrint needs the system's Pango. It is imported here, when a PDF is asked for, and nowhere else.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from experiments.canonical import digest
from sandbox.documents.wrapping import STYLE, with_whole_words

SHEET = Path(__file__).with_name("sheet.css")
FONTS = Path(__file__).resolve().parent.parent / "static" / "vendor" / "pretendard-gov"
WEIGHTS = {400: "PretendardGOV-Regular.subset.woff2", 700: "PretendardGOV-Bold.subset.woff2"}
KEPT = 16
"""Rendered pages that are kept in memory, since anyone may ask for a public one again and again."""


class NoPdf(Exception):
    """This machine cannot make a PDF: WeasyPrint or the Pango that it needs is not installed."""


@lru_cache(maxsize=1)
def is_available() -> bool:
    """Whether this machine can make PDFs."""
    try:
        import weasyprint  # noqa: F401 - asked whether it loads
    except (ImportError, OSError):
        return False
    return True


@lru_cache(maxsize=KEPT)
def pdf(html: str) -> bytes:
    """`html`, a whole page, in the style of `SHEET`, as PDF/UA-1. Dates come from its `dcterms` metadata.

    Fetches nothing but the two fonts that ship. NoPdf where the machine cannot.
    """
    if not is_available():
        raise NoPdf
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    class OurFonts(URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url not in _addresses().values():
                raise ValueError(f"not part of the document: {url}")
            return super().fetch(url, headers)

    fetcher, fonts = OurFonts(allowed_protocols={"file"}), FontConfiguration()
    sheet = SHEET.read_text(encoding="utf-8")
    style = CSS(string=_faces() + sheet + STYLE, url_fetcher=fetcher, font_config=fonts)
    page = HTML(string=with_whole_words(html), url_fetcher=fetcher)
    made = page.write_pdf(
        stylesheets=[style],
        font_config=fonts,
        pdf_variant="pdf/ua-1",
        pdf_identifier=bytes.fromhex(digest(html))[:16],
    )
    return bytes(made)


def _addresses() -> dict[int, str]:
    return {weight: (FONTS / name).as_uri() for weight, name in WEIGHTS.items()}


def _faces() -> str:
    return "".join(
        f"@font-face {{ font-family: 'Pretendard GOV'; font-weight: {weight}; src: url('{address}'); }}"
        for weight, address in _addresses().items()
    )
