"""Errors and warnings on the page: complete, in its own words, and without the server's paths."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import requests
from playwright.sync_api import Page, expect

from tests.conftest import ROOT
from tests.web.conftest import Open
from tests.web.test_count import EXAMPLE, choose_picture


def error_text(page: Page) -> str:
    alert = page.locator("#count [role=alert]")
    expect(alert).to_be_visible()
    return alert.inner_text()


def choose_file(page: Page, path: Path) -> None:
    page.locator("#count [data-part=file]").set_input_files(path)


def test_errors_are_shown_with_detail_and_fix(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    choose_picture(page)
    text, large = tmp_path / "text.jpg", tmp_path / "large.png"
    text.write_text("dear diary")
    large.write_bytes(bytes(26_000_000))
    choose_file(page, text)
    assert "it begins with “dear diary”" in error_text(page)
    assert "Send a JPEG, PNG, WebP" in error_text(page)
    expect(page.get_by_role("region", name="The count")).to_be_hidden()
    choose_file(page, large)
    expect(page.locator("#count [role=alert]")).to_contain_text(
        "The picture has 26\u202f000\u202f000 bytes; at most 25\u202f000\u202f000 are taken."
    )
    page.context.set_offline(True)
    choose_file(page, ROOT / "images" / "oranges_5.jpg")
    expect(page.locator("#count [role=alert]")).to_contain_text("The server does not answer")
    page.context.set_offline(False)
    page.get_by_role("button", name=EXAMPLE).click()
    expect(page.locator("#count .big")).to_have_text("12")
    expect(page.locator("#count [role=alert]")).to_be_hidden()
    page.context.set_offline(True)
    page.get_by_role("button", name=EXAMPLE).click()
    assert "The server does not answer" in error_text(page)


@contextlib.contextmanager
def kept_busy(address: str) -> Iterator[None]:
    """The only slot of the server is in use for most of the block."""
    heap = (ROOT / "images" / "crowds" / "long_table.jpg").read_bytes()
    stop = threading.Event()

    def count_again_and_again() -> None:
        while not stop.is_set():
            requests.post(f"{address}/countObjects?tiles=8", files={"file": heap}, timeout=60)

    thread = threading.Thread(target=count_again_and_again)
    thread.start()
    try:
        while requests.get(f"{address}/health/ready", timeout=10).ok:
            pass
        yield
    finally:
        stop.set()
        thread.join()


def test_busy_server_is_reported(open_page: Open, sites: dict[str, str]) -> None:
    page = open_page("strict")
    number, alert = page.locator("#count .big"), page.locator("#count [role=alert]")
    with kept_busy(sites["strict"]):
        for _ in range(20):
            page.get_by_role("button", name=EXAMPLE).click()
            expect(page.get_by_text("Counting …")).to_be_hidden()
            if alert.is_visible():
                break
        assert "has its hands full" in error_text(page)
    page.get_by_role("button", name=EXAMPLE).click()
    expect(number).to_have_text("12")


def test_error_keeps_the_picture(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    choose_picture(page)
    text = tmp_path / "text.jpg"
    text.write_text("dear diary")
    page.route("**/sweep*", lambda route: route.abort())
    page.get_by_role("button", name=EXAMPLE).click()
    assert "The server does not answer" in error_text(page)
    expect(page.locator("#count [data-part=image]")).to_be_visible()
    assert page.locator("#count [data-part=image]").evaluate("image => image.naturalWidth") > 0
    expect(page.locator("#count .boxes li")).to_have_count(0)
    page.unroute("**/sweep*")
    page.get_by_role("combobox", name="Engine").select_option(
        "onnxruntime"
    )  # counts the same picture again
    expect(page.locator("#count .big")).to_have_text("12")


def test_messages_name_the_pages_own_controls(open_page: Open) -> None:
    page = open_page(locale="es-ES")
    page.locator("#count [data-part=file]").set_input_files(
        ROOT / "images" / "crowds" / "long_table.jpg"
    )
    warnings = page.locator("#count .warnings")
    expect(warnings).to_contain_text("Muchos y pequeños")
    assert "tiles" not in warnings.inner_text()


def test_a_visitor_sees_no_path_of_the_server(open_page: Open, home_of_sites: Path) -> None:
    page = open_page()
    page.get_by_role("tab", name="Health").click()
    expect(page.locator("#health .failed").first).to_contain_text("broken")
    content = page.content()
    page.route("**/sweep*", lambda route: route.fulfill(
        status=503, content_type="application/problem+json", body=json.dumps({
            "code": "model_away", "detail": f"Not in {home_of_sites}/models/x (a, b).",
            "fix": "Put them into C:\\Users\\ana\\models or see /docs and https://a.example/b/c.",
        }),
    ))  # fmt: skip
    page.get_by_role("tab", name="Count").click()
    page.get_by_role("button", name=EXAMPLE).click()
    text = error_text(page)
    assert "Not in x (a, b)." in text
    assert "Put them into models or see /docs and https://a.example/b/c." in text
    assert str(home_of_sites.parent) not in content + text
