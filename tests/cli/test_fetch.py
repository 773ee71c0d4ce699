"""The command `fetch`: a published model brought, mended, stopped halfway, or not to be had."""

from __future__ import annotations

import contextlib
import hashlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from countlab.models import catalog
from tests.conftest import Run, offering


@dataclass
class Published:
    """A catalog whose one published model, `small`, is offered by this machine."""

    folder: Path
    asked: list[str] = field(default_factory=list)
    hesitate: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Published]:
    files = {"/config": b"[net]\n", "/weights": bytes(200_000)}
    told = Published(tmp_path / "described")

    class Offer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(self.path)
            data = files[self.path]
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with contextlib.suppress(OSError):  # who asked may leave halfway
                self.wfile.write(data[: len(data) // 2])
                if told.hesitate.is_set() and len(data) > 1000:
                    told.over.wait(30)
                self.wfile.write(data[len(data) // 2 :])

        def log_message(self, *_: object) -> None:
            """Not into the test's output."""

    offer = ThreadingHTTPServer(("127.0.0.1", 0), Offer)
    lines = ["[small]", 'labels = "small.names"']
    for path, data in files.items():
        role = path.strip("/")
        lines += [
            f"[small.files.{role}]",
            f'name = "small.{role}"',
            f"bytes = {len(data)}",
            f'sha256 = "{hashlib.sha256(data).hexdigest()}"',
            f'addresses = ["http://127.0.0.1:{offer.server_port}{path}"]',
        ]
    told.folder.mkdir()
    (told.folder / "published.toml").write_text("\n".join(lines))
    (told.folder / "small.names").write_text("thing\n")
    monkeypatch.setattr(catalog, "_PACKAGED", told.folder)
    with offering(offer):
        yield told
        told.over.set()


def test_fetch_brings_a_published_model_once(run: Run, home: Path, published: Published) -> None:
    status, out, _ = run("fetch", "small")
    assert (status, out) == (0, f"small is here now: {home / 'models' / 'small'}\n")
    assert (home / "models" / "small" / "small.weights").stat().st_size == 200_000
    assert run("fetch", "small")[:2] == (0, f"small is here: {home / 'models' / 'small'}\n")
    assert published.asked == ["/config", "/weights"]


def test_fetch_replaces_a_damaged_file(run: Run, home: Path, published: Published) -> None:
    run("fetch", "small")
    (home / "models" / "small" / "small.weights").write_bytes(b"a web page")
    assert run("fetch", "small")[0] == 0
    assert (home / "models" / "small" / "small.weights").stat().st_size == 200_000
    assert published.asked == ["/config", "/weights", "/weights"]


@pytest.mark.skipif(sys.platform == "win32", reason="sends Ctrl-C as Unix does")
def test_a_fetch_stopped_by_ctrl_c_keeps_what_has_come(
    run: Run, home: Path, published: Published
) -> None:
    published.hesitate.set()
    script = (
        "import sys\nfrom pathlib import Path\nfrom countlab.models import catalog\n"
        "from countlab.cli import main\n"
        "catalog._PACKAGED = Path(sys.argv[1])\nmain(['fetch', 'small'])"
    )
    part = home / "models" / "small" / "small.weights.part"
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(published.folder)], stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 30
    while not part.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err == "Stopped. countlab fetch small goes on from here.\n"
    assert 0 < part.stat().st_size < 200_000
    published.hesitate.clear()
    assert run("fetch", "small")[0] == 0
    assert not part.exists()


def test_fetch_without_a_network_names_every_address_and_the_files_to_bring(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    status, _, err = run("fetch", "yolov3-tiny")
    assert status == 1
    assert err.count("cannot be reached") == len(
        catalog.read_catalog(Path("none")).models["yolov3-tiny"].files["config"].addresses
    )
    assert "countlab fetch yolov3-tiny" in err
    files = catalog.read_catalog(Path("none")).models["yolov3-tiny"].files.values()
    by_hand = err[err.index("Without a network") :]
    assert str(home / "models" / "yolov3-tiny") in by_hand
    for file in files:
        assert f"{file.name}  " in by_hand
        assert str(file.sha256) in by_hand
        assert file.addresses[0] in by_hand


def test_fetch_of_what_is_built_in_has_nothing_to_do(run: Run) -> None:
    status, out, _ = run("fetch", "fruits")
    assert status == 0
    assert out.startswith("fruits is here: ")


def test_fetch_names_the_models_there_are(run: Run) -> None:
    status, _, err = run("fetch", "yolo3")
    assert status == 1
    assert "There are: yolov3," in err
