"""Classifiers over HTTP: probabilities, heat maps, and labs whose own clients are answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import requests

from countlab.notebook import Server, serve
from countlab.server import create_app
from countlab.settings import Settings
from tests.tasks import graphs
from tests.tasks.conftest import picture

BLUE = picture(96, 64, blue=(48, 0, 96, 64))
KEY = "correct-horse-battery"
ANSWERS = {
    "weather": """[answer]
class = "predicted_class_name"
probabilities = "all_probabilities"
greeting = "Weather classification"
authorization = "plain"
""",
    "digits": """[answer]
class_as = "number"
probability = "confidence"
probabilities_as = "list"
[answer.errors]
no_picture = "No se encontró el archivo"
empty_file = "No se seleccionó ningún archivo"
model_not_ready = "Modelo no cargado"
""",
    "octagons": """[answer]
class = "prediction"
probability = "confidence"
seconds = "processing_time"
[answer.classes]
blue = "octagon_detected"
""",
}


def write_classifier(home: Path, name: str, labels: tuple[str, ...], more: str = "") -> None:
    """A classifier of plain colors with class maps and a distance, as the labs' graphs have."""
    folder = home / "models" / name
    folder.mkdir(parents=True)
    (folder / "mine.names").write_text("\n".join(labels) + "\n")
    (folder / "model.toml").write_text(
        f'name = "{name}"\ntask = "classify"\nlabels = "mine.names"\n'
        f'[files]\ngraph = {{ name = "mine.onnx" }}\n[unfamiliar]\nthreshold = 0.5\n{more}'
    )
    graphs.classifier_with_maps(folder / "mine.onnx")


@pytest.fixture(scope="module")
def home_with_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    write_classifier(home, "colors", graphs.LABELS)
    write_classifier(home, "weather", graphs.LABELS, ANSWERS["weather"])
    write_classifier(home, "digits", ("0", "1", "2"), ANSWERS["digits"])
    write_classifier(home, "octagons", graphs.LABELS, ANSWERS["octagons"])
    return home


def started(**settings: Any) -> Iterator[Server]:
    lab = settings.pop("lab", None)
    server = serve(create_app(settings=Settings(**settings), lab=lab), port=0)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def server(home_with_models: Path) -> Iterator[Server]:
    yield from started(home=home_with_models)


@pytest.fixture(scope="module")
def weather(home_with_models: Path) -> Iterator[Server]:
    yield from started(home=home_with_models, lab="weather", api_keys=KEY)


@pytest.fixture(scope="module")
def digits(home_with_models: Path) -> Iterator[Server]:
    yield from started(home=home_with_models, lab="digits")


@pytest.fixture(scope="module")
def octagons(home_with_models: Path) -> Iterator[Server]:
    yield from started(home=home_with_models, lab="octagons")


def post(server: Server, path: str, data: bytes = BLUE, **arguments: Any) -> requests.Response:
    files = {"file": ("picture.png", data)}
    return requests.post(server.url + path, files=files, timeout=30, **arguments)


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_a_classifier_answers_with_every_probability(server: Server, engine: str) -> None:
    answer = post(server, f"/predict/single?model=colors&engine={engine}").json()
    assert answer["findings"][0]["label"] == "blue"
    assert answer["findings"][0]["box"] is None
    assert next(iter(answer["probabilities"])) == "blue"
    assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    assert (answer["count"], answer["counts"]) == (1, {"blue": 1})


def test_an_unsure_class_is_no_finding(server: Server) -> None:
    answer = post(server, "/predict/single?model=colors&confidence=0.9999").json()
    assert (answer["count"], answer["findings"]) == (0, [])
    assert answer["probabilities"]["blue"] < 0.9999


def test_an_unfamiliar_picture_gets_a_warning(server: Server) -> None:
    known = post(server, "/predict/single?model=colors").json()
    bright = picture(96, 64, bright=(0, 0, 96, 64))
    unknown = post(server, "/predict/single?model=colors", bright).json()
    assert "unfamiliar_picture" not in {warning["code"] for warning in known["warnings"]}
    assert "unfamiliar_picture" in {warning["code"] for warning in unknown["warnings"]}


