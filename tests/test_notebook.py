"""The server that runs beside a notebook's cells, and the pictures shown in them."""

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


def test_answers_as_soon_as_serve_returns_and_says_where(
    free_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    server = serve(_app("first"), free_port)
    assert _word(server) == "first"
    assert f"http://127.0.0.1:{free_port}/docs" in capsys.readouterr().out
    assert server.running
    server.stop()


def test_serving_again_takes_the_place_of_the_last_server(server: Server) -> None:
    with requests.Session() as kept_open:
        assert kept_open.get(f"{server.url}/word", timeout=5).json() == "first"
        second = serve(_app("second"), server.port)
    try:
        assert not server.running
        assert _word(second) == "second"
    finally:
        second.stop()


def test_stop_frees_the_port_and_may_be_called_again(server: Server) -> None:
    server.stop()
    server.stop()
    assert not server.running
    assert "stopped" in repr(server)
    with socket.create_server(("127.0.0.1", server.port)):
        pass
    again = serve(_app("again"), server.port)
    assert _word(again) == "again"
    again.stop()


def test_stop_lets_an_answer_under_way_arrive(free_port: int) -> None:
    app, begun, answers = FastAPI(), threading.Event(), []

    @app.get("/slow")
    def slow() -> str:
        begun.set()
        time.sleep(0.5)
        return "done"

    server = serve(app, free_port)
    asking = threading.Thread(target=lambda: answers.append(_word(server, "slow")))
    asking.start()
    assert begun.wait(5)
    server.stop()
    asking.join(5)
    assert answers == ["done"]


def test_a_port_of_another_program_is_refused_in_one_line(free_port: int) -> None:
    with (
        socket.create_server(("127.0.0.1", free_port)),
        pytest.raises(CountlabError) as refused,
    ):
        serve(_app("never"), free_port)
    assert refused.value.code == "port_taken"
    assert f"Port {free_port} " in str(refused.value)
    assert refused.value.facts["other"] != str(free_port)
    assert len(refused.value._render_traceback_()) == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_app_that_fails_on_the_way_up_says_so(
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


def test_a_cell_run_again_changes_what_its_endpoint_answers(server: Server) -> None:
    app = _app("old")
    app.get("/word")(lambda: "new")
    app.post("/word")(lambda: "posted")
    server = serve(app, server.port)
    assert _word(server) == "new"
    assert requests.post(f"{server.url}/word", timeout=5).json() == "posted"
    server.stop()


def test_docs_show_an_endpoint_added_after_they_were_opened(server: Server) -> None:
    app = _app("old")
    server = serve(app, server.port)
    assert "/later" not in requests.get(f"{server.url}/openapi.json", timeout=5).json()["paths"]
    app.get("/later")(lambda: "added")
    server = serve(app, server.port)
    assert "/later" in requests.get(f"{server.url}/openapi.json", timeout=5).json()["paths"]
    server.stop()


def test_pictures_stand_in_the_cell_each_under_its_title() -> None:
    page = str(side_by_side([_PIXEL, _PIXEL], ["confidence 0.2", "<b>"]).data)
    assert page.count('<img src="data:image/') == 2
    assert page.count("confidence 0.2") == 2, "to read, and for those who cannot see it"
    assert "&lt;b&gt;" in page
    assert str(show(_PIXEL).data).count("<img") == 1
    with pytest.raises(ValueError, match="zip"):
        side_by_side([_PIXEL], [])
