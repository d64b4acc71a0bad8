"""Somebody at a browser, as the journeys need them."""

from __future__ import annotations

import re
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.factories import PASSWORD
from tests.journeys.conftest import Live

PATIENCE_MS = 60_000


class Person:
    """Someone at the browser, who speaks English and signs in and out between errands."""

    def __init__(self, page: Page, live: Live) -> None:
        self.page = page
        self.live = live
        self.go("/language/en")

    def go(self, path: str) -> None:
        self.page.goto(self.live.url + path)

    def sign_in(self, who: str) -> None:
        self.go("/sign-in")
        self.page.get_by_label("E-mail").fill(f"{who}@example.org")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.locator("main").get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()

    def sign_out(self) -> None:
        self.page.get_by_role("button", name="Sign out").click()
        expect(self.page.get_by_role("link", name="Sign in")).to_be_visible()

    def fill(self, **texts: Any) -> None:
        """Fill controls by their name; double underscores stand for dots."""
        for name, text in texts.items():
            self.page.locator(f'[name="{name.replace("__", ".")}"]').fill(str(text))

    def choose(self, name: str, value: str) -> None:
        self.page.locator(f'select[name="{name}"]').select_option(value)

    def tick(self, name: str, *values: str) -> None:
        for value in values:
            self.page.locator(f'input[name="{name}"][value="{value}"]').check()

    def press(self, words: str) -> None:
        self.page.locator("main").get_by_role("button", name=words, exact=True).click()

    def follow(self, words: str) -> None:
        self.page.locator("main").get_by_role("link", name=words, exact=True).click()

    def give_reason(self, act: str, reason: str) -> None:
        """Open the act's reason box, write, confirm."""
        self.page.locator("summary", has_text=act).click()
        box = self.page.locator("details[open]")
        box.get_by_label(re.compile("Reason")).fill(reason)
        box.get_by_role("button", name=f"Confirm: {act}").click()

    def sees(self, words: str) -> None:
        expect(self.page.locator("main")).to_contain_text(words)

    def is_not_hindered(self) -> None:
        """axe finds nothing on this page, with every detail opened."""
        self.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        found = Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()
