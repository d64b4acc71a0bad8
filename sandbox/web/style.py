"""The living style page: every macro and chart with sample content. Development mode only."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from sandbox.web import style_charts, style_samples
from sandbox.web.filters import language

pages = Blueprint("style", __name__, url_prefix="/style")


@pages.get("")
def index() -> str:
    """All patterns on one page, in the reader's language."""
    reader = language()

    def say(korean: str, english: str) -> str:
        return korean if reader == "ko" else english

    return render_template(
        "style/index.html",
        say=say,
        sample=style_samples.samples(say),
        charts=style_charts.charts(say),
        query=request.args.to_dict(),
    )
