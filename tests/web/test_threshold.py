"""The confidence slider, the curve and the region: all from one pass of the model."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.conftest import ROOT
from tests.web.conftest import Open
from tests.web.test_count import choose_picture, set_confidence, shown_count, upload


def test_slider_updates_synchronously_without_a_request(
    open_page: Open, sites: dict[str, str]
) -> None:
    page, response = open_page(), upload(sites["plain"], "sweep")
    choose_picture(page)
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    # Inside one script: only synchronous updates are visible when the event returns.
    shown = page.evaluate(
        """confidences => {
            const slider = document.querySelector("#count input[type=range]");
            return confidences.map((confidence) => {
                slider.value = confidence;
                slider.dispatchEvent(new Event("input"));
                return [
                    Number(document.querySelector("#count .big").textContent),
                    document.querySelectorAll("#count .boxes li").length,
                ];
            });
        }""",
        [step["confidence"] for step in response["steps"]],
    )
    assert shown == [[step["count"], step["count"]] for step in response["steps"]]
    assert len({step["count"] for step in response["steps"]}) > 3
    assert not requested


def test_curve_shows_the_current_value_and_the_stable_stretch(
    open_page: Open, sites: dict[str, str]
) -> None:
    page, response = open_page(), upload(sites["plain"], "sweep")
    choose_picture(page)
    set_confidence(page, 0.9)
    stable, (first, *_, last) = response["stable"], response["steps"]
    plot = page.get_by_role("img", name="Count against confidence")
    description = f"{stable['count']} from {stable['from']:.2f} to {stable['to']:.2f}"
    assert description in (plot.get_attribute("aria-label") or "")
    shown = page.evaluate(
        """() => {
            const [plot, stable, now] = ["#count .plot svg", "#count .stable", "#count .plot i"]
                .map((part) => document.querySelector(part).getBoundingClientRect());
            const fraction = (x) => (x - plot.left) / plot.width;
            return [stable.left, stable.right, now.left + now.width / 2].map(fraction);
        }"""
    )
    span = last["confidence"] - first["confidence"]
    expected = [(x - first["confidence"]) / span for x in (stable["from"], stable["to"], 0.9)]
    assert shown == pytest.approx(expected, abs=0.01)
    page.get_by_role("button", name="Steadiest").click()
    assert shown_count(page) == stable["count"]


def test_region_counts_only_objects_inside_it(open_page: Open, sites: dict[str, str]) -> None:
    page, response = open_page(), upload(sites["plain"], "countObjects")
    choose_picture(page)
    page.get_by_text("Count only a part").click()
    boxes = [finding["box"] for finding in response["findings"]]
    in_left_half = sum((box[0] + box[2]) / 2 < response["width"] / 2 for box in boxes)
    assert 0 < in_left_half < response["count"]
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    frame = page.locator("#count .frame")
    frame.scroll_into_view_if_needed()
    bounds = frame.bounding_box()
    assert bounds
    page.mouse.move(bounds["x"] + bounds["width"] / 2, bounds["y"] + bounds["height"] + 20)
    page.mouse.move(bounds["x"] + bounds["width"] / 2, bounds["y"] + bounds["height"] - 1)
    page.mouse.down()
    page.mouse.move(bounds["x"] + 40, bounds["y"] + 40)
    page.mouse.move(bounds["x"] - 30, bounds["y"] - 30)
    page.mouse.up()
    expect(page.locator("#count .big")).to_have_text(str(in_left_half))
    assert page.get_by_role("spinbutton", name="Right").input_value() == str(response["width"] // 2)
    page.get_by_role("spinbutton", name="Left", exact=True).fill(f"{response['width'] // 2}.4")
    page.get_by_role("spinbutton", name="Right").fill(str(response["width"]))
    page.get_by_role("spinbutton", name="Right").press("Enter")
    expect(page.locator("#count .big")).to_have_text(str(response["count"] - in_left_half))
    expect(page.locator("#count .description")).to_contain_text("in the region")
    page.get_by_role("button", name="Whole picture").click()
    expect(page.locator("#count .big")).to_have_text(str(response["count"]))
    assert not [url for url in requested if "sweep" in url], "a region needs no new inference"


def test_steadiest_is_silent_where_nothing_is_steady(
    open_page: Open, sites: dict[str, str]
) -> None:
    """A heap: its only long stretches are the surest object alone, and nothing."""
    heap = ROOT / "images" / "crowds" / "long_table.jpg"
    response = upload(sites["plain"], "sweep", heap)
    assert (response["steady"], response["stable"]["count"] > 0) == (False, True)
    page = open_page()
    choose_picture(page, heap)
    expect(page.locator("#count [data-part=stable_line]")).to_be_hidden()
    expect(page.locator("#count .plot .stable")).to_have_count(0)
    expect(page.get_by_role("img", name="no count holds over a long stretch")).to_be_visible()
