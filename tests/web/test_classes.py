"""Classifiers on the page: bars, heat map, warnings, many pictures and the history."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.server.routes.test_classification import BLUE
from tests.tasks.conftest import picture
from tests.web.conftest import Open
from tests.web.test_many import choose_pictures, open_many


@pytest.fixture
def blue(tmp_path: Path) -> Path:
    path = tmp_path / "blue.png"
    path.write_bytes(BLUE)
    return path


@pytest.fixture
def bright(tmp_path: Path) -> Path:
    """Unlike what the classifier knows."""
    path = tmp_path / "bright.png"
    path.write_bytes(picture(96, 64, bright=(0, 0, 96, 64)))
    return path


def classify(page: Page, path: Path, label: str = "Model") -> None:
    page.locator("#count").get_by_label(label).select_option("colors")
    page.locator("#count [data-part=file]").set_input_files(path)
    expect(page.locator("#count .bars")).to_be_visible()


def heat_at(page: Page, share: float) -> list[int]:
    """Red, green, blue of the heat map at a share of its width."""
    color: list[int] = page.locator("#count .heat").evaluate(
        """(canvas, share) => [...canvas.getContext("2d").getImageData(
            Math.floor(canvas.width * share), canvas.height / 2, 1, 1).data].slice(0, 3)""",
        share,
    )
    return color


def test_class_bars_and_heat_map_are_those_of_the_server(
    open_page: Open, sites: dict[str, str], blue: Path
) -> None:
    page = open_page()
    classify(page, blue)
    address = f"{sites['plain']}/explain?model=colors"
    headers = {"Accept": "application/json"}
    answer = requests.post(address, files={"file": BLUE}, headers=headers, timeout=30).json()
    expect(page.locator("#count .big")).to_have_text("blue")
    percents = [f"{label}\n{round(p * 100)} %" for label, p in answer["probabilities"].items()]
    assert page.locator("#count .bars li").all_inner_texts() == percents
    widths = page.locator("#count .track i").evaluate_all("bars => bars.map(b => b.offsetWidth)")
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > widths[1]
    red, _, cold = heat_at(page, 0.75)
    assert red > 150 > cold, "red where the class was seen"
    red, _, _ = heat_at(page, 0.2)
    assert red < 80
    expect(page.locator("#count .threshold")).to_be_hidden()
    expect(page.get_by_text("Correct the boxes")).to_be_hidden()
    page.get_by_label("Show where it was seen").uncheck()
    expect(page.locator("#count .heat")).to_be_hidden()
    page.get_by_role("button", name="red").click()
    expect(page.locator("#count .heat")).to_be_visible()
    expect(page.get_by_text("what speaks most for red")).to_be_visible()
    expect(page.get_by_role("button", name="red")).to_have_attribute("aria-pressed", "true")


def test_unfamiliar_picture_is_said_to_be_so(open_page: Open, bright: Path) -> None:
    page = open_page()
    classify(page, bright)
    expect(page.locator("#count .big")).to_have_text("unsure")
    expect(page.locator("#count .description")).to_contain_text("perhaps")
    expect(page.locator("#count .warnings li")).to_have_count(1)


def test_a_detector_follows_a_classifier_and_back(open_page: Open, blue: Path) -> None:
    page = open_page()
    classify(page, blue)
    page.locator("#count").get_by_label("Model").select_option("fruits")
    expect(page.locator("#count .big")).to_have_text("0")
    expect(page.locator("#count .bars")).to_be_hidden()
    expect(page.locator("#count .heat")).to_be_hidden()
    expect(page.get_by_text("This model knows: apple, banana, orange, lemon.")).to_be_visible()
    expect(page.locator("#count [data-part=stable_line]")).to_be_hidden()
    page.locator("#count").get_by_label("Model").select_option("colors")
    expect(page.locator("#count .big")).to_have_text("blue")
    expect(page.get_by_text("This model knows")).to_be_hidden()


def test_many_and_history_show_the_class(open_page: Open, blue: Path, bright: Path) -> None:
    page = open_page()
    open_many(page)
    page.locator("#many").get_by_label("Model").select_option("colors")
    choose_pictures(page, [blue, bright])
    expect(page.locator("#many-status")).to_have_text("2 of 2 pictures, 1 × blue")
    rows = page.locator("#many tbody tr")
    texts = rows.first.locator("td").all_inner_texts()
    assert texts[:3:2] == ["blue", ""], "the class is named once"
    assert texts[1].endswith(" %")
    expect(rows.nth(1)).to_contain_text("unsure")
    expect(rows.nth(1)).to_contain_text("perhaps")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    lines = list(csv.DictReader(text.splitlines()))
    assert lines[0]["class"] == "blue"
    assert float(lines[0]["probability"]) == float(lines[0]["blue"]) > 0.5
    page.get_by_role("tab", name="History").click()
    tab = page.locator("#history")
    tab.get_by_label("Model").select_option("colors")
    expect(tab.get_by_role("status")).to_contain_text("Classes: blue")
    expect(tab.locator(".chart")).to_be_hidden()
    expect(tab.locator("tbody")).to_contain_text("blue")
