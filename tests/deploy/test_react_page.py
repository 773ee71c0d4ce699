"""The React page's nginx, as its container starts it, before a real server that wants a key."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from countlab.notebook import Server, serve
from countlab.server import create_app
from countlab.settings import Settings
from deploy.stack.service import free_port
from tests.conftest import ROOT
from tests.deploy.programs import require, wait_for_port

START = ROOT / "clients" / "react" / "nginx" / "start"
KEY = "wide-open-sesame"


def start(folder: Path, **variables: str) -> subprocess.Popen[bytes]:
    environment = {"PATH": f"{os.environ['PATH']}:/usr/sbin", "CACHE": str(folder)}
    return subprocess.Popen(
        [START], env={**environment, **variables}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("home")
    settings = Settings(home=home, api_keys=f"page:{KEY}", trusted_proxies=("127.0.0.1",))
    running = serve(create_app(settings=settings, history=True), port=0)
    yield running
    running.stop()


@pytest.fixture
def page(counter: Server) -> Iterator[str]:
    """The address of the page; its key comes from a file, as a secret does."""
    require("nginx")
    with tempfile.TemporaryDirectory() as place:  # pytest's own is closed to nginx's workers
        port, folder = free_port(), Path(place)
        (folder / "page" / "assets").mkdir(parents=True)
        (folder / "page" / "index.html").write_text("<!doctype html><title>page</title>")
        (folder / "page" / "assets" / "index-1.js").write_text("1")
        (folder / "key").write_text(KEY + "\n")
        folder.chmod(0o755)
        process = start(
            folder,
            LISTEN=f"127.0.0.1:{port}",
            PAGE=str(folder / "page"),
            COUNTLAB_URL=counter.url,
            COUNTLAB_API_KEY_FILE=str(folder / "key"),
            TRUSTED_PROXY="127.0.0.1",
        )
        with process:
            try:
                wait_for_port(port, process)
                yield f"http://127.0.0.1:{port}"
            finally:
                process.terminate()


def test_the_page_counts_though_its_visitor_has_no_key(
    page: str, counter: Server, photo: bytes
) -> None:
    refused = requests.post(f"{counter.url}/countObjects", files={"file": photo}, timeout=30)
    answer = requests.post(f"{page}/api/countObjects", files={"file": photo}, timeout=30)
    assert refused.status_code == 401
    assert answer.ok, answer.text
    assert answer.json()["count"] == 10
    assert KEY not in answer.text + str(answer.headers)


def test_a_visitors_own_headers_replace_neither_key_nor_address(page: str) -> None:
    headers = {"Authorization": "Bearer wrong", "X-API-Key": "wrong"}
    assert requests.get(f"{page}/api/models", headers=headers, timeout=30).ok


@pytest.mark.parametrize(
    "path", ["/api/history", "/api/metrics", "/api/", "/api/models/../history", "/api/docs"]
)
def test_visitors_reach_nothing_but_what_the_page_asks(page: str, path: str) -> None:
    request = requests.Request("GET", page).prepare()
    request.url = page + path  # as it is, with its dots
    with requests.Session() as session:
        assert session.send(request, timeout=30).status_code == 404


def test_files_are_kept_by_browsers_and_the_page_is_not(page: str) -> None:
    start_page = requests.get(page, timeout=30)
    script = requests.get(f"{page}/assets/index-1.js", timeout=30)
    assert (start_page.status_code, script.text) == (200, "1")
    assert start_page.headers["Cache-Control"] == "no-cache"
    assert "immutable" in script.headers["Cache-Control"]
    assert "default-src 'self'" in start_page.headers["Content-Security-Policy"]


def test_one_address_cannot_use_up_the_key_of_all(page: str) -> None:
    def statuses(address: str) -> list[int]:
        headers = {"X-Forwarded-For": address}
        with requests.Session() as session:
            answers = [session.get(f"{page}/api/models", headers=headers) for _ in range(40)]
        return [answer.status_code for answer in answers]

    assert 429 in statuses("203.0.113.1")
    assert statuses("203.0.113.2")[0] == 200


@pytest.mark.parametrize(
    "variables",
    [
        {"COUNTLAB_API_KEY": 'a"; return 200; #'},
        {"COUNTLAB_URL": "http://server; deny all"},
        {"LISTEN": "8080; root /"},
        {"PAGE": "/page\n;"},
        {"TRUSTED_PROXY": "all; return 200"},
    ],
)
def test_a_value_that_is_none_is_refused(tmp_path: Path, variables: dict[str, str]) -> None:
    process = start(tmp_path, **variables)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 2
    assert b"characters that do not belong there" in error
