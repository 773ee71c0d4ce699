"""Accessibility of the page: phone, keyboard, focus, names, contrast in both themes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Open
from tests.web.test_count import EXAMPLE


def draw_by_touch(page: Page) -> None:
    """Draws a region from a corner of the picture to its middle, with one finger."""
    frame = page.locator("#count .frame")
    frame.scroll_into_view_if_needed()
    bounds = frame.bounding_box()
    assert bounds
    session = page.context.new_cdp_session(page)
    for kind, share in (("touchStart", 0.02), ("touchMove", 0.3), ("touchMove", 0.5)):
        x, y = bounds["x"] + bounds["width"] * share, bounds["y"] + bounds["height"] * share
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_phone_layout_fits_and_touch_targets_are_large_enough(open_page: Open) -> None:
    """In Spanish, whose texts are longer."""
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    page = open_page(locale="es-ES", **phone)
    expect(page.get_by_role("tab")).to_have_count(4)
    page.get_by_role("button", name="Ejemplo: doce naranjas").click()
    expect(page.locator("#count .big")).to_have_text("12")
    page.get_by_text("Contar solo una parte").tap()
    draw_by_touch(page)
    expect(page.locator("#count .description")).to_contain_text("en la zona")
    for tab in page.get_by_role("tab").all():
        tab.tap()
        expect(tab).to_have_attribute("aria-selected", "true")
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, tab.inner_text()
        small = page.evaluate(
            """[...document.querySelectorAll("button:not(.link), select")]
                .filter((element) => element.offsetParent && element.offsetHeight < 44)
                .map((element) => element.outerHTML)"""
        )
        assert small == []


def test_page_can_be_used_with_the_keyboard(open_page: Open) -> None:
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
    assert outline == "solid", "the focus must be visible"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("1000")
    page.keyboard.press("Enter")
    expect(page.locator("#count .description")).to_contain_text("in the region")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_contrast_is_sufficient_in_both_themes(open_page: Open, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    page.get_by_role("button", name=EXAMPLE).click()
    expect(page.locator("#count .big")).to_be_visible()
    too_faint = page.evaluate(_LOW_CONTRAST)
    assert too_faint == []


def test_tabs_are_opened_with_the_arrow_keys_and_kept_in_the_address(open_page: Open) -> None:
    page = open_page()
    tabs = page.get_by_role("tab")
    tabs.first.focus()
    page.keyboard.press("ArrowRight")
    expect(tabs.nth(1)).to_be_focused()
    expect(tabs.nth(1)).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tabpanel")).to_have_attribute("id", "many")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(tabs.last).to_be_focused()
    page.reload()
    expect(page.get_by_role("tabpanel")).to_have_attribute("id", "health")


def test_focus_ring_is_whole(open_page: Open) -> None:
    """No ancestor cuts off the ring of what can be focused: 3 pixels wide, 2 away."""
    page = open_page()
    page.get_by_role("button", name=EXAMPLE).click()
    expect(page.locator("#count .boxes li")).to_have_count(12)
    page.get_by_text("Correct the boxes").click()
    for tab in page.get_by_role("tab").all():
        tab.click()
        assert page.evaluate(_CUT_RINGS) == [], tab.inner_text()


# What can be focused, and a box of it that clips the five pixels around it.
_CUT_RINGS = """() => [
    ...document.querySelectorAll("button, select, input, summary, a, li[tabindex]")]
    .filter((element) => element.offsetParent)
    .flatMap((element) => {
        const { left, top, right, bottom } = element.getBoundingClientRect();
        const ring = [left - 5, top - 5, right + 5, bottom + 5];
        const cut = [];
        let box = element;
        while ((box = box.parentElement) !== document.body) {
            const style = getComputedStyle(box);
            if (style.overflow === "visible" || style.overflow === "") continue;
            const room = style.overflow === "clip" ? parseFloat(style.overflowClipMargin) || 0 : 0;
            const edge = box.getBoundingClientRect();
            if (ring[0] < edge.left - room || ring[1] < edge.top - room
                || ring[2] > edge.right + room || ring[3] > edge.bottom + room) {
                cut.push([element.outerHTML.slice(0, 80), box.className]);
            }
        }
        return cut;
    })"""


def test_controls_have_names_and_ids_are_unique(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("button", name=EXAMPLE).click()
    expect(page.locator("#count .big")).to_have_text("12")
    page.get_by_text("Correct the boxes").click()
    for tab in page.get_by_role("tab").all():
        tab.click()
        assert page.evaluate(_UNNAMED) == [], tab.inner_text()
    assert page.evaluate(
        """() => [...document.querySelectorAll("[id]")].map(({ id }) => id)
            .filter((id, i, ids) => ids.indexOf(id) !== i)"""
    ) == []  # fmt: skip


_UNNAMED = """() => [
    ...document.querySelectorAll("button, select, input, img, canvas, dialog[open]")]
    .filter((element) => element.offsetParent && element.ariaHidden !== "true")
    .filter((element) => !(element.textContent.trim() && element.matches("button"))
        && !element.labels?.length && !element.alt && !element.ariaLabel
        && !element.getAttribute("aria-labelledby") && !element.querySelector?.("img[alt]"))
    .map((element) => element.outerHTML.slice(0, 90))"""


# Texts below the contrast of WCAG 2 AA, against their blended background colors.
_LOW_CONTRAST = """() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const pixel = (...colors) => {
        canvas.clearRect(0, 0, 1, 1);
        for (const color of colors) { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); }
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const luminance = (rgb) => rgb.map((part) => part / 255)
        .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
    const backgrounds = (element) => element
        ? [...backgrounds(element.parentElement), getComputedStyle(element).backgroundColor]
        : [matchMedia("(prefers-color-scheme: dark)").matches ? "black" : "white"];
    const texts = "p, button, label, summary, h1, h2, li, a, dt, dd, th, td";
    return [...document.querySelectorAll(texts)]
        .filter((element) => element.offsetParent && element.innerText.trim())
        .filter((element) => !element.closest(".boxes"))
        .map((element) => {
            const behind = backgrounds(element);
            const [a, b] = [pixel(...behind), pixel(...behind, getComputedStyle(element).color)]
                .map(luminance).sort((x, y) => y - x);
            return [element.innerText.slice(0, 30), (a + 0.05) / (b + 0.05)];
        })
        .filter(([, contrast]) => contrast < 4.5);
}"""
