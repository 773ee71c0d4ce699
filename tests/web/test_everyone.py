"""Everyone can use the page: in English and Spanish, on a phone, with a keyboard, in the dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from countlab.web.strings import table
from tests.conftest import ROOT
from tests.web.conftest import Open
from tests.web.test_page import EXAMPLE, choose, problem


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
    """In Spanish, whose words are longer."""
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    page = open_page(locale="es-ES", **phone)
    expect(page.get_by_role("tab")).to_have_count(4)
    page.get_by_role("button", name="Ejemplo: oranges 12").click()
    expect(page.locator("#count .big")).to_have_text("12")
    page.get_by_text("Contar solo una parte").tap()
    draw_by_touch(page)
    expect(page.locator("#count .what")).to_contain_text("en la zona")
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
