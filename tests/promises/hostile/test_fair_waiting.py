"""Good clients beside those who hold places, search without end, or send the heaviest pictures."""

from __future__ import annotations

import contextlib
import http.client
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from countlab.history import Database, new_row
from countlab.settings import Settings
from tests.conftest import ROOT
from tests.promises.hostile import pictures
from tests.promises.hostile.conftest import ServerProcess, start_server
from tests.promises.hostile.raw import FORM, exchange, get, head, part, post
from tests.promises.hostile.test_memory import plain_picture

PHOTO = (ROOT / "images" / "oranges_2.jpg").read_bytes()
COUNT = post("/countObjects", part(PHOTO) + b"--x--\r\n", FORM)
SECONDS = 6.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    home = tmp_path_factory.mktemp("fair") / "home"
    home.mkdir()
    database = Database.from_settings(Settings(home=home))
    database.prepare()
    row: dict[str, Any] = {
        "request_id": None, "key_name": None, "picture_sha256": "0" * 64, "model": "fruits",
        "engine": "openvino", "precision": "f32", "parameters": {}, "object": None, "count": 1,
        "counts": {"orange": 1}, "milliseconds": {}, "warnings": [], "receipt": {"a": "b" * 500},
    }  # fmt: skip
    for _ in range(40):
        database.write([new_row(**row) for _ in range(1000)])
    database.close()
    with start_server(home) as server:
        assert server.post("/countObjects", PHOTO).ok
        yield server


@contextlib.contextmanager
def beside(work: Callable[[threading.Event], object], number: int) -> Iterator[None]:
    """Threads that go on with the work until the block ends."""
    stop = threading.Event()
    threads = [threading.Thread(target=work, args=[stop]) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def good_counts(server: ServerProcess, seconds: float = SECONDS) -> list[float]:
    """How long each of a good client's counts took, one after the other."""
    end, times = time.monotonic() + seconds, []
    while time.monotonic() < end:
        received = exchange(server.port, COUNT)
        assert received.status == 200, received.body
        times.append(received.seconds)
    return times


def test_silent_connections_hold_no_place(server: ServerProcess) -> None:
    """Seventy that announce a picture and send a byte now and then."""
    with contextlib.ExitStack() as stack:
        silent = []
        for _ in range(70):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=5)
            stack.enter_context(connection)
            connection.sendall(head("POST", "/countObjects", f"Content-Type: {FORM}",
                                    "Content-Length: 9000000"))  # fmt: skip
            silent.append(connection)

        def drip(stop: threading.Event) -> None:
            while not stop.wait(1):
                for connection in silent:
                    with contextlib.suppress(OSError):
                        connection.sendall(b"-")

        with beside(drip, 1):
            times = good_counts(server)
            assert exchange(server.port, get("/health/ready")).status == 200
    print(f"{len(times)} counts, median {statistics.median(times) * 1000:.0f} ms")
    assert len(times) > 5


def test_searches_of_the_history_keep_no_count_waiting(server: ServerProcess) -> None:
    alone = good_counts(server, 3)

    def page_through(stop: threading.Event) -> None:
        cursor = ""
        while not stop.is_set():
            path = "/history?limit=1000" + (f"&cursor={cursor}" if cursor else "")
            received = exchange(server.port, get(path))
            assert received.status in (200, 503), received.body
            cursor = received.body[-35:-3].decode() if received.status == 200 else ""
            cursor = cursor if cursor.isalnum() and len(cursor) == 32 else ""

    with beside(page_through, 45):
        time.sleep(0.5)
        times = good_counts(server)
    slower = statistics.median(times) / statistics.median(alone)
    print(f"median {statistics.median(times) * 1000:.0f} ms, {slower:.1f} times as long as alone")
    assert max(times) < 5
    assert len(times) > 3


def test_filters_of_a_large_history_are_quick(server: ServerProcess, tmp_path: Path) -> None:  # noqa: ARG001
    for query in ("object=lemon", "model=none", "key=nobody", "object=orange&limit=1"):
        received = exchange(server.port, get(f"/history?{query}"))
        assert received.status == 200
        assert received.seconds < 1, query


def heavy_picture() -> bytes:
    return post("/predict", part(plain_picture("RGB", "PNG")) + b"--x--\r\n", FORM)


def heavy_form() -> bytes:
    """As many photos of forty megapixels as a batch may have."""
    photo = plain_picture("RGB", "JPEG")
    number = min(Settings().max_batch, Settings().max_batch_bytes // len(photo))
    return b"".join(part(photo, name="files") for _ in range(number)) + b"--x--\r\n"


def heavy_batch() -> bytes:
    return post("/predict/batch", heavy_form(), FORM)


def heavy_chunks() -> bytes:
    """The same without saying how long it is."""
    body = heavy_form()
    chunks = [body[at : at + 60_000] for at in range(0, len(body), 60_000)]
    return head("POST", "/predict/batch", f"Content-Type: {FORM}", "Transfer-Encoding: chunked") + (
        b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    )


def usual_photo() -> bytes:
    """Ten megapixels, as from a telephone."""
    photo = Image.effect_noise((365, 274), 60).convert("RGB").resize((3650, 2740))
    return post("/predict", part(pictures.encoded(photo, "JPEG")) + b"--x--\r\n", FORM)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "least"),
    [(heavy_picture, 0.25), (heavy_batch, 0.25), (heavy_chunks, 0.2), (usual_photo, 0.12)],
)
def test_good_clients_go_on_beside_the_heaviest_pictures(
    server: ServerProcess, make: Callable[[], bytes], least: float
) -> None:
    """The others come from another address: fairness is among addresses, or keys."""
    heavy = make()
    alone = good_counts(server)

    def send_heavy(stop: threading.Event) -> None:
        while not stop.is_set():
            connection = http.client.HTTPConnection(
                "127.0.0.1", server.port, timeout=90, source_address=("127.0.0.2", 0)
            )
            with contextlib.closing(connection), contextlib.suppress(OSError):
                connection.connect()
                assert connection.sock
                connection.sock.sendall(heavy)
                response = http.client.HTTPResponse(connection.sock)
                response.begin()
                response.read()
                assert response.status in (200, 503)

    with beside(send_heavy, 8):
        time.sleep(1)
        times = good_counts(server)
        waits = [exchange(server.port, get("/health")).seconds for _ in range(10)]
    share = len(times) / len(alone)
    print(f"{len(alone)} counts alone, {len(times)} beside: {share:.0%}; "
          f"/health at most {max(waits) * 1000:.0f} ms")  # fmt: skip
    assert share > least, "see docs/reliability.md for the figure on a quiet machine"
    assert exchange(server.port, get("/health/ready")).status == 200
    assert server.post("/countObjects", pictures.PNG).ok
