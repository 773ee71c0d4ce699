"""Fixtures of the page's tests: one Chromium, and one process with the servers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from tests.conftest import ROOT
from tests.server.routes.test_classification import write_classifier
from tests.tasks import graphs

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
# For containers (root, no display), and with a fake camera.
_FLAGS = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
BEFORE_THE_CAMERA = ROOT / "images" / "oranges_3.jpg"
_TIMEOUT_MS = 30_000  # generous: the tests also run on busy machines
expect.set_options(timeout=_TIMEOUT_MS)
Open = Callable[..., Page]


@pytest.fixture(scope="package")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    executable = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if executable is None:
        pytest.skip("needs Chromium: scripts/system-packages installs it")
    film = tmp_path_factory.mktemp("camera") / "film.mjpeg"  # of one picture
    film.write_bytes(BEFORE_THE_CAMERA.read_bytes())
    flags = [*_FLAGS, f"--use-file-for-fake-video-capture={film}"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=flags)
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def home_of_sites(second_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models of the servers: detectors, and a classifier of plain colors."""
    home = tmp_path_factory.mktemp("page") / "home"
    shutil.copytree(second_model, home)
    names = '[names.es]\nred = "rojo"\ngreen = "verde"\nblue = "azul"\n'
    write_classifier(home, "colors", graphs.LABELS, names)
    (home / "models" / "broken").mkdir()
    (home / "models" / "broken" / "model.toml").write_text("labels = 1")
    return home


@pytest.fixture(scope="package")
def sites(home_of_sites: Path, browser: Browser) -> Iterator[dict[str, str]]:  # noqa: ARG001
    """Addresses of three servers: plain, guarded (by an API key) and strict (low limits)."""
    command = [sys.executable, "-m", "tests.web.servers", str(home_of_sites)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        addresses: dict[str, str] = json.loads(process.stdout.readline())
        yield addresses
        process.stdin.close()
        process.wait(timeout=30)


@pytest.fixture
def open_page(browser: Browser, sites: dict[str, str]) -> Iterator[Open]:
    """`open_page("plain", locale="es-ES")`; fails on errors of a script or requests to others."""
    contexts = []
    urls: list[str] = []
    errors: list[str] = []

    def record(request: Request) -> None:
        urls.append(request.url)

    def open_site(site: str = "plain", **options: object) -> Page:
        context = browser.new_context(**{"locale": "en-GB", **options})  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(_TIMEOUT_MS)
        page.on("request", record)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{sites[site]}/ui/")
        page.locator("#count [data-part=examples] button").first.wait_for()
        return page

    yield open_site
    for context in contexts:
        context.close()
    hosts = {urlsplit(url).hostname for url in urls if url.startswith(("http", "ws"))}
    assert hosts <= {"127.0.0.1"}, hosts
    assert errors == []
