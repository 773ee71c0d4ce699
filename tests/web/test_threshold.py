"""The threshold lab: every confidence, and every part of the picture, from one pass."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.web.conftest import Open
from tests.web.test_count import ask, counted, give, slide


def test_the_slider_recounts_at_once_without_asking_the_server(
    open_page: Open, sites: dict[str, str]
) -> None:
    page, told = open_page(), ask(sites["plain"], "sweep")
    give(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    # In one go within the page: what is not there when the event returns has not come at once.
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
        [step["confidence"] for step in told["steps"]],
    )
    assert shown == [[step["count"], step["count"]] for step in told["steps"]]
    assert len({step["count"] for step in told["steps"]}) > 3
    assert not asked


def test_the_curve_shows_the_present_value_and_the_stable_stretch(
    open_page: Open, sites: dict[str, str]
) -> None:
    page, told = open_page(), ask(sites["plain"], "sweep")
    give(page)
    slide(page, 0.9)
    stable, (first, *_, last) = told["stable"], told["steps"]
    plot = page.get_by_role("img", name="Count against confidence")
    said = f"{stable['count']} from {stable['from']:.2f} to {stable['to']:.2f}"
    assert said in (plot.get_attribute("aria-label") or "")
    along = page.evaluate(
        """() => {
            const [plot, stable, now] = ["#count .plot svg", "#count .stable", "#count .plot i"]
                .map((part) => document.querySelector(part).getBoundingClientRect());
            const share = (x) => (x - plot.left) / plot.width;
            return [stable.left, stable.right, now.left + now.width / 2].map(share);
        }"""
    )
    span = last["confidence"] - first["confidence"]
    places = [(x - first["confidence"]) / span for x in (stable["from"], stable["to"], 0.9)]
    assert along == pytest.approx(places, abs=0.01)
    page.get_by_role("button", name="Steadiest").click()
    assert counted(page) == stable["count"]


def test_a_region_counts_only_what_lies_in_it(open_page: Open, sites: dict[str, str]) -> None:
    page, told = open_page(), ask(sites["plain"], "countObjects")
    give(page)
    page.get_by_text("Count only a part").click()
    centre = [(box[0] + box[2]) / 2 for box in (found["box"] for found in told["findings"])]
    in_left_half = sum(x < told["width"] / 2 for x in centre)
    assert 0 < in_left_half < told["count"]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
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
    assert page.get_by_label("Right").input_value() == str(told["width"] // 2)
    page.get_by_label("Left", exact=True).fill(f"{told['width'] // 2}.4")
    page.get_by_label("Right").fill(str(told["width"]))
    page.get_by_label("Right").press("Enter")
    expect(page.locator("#count .big")).to_have_text(str(told["count"] - in_left_half))
    expect(page.locator("#count .what")).to_contain_text("in the region")
    page.get_by_role("button", name="Whole picture").click()
    expect(page.locator("#count .big")).to_have_text(str(told["count"]))
    assert not [url for url in asked if "sweep" in url], "a region asks for no new inference"
