"""Admission control over real connections: queue, deadline, disconnects and slow clients."""

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
from countlab.server.middleware import body
from countlab.server.middleware.slots import Slots
from countlab.serving import http_protocol, unread_responses
from countlab.settings import Settings
from countlab.system.deadline import check_deadline
from tests.conftest import until

FILE_HEADER = b'Content-Disposition: form-data; name="file"; filename="x"'
FORM = {"file": ("x.jpg", b"never decoded")}


@dataclass
class BlockingServer:
    """A server with one slot, and routes whose work ends when `may_finish` is set."""

    server: Server
    slots: Slots
    pool: ThreadPoolExecutor
    may_finish: threading.Event = field(default_factory=threading.Event)
    started: int = 0
    cancelled: int = 0

    def post(self, path: str = "/slow") -> requests.Response:
        return requests.post(self.server.url + path, files=FORM, timeout=30)

    def post_in_background(self, path: str = "/slow") -> Future[requests.Response]:
        return self.pool.submit(self.post, path)

    def send_without_reading(self, path: str = "/slow") -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.server.port), timeout=10)
        form = b"--x\r\n" + FILE_HEADER + b"\r\n\r\nx\r\n--x--\r\n"
        headers = (
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(form)}\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        )
        connection.sendall(headers.encode() + form)
        return connection


@contextlib.contextmanager
def blocking_server(home: Path, **settings: float) -> Iterator[BlockingServer]:
    app = create_app(settings=replace(Settings(home=home, slots=1), **settings))  # type: ignore[arg-type]
    server, pool = serve(app, port=0), ThreadPoolExecutor(8)
    blocking = BlockingServer(server, app.state.slots, pool)

    @app.post("/slow")
    def slow(file: UploadFile) -> str:  # noqa: ARG001 - its content does not matter
        blocking.started += 1
        blocking.may_finish.wait(20)
        return "done"

    @app.post("/cancellable")
    def cancellable(file: UploadFile) -> str:  # noqa: ARG001
        blocking.started += 1
        try:
            while not blocking.may_finish.wait(0.01):
                check_deadline()
        except Exception:
            blocking.cancelled += 1
            raise
        return "done"

    with pool:
        yield blocking
        blocking.may_finish.set()
    server.stop()


def test_full_queue_refuses_at_once(tmp_path: Path) -> None:
    with blocking_server(tmp_path, queue=1) as blocking:
        running = blocking.post_in_background()
        until(lambda: blocking.started == 1)
        waiting = blocking.post_in_background()
        until(lambda: blocking.slots.waiting == 1)
        start = time.monotonic()
        refused = blocking.post()
        assert time.monotonic() - start < 1
        assert (refused.status_code, refused.json()["code"]) == (503, "too_busy")
        assert int(refused.headers["retry-after"]) >= 1
        for path in ("/health", "/docs", "/models"):
            assert requests.get(blocking.server.url + path, timeout=2).ok, (
                "requests without a body must not wait"
            )
        blocking.may_finish.set()
        assert [running.result(10).json(), waiting.result(10).json()] == ["done", "done"]
        assert (blocking.slots.admitted, blocking.slots.running) == (0, 0)


def test_no_more_requests_run_than_there_are_slots(tmp_path: Path) -> None:
    with blocking_server(tmp_path) as blocking:
        blocking.may_finish.set()
        max_running = 0

        def all_done() -> bool:
            nonlocal max_running
            max_running = max(max_running, blocking.slots.running)
            return all(response.done() for response in responses)

        responses = [blocking.post_in_background() for _ in range(40)]
        until(all_done, 20)
        assert [response.result().status_code for response in responses] == [200] * 40
        assert max_running <= 1
        assert (blocking.slots.admitted, blocking.slots.running) == (0, 0)


def test_disconnect_in_the_queue_frees_the_place(tmp_path: Path) -> None:
    with blocking_server(tmp_path, queue=1) as blocking:
        running = blocking.post_in_background()
        until(lambda: blocking.started == 1)
        connection = blocking.send_without_reading()
        until(lambda: blocking.slots.waiting == 1)
        connection.close()
        until(lambda: blocking.slots.admitted == 1)
        waiting = blocking.post_in_background()  # takes the free place in the queue
        until(lambda: blocking.slots.waiting == 1)
        blocking.may_finish.set()
        assert running.result(10).ok
        assert waiting.result(10).ok
        assert blocking.started == 2


def test_disconnect_during_work_cancels_the_work(tmp_path: Path) -> None:
    with blocking_server(tmp_path) as blocking:
        connection = blocking.send_without_reading("/cancellable")
        until(lambda: blocking.started == 1)
        connection.close()
        until(lambda: blocking.cancelled == 1)
        until(lambda: (blocking.slots.admitted, blocking.slots.running) == (0, 0))


def test_disconnect_during_a_batch_stops_it_between_two_pictures(
    tmp_path: Path, photo: bytes
) -> None:
    app = create_app(settings=Settings(home=tmp_path, slots=1))
    server = serve(app, port=0)
    form = {"file": photo}
    requests.post(server.url + "/countObjects", files=form, timeout=60)  # loads the model
    start = time.monotonic()
    requests.post(server.url + "/countObjects", files=form, timeout=60)
    duration_s = time.monotonic() - start
    files = [("files", photo)] * 60
    with contextlib.suppress(requests.Timeout):
        requests.post(server.url + "/predict/batch", files=files, timeout=4 * duration_s)
        raise AssertionError("the batch was done before the client could disconnect")
    start = time.monotonic()
    until(lambda: bool(app.state.slots.running == 0), 30)
    assert time.monotonic() - start < 20 * duration_s
    server.stop()


