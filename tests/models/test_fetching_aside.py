"""A model that is being fetched keeps nobody waiting: one download, in a thread of its own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from countlab.errors import CountlabError
from countlab.models.catalog import Model, ModelFile
from countlab.models.store import Store
from countlab.models.timeouts import Timeouts
from tests.models.conftest import CONTENT, FileServer, served_at


class Dripping:
    """A server that answers, and then sends a byte now and then."""

    def __init__(self, head: bytes) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._head, self._done = head, threading.Event()
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.connections = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._done.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                connection.recv(65_536)
                try:
                    connection.sendall(self._head)
                    while not self._done.wait(0.1):
                        connection.sendall(b"x")
                except OSError:
                    continue

    def stop(self) -> None:
        self._done.set()
        self._listening.close()
        self._thread.join(5)


@pytest.fixture
def dripping() -> Iterator[Dripping]:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(CONTENT)}\r\n\r\n".encode()
    server = Dripping(head)
    yield server
    server.stop()


def at(model: Model, url: str) -> Model:
    return replace(model, files={"weights": ModelFile("w", len(CONTENT), "0" * 64, (url + "/w",))})


def code_of(store: Store, model: Model, **options: bool) -> str:
    with pytest.raises(CountlabError) as caught:
        store.files(model, **options)
    return caught.value.code


def test_who_does_not_wait_hears_at_once_and_nothing_is_fetched_twice(
    model: Model, dripping: Dripping
) -> None:
    store, slow = Store(timeouts=Timeouts(2, 2, 3)), at(model, dripping.url)
    start = time.monotonic()
    assert {code_of(store, slow, wait=False) for _ in range(20)} == {"model_being_fetched"}
    assert time.monotonic() - start < 1
    fetch = store._fetches[slow.name]
    fetch.thread.join(20)
    assert not fetch.thread.is_alive(), "the deadline in all ends it"
    assert dripping.connections == 1
    with pytest.raises(CountlabError, match="was given up"):
        store.files(slow, wait=False)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 302 Found\r\nX: "])
def test_headers_that_drip_end_with_the_deadline_too(model: Model, head: bytes) -> None:
    """Each byte comes in time, so that no wait for a piece ever ends it."""
    server = Dripping(head)
    start = time.monotonic()
    try:
        assert code_of(Store(timeouts=Timeouts(2, 1, 2)), at(model, server.url)) == (
            "model_not_fetched"
        )
    finally:
        server.stop()
    assert time.monotonic() - start < 6


def test_the_model_is_there_for_the_next_who_asks(model: Model, file_server: FileServer) -> None:
    store, served = Store(), served_at(model, file_server, "slow")
    assert code_of(store, served, wait=False) == "model_being_fetched"
    store._fetches[served.name].thread.join(20)
    assert store.files(served, wait=False)["weights"].read_bytes() == CONTENT
    assert len(file_server.requests) == 1


@pytest.mark.parametrize(
    "head",
    [
        "200 OK\r\nContent-Length: ²",
        f"200 OK\r\nContent-Length: {'9' * 5000}",
        "200 OK\r\nContent-Length: -1",
        "302 Found\r\nLocation: http://[::1",
        "302 Found\r\nLocation: file:///etc/passwd",
        "302 Found\r\nLocation: http://a:b:c/",
        "302 Found\r\nLocation: \xff\xfe",
        "206 Partial\r\nContent-Range: bytes x-y/z",
        "999 Odd",
        "x",
    ],
)
def test_an_odd_answer_of_a_mirror_is_a_reason_not_a_crash(model: Model, head: str) -> None:
    server = Dripping(f"HTTP/1.1 {head}\r\nConnection: close\r\n\r\n".encode("utf-8", "replace"))
    store = Store(timeouts=Timeouts(2, 1, 2))
    try:
        assert code_of(store, at(model, server.url)) == "model_not_fetched"
        assert not list(Path(model.folder).glob("w"))
    finally:
        server.stop()
