"""A real HTTP server on loopback that behaves well and badly, and a model to be had from it."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from countlab.errors import CountlabError
from countlab.models.catalog import Model, ModelFile
from countlab.models.download import Timeouts
from countlab.models.store import Store
from tests.conftest import offering

RIGHT = bytes(range(256)) * 4096  # 1 MiB
HALF = len(RIGHT) // 2
PAGE = b"<!doctype html><title>403</title>" + b" " * (len(RIGHT) - 33)
WRONG = bytes(reversed(RIGHT))
IMPATIENT = Timeouts(connect_s=2, stall_s=0.3)


@dataclass
class Served:
    """A running server: its address, and what was asked of it."""

    url: str
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def ranges(self, path: str) -> list[str | None]:
        return [span for asked, span in self.asked if asked == path]


@pytest.fixture
def served() -> Iterator[Served]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append((self.path, self.headers.get("Range")))
            getattr(self, "answer_" + self.path.strip("/").replace("-", "_"))()

        def answer_right(self) -> None:
            span = self.headers.get("Range")
            start = int(span.removeprefix("bytes=").rstrip("-")) if span else 0
            self.send(206 if span else 200, RIGHT[start:], start=start)

        def answer_plain(self) -> None:
            self.send(200, RIGHT)

        def answer_slow(self) -> None:
            told.over.wait(0.5)  # long enough for the other process to come to the door
            self.send(200, RIGHT)

        def answer_cut(self) -> None:
            self.send(200, RIGHT[:HALF], length=len(RIGHT))

        def answer_cut_once(self) -> None:
            if self.headers.get("Range"):
                self.answer_right()
            else:
                self.answer_cut()

        def answer_wrong_half(self) -> None:
            self.send(200, WRONG[:HALF], length=len(RIGHT))

        def answer_wrong(self) -> None:
            self.send(200, WRONG)

        def answer_other_size(self) -> None:
            self.send(200, RIGHT + b"more")

        def answer_page(self) -> None:
            self.send(200, PAGE, kind="text/html")

        def answer_hidden_page(self) -> None:
            self.send(200, PAGE)

        def answer_forbidden(self) -> None:
            self.send(403, b"no")

        def answer_stalled(self) -> None:
            self.send(200, RIGHT[:HALF], length=len(RIGHT))
            self.wfile.flush()
            told.over.wait(30)

        def send(
            self,
            status: int,
            body: bytes,
            *,
            length: int | None = None,
            start: int = 0,
            kind: str = "application/octet-stream",
        ) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            if status == 206:
                span = f"bytes {start}-{len(RIGHT) - 1}/{len(RIGHT)}"
                self.send_header("Content-Range", span)
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # who sees a web page hangs up
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Not into the test's output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told = Served(f"http://127.0.0.1:{server.server_port}")
    with offering(server):
        yield told
        told.over.set()


@pytest.fixture
def model(tmp_path: Path) -> Model:
    labels = tmp_path / "some.names"
    labels.write_text("orange\n")
    return Model(
        name="some",
        title="Some",
        task="detect",
        input=(416, 416),
        labels_file=labels,
        nms=0.3,
        licence="none",
        origin="published",
        folder=tmp_path / "models" / "some",
        files={},
    )


def at(model: Model, served: Served, *paths: str, sha256: str | None = "right") -> Model:
    """The model with one file, to be had from these addresses."""
    right = hashlib.sha256(RIGHT).hexdigest() if sha256 == "right" else sha256
    addresses = tuple(f"{served.url}/{path}" for path in paths)
    return replace(
        model, files={"weights": ModelFile("some.weights", len(RIGHT), right, addresses)}
    )


def reasons(model: Model) -> str:
    with pytest.raises(CountlabError) as failure:
        Store(patience=IMPATIENT).fetch(model)
    assert failure.value.code == "model_not_fetched"
    assert not (model.folder / "some.weights").exists()
    return str(failure.value)
