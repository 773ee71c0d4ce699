"""An HTTP server on loopback that behaves well or badly by path, and a model to fetch from it."""

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
from countlab.models.store import Store
from countlab.models.timeouts import Timeouts
from tests.conftest import offering

CONTENT = bytes(range(256)) * 4096  # 1 MiB
HALF = len(CONTENT) // 2
PAGE = b"<!doctype html><title>403</title>" + b" " * (len(CONTENT) - 33)
OTHER_CONTENT = bytes(reversed(CONTENT))
SHORT_TIMEOUTS = Timeouts(connect_s=2, stall_s=0.3)


@dataclass
class FileServer:
    """A running server: its URL, and the path and Range header of each request."""

    url: str
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def ranges(self, path: str) -> list[str | None]:
        return [range_header for requested, range_header in self.requests if requested == path]


@pytest.fixture
def file_server() -> Iterator[FileServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.requests.append((self.path, self.headers.get("Range")))
            getattr(self, "respond_" + self.path.strip("/").replace("-", "_"))()

        def respond_complete(self) -> None:
            range_header = self.headers.get("Range")
            start = int(range_header.removeprefix("bytes=").rstrip("-")) if range_header else 0
            self.send(206 if range_header else 200, CONTENT[start:], start=start)

        def respond_plain(self) -> None:
            self.send(200, CONTENT)

        def respond_slow(self) -> None:
            state.stopped.wait(0.5)  # long enough for the other process to ask too
            self.send(200, CONTENT)

        def respond_cut(self) -> None:
            self.send(200, CONTENT[:HALF], length=len(CONTENT))

        def respond_cut_once(self) -> None:
            if self.headers.get("Range"):
                self.respond_complete()
            else:
                self.respond_cut()

        def respond_other_half(self) -> None:
            self.send(200, OTHER_CONTENT[:HALF], length=len(CONTENT))

        def respond_other(self) -> None:
            self.send(200, OTHER_CONTENT)

        def respond_other_size(self) -> None:
            self.send(200, CONTENT + b"more")

        def respond_page(self) -> None:
            self.send(200, PAGE, kind="text/html")

        def respond_hidden_page(self) -> None:
            self.send(200, PAGE)

        def respond_forbidden(self) -> None:
            self.send(403, b"no")

        def respond_stalled(self) -> None:
            self.send(200, CONTENT[:HALF], length=len(CONTENT))
            self.wfile.flush()
            state.stopped.wait(30)

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
                content_range = f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"
                self.send_header("Content-Range", content_range)
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # the client hangs up on a web page
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keeps the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = FileServer(f"http://127.0.0.1:{server.server_port}")
    with offering(server):
        yield state
        state.stopped.set()


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


def served_at(
    model: Model, file_server: FileServer, *paths: str, with_sha256: bool = True
) -> Model:
    """The model with one file, offered at these paths of the server."""
    sha256 = hashlib.sha256(CONTENT).hexdigest() if with_sha256 else None
    addresses = tuple(f"{file_server.url}/{path}" for path in paths)
    return replace(
        model, files={"weights": ModelFile("some.weights", len(CONTENT), sha256, addresses)}
    )


def failure_message(model: Model) -> str:
    """Fetches the model in vain and returns the error's message."""
    with pytest.raises(CountlabError) as failure:
        Store(timeouts=SHORT_TIMEOUTS).fetch(model)
    assert failure.value.code == "model_not_fetched"
    assert not (model.folder / "some.weights").exists()
    return str(failure.value)
