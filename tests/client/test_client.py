"""The client with the real server, a notebook's plain endpoints, and another program."""

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
def plain_server() -> Iterator[Server]:
    """Endpoints as a student writes them, which return only a picture or a number."""
    app = FastAPI()
    is_busy = iter([True, True, False])

    @app.post("/predict")
    def predict(file: Annotated[bytes, File()], model: str = "") -> Response:
        return Response(file[::-1] + model.encode(), media_type="image/png")

    @app.post("/countObjects")
    def count(file: Annotated[bytes, File()], confidence: float = 0.5) -> dict[str, float]:
        return {"count": len(file), "confidence": confidence}

    @app.get("/health")
    def health() -> Response:
        if next(is_busy):
            return Response(status_code=503, headers={"Retry-After": "0"})
        return JSONResponse({"status": "ok"})

    @app.get("/models")
    def models() -> Response:
        problem = {"code": "model_not_here", "detail": "Not here.", "fix": "Fetch it."}
        return JSONResponse(problem, 503, headers={"Retry-After": "60"})

    server = serve(app, port=0)
    yield server
    server.stop()


@pytest.fixture
def other_program() -> Iterator[str]:
    """A program that responds to every request with a web page."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(404 if self.path == "/health" else 200)
            self.end_headers()
            self.wfile.write(b"<h1>Printer</h1>")

        do_POST = do_GET  # noqa: N815 - http.server's name

        def log_message(self, format: str, *args: object) -> None:
            """Keeps the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("query", "url"),
    [
        ({}, "http://lab.example.org:8000/predict"),
        ({"model": "yolov3-tiny"}, "http://lab.example.org:8000/predict?model=yolov3-tiny"),
        (
            {"model": None, "confidence": 0.5, "object": "hot dog"},
            "http://lab.example.org:8000/predict?confidence=0.5&object=hot+dog",
        ),
    ],
)
def test_url_has_the_given_parameters(query: dict[str, object], url: str) -> None:
    assert Client("http://lab.example.org:8000/").url("/predict", **query) == url


def test_base_url_without_scheme_is_http(server: Server) -> None:
    assert Client(server.url.removeprefix("http://")).health()["status"] == "ok"


def test_predict_returns_a_picture_with_boxes_and_its_count(
    client: Client, photo: bytes, tmp_path: Path
) -> None:
    answer = client.predict(photo, model="fruits", confidence=0.5)
    assert (answer.media_type, answer.model, answer.engine) == ("image/jpeg", "fruits", "openvino")
    assert answer.count == client.count(photo).count > 0
    assert answer.picture != photo
    assert answer.save(tmp_path / "new" / "out.jpg").read_bytes() == answer.picture


def test_count_has_the_fields_of_the_response(client: Client, photo: bytes) -> None:
    answer = client.count(photo, model="fruits", confidence=0.3, nms=0.4)
    assert answer.count == sum(answer.counts.values()) == len(answer.findings)
    assert answer.raw["confidence"] == 0.3
    assert answer.raw["nms"] == 0.4
    assert (answer.model, answer.engine) == ("fruits", "openvino")
    assert set(answer.milliseconds) == {"decode", "find"}


def test_count_of_one_label(client: Client, photo: bytes) -> None:
    answer = client.count(photo)
    label = next(iter(answer.counts))
    assert client.count(photo, label).count == answer.counts[label]


def test_picture_can_be_given_as_a_path(client: Client, photo: bytes, tmp_path: Path) -> None:
    path = tmp_path / "Frutas señaladas.jpg"
    path.write_bytes(photo)
    assert client.count(path).raw["counts"] == client.count(photo).raw["counts"]
    assert client.count(str(path)).count == client.count(path).count


def test_models_and_health_are_read(client: Client) -> None:
    assert "fruits" in [model["name"] for model in client.models()]
    assert client.health()["status"] == "ok"


def test_refusal_has_the_code_and_fix_of_the_server(client: Client, photo: bytes) -> None:
    with pytest.raises(ServerRefused) as refusal:
        client.predict(photo, model="fruit")
    assert (refusal.value.code, refusal.value.status) == ("unknown_model", 404)
    assert "fruits" in refusal.value.detail
    assert refusal.value.fix in str(refusal.value)


def test_refusal_is_in_the_requested_language(server: Server) -> None:
    with pytest.raises(ServerRefused, match="El archivo está vacío"):
        Client(server.url, language="es").count(b"")


def test_client_works_with_plain_endpoints(plain_server: Server) -> None:
    client = Client(plain_server.url)
    answer = client.predict(b"abc", model="some")
    assert (answer.picture, answer.media_type, answer.count) == (b"cbasome", "image/png", None)
    assert client.count(b"abc").count == 3
    assert client.count(b"abc", confidence=0.9).raw["confidence"] == 0.9


def test_request_to_a_busy_server_is_retried(plain_server: Server) -> None:
    assert Client(plain_server.url).health() == {"status": "ok"}


def test_long_retry_after_is_not_waited_for(plain_server: Server) -> None:
    start = time.monotonic()
    with pytest.raises(ServerRefused) as refusal:
        Client(plain_server.url).models()
    assert (refusal.value.status, refusal.value.fix) == (503, "Fetch it.")
    assert time.monotonic() - start < 5


def test_stopped_server_is_reported_with_its_address(plain_server: Server) -> None:
    client = Client(plain_server.url)
    assert client.count(b"abc").count == 3
    plain_server.stop()
    with pytest.raises(CountlabError) as failure:
        client.count(b"abc")
    assert failure.value.code == "no_answer"
    assert plain_server.url in str(failure.value)


def test_response_of_another_program_is_reported(other_program: str) -> None:
    client = Client(other_program)
    for request in (
        client.models,
        client.health,
        lambda: client.count(b"a"),
        lambda: client.predict(b"a"),
    ):
        with pytest.raises(CountlabError) as failure:
            request()
        assert failure.value.code == "not_our_answer"


def test_slow_server_is_reported_as_a_timeout() -> None:
    app = FastAPI()

    @app.get("/health")
    def health() -> None:
        time.sleep(1)

    server = serve(app, port=0)
    with pytest.raises(CountlabError) as failure:
        Client(server.url, timeout_s=0.2).health()
    server.stop()
    assert failure.value.code == "too_slow"


def test_missing_picture_is_reported_without_a_request(tmp_path: Path) -> None:
    for path in (tmp_path / "fruit.jpg", tmp_path):
        with pytest.raises(CountlabError) as failure:
            Client("http://127.0.0.1:9").count(path)
        assert failure.value.code == "no_such_file"


def test_proxy_settings_are_ignored_for_loopback(
    plain_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert Client(plain_server.url).count(b"abc").count == 3
