"""The client against the real server, a notebook's plain endpoints, and another program."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Annotated

import pytest
from fastapi import FastAPI, File, Response
from fastapi.responses import JSONResponse

from countlab.client.client import Client, ServerRefused
from countlab.errors import CountlabError
from countlab.notebook import Server, serve


@pytest.fixture
def client(server: Server) -> Client:
    return Client(server.url)


@pytest.fixture
def plain() -> Iterator[Server]:
    """Endpoints as a student writes them: the picture or a number, and nothing else."""
    app = FastAPI()
    busy = iter([True, True, False])

    @app.post("/predict")
    def predict(file: Annotated[bytes, File()], model: str = "") -> Response:
        return Response(file[::-1] + model.encode(), media_type="image/png")

    @app.post("/countObjects")
    def count(file: Annotated[bytes, File()], confidence: float = 0.5) -> dict[str, float]:
        return {"count": len(file), "asked": confidence}

    @app.get("/health")
    def health() -> Response:
        if next(busy):
            return Response(status_code=503, headers={"Retry-After": "0"})
        return JSONResponse({"status": "ok"})

    @app.get("/models")
    def models() -> Response:
        problem = {"code": "model_not_here", "detail": "Not here.", "fix": "Fetch it."}
        return JSONResponse(problem, 503, headers={"Retry-After": "60"})

    running = serve(app, port=0)
    yield running
    running.stop()


@pytest.fixture
def stranger() -> Iterator[str]:
    """Another program that happens to listen: it answers everything with a web page."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(404 if self.path == "/health" else 200)
            self.end_headers()
            self.wfile.write(b"<h1>Printer</h1>")

        do_POST = do_GET  # noqa: N815 - the name http.server calls

        def log_message(self, format: str, *args: object) -> None:
            """Not into the test's output."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = Thread(target=listening.serve_forever, args=[0.02])
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.mark.parametrize(
    ("query", "url"),
    [
        ({}, "http://somewhere:8000/predict"),
        ({"model": "yolov3-tiny"}, "http://somewhere:8000/predict?model=yolov3-tiny"),
        (
            {"model": None, "confidence": 0.5, "object": "hot dog"},
            "http://somewhere:8000/predict?confidence=0.5&object=hot+dog",
        ),
    ],
)
def test_the_address_is_built_from_what_was_said(query: dict[str, object], url: str) -> None:
    assert Client("http://somewhere:8000/").url("/predict", **query) == url


def test_an_address_without_http_is_meant_so(server: Server) -> None:
    assert Client(server.url.removeprefix("http://")).health()["status"] == "ok"


def test_a_picture_comes_back_with_boxes_and_its_count(
    client: Client, photo: bytes, tmp_path: Path
) -> None:
    answer = client.predict(photo, model="fruits", confidence=0.5)
    assert (answer.media_type, answer.model, answer.engine) == ("image/jpeg", "fruits", "openvino")
    assert answer.count == client.count(photo).count > 0
    assert answer.picture != photo
    assert answer.save(tmp_path / "new" / "out.jpg").read_bytes() == answer.picture


def test_a_count_carries_all_that_the_server_said(client: Client, photo: bytes) -> None:
    answer = client.count(photo, model="fruits", confidence=0.3, nms=0.4)
    assert answer.count == sum(answer.counts.values()) == len(answer.findings)
    assert answer.raw["confidence"] == 0.3
    assert answer.raw["nms"] == 0.4
    assert (answer.model, answer.engine) == ("fruits", "openvino")
    assert set(answer.milliseconds) == {"decode", "find"}


def test_one_object_is_counted_alone(client: Client, photo: bytes) -> None:
    every = client.count(photo)
    label = next(iter(every.counts))
    assert client.count(photo, label).count == every.counts[label]


def test_a_path_is_sent_as_the_picture_it_holds(
    client: Client, photo: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "Frutas señaladas.jpg"
    path.write_bytes(photo)
    assert client.count(path).raw["counts"] == client.count(photo).raw["counts"]
    assert client.count(str(path)).count == client.count(path).count


def test_models_and_health(client: Client) -> None:
    assert "fruits" in [model["name"] for model in client.models()]
    assert client.health()["status"] == "ok"


def test_a_refusal_carries_the_servers_code_and_remedy(client: Client, photo: bytes) -> None:
    with pytest.raises(ServerRefused) as refusal:
        client.predict(photo, model="fruit")
    assert (refusal.value.code, refusal.value.status) == ("unknown_model", 404)
    assert "fruits" in refusal.value.detail
    assert refusal.value.fix in str(refusal.value)


def test_a_refusal_is_told_in_the_language_asked_for(server: Server) -> None:
    with pytest.raises(ServerRefused, match="El archivo está vacío"):
        Client(server.url, language="es").count(b"")


def test_a_plain_endpoint_is_enough(plain: Server) -> None:
    client = Client(plain.url)
    answer = client.predict(b"abc", model="some")
    assert (answer.picture, answer.media_type, answer.count) == (b"cbasome", "image/png", None)
    assert client.count(b"abc").count == 3
    assert client.count(b"abc", confidence=0.9).raw["asked"] == 0.9


def test_a_busy_server_is_asked_again(plain: Server) -> None:
    assert Client(plain.url).health() == {"status": "ok"}


def test_a_long_wait_is_left_to_the_person(plain: Server) -> None:
    start = time.monotonic()
    with pytest.raises(ServerRefused) as refusal:
        Client(plain.url).models()
    assert (refusal.value.status, refusal.value.fix) == (503, "Fetch it.")
    assert time.monotonic() - start < 5


def test_a_stopped_server_is_told_by_its_address(plain: Server) -> None:
    client = Client(plain.url)
    assert client.count(b"abc").count == 3
    plain.stop()
    with pytest.raises(CountlabError) as failure:
        client.count(b"abc")
    assert failure.value.code == "no_answer"
    assert plain.url in str(failure.value)


def test_another_program_on_the_port_is_recognised(stranger: str) -> None:
    client = Client(stranger)
    for question in (
        client.models,
        client.health,
        lambda: client.count(b"a"),
        lambda: client.predict(b"a"),
    ):
        with pytest.raises(CountlabError) as failure:
            question()
        assert failure.value.code == "not_our_answer"


def test_a_server_that_takes_too_long_is_given_up() -> None:
    app = FastAPI()

    @app.get("/health")
    def health() -> None:
        time.sleep(1)

    running = serve(app, port=0)
    with pytest.raises(CountlabError) as failure:
        Client(running.url, timeout_s=0.2).health()
    running.stop()
    assert failure.value.code == "too_slow"


def test_a_picture_that_is_not_there_is_told_before_asking(tmp_path: Path) -> None:
    for path in (tmp_path / "fruit.jpg", tmp_path):
        with pytest.raises(CountlabError) as failure:
            Client("http://127.0.0.1:9").count(path)
        assert failure.value.code == "no_such_file"


def test_a_proxy_does_not_stand_before_this_machine(
    plain: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert Client(plain.url).count(b"abc").count == 3
