"""The page as a whole: errors, keys, languages, phones, keyboards, and what it leaves alone."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from countlab.page.words import table
from tests.conftest import ROOT
from tests.page.conftest import Open
from tests.page.servers import KEY
from tests.page.test_count import give

EXAMPLE = "Example: oranges 12"


def problem(page: Page) -> str:
    alert = page.locator("#count [role=alert]")
    expect(alert).to_be_visible()
    return alert.inner_text()


def choose(page: Page, path: Path) -> None:
    page.locator("#count [data-part=file]").set_input_files(path)


def test_errors_say_what_arrived_and_what_to_do(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    give(page)
    text, large = tmp_path / "text.jpg", tmp_path / "large.png"
    text.write_text("dear diary")
    large.write_bytes(bytes(12_000_000))
    choose(page, text)
    assert "it begins with “dear diary”" in problem(page)
    assert "Send a JPEG, PNG, WebP" in problem(page)
    expect(page.get_by_role("region", name="The count")).to_be_hidden()
    choose(page, large)
    expect(page.locator("#count [role=alert]")).to_contain_text(
        "The picture has 12\u202f000\u202f000 bytes; at most 10\u202f000\u202f000 are taken."
    )
    page.context.set_offline(True)
    choose(page, ROOT / "images" / "oranges_5.jpg")
    expect(page.locator("#count [role=alert]")).to_contain_text("The server does not answer")
    page.context.set_offline(False)
    page.get_by_role("button", name=EXAMPLE).click()
    expect(page.locator("#count .big")).to_have_text("12")
    expect(page.locator("#count [role=alert]")).to_be_hidden()


def test_a_busy_server_says_so(open_page: Open, sites: dict[str, str]) -> None:
    page = open_page("strict")
    address = urlsplit(sites["strict"])
    with socket.create_connection((address.hostname, address.port or 80)) as slow:
        slow.sendall(
            b"POST /countObjects HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n-"
        )
        while requests.get(f"{sites['strict']}/health/ready", timeout=10).ok:
            pass  # its one place is not taken yet
        page.get_by_role("button", name=EXAMPLE).click()
        assert "has its hands full" in problem(page)
    page.get_by_role("button", name=EXAMPLE).click()
    expect(page.locator("#count .big")).to_have_text("12")


def test_a_guarded_server_gets_a_key_that_stays_in_the_tab(open_page: Open) -> None:
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
    expect(page.locator("#count .big")).to_have_text("12")  # what was refused is asked again
    kept = page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])"
    )
    assert KEY not in kept
    assert KEY not in json.dumps(page.context.storage_state())
    page.reload()
    expect(form).to_be_visible()


def test_a_guarded_page_shows_strangers_nothing(sites: dict[str, str]) -> None:
    for method, path in (("GET", "health/report"), ("GET", "models"), ("POST", "recount"),
                         ("POST", "sweep")):  # fmt: skip
        assert requests.request(method, f"{sites['guarded']}/{path}", timeout=10).status_code == 401


def test_gradio_serves_the_frame_and_nothing_else(sites: dict[str, str]) -> None:
    for path in ("gradio_api/upload", "gradio_api/run/predict", "gradio_api/queue/join", "login"):
        sent = requests.post(f"{sites['plain']}/ui/{path}", files={"files": b"x"}, timeout=10)
        assert sent.status_code in (404, 405), path
    for path in ("gradio_api/info", "gradio_api/file=/etc/passwd", "monitoring", "openapi.json"):
        assert requests.get(f"{sites['plain']}/ui/{path}", timeout=10).status_code == 404, path


def test_the_page_speaks_the_browsers_language(open_page: Open, tmp_path: Path) -> None:
    page = open_page(locale="es-MX")
    expect(page.get_by_role("tab")).to_have_text(["Contar", "Muchas", "Historial", "Estado"])
    assert page.locator("html").get_attribute("lang") == "es"
    (tmp_path / "nota.jpg").write_text("querido diario")
    choose(page, tmp_path / "nota.jpg")
    assert "Esto no es una imagen" in problem(page)
    page.get_by_role("button", name="Ejemplo: oranges 12").click()
    expect(page.locator("#count .what")).to_have_text("objetos con confianza 0.50")
    page.get_by_role("tab", name="Estado").click()
    expect(page.locator("#health")).to_contain_text("El servidor respondió")
    page.get_by_role("tab", name="Historial").click()
    expect(page.locator("#history [role=status]")).to_contain_text("imágenes; de media")


@pytest.mark.parametrize("name", table())
def test_both_languages_have_the_same_facts(name: str) -> None:
    told = table()[name]
    assert set(told) == {"en", "es"}
    english, spanish = (sorted(part.split("}")[0] for part in told[language].split("{")[1:])
                        for language in ("en", "es"))  # fmt: skip
    assert english == spanish


def draw_by_touch(page: Page) -> None:
    """From a corner of the picture to its middle, with one finger."""
    frame = page.locator("#count .frame")
    frame.scroll_into_view_if_needed()
    bounds = frame.bounding_box()
    assert bounds
    finger = page.context.new_cdp_session(page)
    for kind, share in (("touchStart", 0.02), ("touchMove", 0.3), ("touchMove", 0.5)):
        x, y = bounds["x"] + bounds["width"] * share, bounds["y"] + bounds["height"] * share
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_on_a_phone_nothing_sticks_out_and_everything_can_be_touched(open_page: Open) -> None:
    page = open_page(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page.get_by_role("button", name=EXAMPLE).click()
    expect(page.locator("#count .big")).to_have_text("12")
    page.get_by_text("Count only a part").tap()
    draw_by_touch(page)
    expect(page.locator("#count .what")).to_contain_text("in the region")
    for tab in page.get_by_role("tab").all():
        tab.tap()
        expect(tab).to_have_attribute("aria-selected", "true")
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, tab.inner_text()
        small = page.evaluate(
            """[...document.querySelectorAll(".block button:not(.link), .block select")]
                .filter((one) => one.offsetParent && one.offsetHeight < 44)
                .map((one) => one.outerHTML)"""
        )
        assert small == []


def test_everything_can_be_done_with_the_keyboard(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("button", name=EXAMPLE).focus()
    page.keyboard.press("Enter")
    number = page.locator("#count .big")
    expect(number).to_have_text("12")
    assert number.locator("xpath=..").get_attribute("aria-live") == "polite"
    page.get_by_role("slider", name="Confidence").focus()
    page.keyboard.press("End")
    expect(number).to_have_text("0")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#count .slider b")).to_have_text("0.21")
    boxes = page.get_by_role("list", name="Objects found").get_by_role("listitem")
    boxes.first.focus()
    page.keyboard.press("ArrowRight")
    expect(boxes.nth(1)).to_be_focused()
    assert " %" in (boxes.nth(1).get_attribute("aria-label") or "")
    expect(boxes.nth(1).locator("b")).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "what is focused must be seen"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("1000")
    page.keyboard.press("Enter")
    expect(page.locator("#count .what")).to_contain_text("in the region")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_written_can_be_read_in_the_light_and_in_the_dark(
    open_page: Open, scheme: str
) -> None:
    page = open_page(color_scheme=scheme)
    page.get_by_role("button", name=EXAMPLE).click()
    expect(page.locator("#count .big")).to_be_visible()
    faint = page.evaluate(_CONTRAST)
    assert faint == []


# Relative luminance and contrast as WCAG 2 defines them, against the nearest ground that is solid.
_CONTRAST = """() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const pixel = (...colours) => {
        canvas.clearRect(0, 0, 1, 1);
        for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const light = (rgb) => rgb.map((part) => part / 255)
        .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
    const grounds = (one) => one
        ? [...grounds(one.parentElement), getComputedStyle(one).backgroundColor] : ["white"];
    return [...document.querySelectorAll(".block :is(p, button, label, summary, h2, li, a)")]
        .filter((one) => one.offsetParent && one.innerText.trim() && !one.closest(".boxes"))
        .map((one) => {
            const ground = grounds(one);
            const [a, b] = [pixel(...ground), pixel(...ground, getComputedStyle(one).color)]
                .map(light).sort((x, y) => y - x);
            return [one.innerText.slice(0, 30), (a + 0.05) / (b + 0.05)];
        })
        .filter(([, contrast]) => contrast < 4.5);
}"""


def test_history_is_drawn_and_filtered(open_page: Open, sites: dict[str, str]) -> None:
    for name, model in (("apples_3", "planets"), ("oranges_5", "fruits"), ("apples_3", "fruits")):
        picture = (ROOT / "images" / f"{name}.jpg").read_bytes()
        address = f"{sites['plain']}/countObjects?model={model}"
        requests.post(address, files={"file": picture}, timeout=60)
    page = open_page()
    page.get_by_role("tab", name="History").click()
    tab, rows = page.locator("#history"), page.locator("#history tbody tr")
    status = tab.get_by_role("status")
    expect(rows.first).to_contain_text("apple 3")
    expect(rows.nth(1)).to_contain_text("orange 5")
    kept = requests.get(f"{sites['plain']}/history?limit=500", timeout=10).json()["rows"]
    expect(status).to_contain_text(f"{len(kept)} pictures")
    dots = page.locator("#history .dots").get_attribute("d") or ""
    assert dots.count("M") == len(kept)
    tab.get_by_role("combobox", name="Object").select_option("apple")
    of_apples = f"{sites['plain']}/history?limit=500&object=apple"
    apples = requests.get(of_apples, timeout=10).json()["rows"]
    expect(status).to_contain_text(f"{len(apples)} pictures")
    with page.expect_download() as download:
        tab.get_by_role("button", name="CSV").click()
    assert download.value.path().read_text().count("\n") == len(apples) + 1
    tab.get_by_role("combobox", name="Model").select_option("planets")
    expect(status).to_contain_text(f"{sum(row['model'] == 'planets' for row in kept)} pictures")


def test_a_server_without_history_says_so(open_page: Open) -> None:
    page = open_page("strict")
    page.get_by_role("tab", name="History").click()
    expect(page.get_by_text("This server keeps no history")).to_be_visible()


def test_health_is_told_in_words(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("tab", name="Health").click()
    health = page.locator("#health")
    expect(health).to_contain_text("The server answered this page in")
    expect(health).to_contain_text("Nobody is waiting for an answer.")
    expect(health).to_contain_text("fruits: ready, in memory")
    expect(health).to_contain_text("yolov3: not on this disk, 248")
    expect(health).to_contain_text(f"Python {sys.version.split()[0]}")


def test_no_ui_leaves_the_page_out_and_the_page_leaves_gradio_for_later() -> None:
    script = """
import sys
from starlette.testclient import TestClient
from countlab.cli.servers import make_app
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


def test_the_first_visitor_is_told_to_wait_and_then_gets_the_page(
    browser: Browser, sites: dict[str, str]
) -> None:
    with browser.new_context(locale="es-ES") as context:
        page = context.new_page()
        page.goto(f"{sites['strict']}/ui/")
        expect(page.get_by_text("Se está preparando la página")).to_be_visible()
        expect(page.get_by_role("button", name="Elegir una imagen")).to_be_visible()


def test_every_word_of_the_page_is_used() -> None:
    folder = ROOT / "countlab" / "page"
    files = [path for path in folder.rglob("*") if path.suffix in {".html", ".js", ".py"}]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    unused = [
        name
        for name in table()
        if not re.search(rf'\${name}\b|words\.{name}\b|words\["{name}"\]|words\[\'{name}\'\]', text)
    ]
    assert unused == [f"tab_{tab}" for tab in ("count", "many", "history", "health")]