@pytest.mark.parametrize("path", ["/slow", "/cancellable"])
def test_request_times_out_at_its_deadline(tmp_path: Path, path: str) -> None:
    """Work that cannot be cancelled keeps its slot until it ends."""
    with blocking_server(tmp_path, deadline_s=0.5) as blocking:
        start = time.monotonic()
        response = blocking.post(path)
        assert (response.status_code, response.json()["code"]) == (503, "took_too_long")
        assert "retry-after" in response.headers
        assert 0.4 < time.monotonic() - start < 3
        if path == "/slow":
            assert blocking.slots.running == 1
            waiting = blocking.post()
            assert (waiting.status_code, waiting.json()["code"]) == (503, "took_too_long")
            assert blocking.started == 1
        blocking.may_finish.set()
        until(lambda: (blocking.slots.admitted, blocking.slots.running) == (0, 0))
        assert blocking.post().ok


def test_batch_of_one_client_yields_to_small_counts(tmp_path: Path, photo: bytes) -> None:
    app = create_app(settings=Settings(home=tmp_path, slots=1))
    server = serve(app, port=0)
    requests.post(server.url + "/countObjects", files={"file": photo}, timeout=60)
    with ThreadPoolExecutor(1) as pool:
        files = [("files", photo)] * 40
        batch = pool.submit(requests.post, server.url + "/predict/batch", files=files, timeout=60)
        until(lambda: bool(app.state.slots.running == 1))
        alone = requests.post(server.url + "/countObjects", files={"file": photo}, timeout=60)
        assert alone.ok
        assert not batch.done(), "the small count waited for the whole batch"
        assert [entry for entry in batch.result().json()["results"] if "problem" in entry] == []
    server.stop()
    assert (app.state.slots.running, app.state.slots.waiting) == (0, 0)


def test_app_can_be_served_again_in_another_event_loop(tmp_path: Path) -> None:
    """As when a notebook stops its server and starts another one for the same app."""
    app = create_app(settings=Settings(home=tmp_path, slots=1))

    @app.post("/quick")
    def quick(file: UploadFile) -> int:
        time.sleep(0.01)
        return len(file.file.read())

    for _ in range(2):
        server = serve(app, port=0)
        with ThreadPoolExecutor(4) as pool:
            responses = [
                pool.submit(requests.post, server.url + "/quick", files=FORM, timeout=10)
                for _ in range(8)
            ]
        assert [response.result().json() for response in responses] == [13] * 8
        server.stop()


def test_slow_sender_is_cut_off_and_its_place_freed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "_GRACE_S", 0.3)
    with blocking_server(tmp_path) as blocking:
        with socket.create_connection(("127.0.0.1", blocking.server.port), timeout=5) as connection:
            connection.sendall(b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n")
            for _ in range(3):
                connection.sendall(b"x")
                time.sleep(0.02)
            assert blocking.slots.admitted == 0  # who sends holds no place
            response = connection.recv(65536)
        assert response.startswith(b"HTTP/1.1 408")
        assert b"too_slow_sender" in response
        until(lambda: blocking.slots.admitted == 0)


def test_sender_above_the_minimum_speed_is_not_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes longer than the grace period."""
    monkeypatch.setattr(body, "_GRACE_S", 0.3)
    with blocking_server(tmp_path) as blocking:
        blocking.may_finish.set()

        def slow_form() -> Iterator[bytes]:
            yield b"--x\r\n" + FILE_HEADER + b"\r\n\r\n"
            for _ in range(10):
                time.sleep(0.1)
                yield bytes(60_000)  # three times the speed, as machines that test are busy
            yield b"\r\n--x--\r\n"

        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        url = blocking.server.url + "/slow"
        response = requests.post(url, data=slow_form(), headers=headers, timeout=20)
        assert response.json() == "done"


def test_slow_request_headers_are_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "_HEAD_TIMEOUT_S", 0.3)
    with blocking_server(tmp_path) as blocking:
        for sent, expected in ((b"", b""), (b"GET / HTTP/1.1\r\nHo", b"HTTP/1.1 408")):
            with socket.create_connection(
                ("127.0.0.1", blocking.server.port), timeout=5
            ) as connection:
                connection.sendall(sent)
                assert connection.recv(65536).startswith(expected)


def test_unread_response_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So is the next request on that connection; the slot is free in the meantime."""
    monkeypatch.setattr(unread_responses, "_UNREAD_TIMEOUT_S", 0.3)
    app = create_app(settings=Settings(home=tmp_path, slots=1))

    @app.post("/large")
    def large() -> str:
        return "x" * 20_000_000

    server = serve(app, port=0)
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(b"POST /large HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" * 2)
        until(lambda: bool(app.state.slots.admitted == 1))
        start = time.monotonic()
        assert requests.post(server.url + "/large", timeout=10).ok, "the slot is not free"
        until(lambda: bool(app.state.slots.admitted == 0))
        assert time.monotonic() - start < 5
    server.stop()


def test_cancelled_waiter_does_not_keep_a_slot_released_to_it(tmp_path: Path) -> None:
    """Found by the soak: the cancelled waiter was no longer among the waiters."""

    async def cancel_and_release() -> Slots:
        slots = Slots.from_settings(Settings(home=tmp_path, slots=1))
        assert slots.try_acquire("a")
        waiter = asyncio.create_task(slots.acquire("a"))
        await asyncio.sleep(0)
        waiter.cancel()
        slots.release("a")
        with contextlib.suppress(asyncio.CancelledError):
            await waiter
        return slots

    slots = asyncio.run(cancel_and_release())
    assert slots.running == 0
    assert slots.try_acquire("a")
