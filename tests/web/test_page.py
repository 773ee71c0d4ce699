"""The page: errors, API keys, the first visit, and the routes it must not add."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import requests
from playwright.sync_api import Browser, Page, expect

from tests.conftest import ROOT
from tests.web.conftest import Open
from tests.web.servers import KEY
from tests.web.test_count import choose_picture

EXAMPLE = "Example: oranges 12"


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
    large.write_bytes(bytes(12_000_000))
    choose_file(page, text)
    assert "it begins with “dear diary”" in error_text(page)
    assert "Send a JPEG, PNG, WebP" in error_text(page)
    expect(page.get_by_role("region", name="The count")).to_be_hidden()
    choose_file(page, large)
    expect(page.locator("#count [role=alert]")).to_contain_text(
        "The picture has 12\u202f000\u202f000 bytes; at most 10\u202f000\u202f000 are taken."
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


def test_busy_server_is_reported(open_page: Open, sites: dict[str, str]) -> None:
    page = open_page("strict")
    address = urlsplit(sites["strict"])
    with socket.create_connection((address.hostname, address.port or 80)) as connection:
        connection.sendall(
            b"POST /countObjects HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n-"
        )
        while requests.get(f"{sites['strict']}/health/ready", timeout=10).ok:
            pass  # until its only slot is in use
        page.get_by_role("button", name=EXAMPLE).click()
        assert "has its hands full" in error_text(page)
    page.get_by_role("button", name=EXAMPLE).click()
    expect(page.locator("#count .big")).to_have_text("12")


def test_api_key_is_kept_only_in_the_memory_of_the_tab(open_page: Open) -> None:
    page = open_page("guarded")
    form = page.locator("form.key")
    expect(form).to_be_visible()
    page.get_by_label("Key of this server").fill("wrong")
    page.get_by_role("button", name="Use it").click()
    expect(form.get_by_role("alert")).to_contain_text("key")
    expect(form).to_be_visible()
    page.get_by_role("button", name=EXAMPLE).click()
    page.get_by_label("Key of this server").fill(KEY)
    page.get_by_role("button", name="Use it").click()
    expect(form).to_be_hidden()
    expect(page.locator("#count .big")).to_have_text("12")  # the refused request is repeated
    stored = page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])"
    )
    assert KEY not in stored
    assert KEY not in json.dumps(page.context.storage_state())
    page.reload()
    expect(form).to_be_visible()


def test_guarded_routes_need_a_key(sites: dict[str, str]) -> None:
    for method, path in (("GET", "health/report"), ("GET", "models"), ("POST", "recount"),
                         ("POST", "sweep")):  # fmt: skip
        assert requests.request(method, f"{sites['guarded']}/{path}", timeout=10).status_code == 401


def test_other_gradio_routes_are_removed(sites: dict[str, str]) -> None:
    for path in ("gradio_api/upload", "gradio_api/run/predict", "gradio_api/queue/join", "login"):
        response = requests.post(f"{sites['plain']}/ui/{path}", files={"files": b"x"}, timeout=10)
        assert response.status_code in (404, 405), path
    for path in ("gradio_api/info", "gradio_api/file=/etc/passwd", "monitoring", "openapi.json"):
        assert requests.get(f"{sites['plain']}/ui/{path}", timeout=10).status_code == 404, path


def test_no_ui_omits_the_page_and_gradio_is_imported_lazily() -> None:
    script = """
import sys
from starlette.testclient import TestClient
from countlab.cli.serve import make_app
made = {page: make_app(engine=None, model=None, keep=None, history=False, page=page)
        for page in (True, False)}
client = {page: TestClient(app) for page, app in made.items()}
assert client[True].get("/").json()["page"] == "/ui"
assert "page" not in client[False].get("/").json()
assert client[False].get("/ui/").status_code == 404
assert client[False].post("/recount", json={}).status_code == 404
assert "gradio" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_first_visit_shows_a_placeholder_and_then_the_page(
    browser: Browser, sites: dict[str, str]
) -> None:
    with browser.new_context(locale="es-ES") as context:
        page = context.new_page()
        page.goto(f"{sites['strict']}/ui/")
        expect(page.get_by_text("Se está preparando la página")).to_be_visible()
        expect(page.get_by_role("button", name="Elegir una imagen")).to_be_visible()
