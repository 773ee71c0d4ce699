"""What the classic lab did wrong even when it ran. Each test fails on the old behaviour."""

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
    answer = post(server, f"/countObjects?model={model}&confidence=0.3", picture)
    assert answer.status_code == 200, answer.text
    return answer.json()["findings"]


def test_the_second_model_asked_for_is_not_answered_by_the_first(
    server: Server, photo: bytes
) -> None:
    fruits, planets = (findings(server, photo, model) for model in ("fruits", "planets"))
    assert fruits
    assert not {f["label"] for f in fruits} & {f["label"] for f in planets}


def test_200_parallel_requests_over_two_models_give_the_answers_of_a_serial_run(
    server: Server,
) -> None:
    pictures = [path.read_bytes() for path in sorted((ROOT / "images").glob("*.jpg"))[:10]]
    asked = [(picture, model) for picture in pictures for model in ("fruits", "planets")]
    serial = [findings(server, *question) for question in asked]
    assert len({str(answer) for answer in serial}) > 10, "the answers must differ to be mixed up"
    with ThreadPoolExecutor(16) as clients:
        parallel = list(clients.map(lambda question: findings(server, *question), asked * 10))
    assert len(parallel) == 200
    assert parallel == serial * 10


def test_a_name_sent_by_a_client_is_never_a_path(jpeg: bytes, tmp_path: Path) -> None:
    kept = tmp_path / "inside" / "kept"
    running = serve(create_app(keep=kept), port=0)
    try:
        for name in ("../x.jpg", "/x.jpg", "..\\x.jpg", "x.jpg", "x.jpg", "x\0.jpg"):
            assert post(running, "/countObjects", jpeg, name=name).ok
    finally:
        running.stop()
    stored = list(kept.iterdir())
    assert len(stored) == 6, "one name must not overwrite another's picture"
    assert all(path.read_bytes() == jpeg for path in stored)
    assert [path.name for path in tmp_path.rglob("*.jpg")] == []
    assert not Path("/x.jpg").exists()


def test_how_many_pictures_are_kept_is_bounded(
    jpeg: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("countlab.server.lab._KEPT_AT_MOST", 3)
    own = [tmp_path / name for name in (".gitkeep", "0.jpeg", "20261120-holiday.jpeg")]
    for path in own:
        path.touch()
    lab = create_app(keep=tmp_path).state.lab
    for _ in range(5):
        lab.predict(jpeg)
    assert len(list(tmp_path.glob("*.jpeg"))) == 2 + 3
    assert all(path.exists() for path in own), "a person's own files were deleted"


def test_a_picture_that_cannot_be_kept_is_counted_all_the_same(
    jpeg: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    lab = create_app(keep=tmp_path / "file").state.lab
    assert lab.predict(jpeg).model.name == "fruits"
    assert "could not be kept" in caplog.text


def test_upper_case_endings_are_taken(server: Server, jpeg: bytes) -> None:
    assert post(server, "/predict", jpeg, name="HOLIDAY.JPG").ok


def test_a_text_file_called_jpg_is_415_not_500(server: Server) -> None:
    answer = post(server, "/predict", b"just text", name="photo.jpg")
    assert (answer.status_code, problem(answer)["code"]) == (415, "not_a_picture")


def test_a_png_comes_back_as_png(server: Server, drawing: Pixels) -> None:
    answer = post(server, "/predict", write_picture(drawing, "PNG"), name="x.png")
    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")


def test_a_misspelt_parameter_is_not_ignored(server: Server, photo: bytes) -> None:
    told = problem(post(server, "/predict?param=0.9", photo))
    assert "confidence=" in told["fix"]


def test_the_count_reaches_the_client(server: Server, photo: bytes) -> None:
    told = post(server, "/countObjects", photo).json()
    assert told["count"] == len(told["findings"]) > 0


def test_the_picture_is_sent_in_one_piece(server: Server, photo: bytes) -> None:
    answer = post(server, "/predict", photo)
    assert "transfer-encoding" not in answer.headers
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_a_picture_that_unpacks_to_gigabytes_is_refused(server: Server) -> None:
    bomb = png_of(20_000, 20_000)
    assert len(bomb) < 2_000_000
    answer = post(server, "/predict", bomb)
    assert (answer.status_code, problem(answer)["code"]) == (413, "too_many_pixels")
    assert requests.get(server.url + "/health", timeout=10).ok
