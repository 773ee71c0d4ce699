"""Regression tests for the faults of the classic lab; each would fail on its behavior."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from countlab.imaging.picture import Pixels, write_picture
from countlab.notebook import Server, serve
from countlab.server import create_app
from tests.conftest import ROOT
from tests.imaging.test_picture import png_of
from tests.server.routes.test_counting import post, problem


def findings(server: Server, picture: bytes, model: str) -> Any:
    response = post(server, f"/countObjects?model={model}&confidence=0.3", picture)
    assert response.status_code == 200, response.text
    return response.json()["findings"]


def test_each_request_is_answered_by_the_model_that_it_names(server: Server, photo: bytes) -> None:
    fruits, planets = (findings(server, photo, model) for model in ("fruits", "planets"))
    assert fruits
    labels = [{finding["label"] for finding in found} for found in (fruits, planets)]
    assert not labels[0] & labels[1]


def test_200_parallel_requests_to_two_models_equal_a_serial_run(
    server: Server,
) -> None:
    pictures = [path.read_bytes() for path in sorted((ROOT / "images").glob("*.jpg"))[:10]]
    cases = [(picture, model) for picture in pictures for model in ("fruits", "planets")]
    serial = [findings(server, *case) for case in cases]
    assert len({str(found) for found in serial}) > 10, "equal responses could not be mixed up"
    with ThreadPoolExecutor(16) as clients:
        parallel = list(clients.map(lambda case: findings(server, *case), cases * 10))
    assert len(parallel) == 200
    assert parallel == serial * 10


def test_file_name_of_a_client_is_never_used_as_a_path(jpeg: bytes, tmp_path: Path) -> None:
    kept = tmp_path / "inside" / "kept"
    server = serve(create_app(keep=kept), port=0)
    try:
        for name in ("../x.jpg", "/x.jpg", "..\\x.jpg", "x.jpg", "x.jpg", "x\0.jpg"):
            assert post(server, "/countObjects", jpeg, name=name).ok
    finally:
        server.stop()
    stored = list(kept.iterdir())
    assert len(stored) == 6, "a picture with the same name was overwritten"
    assert all(path.read_bytes() == jpeg for path in stored)
    assert [path.name for path in tmp_path.rglob("*.jpg")] == []
    assert not Path("/x.jpg").exists()


def test_number_of_kept_pictures_is_bounded(
    jpeg: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("countlab.server.lab._KEPT_AT_MOST", 3)
    other_files = [tmp_path / name for name in (".gitkeep", "0.jpeg", "20261120-holiday.jpeg")]
    for path in other_files:
        path.touch()
    lab = create_app(keep=tmp_path).state.lab
    for _ in range(5):
        lab.predict(jpeg)
    assert len(list(tmp_path.glob("*.jpeg"))) == 2 + 3
    assert all(path.exists() for path in other_files), "a person's own files were deleted"


def test_picture_that_cannot_be_kept_is_counted(
    jpeg: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    lab = create_app(keep=tmp_path / "file").state.lab
    assert lab.predict(jpeg).model.name == "fruits"
    assert "could not be kept" in caplog.text


def test_upper_case_suffixes_are_accepted(server: Server, jpeg: bytes) -> None:
    assert post(server, "/predict", jpeg, name="HOLIDAY.JPG").ok


def test_text_file_named_jpg_is_415_not_500(server: Server) -> None:
    response = post(server, "/predict", b"just text", name="photo.jpg")
    assert (response.status_code, problem(response)["code"]) == (415, "not_a_picture")


def test_png_is_returned_as_png(server: Server, drawing: Pixels) -> None:
    response = post(server, "/predict", write_picture(drawing, "PNG"), name="x.png")
    assert response.headers["content-type"] == "image/png"
    assert response.content.startswith(b"\x89PNG")


def test_unknown_parameter_is_not_ignored(server: Server, photo: bytes) -> None:
    document = problem(post(server, "/predict?param=0.9", photo))
    assert "confidence=" in document["fix"]


def test_response_has_the_count(server: Server, photo: bytes) -> None:
    body = post(server, "/countObjects", photo).json()
    assert body["count"] == len(body["findings"]) > 0


def test_picture_is_sent_with_its_content_length(server: Server, photo: bytes) -> None:
    response = post(server, "/predict", photo)
    assert "transfer-encoding" not in response.headers
    assert int(response.headers["content-length"]) == len(response.content)


def test_decompression_bomb_is_refused(server: Server) -> None:
    bomb = png_of(20_000, 20_000)
    assert len(bomb) < 2_000_000
    response = post(server, "/predict", bomb)
    assert (response.status_code, problem(response)["code"]) == (413, "too_many_pixels")
    assert requests.get(server.url + "/health", timeout=10).ok
