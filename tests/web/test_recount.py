"""Routes /recount and /redraw: same counts and pixels as the API, without the model."""

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
    content: dict[str, Any] = client.post("/sweep", files={"file": photo}).json()
    return content


def recount(client: TestClient, answer: dict[str, Any], **selection: object) -> dict[str, Any]:
    content: dict[str, Any] = client.post("/recount", json={"answer": answer, **selection}).json()
    return content


def test_recount_without_a_selection_equals_the_api_at_each_step(
    client: TestClient, answer: dict[str, Any], photo: bytes
) -> None:
    recounted = recount(client, answer)
    assert (recounted["stable"], recounted["findings"]) == (answer["stable"], answer["findings"])
    for step in recounted["steps"][::13]:
        path = f"/countObjects?confidence={step['confidence']}"
        alone = client.post(path, files={"file": photo}).json()
        assert {name: alone[name] for name in ("count", "counts", "warnings")} == {
            name: step[name] for name in ("count", "counts", "warnings")
        }
        assert alone.get("likely") == step["likely"]


def test_recount_of_one_object_equals_the_api(
    client: TestClient, answer: dict[str, Any], photo: bytes
) -> None:
    recounted = recount(client, answer, object="orange")
    alone = client.post("/sweep?object=orange", files={"file": photo}).json()
    for name in ("stable", "findings"):
        assert recounted[name] == alone[name]


@pytest.mark.parametrize("cut", [1, 200, 333, 640, 1000])
def test_adjacent_regions_count_each_object_once(
    client: TestClient, answer: dict[str, Any], cut: int
) -> None:
    width, height = answer["width"], answer["height"]
    left = recount(client, answer, region=[0, 0, cut, height])["steps"]
    right = recount(client, answer, region=[cut, 0, width, height])["steps"]
    for left_step, right_step, step in zip(left, right, answer["steps"], strict=True):
        assert left_step["count"] + right_step["count"] == step["count"]


def test_picture_warnings_are_kept_for_regions(client: TestClient, answer: dict[str, Any]) -> None:
    turned = {"code": "turned_upright", "detail": "It was turned.", "fix": ""}
    recounted = recount(
        client, {**answer, "warnings": [turned, *answer["warnings"]]}, region=[0, 0, 1, 1]
    )
    assert all(step["warnings"][0] == turned for step in recounted["steps"])


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
def test_invalid_sweep_is_refused(
    client: TestClient, answer: dict[str, Any], change: dict[str, Any], status: int
) -> None:
    response = client.post("/recount", json={"answer": {**answer, **change}})
    assert response.status_code == status


def redraw(client: TestClient, photo: bytes, answer: dict[str, Any]) -> Any:
    return client.post("/redraw", files={"file": photo}, data={"answer": json.dumps(answer)})


@pytest.mark.parametrize("chosen", ["", "&object=orange", "&model=planets"])
def test_redraw_equals_the_apis_picture(client: TestClient, photo: bytes, chosen: str) -> None:
    path, files = f"/countObjects?confidence=0.3{chosen}", {"file": photo}
    answer = client.post(path, files=files).json()
    drawn = client.post(path, files=files, headers={"Accept": "image/*"})
    redrawn = redraw(client, photo, answer)
    assert redrawn.headers["Content-Type"] == drawn.headers["Content-Type"]
    assert redrawn.content == drawn.content


def test_redraw_refuses_unknown_labels_models_and_non_pictures(
    client: TestClient, photo: bytes
) -> None:
    finding = {"label": "ghost", "confidence": 0.5, "box": None}
    assert redraw(client, photo, {"model": "fruits", "findings": [finding]}).status_code == 422
    assert redraw(client, photo, {"model": "ghosts", "findings": []}).status_code == 404
    assert redraw(client, b"no picture", {"model": "fruits", "findings": []}).status_code == 415
