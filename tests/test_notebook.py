"""Notebook helpers: the background server, and pictures in a cell."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager

import pytest
import requests
from fastapi import FastAPI

from countlab.errors import CountlabError
from countlab.notebook import Server, serve, show, side_by_side

_PIXEL = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"


def _app(word: str) -> FastAPI:
    app = FastAPI()
    app.get("/word")(lambda: word)
    return app


def _word(server: Server, path: str = "word") -> str:
    return str(requests.get(f"{server.url}/{path}", timeout=5).json())


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.fixture
def server(free_port: int) -> Iterator[Server]:
    server = serve(_app("first"), free_port)
    yield server
    server.stop()


def test_serve_returns_a_ready_server_and_prints_its_address(
    free_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    server = serve(_app("first"), free_port)
    assert _word(server) == "first"
    assert f"http://127.0.0.1:{free_port}/docs" in capsys.readouterr().out
    assert server.running
    server.stop()


def test_serve_replaces_the_server_on_the_same_port(server: Server) -> None:
    with requests.Session() as session:
        assert session.get(f"{server.url}/word", timeout=5).json() == "first"
        second = serve(_app("second"), server.port)
    try:
        assert not server.running
        assert _word(second) == "second"
    finally:
        second.stop()


def test_stop_frees_the_port_and_is_idempotent(server: Server) -> None:
    server.stop()
    server.stop()
    assert not server.running
    assert "stopped" in repr(server)
    with socket.create_server(("127.0.0.1", server.port)):
        pass
    again = serve(_app("again"), server.port)
    assert _word(again) == "again"
    again.stop()


def test_stop_lets_a_running_request_finish(free_port: int) -> None:
    app, started, responses = FastAPI(), threading.Event(), []

    @app.get("/slow")
    def slow() -> str:
        started.set()
        time.sleep(0.5)
        return "done"

    server = serve(app, free_port)
    request = threading.Thread(target=lambda: responses.append(_word(server, "slow")))
    request.start()
    assert started.wait(5)
    server.stop()
    request.join(5)
    assert responses == ["done"]


def test_port_in_use_is_a_one_line_error(free_port: int) -> None:
    with (
        socket.create_server(("127.0.0.1", free_port)),
        pytest.raises(CountlabError) as refused,
    ):
        serve(_app("never"), free_port)
    assert refused.value.code == "port_taken_by"
    assert f"Port {free_port} " in str(refused.value)
    assert refused.value.facts["other"] != str(free_port)
    assert len(refused.value._render_traceback_()) == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_app_that_fails_at_startup_is_an_error(
    free_port: int, capfd: pytest.CaptureFixture[str]
) -> None:
    @asynccontextmanager
    async def lifespan(app: FastAPI):  # type: ignore[no-untyped-def]
        raise RuntimeError(f"no disk for {app.title}")
        yield

    with pytest.raises(CountlabError) as failed:
        serve(FastAPI(lifespan=lifespan), free_port)
    assert failed.value.code == "server_not_started"
    assert "no disk" in capfd.readouterr().err


def test_cell_run_again_replaces_its_endpoint(server: Server) -> None:
    app = _app("old")
    app.get("/word")(lambda: "new")
    app.post("/word")(lambda: "posted")
    server = serve(app, server.port)
    assert _word(server) == "new"
    assert requests.post(f"{server.url}/word", timeout=5).json() == "posted"
    server.stop()


def test_docs_show_endpoints_added_after_first_use(server: Server) -> None:
    app = _app("old")
    server = serve(app, server.port)
    assert "/later" not in requests.get(f"{server.url}/openapi.json", timeout=5).json()["paths"]
    app.get("/later")(lambda: "added")
    server = serve(app, server.port)
    assert "/later" in requests.get(f"{server.url}/openapi.json", timeout=5).json()["paths"]
    server.stop()


def test_pictures_are_shown_with_escaped_titles() -> None:
    page = str(side_by_side([_PIXEL, _PIXEL], ["confidence 0.2", "<b>"]).data)
    assert page.count('<img src="data:image/') == 2
    assert page.count("confidence 0.2") == 2, "as the caption and as the alt text"
    assert "&lt;b&gt;" in page
    assert str(show(_PIXEL).data).count("<img") == 1
    with pytest.raises(ValueError, match="zip"):
        side_by_side([_PIXEL], [])
