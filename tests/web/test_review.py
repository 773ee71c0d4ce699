"""The review page in real Chromium: keys, boxes, undo, two people at a time."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from countlab.datasets.folder import UNSURE
from countlab.datasets.labels import LabelRow, labels_that_hold, write_rows
from countlab.datasets.reviews import ReviewBox, read_reviews, save_review
from countlab.serving.server_thread import Server, listen
from countlab.web.review.app import review_app
from countlab.web.strings import all_strings
from tests.conftest import ROOT, Run
from tests.datasets.conftest import WITH, WITHOUT, add_picture, package

pytestmark = pytest.mark.slow
KEY = "open-sesame"
OpenReview = Callable[..., Page]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten pictures; the label of the first two is doubtful, that of the others sure."""
    folder, rows = tmp_path / "photos", []
    for number in range(10):
        file = add_picture(folder, package(number, 8 if number % 3 == 0 else 4))
        label = WITH if number % 3 == 0 else WITHOUT
        confidence = 0.51 + number / 100 if number < 2 else 0.99
        note = {"note": "A user says: two labels <b>overlooked</b>"} if number == 4 else {}
        rows.append(LabelRow(file, label, confidence, "weak", note))
    write_rows(folder, rows)
    return folder


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    server = Server(review_app(folder, key=KEY), listen("127.0.0.1", 0), "127.0.0.1")
    yield server.url
    server.stop()


@pytest.fixture
def open_review(browser: Browser, address: str) -> Iterator[OpenReview]:
    contexts = []
    errors: list[str] = []

    def open_page(name: str, **options: object) -> Page:
        context = browser.new_context(**{"locale": "en-GB", **options})  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda line: (
                errors.append(line.text)
                if line.type == "error" and "409" not in line.text
                else None
            ),
        )
        page.add_init_script(
            f"localStorage.getItem('person') || localStorage.setItem('person', '{name}')"
        )
        page.goto(f"{address}/?key={KEY}")
        expect(page.locator("[data-part=file]")).not_to_be_empty()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def shown(page: Page) -> str:
    return page.locator("[data-part=file]").inner_text()


def answer(page: Page, key: str) -> str:
    """Presses a key, and waits for the next picture; gives the one that was answered."""
    file = shown(page)
    page.keyboard.press(key)
    expect(page.locator("[data-part=file]")).not_to_have_text(file)
    return file


def test_the_key_in_the_address_lets_in_and_nothing_else_does(address: str, folder: Path) -> None:
    assert httpx.get(address).status_code == 403
    assert httpx.get(f"{address}/?key=wrong").status_code == 403
    with httpx.Client(base_url=address, follow_redirects=True) as client:
        page = client.get(f"/?key={KEY}")
        assert page.status_code == 200
        assert KEY not in str(page.url)
        assert KEY not in page.text
        file = client.get("/next", params={"person": "a"}).json()["file"]
        body = {"file": file, "label": WITH, "person": "a", "seen": 0}
        assert client.post("/answers", json=body).status_code == 403  # as from another origin
        ours = {"X-Review": "1"}
        assert (
            client.post("/answers", json=body | {"label": "cat"}, headers=ours).status_code == 422
        )
        for outside in ("../../etc/passwd", "/etc/passwd", "labels.csv"):
            for path in (f"/picture?file={outside}", f"/show?person=a&file={outside}"):
                assert client.get(path).status_code == 404
            other = body | {"file": outside}
            assert client.post("/answers", json=other, headers=ours).status_code == 404
        picture = client.get("/picture", params={"file": file})
        assert picture.headers["content-type"] == "image/png"
        assert picture.headers["x-content-type-options"] == "nosniff"
    assert not (folder / "reviews.ndjson").exists()


