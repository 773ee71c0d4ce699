"""Bounded work: who waits, who is sent away, who is given up; over real connections."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import requests
from fastapi import UploadFile

from countlab.notebook import Server, serve
from countlab.server import create_app
from countlab.server.middleware import body as intake
from countlab.server.middleware.slots import Slots
from countlab.serving import http_protocol as wire
from countlab.settings import Settings
from countlab.system.deadline import check_deadline
from tests.conftest import until

FILE = b'Content-Disposition: form-data; name="file"; filename="x"'
PICTURE_RESPONSES = {"file": ("x.jpg", b"never looked at")}


@dataclass
class Kitchen:
    """A server with one workplace, and a route whose work ends when the test says so."""

    server: Server
    places: Slots
    pool: ThreadPoolExecutor
    done: threading.Event = field(default_factory=threading.Event)
    begun: int = 0
    given_up: int = 0

    def ask(self, path: str = "/slow") -> requests.Response:
        return requests.post(self.server.url + path, files=PICTURE_RESPONSES, timeout=30)

    def later(self, path: str = "/slow") -> Future[requests.Response]:
        return self.pool.submit(self.ask, path)

    def ask_and_hang_up(self, path: str = "/slow") -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.server.port), timeout=10)
        body = b"--x\r\n" + FILE + b"\r\n\r\nx\r\n--x--\r\n"
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        kind = "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        connection.sendall(head.encode() + kind.encode() + body)
        return connection


@contextlib.contextmanager
def kitchen(home: Path, **settings: float) -> Iterator[Kitchen]:
    app = create_app(settings=replace(Settings(home=home, slots=1), **settings))  # type: ignore[arg-type]
    server, pool = serve(app, port=0), ThreadPoolExecutor(8)
    here = Kitchen(server, app.state.places, pool)

    @app.post("/slow")
    def slow(file: UploadFile) -> str:  # noqa: ARG001 - what arrives does not matter
        here.begun += 1
        here.done.wait(20)
        return "done"

    @app.post("/careful")
    def careful(file: UploadFile) -> str:  # noqa: ARG001
        here.begun += 1
        try:
            while not here.done.wait(0.01):
                check_deadline()
        except Exception:
            here.given_up += 1
            raise
        return "done"

    with pool:
        yield here
        here.done.set()
    server.stop()


def test_beyond_the_queue_the_answer_is_no_and_at_once(tmp_path: Path) -> None:
    with kitchen(tmp_path, queue=1) as here:
        working = here.later()
        until(lambda: here.begun == 1)
        waiting = here.later()
        until(lambda: here.places.waiting == 1)
        start = time.monotonic()
        refused = here.ask()
        assert time.monotonic() - start < 1
        assert (refused.status_code, refused.json()["code"]) == (503, "too_busy")
        assert int(refused.headers["retry-after"]) >= 1
        for path in ("/health", "/docs", "/models"):
            assert requests.get(here.server.url + path, timeout=2).ok, "only what counts waits"
        here.done.set()
        assert [working.result(10).json(), waiting.result(10).json()] == ["done", "done"]
        assert (here.places.inside, here.places.running) == (0, 0)


def test_never_more_work_at_once_than_there_are_workplaces(tmp_path: Path) -> None:
    with kitchen(tmp_path) as here:
        here.done.set()
        most = 0

        def look() -> bool:
            nonlocal most
            most = max(most, here.places.running)
            return all(answer.done() for answer in answers)

        answers = [here.later() for _ in range(40)]
        until(look, 20)
        assert [answer.result().status_code for answer in answers] == [200] * 40
        assert most <= 1
        assert (here.places.inside, here.places.running) == (0, 0)


def test_who_hangs_up_while_waiting_is_never_worked_for(tmp_path: Path) -> None:
    with kitchen(tmp_path, queue=1) as here:
        working = here.later()
        until(lambda: here.begun == 1)
        left = here.ask_and_hang_up()
        until(lambda: here.places.waiting == 1)
        left.close()
        until(lambda: here.places.inside == 1)
        waiting = here.later()  # the place is free again
        until(lambda: here.places.waiting == 1)
        here.done.set()
        assert working.result(10).ok
        assert waiting.result(10).ok
        assert here.begun == 2


def test_who_hangs_up_while_it_is_worked_ends_the_work(tmp_path: Path) -> None:
    with kitchen(tmp_path) as here:
        left = here.ask_and_hang_up("/careful")
        until(lambda: here.begun == 1)
        left.close()
        until(lambda: here.given_up == 1)
        until(lambda: (here.places.inside, here.places.running) == (0, 0))


def test_real_work_stops_between_two_pictures_when_nobody_waits(
    tmp_path: Path, photo: bytes
) -> None:
    """A batch of a client that hangs up is not counted to its end."""
    app = create_app(settings=Settings(home=tmp_path, slots=1))
    server = serve(app, port=0)
    single = {"file": photo}
    requests.post(server.url + "/countObjects", files=single, timeout=60)  # opens the model
    start = time.monotonic()
    requests.post(server.url + "/countObjects", files=single, timeout=60)
    one = time.monotonic() - start
    files = [("files", photo)] * 60
    with contextlib.suppress(requests.Timeout):
        requests.post(server.url + "/predict/batch", files=files, timeout=4 * one)
        raise AssertionError("the batch was done before the client could leave")
    start = time.monotonic()
    until(lambda: bool(app.state.places.running == 0), 30)
    assert time.monotonic() - start < 20 * one
    server.stop()


@pytest.mark.parametrize("path", ["/slow", "/careful"])
def test_a_request_has_a_deadline(tmp_path: Path, path: str) -> None:
    """Also where the work cannot be stopped: then its workplace is not given to another yet."""
    with kitchen(tmp_path, deadline_s=0.5) as here:
        start = time.monotonic()
        answer = here.ask(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "took_too_long")
        assert "retry-after" in answer.headers
        assert 0.4 < time.monotonic() - start < 3
        if path == "/slow":
            assert here.places.running == 1
            waiting = here.ask()
            assert (waiting.status_code, waiting.json()["code"]) == (503, "took_too_long")
            assert here.begun == 1
        here.done.set()
        until(lambda: (here.places.inside, here.places.running) == (0, 0))
        assert here.ask().ok


def test_a_batch_takes_as_many_places_as_it_may_be_large(tmp_path: Path) -> None:
    with kitchen(tmp_path, queue=3) as here:
        working = here.later()
        until(lambda: here.begun == 1)
        files = [("files", b"x")]
        batch = requests.post(here.server.url + "/predict/batch", files=files, timeout=10)
        assert (batch.status_code, batch.json()["code"]) == (503, "too_busy")
        here.done.set()
        assert working.result(10).ok
        until(lambda: here.places.inside == 0)
        assert requests.post(here.server.url + "/predict/batch", files=files, timeout=10).ok


def test_an_app_served_again_admits_as_before(tmp_path: Path) -> None:
    """A notebook stops its server and starts another for the same app: another event loop."""
    app = create_app(settings=Settings(home=tmp_path, slots=1))

    @app.post("/quick")
    def quick(file: UploadFile) -> int:
        time.sleep(0.01)
        return len(file.file.read())

    for _ in range(2):
        server = serve(app, port=0)
        with ThreadPoolExecutor(4) as pool:
            sent = [
                pool.submit(
                    requests.post, server.url + "/quick", files=PICTURE_RESPONSES, timeout=10
                )
                for _ in range(8)
            ]
        assert [answer.result().json() for answer in sent] == [15] * 8
        server.stop()


def test_a_slow_sender_is_cut_off_and_its_place_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_SLOW_START_S", 0.3)
    with kitchen(tmp_path) as here:
        with socket.create_connection(("127.0.0.1", here.server.port), timeout=5) as connection:
            connection.sendall(b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n")
            for _ in range(3):
                connection.sendall(b"x")
                time.sleep(0.02)
            until(lambda: here.places.inside == 1)
            answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"too_slow_sender" in answer
        until(lambda: here.places.inside == 0)


def test_a_sender_with_a_slow_line_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slower than the start allows, but faster than the slowest line: all of it arrives."""
    monkeypatch.setattr(intake, "_SLOW_START_S", 0.3)
    with kitchen(tmp_path) as here:
        here.done.set()

        def slowly() -> Iterator[bytes]:
            yield b"--x\r\n" + FILE + b"\r\n\r\n"
            for _ in range(10):
                time.sleep(0.1)
                yield bytes(20_000)
            yield b"\r\n--x--\r\n"

        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        answer = requests.post(here.server.url + "/slow", data=slowly(), headers=kind, timeout=20)
        assert answer.json() == "done"


