"""Boxes corrected on the Count tab, and the truth that is saved of them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.conftest import ROOT, Run
from tests.web.conftest import Open
from tests.web.test_count import choose_picture

PHOTO = ROOT / "images" / "oranges_5.jpg"


def start_correcting(page: Page, picture: Path = PHOTO, summary: str = "Correct the boxes") -> None:
    page.locator("#count [data-part=file]").set_input_files(picture)
    page.get_by_text(summary).click()
    expect(page.get_by_role("button", name="Add a box")).to_be_visible()


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From one place of the picture to another, as shares of its size."""
    frame = page.locator("#count .frame")
    frame.scroll_into_view_if_needed()
    bounds = frame.bounding_box()
    assert bounds
    for share, act in ((start, page.mouse.down), (end, page.mouse.up)):
        x, y = bounds["x"] + bounds["width"] * share[0], bounds["y"] + bounds["height"] * share[1]
        page.mouse.move(x, y)
        act()


def test_boxes_are_deleted_drawn_and_named_with_the_mouse(open_page: Open) -> None:
    page = open_page()
    choose_picture(page, PHOTO)
    page.get_by_text("Correct the boxes").click()
    number, boxes = page.locator("#count .big"), page.locator("#count .boxes li")
    expect(page.locator("#count .description")).to_have_text("objects as you corrected it")
    boxes.first.click()
    page.get_by_role("button", name="Delete the box").click()
    expect(number).to_have_text("4")
    expect(boxes).to_have_count(4)
    drag(page, (0.02, 0.02), (0.2, 0.22))
    expect(number).to_have_text("5")
    page.get_by_role("combobox", name="Label").select_option("lemon")
    expect(page.locator("#count .labels")).to_have_text("orange 4lemon 1")
    expect(page.locator("#count .boxes .selected")).to_have_attribute("aria-label", "lemon")
    page.get_by_role("combobox", name="Label").select_option("another …")
    page.get_by_label("New label").fill("blood orange")
    page.get_by_label("New label").press("Enter")
    expect(page.locator("#count .labels")).to_have_text("orange 4blood orange 1")
    page.get_by_role("button", name="As it was").click()
    expect(number).to_have_text("5")
    expect(page.locator("#count .labels")).to_have_text("orange 5")
    page.get_by_text("Correct the boxes").click()
    expect(page.locator("#count .description")).to_have_text("objects at confidence 0.50")


def test_boxes_are_corrected_with_the_keyboard(open_page: Open) -> None:
    page = open_page()
    choose_picture(page, PHOTO)
    page.get_by_text("Correct the boxes").focus()
    page.keyboard.press("Enter")
    number, boxes = page.locator("#count .big"), page.locator("#count .boxes li")
    expect(page.locator("#count .description")).to_have_text("objects as you corrected it")
    boxes.first.focus()
    page.keyboard.press("ArrowRight")
    expect(boxes.nth(1)).to_be_focused()
    page.keyboard.press("Delete")
    expect(number).to_have_text("4")
    expect(boxes.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Label")).to_be_focused()
    page.keyboard.type("lemon")
    expect(page.locator("#count .labels")).to_have_text("orange 3lemon 1")
    page.get_by_role("button", name="Add a box").focus()
    page.keyboard.press("Enter")
    expect(number).to_have_text("5")
    expect(boxes.nth(4)).to_be_focused()
    left = page.locator("[data-part=box_edges]").get_by_label("Left")
    before = int(left.input_value())
    page.keyboard.press("Shift+ArrowRight")
    assert int(left.input_value()) > before
    left.fill("7")
    left.press("Enter")
    style = boxes.nth(4).evaluate("box => box.style.left")
    assert float(style.rstrip("%")) < 2


def test_corrected_pictures_are_truth_for_evaluate(
    open_page: Open, tmp_path: Path, run: Run
) -> None:
    page = open_page()
    start_correcting(page)
    page.locator("#count .boxes li").first.focus()
    page.keyboard.press("Delete")
    page.get_by_role("button", name="This is right").click()
    expect(page.get_by_text("1 picture kept in this tab")).to_be_visible()
    picture = tmp_path / "=3, ripe; apples.jpg"
    picture.write_bytes((ROOT / "images" / "apples_3.jpg").read_bytes())
    start_correcting(page, picture)
    page.get_by_role("button", name="This is right").click()
    expect(page.get_by_text("2 pictures kept in this tab")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the truth").click()
    folder = tmp_path / "truth"
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    assert (folder / "classes.txt").read_text().split() == ["apple", "banana", "orange", "lemon"]
    lines = (folder / "truth.csv").read_text().splitlines()
    assert lines[:2] == ["file,object,count", "images/oranges_5.jpg,apple,0"]
    assert "images/oranges_5.jpg,orange,4" in lines
    assert "images/_3_ ripe_ apples.jpg,apple,3" in lines
    assert (folder / "images" / "oranges_5.jpg").read_bytes() == PHOTO.read_bytes()
    assert len((folder / "labels" / "oranges_5.txt").read_text().splitlines()) == 4

    status, output, errors = run("evaluate", str(folder), "--json")
    assert (status, errors) == (0, "")
    assert '"orange"' in output
    boxes = ("evaluate", str(folder / "images"), "--truth", str(folder / "labels"), "--json")
    status, output, errors = run(*boxes)
    assert status == 0, errors
    assert "ap50" in output.lower() or "precision" in output.lower()