def test_the_heat_map_lies_where_the_class_is(server: Server) -> None:
    answer = post(server, "/explain?model=colors", headers={"Accept": "application/json"}).json()
    explanation = answer["explanation"]
    values = np.array(explanation["map"])
    assert explanation["label"] == "blue"
    half = values.shape[1] // 2
    assert values[:, half:].sum() > 0.9 * values.sum()
    drawn = post(server, "/explain?model=colors")
    pixels = cv2.imdecode(np.frombuffer(drawn.content, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    assert drawn.headers["X-Label"] == "blue"
    left, right = pixels[:, : pixels.shape[1] // 3], pixels[:, -pixels.shape[1] // 3 :]
    assert right[..., 2].mean() > left[..., 2].mean() + 20, "red where the class was seen"


def test_another_class_can_be_explained(server: Server) -> None:
    headers = {"Accept": "application/json"}
    answer = post(server, "/explain?model=colors&object=red", headers=headers).json()
    assert answer["explanation"]["label"] == "red"


def test_a_detector_has_nothing_to_explain(server: Server) -> None:
    answer = post(server, "/explain?model=fruits")
    assert (answer.status_code, answer.json()["code"]) == (422, "nothing_to_explain")


def test_the_weather_labs_own_client_is_answered(weather: Server) -> None:
    headers = {"Authorization": KEY}
    assert requests.get(weather.url, headers=headers, timeout=10).json()["message"] == (
        "Weather classification"
    )
    for path in ("/predict", "/predict/"):
        answer = post(weather, path, headers=headers, allow_redirects=False)
        assert answer.status_code == 200
        body = answer.json()
        assert body["predicted_class_name"] == "blue"
        assert body["probability"] == body["all_probabilities"]["blue"]
        assert {*body["all_probabilities"]} == {*graphs.LABELS}
        assert body["findings"][0]["label"] == "blue", "the usual names are there as well"


@pytest.mark.parametrize("key", [None, "wrong"])
def test_the_weather_lab_asks_for_its_key_on_every_route(weather: Server, key: str | None) -> None:
    headers = {"Authorization": key} if key else {}
    for answer in (
        requests.get(weather.url, headers=headers, timeout=10),
        requests.get(weather.url + "/models", headers=headers, timeout=10),
        post(weather, "/predict/", headers=headers),
    ):
        assert answer.status_code == 401
        assert answer.json()["detail"]


def test_the_digits_labs_own_client_is_answered(digits: Server) -> None:
    body = post(digits, "/predict").json()
    assert body["class"] == 2
    assert body["confidence"] == max(body["probabilities"])
    assert len(body["probabilities"]) == 3
    assert body["probabilities"].index(max(body["probabilities"])) == 2


def test_the_octagons_labs_own_client_is_answered(octagons: Server) -> None:
    """One and many: prediction, confidence and processing time beside the usual names."""
    single = post(octagons, "/predict/single").json()
    files = [("files", ("a.png", BLUE)), ("files", ("b.txt", b"Dear diary"))]
    batch = requests.post(octagons.url + "/predict/batch", files=files, timeout=30).json()
    first, second = batch["results"]
    assert "code" in second["problem"]
    for answer in (single, first["result"]):
        assert answer["prediction"] == "octagon_detected"
        assert 0.5 < answer["confidence"] <= 1
        assert answer["probabilities"]["octagon_detected"] == answer["confidence"]
        assert 0 < answer["processing_time"] < 10
        assert answer["findings"][0]["label"] == "blue"


def test_without_a_lab_nobody_elses_names_are_answered(server: Server) -> None:
    answer = post(server, "/predict/single?model=octagons").json()
    assert "prediction" not in answer
    assert answer["confidence"] == 0.5


def test_the_digits_labs_errors_are_in_its_own_words(digits: Server) -> None:
    missing = requests.post(digits.url + "/predict", timeout=10)
    assert missing.json()["error"] == "No se encontró el archivo"
    assert missing.json()["code"] == "no_picture"
    empty = post(digits, "/predict", b"")
    assert empty.json()["error"] == "No se seleccionó ningún archivo"
    text = post(digits, "/predict", b"Dear diary")
    assert text.json()["error"] == text.json()["detail"]


def test_a_browsers_empty_field_means_that_no_file_was_chosen(digits: Server) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename=""\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n\r\n--x--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = requests.post(digits.url + "/predict", data=body, headers=headers, timeout=10)
    assert answer.json()["error"] == "No se seleccionó ningún archivo"


def test_a_lab_whose_model_is_missing_says_so(tmp_path: Path) -> None:
    home = tmp_path / "home"
    write_classifier(home, "digits", ("0", "1", "2"), ANSWERS["digits"])
    (home / "models" / "digits" / "mine.onnx").unlink()
    settings = replace(Settings(), home=home)
    server = serve(create_app(settings=settings, lab="digits"), port=0)
    try:
        answer = post(server, "/predict")
        assert (answer.status_code, answer.json()["error"]) == (503, "Modelo no cargado")
    finally:
        server.stop()


def test_a_browser_at_a_lab_gets_the_ways_on_and_that_labs_example(digits: Server) -> None:
    page = requests.get(digits.url + "/", headers={"Accept": "text/html"}, timeout=10)
    assert "curl -F file=@fruits.jpg" in page.text
    assert f"{digits.url}/predict</code>" in page.text
    assert 'href="/docs"' in page.text
    tags = requests.get(digits.url + "/openapi.json", timeout=10).json()["tags"]
    assert tags[0]["name"] == "lab"
