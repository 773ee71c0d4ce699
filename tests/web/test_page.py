"""The page: API keys, the first visit, and nothing in it that comes from a request."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import requests
from playwright.sync_api import Browser, Route, expect

from tests.web.conftest import Open
from tests.web.servers import KEY
from tests.web.test_count import EXAMPLE


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


@pytest.mark.parametrize("name", ["X-Forwarded-Host", "X-Gradio-Server", "Forwarded"])
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
made = {page: make_app(engine=None, model=None, lab=None, keep=None, history=False, page=page)
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