def test_a_slow_or_silent_head_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_HEAD_S", 0.3)
    with kitchen(tmp_path) as here:
        for begin, answer in ((b"", b""), (b"GET / HTTP/1.1\r\nHo", b"HTTP/1.1 408")):
            with socket.create_connection(("127.0.0.1", here.server.port), timeout=5) as connection:
                connection.sendall(begin)
                assert connection.recv(65536).startswith(answer)


def test_an_answer_that_nobody_reads_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And so is the next request on that connection; its workplace is free meanwhile."""
    monkeypatch.setattr(wire, "_UNREAD_S", 0.3)
    app = create_app(settings=Settings(home=tmp_path, slots=1))

    @app.post("/large")
    def large() -> str:
        return "x" * 20_000_000

    server = serve(app, port=0)
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(b"POST /large HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" * 2)
        until(lambda: bool(app.state.places.inside == 1))
        start = time.monotonic()
        assert requests.post(server.url + "/large", timeout=10).ok, "the workplace is not free"
        until(lambda: bool(app.state.places.inside == 0))
        assert time.monotonic() - start < 5
    server.stop()


def test_who_gives_up_as_a_workplace_becomes_free_leaves_nothing_behind(tmp_path: Path) -> None:
    """Found by the soak: one who left was looked for among those who wait, and was not there."""

    async def give_up_and_leave() -> Slots:
        places = Slots(Settings(home=tmp_path, slots=1))
        assert places.take()
        waiting = asyncio.create_task(places.wait())
        await asyncio.sleep(0)
        waiting.cancel()
        places.leave()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
        return places

    places = asyncio.run(give_up_and_leave())
    assert places.running == 0
    assert places.take()
