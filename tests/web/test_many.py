"""The Many tab: a result or an error for each picture, and the CSV and ZIP downloads."""

from __future__ import annotations

import base64
import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import requests
from PIL import Image
from playwright.sync_api import Page, Request, Route, expect

from tests.conftest import ROOT
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


def small_pictures(folder: Path, number: int) -> None:
    """Plain pictures of a few hundred bytes, each with content of its own."""
    folder.mkdir(parents=True)
    for i in range(number):
        Image.new("RGB", (64, 48), (i % 256, i // 256, 90)).save(folder / f"{i:03}.png")


def choose_folder(page: Page, folder: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a folder").click()
    chooser.value.set_files(folder)


def test_hundreds_are_counted_a_few_at_a_time(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    open_many(page)
    at_once: list[int] = []
    open_requests: set[Request] = set()

    def started(request: Request) -> None:
        if "countObjects" in request.url:
            open_requests.add(request)
            at_once.append(len(open_requests))

    page.on("request", started)
    for event in ("requestfinished", "requestfailed"):
        page.on(event, open_requests.discard)
    small_pictures(tmp_path / "harvest", 203)
    (tmp_path / "harvest" / ".hidden").write_text("")
    choose_folder(page, tmp_path / "harvest")
    status = page.locator("#many-status")
    expect(status).to_have_text("203 of 203 pictures, 0 objects", timeout=240_000)
    assert max(at_once) <= 3  # two at work, and one whose end was not yet reported
    assert len(at_once) == 203
    rows = page.locator("#many tbody tr")
    expect(rows).to_have_count(50)
    expect(page.get_by_text("1 to 50 of 203")).to_be_visible()
    page.get_by_role("button", name="Next").click()
    expect(rows.first).to_contain_text("harvest/050.png")
    choose_folder(page, tmp_path / "harvest")
    expect(status).to_have_text("203 of 203 pictures, 0 objects")
    assert len(at_once) == 203, "what is in the list is not sent again"
    page.get_by_role("button", name="Clear the list").click()
    expect(page.locator("#many [data-part=outcome]")).to_be_hidden()


def test_more_pictures_than_a_batch_wait_for_a_busy_server(open_page: Open, tmp_path: Path) -> None:
    """Five, where the server has one slot, no queue and takes three in a batch."""
    page = open_page("strict")
    open_many(page)
    small_pictures(tmp_path / "harvest", 5)
    choose_folder(page, tmp_path / "harvest")
    expect(page.locator("#many-status")).to_have_text("5 of 5 pictures, 0 objects")
    assert page.locator("#many .error").count() == 0


def test_the_list_can_pause_and_go_on(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    open_many(page)
    held: list[Route] = []
    page.route("**/countObjects*", lambda route: held.append(route))
    small_pictures(tmp_path / "harvest", 6)
    choose_folder(page, tmp_path / "harvest")
    status = page.locator("#many-status")
    expect(status).to_have_text("0 of 6 pictures, 0 objects")
    page.get_by_role("button", name="Pause").click()
    page.unroute("**/countObjects*")
    for route in held:
        route.continue_()
    expect(status).to_have_text("2 of 6 pictures, 0 objects, paused")
    expect(page.get_by_role("button", name="CSV")).to_be_enabled()
    page.get_by_role("button", name="Go on").click()
    expect(status).to_have_text("6 of 6 pictures, 0 objects")
    expect(page.get_by_role("button", name="Pause")).to_be_hidden()


def test_a_server_that_is_away_pauses_the_list(open_page: Open) -> None:
    page = open_page()
    open_many(page)
    page.route("**/countObjects*", lambda route: route.abort())
    choose_pictures_unanswered(page)
    expect(page.locator("#many [role=alert]")).to_contain_text("The server does not answer")
    expect(page.locator("#many-status")).to_have_text("0 of 3 pictures, 0 objects, paused")
    page.unroute("**/countObjects*")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#many-status")).to_have_text("3 of 3 pictures, 18 objects")
    expect(page.locator("#many [role=alert]")).to_be_hidden()


def choose_pictures_unanswered(page: Page) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose pictures").click()
    chooser.value.set_files(PICTURES)


def test_failed_pictures_can_be_tried_again(open_page: Open) -> None:
    page = open_page()
    open_many(page)
    page.route("**/countObjects*", lambda route: route.fulfill(status=500, body="no"))
    choose_pictures(page, PICTURES)
    expect(page.locator("#many .error")).to_have_count(3)
    page.unroute("**/countObjects*")
    page.get_by_role("button", name="Try 3 failed pictures again").click()
    expect(page.locator("#many-status")).to_have_text("3 of 3 pictures, 18 objects")
    expect(page.locator("#many .error")).to_have_count(0)


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