def test_doubtful_pictures_come_first_and_answers_are_on_disk_at_once(
    open_review: OpenReview, folder: Path
) -> None:
    page = open_review("ana")
    expect(page.locator("[data-part=note]")).to_have_text(
        "A user says: two labels <b>overlooked</b>"
    )
    expect(page.locator("[data-part=progress]")).to_have_text("0 of 10 reviewed")
    first = answer(page, "y")
    expect(page.locator("[data-part=progress]")).to_have_text("1 of 10 reviewed")
    assert labels_that_hold(folder)[first].label == WITH
    expect(page.locator("[data-part=now]")).to_have_text("con octogono (51 % sure)")
    second = answer(page, "n")
    third = answer(page, "u")
    found = read_reviews(folder)
    assert [found[each].label for each in (first, second, third)] == [WITH, WITHOUT, UNSURE]
    assert third not in labels_that_hold(folder)
    assert (folder / "boxes" / f"{Path(second).stem}.txt").read_text() == ""
    assert not (folder / "boxes" / f"{Path(first).stem}.txt").exists()


def test_undo_brings_the_picture_back(open_review: OpenReview, folder: Path) -> None:
    page = open_review("ana")
    first = answer(page, "y")
    second = answer(page, "y")
    page.keyboard.press("z")
    expect(page.locator("[data-part=file]")).to_have_text(second)
    expect(page.locator("[data-part=progress]")).to_have_text("1 of 10 reviewed")
    assert read_reviews(folder)[second].label is None
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-part=file]")).to_have_text(first)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    answer(page, "n")
    assert labels_that_hold(folder)[first].label == WITHOUT


def test_boxes_are_drawn_moved_and_saved_for_yolo(open_review: OpenReview, folder: Path) -> None:
    page = open_review("ana")
    frame = page.locator("[data-part=frame]")
    bounds = frame.bounding_box()
    assert bounds
    for share, act in ((0.25, page.mouse.down), (0.5, page.mouse.up)):
        page.mouse.move(
            bounds["x"] + bounds["width"] * share, bounds["y"] + bounds["height"] * share
        )
        act()
    boxes = page.locator("[data-part=boxes] li")
    expect(boxes).to_have_count(1)
    expect(boxes.first).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("b")
    expect(boxes).to_have_count(2)
    page.keyboard.press("Delete")
    expect(boxes).to_have_count(1)
    file = answer(page, "y")
    (box,) = read_reviews(folder)[file].boxes or ()
    assert [round(edge, 2) for edge in (box.left, box.top, box.right, box.bottom)] == [
        0.26, 0.25, 0.51, 0.51,
    ]  # fmt: skip
    line = (folder / "boxes" / f"{Path(file).stem}.txt").read_text().split()
    assert line[0] == "0"
    assert (folder / "classes.txt").read_text() == "octogono\n"
    page.keyboard.press("z")
    expect(page.locator("[data-part=file]")).to_have_text(file)
    expect(boxes).to_have_count(1)  # what was drawn is not lost
    answer(page, "n")
    assert len(read_reviews(folder)[file].boxes or ()) == 1


def test_boxes_that_another_program_proposed_are_shown_and_kept(
    open_review: OpenReview, folder: Path
) -> None:
    (folder / "classes.txt").write_text("sello\notro\n")
    (folder / "boxes").mkdir()
    for picture in (folder / "pictures").iterdir():
        (folder / "boxes" / f"{picture.stem}.txt").write_text("1 0.5 0.5 0.2 0.4\n")
    page = open_review("ana")
    expect(page.locator("[data-part=boxes] li")).to_have_attribute("aria-label", "otro")
    file = answer(page, "y")
    assert read_reviews(folder)[file].boxes == (ReviewBox("otro", 0.4, 0.3, 0.6, 0.7),)
    page.keyboard.press("z")
    expect(page.locator("[data-part=file]")).to_have_text(file)
    text = (folder / "boxes" / f"{Path(file).stem}.txt").read_text()
    assert text == "1 0.500000 0.500000 0.200000 0.400000\n"


