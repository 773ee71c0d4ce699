"""Saying on the page that an answer was wrong, and the registry's card on the Health tab."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from countlab.datasets.labels import read_rows
from countlab.models.followed import State, write_status
from countlab.notebook import serve
from countlab.server import create_app
from countlab.server.rollout import RolloutPlan
from countlab.settings import Settings
from countlab.web import add_page
from tests.server.routes.test_classification import BLUE, write_classifier
from tests.tasks import graphs
from tests.web.test_count import EXAMPLE


@pytest.fixture
def settings(home: Path) -> Settings:
    write_classifier(home, "colors", graphs.LABELS)
    write_classifier(home, "colors-next", graphs.LABELS)
    return Settings(home=home, feedback_days=14)


@pytest.fixture
def page(browser: Browser, settings: Settings) -> Iterator[Page]:
    rollout = RolloutPlan("colors", "colors-next", shadow=True, share=0.5)
    app = create_app(settings=replace(settings, default_model="colors"), rollout=rollout)
    add_page(app)
    server = serve(app, port=0)
    context = browser.new_context(locale="en-US")
    opened = context.new_page()
    opened.goto(f"{server.url}/ui/")
    yield opened
    context.close()
    server.stop()


def test_a_wrong_class_is_said_and_kept(page: Page, settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "blue.png"
    path.write_bytes(BLUE)
    page.locator("#count [data-part=file]").set_input_files(path)
    expect(page.locator("#count .bars")).to_be_visible()
    page.get_by_text("Is this wrong?").click()
    page.locator("[data-part=right_class]").select_option("red")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("[data-part=wrong_status]")).to_contain_text("kept for 14 days")
    (model,) = (settings.home / "feedback").glob("colors*")
    (row,) = read_rows(model)
    assert (row.label, (model / row.file).read_bytes()) == ("red", BLUE)


def test_corrected_boxes_are_sent(page: Page, settings: Settings) -> None:
    page.locator("#count").get_by_label("Model").select_option("fruits")
    page.get_by_role("button", name=EXAMPLE).click()
    expect(page.locator("#count .big")).to_have_text("12")
    page.get_by_text("Correct the boxes").click()
    page.locator("#count .boxes li").first.click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Send to whoever runs this server").click()
    expect(page.locator("[data-part=truth_status]")).to_contain_text("kept for 14 days")
    (boxes,) = (settings.home / "feedback" / "fruits" / "boxes").iterdir()
    assert len(boxes.read_text().splitlines()) == 11


def test_the_health_tab_tells_of_the_registry(page: Page, settings: Settings) -> None:
    states = {
        "colors": State("3", 0.0),
        "colors@candidate": State("4", 0.0, "away", "5", {"en": "Damaged.", "es": "Dañada."}),
    }
    write_status(settings.models_folder, states)
    page.get_by_role("tab", name="Health").click()
    card = page.locator("#health section", has_text="From the registry")
    expect(card).to_contain_text("colors: version 3.")
    expect(card.locator("li.failed")).to_contain_text("Version 5 was refused. Damaged.")
    expect(card).to_contain_text("colors-next answers 50 %")
    expect(card).to_contain_text("colors-next is asked aside: 0 of 0")


def test_where_nothing_is_kept_nothing_is_asked(
    browser: Browser, settings: Settings, tmp_path: Path
) -> None:
    app = create_app(settings=replace(settings, default_model="colors", feedback_days=None))
    add_page(app)
    server = serve(app, port=0)
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    page.goto(f"{server.url}/ui/")
    path = tmp_path / "blue.png"
    path.write_bytes(BLUE)
    page.locator("#count [data-part=file]").set_input_files(path)
    expect(page.locator("#count .bars")).to_be_visible()
    expect(page.get_by_text("Is this wrong?")).to_be_hidden()
    context.close()
    server.stop()
