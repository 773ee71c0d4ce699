"""Names may differ: routes, parameters and counts are found in what the server says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any

import pytest
from fastapi import FastAPI, File, Form, UploadFile
from fastapi.testclient import TestClient

from countlab.grading.judging.response_numbers import best_place, numbers, put_number
from countlab.grading.judging.routes import Route, count_routes, predict_route, read_routes
from countlab.grading.judging.server_response import Answer, Asker
from countlab.grading.running.reference_server import confidence_of


class Red(str, Enum):
    tiny = "yolov3-tiny"
    fruits = "fruits"


class Fruta(str, Enum):
    manzana = "manzana"
    naranja = "naranja"


class InProcess(Asker):
    """An app asked without a network."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__("http://testserver")
        self._client = TestClient(app)

    def ask(self, method: str, path: str, **sent: Any) -> Answer:
        found = self._client.request(method, path, **sent)
        return Answer(found.status_code, found.content, dict(found.headers))


def routes_of(app: FastAPI) -> tuple[Route, ...]:
    found = read_routes(InProcess(app))
    assert found is not None
    return found


def test_spanish_names_are_understood() -> None:
    app = FastAPI()

    @app.post("/detectar_con_umbral")
    def detectar(archivo: UploadFile, modelo: Red, umbral: float = 0.5) -> None: ...

    @app.post("/contar")
    def contar(imagen: UploadFile, objeto: str, confianza: float = 0.5) -> None: ...

    predict = predict_route(routes_of(app))
    assert predict is not None
    assert (predict.path, predict.file_field) == ("/detectar_con_umbral", "archivo")
    assert predict.confidence is not None
    assert predict.confidence.name == "umbral"
    assert predict.values(model="fruits", confidence=0.3).query == {
        "modelo": "fruits",
        "umbral": 0.3,
    }
    [count] = count_routes(routes_of(app))
    assert count.values(object="orange", confidence=0.7, model="fruits").query == {
        "objeto": "orange",
        "confianza": 0.7,
    }


def test_a_choice_of_objects_gets_the_choice_that_means_it() -> None:
    app = FastAPI()

    @app.post("/predict")
    def predict(file: UploadFile) -> None: ...

    @app.post("/countObjects")
    def count(file: UploadFile, fruta: Fruta, minimo: float = 0.5) -> None: ...

    [route] = count_routes(routes_of(app))
    assert route.values(object="orange", confidence=0.9).query == {
        "fruta": "naranja",
        "minimo": 0.9,
    }


def test_parameters_of_the_form_are_sent_in_the_form() -> None:
    app = FastAPI()

    @app.post("/predict")
    def predict(
        file: Annotated[bytes, File()], threshold: Annotated[float, Form()], model: str = "fruits"
    ) -> None: ...

    [route] = routes_of(app)
    values = route.values(confidence=0.4, model="fruits")
    assert (values.query, values.form) == ({"model": "fruits"}, {"threshold": 0.4})


def test_parameters_may_stand_in_the_path() -> None:
    app = FastAPI()

    @app.post("/predict/{modelo}")
    def predict(modelo: str, file: UploadFile, confianza: float = 0.5) -> None: ...

    @app.post("/count/{object}/at/{confidence}")
    def count(object: str, confidence: float, file: UploadFile) -> None: ...

    routes = routes_of(app)
    route = predict_route(routes)
    assert route is not None
    values = route.values(model="fruits", confidence=0.3)
    assert (values.path, values.query) == ("/predict/fruits", {"confianza": 0.3})
    [counting] = count_routes(routes)
    values = counting.values(object="orange", confidence=0.7)
    assert (values.path, values.query) == ("/count/orange/at/0.7", {})
    assert counting.parameters_in(values.path) == {"object": "orange", "confidence": "0.7"}
    assert counting.parameters_in("/predict/fruits") is None
    assert confidence_of(values.path, {}, routes) == 0.7


def test_routes_without_a_picture_and_servers_without_a_document_have_none() -> None:
    app = FastAPI()
    app.post("/echo")(lambda text: text)
    assert routes_of(app) == ()
    assert read_routes(InProcess(FastAPI(openapi_url=None))) is None


@pytest.mark.parametrize(
    "document",
    ["[]", "{}", '{"paths": 3}', '{"paths": {"/a": {"post": {"requestBody": []}}}}', "[" * 10**5,
     '{"paths": {"/a": {"post": {"requestBody": {"content": {"multipart/form-data": {"schema": '
     '{"$ref": "#/x"}}}}}}}, "x": {"$ref": "#/x"}}'],
)  # fmt: skip
def test_a_document_made_to_mislead_is_no_crash(document: str) -> None:
    class Fake(Asker):
        def ask(self, *_: Any, **__: Any) -> Answer:
            return Answer(200, document.encode())

    assert not read_routes(Fake("http://testserver"))


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("3", "$"),
        ('{"count": 3, "total": 8}', "$.count"),
        ('{"oranges": 3}', "$.oranges"),
        ('{"boxes": [1, 2, 3]}', "$.boxes#"),
        ('{"mensaje": "Hay 3 naranjas en la imagen"}', "$.mensaje~0"),
        ("There are 3 oranges", "$~0"),
        ('[{"label": "orange", "n": 3}]', "$[0].n"),
    ],
)
def test_the_count_is_found_wherever_it_stands(body: str, place: str) -> None:
    answers = [Answer(200, body.replace("3", number).encode()) for number in "345"]
    if "[1, 2, 3]" in body:
        bodies = ["[1, 2, 3]", "[1, 2, 3, 4]", "[1, 2, 3, 4, 5]"]
        answers = [Answer(200, body.replace(bodies[0], each).encode()) for each in bodies]
    assert best_place([numbers(answer) for answer in answers], [3, 4, 5]) == (place, 3)


@pytest.mark.parametrize(
    "body", [b"NaN", b"Infinity", b"1e400", b'{"a": ' * 5000, b"\xff", b"true"]
)
def test_answers_made_to_mislead_hold_no_number(body: bytes) -> None:
    assert numbers(Answer(200, body)) in ({}, {"$~0": 1})


def test_errors_and_pictures_hold_no_number() -> None:
    assert numbers(Answer(500, b"3")) == {}
    assert numbers(Answer(200, b"\xff\xd8\xff 3")) == {}


def test_a_right_number_is_put_where_the_students_server_has_it() -> None:
    shape: Mapping[str, Any] = {"object": "orange", "data": {"n": 3, "boxes": [[1], [2]]}}
    assert put_number(shape, "$.data.n", 7) == {
        "object": "orange",
        "data": {"n": 7, "boxes": [[1], [2]]},
    }
    assert len(put_number(shape, "$.data.boxes#", 5)["data"]["boxes"]) == 5
    assert put_number({"m": "Hay 3 naranjas"}, "$.m~0", 9) == {"m": "Hay 9 naranjas"}