def test_two_people_see_different_pictures_and_overwrite_nothing(
    open_review: OpenReview, folder: Path
) -> None:
    ana, luis = open_review("ana"), open_review("luis")
    assert shown(ana) != shown(luis)
    expect(luis.locator("[data-part=others]")).to_have_text("one more person reviews at the moment")
    seen = {answer(page, "y") for page in (ana, luis, ana, luis)}
    assert len(seen) == 4
    # Somebody else answers the same picture from another process while it is on Ana's page.
    file = shown(ana)
    save_review(folder, file, WITHOUT, person="eva", seen=0)
    ana.keyboard.press("y")
    expect(ana.get_by_role("alert")).to_contain_text("eva has answered “sin octogono”")
    assert read_reviews(folder)[file].label == WITHOUT
    ana.get_by_role("button", name="Look at it").click()
    expect(ana.locator("[data-part=before]")).to_have_text("eva answered: sin octogono")
    answer(ana, "y")
    assert read_reviews(folder)[file].person == "ana"
    assert read_reviews(folder)[file].version == 2


def test_all_are_reviewed_by_two_at_once_and_the_report_adds_up(
    open_review: OpenReview, folder: Path, run: Run
) -> None:
    pages = [open_review("ana"), open_review("luis")]
    for turn in range(8):
        answer(pages[turn % 2], "y")
    for page in pages:
        page.keyboard.press("y")
        expect(page.locator("[data-part=done]")).to_be_visible()
    assert len(read_reviews(folder)) == 10
    assert all(review.version == 1 for review in read_reviews(folder).values())
    pages[0].get_by_text("How wrong the labels were").click()
    row = pages[0].locator("[data-part=report] tbody tr")
    expect(row).to_contain_text("the combined label")
    expect(row).to_contain_text("6 / 10")  # four of the ten have an octagon
    expect(row).to_contain_text("60.0 %")
    expect(pages[0].locator(".confused")).to_contain_text(
        "6 × sin octogono, but it is con octogono"
    )
    status, told, _ = run("review", folder, "--report")
    assert status == 0
    assert "10 of 10 pictures reviewed" in told
    assert "6/10" in told


def test_the_command_serves_until_ctrl_c_and_then_reports(folder: Path) -> None:
    script = "from countlab.cli import main; main()"
    command = [sys.executable, "-c", script, "review", str(folder), "--port", "0", "--no-open"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    address = process.stdout.readline().strip()
    with httpx.Client(follow_redirects=True) as client:
        assert "Review the labels" in client.get(address).text
    assert address.startswith("http://127.0.0.1:")
    process.send_signal(signal.SIGINT)
    told, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert "0 of 10 pictures reviewed" in told
    assert "Traceback" not in errors


def test_the_page_is_spanish_and_fits_a_phone(open_review: OpenReview, folder: Path) -> None:
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    page = open_review("ana", locale="es-CL", **phone)
    expect(page.get_by_role("heading", name="Revisar las etiquetas")).to_be_visible()
    page.get_by_text("Cuánto se equivocaban").click()
    expect(page.get_by_text("Aún no hay nada revisado.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    small = page.evaluate(
        """[...document.querySelectorAll("button")]
            .filter((e) => e.offsetParent && e.offsetHeight < 44).map((e) => e.outerHTML)"""
    )
    assert small == []
    file = shown(page)
    page.get_by_role("button", name="sin octogono").tap()
    expect(page.locator("[data-part=file]")).not_to_have_text(file)
    assert labels_that_hold(folder)[file].label == WITHOUT


@pytest.mark.parametrize("name", all_strings("review_strings"))
def test_every_text_of_the_review_page_is_in_both_languages(name: str) -> None:
    texts = all_strings("review_strings")[name]
    assert set(texts) == {"en", "es"}
    if name not in ("undo_key", "no_key"):
        assert texts["en"] != texts["es"]
