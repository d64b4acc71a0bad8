"""The style page in a browser: every pattern and chart, accessible, legible, and from here alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from sandbox.config import read_settings
from tests.live import serving

pytestmark = pytest.mark.browser

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
# Sizes as shown, in CSS pixels, of all text in drawings that are visible.
SHOWN_SIZES = """
    [...document.querySelectorAll("svg text")]
      .filter(text => text.getBoundingClientRect().width > 0)
      .map(text => parseFloat(text.getAttribute("font-size"))
        * text.ownerSVGElement.getBoundingClientRect().width / text.ownerSVGElement.viewBox.baseVal.width)
"""
# Links inside running text and natively drawn boxes have their own rules (WCAG 2.5.8).
SMALL_TARGETS = """
    [...document.querySelectorAll("button, .button, .control, .site-navigation a, .languages a, .tabs a, "
                                  + ".pagination a[aria-current], .choice label")]
      .map(each => [each.textContent.trim() || each.id, each.getBoundingClientRect().height])
      .filter(([, height]) => height > 0 && height < 43.5)
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("style")
    settings = {"SANDBOX_VAR_DIR": str(folder), "SANDBOX_DEVELOPMENT": "1", "SANDBOX_DEMONSTRATION": "1"}
    with serving(read_settings(settings)) as url:
        yield url


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def style_page(request: pytest.FixtureRequest, page: Page, address: str) -> Page:
    page.set_viewport_size(request.param)
    page.goto(f"{address}/style")
    return page


@pytest.mark.parametrize("language", ["ko", "en"])
def test_axe_finds_nothing(style_page, address, language):
    style_page.goto(f"{address}/language/{language}?next=/style")
    assert style_page.locator("html").get_attribute("lang") == language
    style_page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    found = Axe().run(style_page).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


def test_page_does_not_scroll_sideways(style_page):
    assert style_page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_text_in_drawings_is_legible(style_page):
    sizes = style_page.evaluate(SHOWN_SIZES)
    assert len(sizes) > 50
    assert min(sizes) >= 12


def test_one_drawing_of_each_chart_is_shown(style_page):
    shown = [style_page.locator(f".{name} svg:visible").count() for name in ("chart-wide", "chart-narrow")]
    assert sorted(shown) == [0, style_page.locator(".chart").count()]


def test_targets_are_large_enough_for_a_finger(style_page):
    assert style_page.evaluate(SMALL_TARGETS) == []


def test_shipped_font_is_used(style_page):
    faces = "document.fonts.ready.then(all => [...all].map(face => [face.weight, face.status]))"
    assert sorted(style_page.evaluate(faces)) == [["400", "loaded"], ["700", "loaded"]]


def test_content_policy_stops_nothing_that_the_page_needs(page, address):
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{address}/style")
    assert complaints == []


def test_first_tab_reaches_the_skip_link(page, address):
    page.goto(f"{address}/style")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_ids_are_unique(page, address):
    page.goto(f"{address}/style")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(each => each.id)")
    assert sorted(ids) == sorted(set(ids))


def test_error_summary_leads_to_the_field(page, address):
    page.goto(f"{address}/style")
    page.locator(".error-summary a").first.click()
    assert page.evaluate("document.activeElement.id") == "field-title"
