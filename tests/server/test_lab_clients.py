"""The classic clients of each lab, replayed word for word against `countlab serve --lab`.

They know nothing of countlab: `requests` as course code writes it, and `curl` as a README has it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import requests

from tests.promises.hostile.conftest import ServerProcess, start_server

pytestmark = pytest.mark.slow

KEY = "secret-key-123"
WEATHERS = {"clouds", "fog", "rain", "shine", "snow", "storm", "sunrise"}


@pytest.fixture(scope="module")
def seven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photograph of dark ink on light paper: a 7."""
    pixels = np.full((200, 200, 3), 225, np.uint8)
    cv2.putText(pixels, "7", (65, 140), cv2.FONT_HERSHEY_SIMPLEX, 4, (50, 30, 30), 9, cv2.LINE_AA)
    path = tmp_path_factory.mktemp("clients") / "seven.jpg"
    cv2.imwrite(str(path), pixels)
    return path


@pytest.fixture(scope="module")
def sky(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Blue, paler towards the horizon, with a sun."""
    down = np.linspace(0, 1, 128)[:, None, None]
    pixels = np.broadcast_to((1 - down) * (220, 120, 30) + down * (250, 200, 150), (128, 128, 3))
    pixels = np.ascontiguousarray(pixels, np.uint8)
    cv2.circle(pixels, (64, 40), 12, (255, 255, 255), -1)
    path = tmp_path_factory.mktemp("clients") / "sky.png"
    cv2.imwrite(str(path), pixels)
    return path


def _started(tmp_path_factory: pytest.TempPathFactory, lab: str, **settings: str) -> Any:
    home = tmp_path_factory.mktemp(lab)
    return start_server(home, options=("--lab", lab, "--no-ui", "--no-history"), **settings)


@pytest.fixture(scope="module")
def weather(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    settings = {"COUNTLAB_API_KEYS": KEY, "COUNTLAB_ORIGINS": "http://page.example"}
    with _started(tmp_path_factory, "weather", **settings) as server:
        yield server


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with _started(tmp_path_factory, "digits") as server:
        yield server


@pytest.fixture(scope="module")
def catsdogs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with _started(tmp_path_factory, "catsdogs") as server:
        yield server


def curl(*arguments: str) -> Any:
    if not shutil.which("curl"):
        pytest.skip("needs curl")
    done = subprocess.run(
        ["curl", "-s", *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(done.stdout)


def test_weather_through_requests(weather: ServerProcess, sky: Path) -> None:
    headers = {"Authorization": KEY}
    assert requests.get(weather.url + "/", headers=headers, timeout=20).status_code == 200
    for name, kind in (("sky.png", "image/png"), ("sky.jpg", "image/jpeg")):
        with sky.open("rb") as file:
            response = requests.post(
                weather.url + "/predict/",
                headers=headers,
                files={"file": (name, file, kind)},
                timeout=60,
            )
        assert response.status_code == 200, response.text
        answer = response.json()
        assert set(answer["all_probabilities"]) == WEATHERS
        assert answer["predicted_class_name"] in WEATHERS
        best = answer["all_probabilities"][answer["predicted_class_name"]]
        assert answer["probability"] == best == max(answer["all_probabilities"].values())
        assert sum(answer["all_probabilities"].values()) == pytest.approx(1, abs=1e-3)


def test_weather_through_curl(weather: ServerProcess, sky: Path) -> None:
    answer = curl(
        "-X", "POST", weather.url + "/predict/", "-H", f"Authorization: {KEY}",
        "-F", f"file=@{sky};type=image/png",
    )  # fmt: skip
    assert answer["predicted_class_name"] in WEATHERS


@pytest.mark.parametrize("key", [[], ["-H", "Authorization: wrong"]], ids=["none", "wrong"])
def test_weather_without_the_key_is_401_with_a_detail(
    weather: ServerProcess, sky: Path, key: list[str]
) -> None:
    refused = curl(*key, "-F", f"file=@{sky}", weather.url + "/predict/")
    assert refused["status"] == 401
    assert refused["detail"]


def test_weather_answers_a_page_elsewhere(weather: ServerProcess, sky: Path) -> None:
    """A browser asks first, without the key, and then sends the picture with it."""
    asked = requests.options(
        weather.url + "/predict/",
        headers={
            "Origin": "http://page.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization",
        },
        timeout=20,
    )
    assert asked.status_code == 200
    assert asked.headers["Access-Control-Allow-Origin"] == "http://page.example"
    sent = requests.post(
        weather.url + "/predict/",
        headers={"Origin": "http://page.example", "Authorization": KEY},
        files={"file": sky.read_bytes()},
        timeout=60,
    )
    assert sent.status_code == 200
    assert sent.headers["Access-Control-Allow-Origin"] == "http://page.example"


def test_digits_through_requests(digits: ServerProcess, seven: Path) -> None:
    with seven.open("rb") as file:
        answer = requests.post(digits.url + "/predict", files={"file": file}, timeout=60).json()
    assert answer["class"] == 7
    assert len(answer["probabilities"]) == 10
    assert answer["confidence"] == max(answer["probabilities"]) == answer["probabilities"][7]
    assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-3)


def test_digits_understand_white_on_black_as_well(digits: ServerProcess) -> None:
    pixels = np.zeros((28, 28), np.uint8)
    cv2.putText(pixels, "3", (7, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2)
    data = bytes(cv2.imencode(".png", pixels)[1])
    answer = requests.post(digits.url + "/predict", files={"file": data}, timeout=60).json()
    assert answer["class"] == 3


def test_digits_through_curl(digits: ServerProcess, seven: Path) -> None:
    assert curl("-F", f"file=@{seven}", digits.url + "/predict")["class"] == 7
    missing = curl("-X", "POST", digits.url + "/predict")
    assert missing["error"] == "No se encontró el archivo"
    assert missing["code"] == "no_picture"
    empty = curl("-F", "file=;filename=", digits.url + "/predict")
    assert empty["error"] in ("No se seleccionó ningún archivo", "No se encontró el archivo")


def test_cats_and_dogs_through_requests_and_curl(catsdogs: ServerProcess, sky: Path) -> None:
    with sky.open("rb") as file:
        answer = requests.post(catsdogs.url + "/predict", files={"file": file}, timeout=60).json()
    assert answer["label"] in ("cats", "dogs")
    assert answer["probability"] == max(answer["probabilities"].values())
    again = curl("-F", f"file=@{sky}", catsdogs.url + "/predict")
    assert (again["label"], again["probability"]) == (answer["label"], answer["probability"])
