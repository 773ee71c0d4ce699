"""Counting and drawing findings again: the same rules, the same pixels, no model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from countlab.server import create_app
from countlab.settings import Settings
from countlab.web import add_page


@pytest.fixture(scope="module")
def client(second_model: Path) -> TestClient:
    app = create_app(settings=Settings(home=second_model))
    add_page(app)
    return TestClient(app)


@pytest.fixture(scope="module")
def answer(client: TestClient, photo: bytes) -> dict[str, Any]:
    told: dict[str, Any] = client.post("/sweep", files={"file": photo}).json()
    return told


def recount(client: TestClient, answer: dict[str, Any], **chosen: object) -> dict[str, Any]:
    told: dict[str, Any] = client.post("/recount", json={"answer": answer, **chosen}).json()
    return told


def test_without_a_choice_each_step_is_what_the_api_counts(
    client: TestClient, answer: dict[str, Any], photo: bytes
) -> None:
    told = recount(client, answer)
    assert (told["stable"], told["findings"]) == (answer["stable"], answer["findings"])
    for step in told["steps"][::13]:
        path = f"/countObjects?confidence={step['confidence']}"
        alone = client.post(path, files={"file": photo}).json()
        assert {name: alone[name] for name in ("count", "counts", "warnings")} == {
            name: step[name] for name in ("count", "counts", "warnings")
        }
        assert alone.get("likely") == step["likely"]


def test_one_object_is_what_the_api_counts_of_it(
    client: TestClient, answer: dict[str, Any], photo: bytes
) -> None:
    told = recount(client, answer, object="orange")
    alone = client.post("/sweep?object=orange", files={"file": photo}).json()
    for name in ("stable", "findings"):
        assert told[name] == alone[name]


@pytest.mark.parametrize("cut", [1, 200, 333, 640, 1000])
def test_regions_side_by_side_count_each_object_once(
    client: TestClient, answer: dict[str, Any], cut: int
) -> None:
    width, height = answer["width"], answer["height"]
    left = recount(client, answer, region=[0, 0, cut, height])["steps"]
    right = recount(client, answer, region=[cut, 0, width, height])["steps"]
    for one, other, both in zip(left, right, answer["steps"], strict=True):
        assert one["count"] + other["count"] == both["count"]


def test_what_was_said_of_the_picture_holds_for_its_parts(
    client: TestClient, answer: dict[str, Any]
) -> None:
    turned = {"code": "turned_upright", "detail": "It was turned.", "fix": ""}
    told = recount(
        client, {**answer, "warnings": [turned, *answer["warnings"]]}, region=[0, 0, 1, 1]
    )
    assert all(step["warnings"][0] == turned for step in told["steps"])


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"model": "nothing"}, 404),
        ({"findings": [{"label": "orange", "confidence": 0.5, "box": None}] * 2001}, 422),
        ({"steps": []}, 422),
        ({"steps": [{"confidence": 7, "count": 0, "counts": {}}]}, 422),
        ({"findings": [{"label": "orange", "confidence": 0.5, "box": [1, 2]}]}, 422),
        ({"findings": [{"label": "orange", "confidence": 0.5, "box": [0, 0, 10**400, 1]}]}, 422),
        ({"width": -1}, 422),
    ],
)
def test_what_no_sweep_tells_is_refused(
    client: TestClient, answer: dict[str, Any], change: dict[str, Any], status: int
) -> None:
    told = client.post("/recount", json={"answer": {**answer, **change}})
    assert told.status_code == status


def redraw(client: TestClient, photo: bytes, answer: dict[str, Any]) -> Any:
    return client.post("/redraw", files={"file": photo}, data={"answer": json.dumps(answer)})


@pytest.mark.parametrize("chosen", ["", "&object=orange", "&model=planets"])
def test_what_was_counted_is_drawn_as_if_it_were_counted_again(
    client: TestClient, photo: bytes, chosen: str
) -> None:
    path, files = f"/countObjects?confidence=0.3{chosen}", {"file": photo}
    answer = client.post(path, files=files).json()
    drawn = client.post(path, files=files, headers={"Accept": "image/*"})
    again = redraw(client, photo, answer)
    assert again.headers["Content-Type"] == drawn.headers["Content-Type"]
    assert again.content == drawn.content


def test_nothing_is_drawn_that_no_model_finds(client: TestClient, photo: bytes) -> None:
    found = {"label": "ghost", "confidence": 0.5, "box": None}
    assert redraw(client, photo, {"model": "fruits", "findings": [found]}).status_code == 422
    assert redraw(client, photo, {"model": "ghosts", "findings": []}).status_code == 404
    assert redraw(client, b"no picture", {"model": "fruits", "findings": []}).status_code == 415
