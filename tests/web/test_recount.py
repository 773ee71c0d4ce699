"""Routes /recount and /redraw: same counts and pixels as the API, without the model."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from countlab.findings import Box, Finding
from countlab.imaging import annotate
from countlab.server import create_app
from countlab.settings import Settings
from countlab.web import add_page


@pytest.fixture(scope="module")
def client(second_model: Path) -> TestClient:
    app = create_app(settings=Settings(home=second_model))
    add_page(app)
    return TestClient(app)


@dataclass(frozen=True)
class Answer:
    """A response as it came, which is what is signed."""

    text: str
    signature: str

    def __getitem__(self, name: str) -> Any:
        return json.loads(self.text)[name]


def asked(client: TestClient, path: str, photo: bytes, **headers: str) -> Answer:
    response = client.post(path, files={"file": photo}, headers=headers)
    return Answer(response.text, response.headers["X-Signature"])


@pytest.fixture(scope="module")
def answer(client: TestClient, photo: bytes) -> Answer:
    return asked(client, "/sweep", photo)


def recount(client: TestClient, answer: Answer, **selection: object) -> dict[str, Any]:
    sent = {"answer": answer.text, "signature": answer.signature, **selection}
    content: dict[str, Any] = client.post("/recount", json=sent).json()
    return content


def test_recount_without_a_selection_equals_the_api_at_each_step(
    client: TestClient, answer: Answer, photo: bytes
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
    client: TestClient, answer: Answer, photo: bytes
) -> None:
    recounted = recount(client, answer, object="orange")
    alone = client.post("/sweep?object=orange", files={"file": photo}).json()
    for name in ("stable", "findings"):
        assert recounted[name] == alone[name]


@pytest.mark.parametrize("cut", [1, 200, 333, 640, 1000])
def test_adjacent_regions_count_each_object_once(
    client: TestClient, answer: Answer, cut: int
) -> None:
    width, height = answer["width"], answer["height"]
    left = recount(client, answer, region=[0, 0, cut, height])["steps"]
    right = recount(client, answer, region=[cut, 0, width, height])["steps"]
    for left_step, right_step, step in zip(left, right, answer["steps"], strict=True):
        assert left_step["count"] + right_step["count"] == step["count"]


def test_picture_warnings_are_kept_for_regions(client: TestClient, photo: bytes) -> None:
    image = Image.open(io.BytesIO(photo))
    exif = image.getexif()
    exif[0x0112] = 6
    turned = io.BytesIO()
    image.save(turned, "JPEG", exif=exif)
    answer = asked(client, "/sweep", turned.getvalue())
    recounted = recount(client, answer, region=[0, 0, 1, 1])
    assert answer["warnings"][0]["code"] == "turned_upright"
    assert all(step["warnings"][0] == answer["warnings"][0] for step in recounted["steps"])


CHANGES: list[Callable[[dict[str, Any]], dict[str, Any]]] = [
    lambda answer: {**answer, "findings": answer["findings"] * 3},
    lambda answer: {**answer, "width": answer["width"] + 1},
    lambda answer: {**answer, "steps": []},
    lambda answer: dict(reversed(answer.items())),
]


@pytest.mark.parametrize("change", CHANGES)
def test_changed_answer_is_refused(
    client: TestClient, answer: Answer, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    changed = Answer(json.dumps(change(json.loads(answer.text))), answer.signature)
    assert recount(client, changed)["code"] == "answer_not_signed"


@pytest.mark.parametrize("signature", ["", "0" * 64, "\ud800", "é" * 64])
def test_unsigned_answer_is_refused(client: TestClient, answer: Answer, signature: str) -> None:
    body = json.dumps({"answer": answer.text, "signature": signature})
    headers = {"Content-Type": "application/json"}
    response = client.post("/recount", content=body, headers=headers)
    expected = "bad_parameter" if signature == "\ud800" else "answer_not_signed"
    assert (response.status_code, response.json()["code"]) == (422, expected)


def test_answer_of_another_server_is_refused(answer: Answer, second_model: Path) -> None:
    other = create_app(settings=Settings(home=second_model))
    add_page(other)
    assert recount(TestClient(other), answer)["code"] == "answer_not_signed"


def test_answer_of_another_worker_of_the_same_server_is_accepted(
    second_model: Path, photo: bytes
) -> None:
    settings = Settings(home=second_model, signing_key="shared by the workers")
    first, second = create_app(settings=settings), create_app(settings=settings)
    add_page(second)
    answer = asked(TestClient(first), "/sweep", photo)
    assert recount(TestClient(second), answer)["findings"] == answer["findings"]


def redraw(client: TestClient, photo: bytes, answer: Answer) -> Any:
    sent = {"answer": answer.text, "signature": answer.signature}
    return client.post("/redraw", files={"file": photo}, data=sent)


@pytest.mark.parametrize("chosen", ["", "&object=orange", "&model=planets"])
def test_redraw_equals_the_apis_picture(client: TestClient, photo: bytes, chosen: str) -> None:
    path = f"/countObjects?confidence=0.3{chosen}"
    drawn = client.post(path, files={"file": photo}, headers={"Accept": "image/*"})
    redrawn = redraw(client, photo, asked(client, path, photo))
    assert redrawn.headers["Content-Type"] == drawn.headers["Content-Type"]
    assert redrawn.content == drawn.content


def test_redraw_refuses_other_pictures_and_changed_answers(
    client: TestClient, photo: bytes, jpeg: bytes
) -> None:
    answer = asked(client, "/countObjects", photo)
    changed = Answer(answer.text.replace("orange", "ghosts"), answer.signature)
    for picture, sent in ((jpeg, answer), (b"no picture", answer), (photo, changed)):
        response = redraw(client, picture, sent)
        assert (response.status_code, response.json()["code"]) == (422, "answer_not_signed")


def test_tags_of_large_pictures_are_not_kept_in_memory() -> None:
    before = annotate._cached_tag.cache_info().currsize
    pixels = np.zeros((2000, 2000, 3), np.uint8)
    for percent in range(50):
        annotate.draw(pixels, [Finding("orange", percent / 100, Box(0, 0, 1900, 1900))])
    assert annotate._cached_tag.cache_info().currsize == before
