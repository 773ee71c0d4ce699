"""The page: errors, API keys, the first visit, and what it keeps from whom."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Page, Route, expect

from tests.conftest import ROOT
from tests.web.conftest import Open
from tests.web.servers import KEY
from tests.web.test_count import choose_picture

EXAMPLE = "Example: twelve oranges"


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


def test_page_adds_no_routes_but_its_own(sites: dict[str, str]) -> None:
    for path in ("config", "gradio_api/upload", "login", "files/../mount.py", "mount.py"):
        assert requests.get(f"{sites['plain']}/ui/{path}", timeout=10).status_code == 404, path
    for method in ("POST", "PUT", "DELETE"):
        assert requests.request(method, f"{sites['plain']}/ui/", timeout=10).status_code == 405


@pytest.mark.parametrize("name", ["X-Forwarded-Host", "X-Gradio-Server", "Host"])
def test_page_contains_nothing_of_the_request(sites: dict[str, str], name: str) -> None:
    headers = {name: "evil.example:port"}
    address = f"{sites['plain']}/ui"
    page = requests.get(f"{address}/?page=<script>", headers=headers, timeout=10)
    assert (page.status_code, "evil" in page.text, "<script>" in page.text) == (200, False, False)
    moved = requests.get(address, headers=headers, timeout=10, allow_redirects=False)
    assert (moved.status_code, moved.headers["Location"]) == (307, "ui/")


def test_no_ui_omits_the_page() -> None:
    script = """
import sys
from starlette.testclient import TestClient
from countlab.cli.serve import make_app
made = {page: make_app(engine=None, model=None, keep=None, history=False, page=page)
        for page in (True, False)}
client = {page: TestClient(app) for page, app in made.items()}
assert client[True].get("/").json()["page"] == "/ui"
assert client[True].get("/ui").url.path == "/ui/"
assert "page" not in client[False].get("/").json()
assert client[False].get("/ui/").status_code == 404
assert client[False].post("/recount", json={}).status_code == 404
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_page_keeps_to_a_strict_content_security_policy(
    browser: Browser, sites: dict[str, str]
) -> None:
    """No inline script or style, no eval: what the page needs is in its files."""
    policy = "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:"
    broken: list[str] = []

    def tighten(route: Route) -> None:
        response = route.fetch()
        headers = {**response.headers, "content-security-policy": policy}
        route.fulfill(response=response, headers=headers)

    with browser.new_context(locale="en-GB") as context:
        page = context.new_page()
        page.on("console", lambda line: broken.append(line.text) if line.type == "error" else None)
        page.route("**/ui/", tighten)
        page.goto(f"{sites['plain']}/ui/")
        page.get_by_role("button", name=EXAMPLE).click()
        expect(page.locator("#count .boxes li")).to_have_count(12)
        for tab in page.get_by_role("tab").all():
            tab.click()
    assert broken == []


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
    page.get_by_role("combobox", name="Engine").select_option("onnxruntime")  # counts the same picture again
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


def test_first_load_is_small(open_page: Open) -> None:
    """No framework: a cold visit takes a few small files."""
    page = open_page()
    sizes = page.evaluate(
        """performance.getEntriesByType("resource")
            .filter(({ name }) => !name.includes("/examples/"))
            .map(({ decodedBodySize }) => decodedBodySize)"""
    )
    assert len(sizes) < 50
    assert sum(sizes) < 150_000
