"""The History and Health tabs."""

from __future__ import annotations

import json
import sys
from datetime import date

import requests
from playwright.sync_api import expect

from tests.conftest import ROOT
from tests.web.conftest import Open


def pictures(number: int) -> str:
    return f"{number} picture{'s' if number > 1 else ''}; on average"


def test_history_is_shown_and_filtered(open_page: Open, sites: dict[str, str]) -> None:
    for name, model in (("apples_3", "planets"), ("oranges_5", "fruits"), ("apples_3", "fruits")):
        picture = (ROOT / "images" / f"{name}.jpg").read_bytes()
        address = f"{sites['plain']}/countObjects?model={model}"
        requests.post(address, files={"file": picture}, timeout=60)
    page = open_page()
    page.get_by_role("tab", name="History").click()
    tab, rows = page.locator("#history"), page.locator("#history tbody tr")
    status = tab.get_by_role("status")
    expect(rows.first).to_contain_text("apple 3")
    expect(rows.first.locator("th")).to_contain_text(f"{date.today():%d/%m/%Y}")  # not as in en-US
    expect(rows.nth(1)).to_contain_text("orange 5")
    kept = requests.get(f"{sites['plain']}/history?limit=500", timeout=10).json()["rows"]
    rows_kept = [row for row in kept if row["model"] != "colors"]  # a classifier counts nothing
    expect(status).to_contain_text(pictures(len(rows_kept)))
    dots = page.locator("#history .dots").get_attribute("d") or ""
    assert dots.count("M") == len(rows_kept)
    tab.get_by_role("combobox", name="Object").select_option("apple")
    apples_url = f"{sites['plain']}/history?limit=500&object=apple"
    apples = requests.get(apples_url, timeout=10).json()["rows"]
    expect(status).to_contain_text(pictures(len(apples)))
    with page.expect_download() as download:
        tab.get_by_role("button", name="CSV").click()
    assert download.value.path().read_text().count("\n") == len(apples) + 1
    tab.get_by_role("combobox", name="Model").select_option("planets")
    number = sum(row["model"] == "planets" for row in rows_kept)
    expect(status).to_contain_text(pictures(number))


def test_points_are_not_joined_and_filters_offer_what_was_used(
    open_page: Open, sites: dict[str, str]
) -> None:
    for name in ("apples_3", "oranges_5"):
        picture = (ROOT / "images" / f"{name}.jpg").read_bytes()
        address = f"{sites['plain']}/countObjects?model=fruits"
        requests.post(address, files={"file": picture}, timeout=60)
    page = open_page()
    page.get_by_role("tab", name="History").click()
    expect(page.locator("#history .dots")).to_have_count(1)
    assert page.locator("#history .chart path").count() == 1
    rows = requests.get(f"{sites['plain']}/history?limit=500", timeout=10).json()["rows"]
    models = page.locator("#history [data-part=model] option").all_inner_texts()
    assert models == ["every model", *sorted({row["model"] for row in rows})]
    found = {label for row in rows for label in [*row["counts"], row["object"]] if label}
    objects = page.locator("#history [data-part=object] option").all_inner_texts()
    assert objects == ["everything", *sorted(found)]


def test_a_row_opens_its_answer(open_page: Open, sites: dict[str, str]) -> None:
    picture = (ROOT / "images" / "oranges_5.jpg").read_bytes()
    requests.post(
        f"{sites['plain']}/countObjects", files={"file": ("mine.jpg", picture)}, timeout=60
    )
    row = requests.get(f"{sites['plain']}/history?limit=1", timeout=10).json()["rows"][0]
    page = open_page()
    page.get_by_role("tab", name="History").click()
    page.locator("#history tbody button").first.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text("mine.jpg")
    for text in ("orange 5", "0.50", "fruits, openvino", row["picture_sha256"]):
        expect(dialog).to_contain_text(text)
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Download the receipt").click()
    assert json.loads(download.value.path().read_text()) == row["receipt"]
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()


def test_server_without_history_is_reported(open_page: Open) -> None:
    page = open_page("strict")
    page.get_by_role("tab", name="History").click()
    expect(page.get_by_text("This server keeps no history")).to_be_visible()


def test_health_is_shown_as_sentences(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("tab", name="Health").click()
    health = page.locator("#health")
    expect(health).to_contain_text("The server answered this page in")
    expect(health).to_contain_text("Nobody is waiting for an answer.")
    expect(health).to_contain_text("fruits: ready, in memory")
    expect(health).to_contain_text("yolov3: not on this disk, 248")
    expect(health).to_contain_text(f"Python {sys.version.split()[0]}")
