"""/docs in a real browser: the Authorize button works, and pages cannot be framed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import ROOT
from tests.web.servers import KEY


@pytest.fixture
def blank(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_docs_authorize_and_execute_a_request(blank: Page, sites: dict[str, str]) -> None:
    errors: list[str] = []
    blank.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    blank.on("pageerror", lambda error: errors.append(str(error)))
    blank.goto(sites["guarded"] + "/docs")
    blank.get_by_role("button", name="Authorize").first.click()
    blank.locator(".auth-container input").first.fill(KEY)
    blank.locator(".auth-container button[type=submit]").first.click()
    blank.get_by_role("button", name="Close").first.click()
    blank.locator("[id^=operations-count-predict_predict]").first.click()
    blank.locator("input[type=file]").first.set_input_files(ROOT / "images" / "fruits.jpg")
    blank.get_by_role("button", name="Execute").first.click()
    responses = blank.locator(".live-responses-table")
    expect(responses.locator("tbody .response-col_status").first).to_contain_text("200")
    expect(responses.locator("img").first).to_be_visible()
    assert errors == [], "the content security policy blocks what the page needs"


@pytest.mark.parametrize("path", ["/ui/", "/docs", "/models"])
def test_pages_cannot_be_framed_by_other_sites(
    blank: Page, sites: dict[str, str], path: str
) -> None:
    blank.set_content(f'<iframe src="{sites["plain"]}{path}"></iframe>')
    blank.wait_for_timeout(500)
    framed = blank.frames[1]
    assert framed.url.startswith("chrome-error:"), framed.url
