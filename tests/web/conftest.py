"""One real Chromium and one process of servers for all tests of the page."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from tests.conftest import ROOT

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
# Without a display, as root in a container, and with a camera that shows a test picture.
_FLAGS = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
_PATIENCE_MS = 30_000  # a busy machine is no fault of the page
expect.set_options(timeout=_PATIENCE_MS)
Open = Callable[..., Page]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip("needs Chromium: scripts/system-packages installs it")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=_FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="package")
def sites(second_model: Path, browser: Browser) -> Iterator[dict[str, str]]:  # noqa: ARG001
    """Addresses of servers by what they are: plain, guarded by a key, or strict."""
    command = [sys.executable, "-m", "tests.web.servers", str(second_model)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdin
        assert running.stdout
        addresses: dict[str, str] = json.loads(running.stdout.readline())
        for name, language in (*((name, "en") for name in addresses), ("plain", "es")):
            # A part of the page, other than the page, waits until all of it is prepared.
            style = f"{addresses[name]}/ui/theme.css"
            requests.get(style, headers={"Accept-Language": language}, timeout=120)
        yield addresses
        running.stdin.close()
        running.wait(timeout=30)


@pytest.fixture
def open_page(browser: Browser, sites: dict[str, str]) -> Iterator[Open]:
    """`open_page("plain", locale="es-ES")`; no page may ask anything of the outside."""
    contexts = []
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    def opened(site: str = "plain", **options: object) -> Page:
        context = browser.new_context(**{"locale": "en-GB", **options})  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        page.on("request", note)
        page.goto(f"{sites[site]}/ui/")
        page.locator("#count [data-part=examples] button").first.wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    hosts = {urlsplit(url).hostname for url in asked if url.startswith(("http", "ws"))}
    assert hosts <= {"127.0.0.1"}, hosts
