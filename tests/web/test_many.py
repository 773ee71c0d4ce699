"""The Many tab: a result or an error for each picture, and the CSV and ZIP downloads."""

from __future__ import annotations

import base64
import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Page, expect

from tests.conftest import ROOT, Run
from tests.web.conftest import Open

PICTURES = [ROOT / "images" / name for name in ("oranges_5.jpg", "oranges_10.jpg", "apples_3.jpg")]


def open_many(page: Page) -> None:
    page.get_by_role("tab", name="Many").click()
    model = page.locator("#many").get_by_role("combobox", name="Model")
    expect(model).to_have_value("fruits")  # set when the tab is ready


def choose_pictures(page: Page, pictures: list[Path]) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose pictures").click()
    chooser.value.set_files(pictures)
    expect(page.get_by_role("button", name="CSV")).to_be_enabled()


def history_rows(address: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = requests.get(f"{address}/history", timeout=10).json()["rows"]
    return rows


def test_pictures_give_a_table_a_csv_and_a_zip(
    open_page: Open, sites: dict[str, str], tmp_path: Path
) -> None:
    notes = tmp_path / "=notes.jpg"
    notes.write_text("no picture")
    page = open_page()
    open_many(page)
    choose_pictures(page, [*PICTURES, notes])
    expect(page.locator("#many-status")).to_contain_text("4 of 4 pictures, 18 objects")
    rows = [row.inner_text().split() for row in page.locator("#many tbody tr").all()]
    assert [row[:2] for row in rows] == [
        ["oranges_5.jpg", "5"], ["oranges_10.jpg", "10"], ["apples_3.jpg", "3"],
        ["=notes.jpg", "–"],
    ]  # fmt: skip
    expect(page.locator("#many tbody tr").last).to_contain_text("not a picture the lab can read")
    expect(page.locator("#many tbody canvas")).to_have_count(3)
    likely = requests.post(
        f"{sites['plain']}/countObjects", files={"file": PICTURES[1].read_bytes()}, timeout=60
    ).json()["likely"]
    assert rows[1][2] == f"{likely[0]}–{likely[1]}"
    bar = page.locator("#many progress")
    assert (bar.get_attribute("value"), bar.get_attribute("max")) == ("4", "4")

    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    lines = list(csv.DictReader(text.splitlines()))
    assert [line["file"] for line in lines] == [*(p.name for p in PICTURES), "'=notes.jpg"]
    assert [(line["count"], line["orange"], line["apple"]) for line in lines] == [
        ("5", "5", "0"), ("10", "10", "0"), ("3", "0", "3"), ("", "", ""),
    ]  # fmt: skip
    assert "not a picture" in lines[3]["error"]
    assert [int(lines[1]["likely_low"]), int(lines[1]["likely_high"])] == likely

    before = history_rows(sites["plain"])
    assert len(before) >= 3
    with page.expect_download() as download:
        page.get_by_role("button", name="ZIP").click()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        assert history_rows(sites["plain"]) == before, "drawing must not count again"
        assert archive.testzip() is None
        assert archive.namelist() == [picture.name for picture in PICTURES]
        for picture in PICTURES:
            drawn = requests.post(
                f"{sites['plain']}/predict",
                files={"file": picture.read_bytes()},
                timeout=60,
            )
            assert archive.read(picture.name) == drawn.content
    expect(page.locator("#many-status")).to_contain_text("4 of 4 pictures, 18 objects")


def test_the_columns_are_those_of_the_terminal(open_page: Open, run: Run) -> None:
    terminal = run("count", PICTURES[0])[1].splitlines()[0].split("  ")
    columns = [word.strip() for word in terminal if word.strip()]
    page = open_page()
    heads = {
        tab: [text.lower() for text in page.locator(f"#{tab} thead th").all_text_contents()]
        for tab in ("many", "history")
    }
    assert heads["many"] == columns
    assert heads["history"] == ["when", *columns]


def test_warnings_are_named_once_and_open_into_sentences(open_page: Open) -> None:
    page = open_page(viewport={"width": 390, "height": 844})
    open_many(page)
    choose_pictures(page, [ROOT / "images" / "fruits.jpg"])
    row = page.locator("#many tbody tr").first
    names = row.locator("summary").all_inner_texts()
    assert names == ["objects at the edge", "two labels for one thing"]
    expect(row.get_by_text("counted as the first")).to_be_hidden()
    row.locator("summary").last.click()
    expect(row.get_by_text("counted as the first")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    (line,) = csv.DictReader(text.splitlines())
    assert line["warnings"] == "touching_edge label_unsure"
    bar, list_ = (
        page.locator("#many progress").bounding_box(),
        page.locator("#many .outcome").bounding_box(),
    )
    assert bar
    assert list_
    assert bar["width"] == list_["width"], "on a phone the bar is as wide as the page"


def test_changed_options_recount_the_same_pictures(open_page: Open) -> None:
    page = open_page()
    open_many(page)
    choose_pictures(page, PICTURES)
    tab = page.locator("#many")
    tab.get_by_role("combobox", name="Object").select_option("apple")
    expect(page.locator("#many-status")).to_contain_text("3 of 3 pictures, 3 objects")
    tab.get_by_role("spinbutton", name="Confidence").fill("1")
    tab.get_by_role("spinbutton", name="Confidence").press("Enter")
    expect(page.locator("#many-status")).to_contain_text("3 of 3 pictures, 0 objects")


def test_pictures_can_be_dropped(open_page: Open) -> None:
    page = open_page()
    open_many(page)
    data = [base64.b64encode(picture.read_bytes()).decode() for picture in PICTURES]
    page.evaluate(
        """pictures => {
            const transfer = new DataTransfer();
            pictures.forEach((data, i) => {
                const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
                transfer.items.add(new File([bytes], `${i}.jpg`, { type: "image/jpeg" }));
            });
            const drop = new DragEvent("drop", { dataTransfer: transfer, bubbles: true });
            document.querySelector("#many .drop").dispatchEvent(drop);
        }""",
        data,
    )
    expect(page.locator("#many-status")).to_contain_text("3 of 3 pictures, 18 objects")
