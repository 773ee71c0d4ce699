"""The queue of the Many tab: hundreds of pictures, pause, a busy or absent server, retries."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Request, Route, expect

from tests.web.conftest import Open
from tests.web.test_many import PICTURES, choose_pictures, open_many


def small_pictures(folder: Path, number: int) -> None:
    """Plain pictures of a few hundred bytes, each with content of its own."""
    folder.mkdir(parents=True)
    for i in range(number):
        Image.new("RGB", (64, 48), (i % 256, i // 256, 90)).save(folder / f"{i:03}.png")


def choose_folder(page: Page, folder: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a folder").click()
    chooser.value.set_files(folder)


@pytest.mark.slow
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
    page.on("requestfinished", lambda request: open_requests.discard(request))
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
    for route in held:
        route.continue_()
    page.unroute("**/countObjects*")
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
