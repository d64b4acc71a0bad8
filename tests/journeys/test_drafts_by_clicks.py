"""A form that saves itself in a browser: typed, found again after a reload, gone once it is sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from sandbox.config import Settings
from sandbox.db import sessions_for
from sandbox.drafts.models import FormDraft
from tests.factories import PASSWORD, SENT, create_case
from tests.journeys.person import PATIENCE_MS
from tests.live import serving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("databases", ["sqlite"], indirect=True),
]
TEXT = "It is narrow here."


def test_what_is_typed_is_there_after_a_reload_and_gone_once_sent(
    page: Page, committed_database: str, tmp_path: Path
) -> None:
    sessions = sessions_for(committed_database)
    with sessions.begin() as session:
        case = create_case(session, SENT)
        email, number = case.people["city_reviewer"].email, str(case.pilot.number)
    page.set_default_timeout(PATIENCE_MS)
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    with serving(Settings(committed_database, "a secret for tests", tmp_path)) as url:
        page.goto(f"{url}/language/en")
        page.goto(f"{url}/sign-in")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password").fill(PASSWORD)
        page.locator("main").get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        page.goto(f"{url}/cases/{number}/opinion")
        opinion = page.get_by_label("Opinion").first
        opinion.fill(TEXT)
        expect(page.get_by_text("for you alone")).to_be_visible()
        page.reload()
        expect(opinion).to_have_value(TEXT)
        expect(page.get_by_text("for you alone")).to_be_visible()
        page.get_by_role("button", name="Throw the saved text away").click()
        expect(opinion).to_have_value("")
        opinion.fill(TEXT)
        expect(page.get_by_text("for you alone")).to_be_visible()
        page.locator("main").get_by_role("button", name="Give the city's opinion").click()
        expect(page.locator("main")).to_contain_text(TEXT)
        page.goto("about:blank")
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(FormDraft)) == 0
    assert refused == []
