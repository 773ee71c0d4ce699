"""What many tests need: real pictures, a real server on loopback, material beside the project."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from http.server import HTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest

from countlab.cli import main
from countlab.imaging.picture import Pixels, read_picture, write_picture
from countlab.notebook import Server, serve
from countlab.server import create_app
from countlab.settings import Settings

Run = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).parent.parent
_LONG_ROOMS = ("datasets", "deploy", "notebooks")
"""Folders of tests with browsers, kernels and programs of their own: `make test-slow`."""
FRUITS = ROOT / "countlab" / "models" / "data" / "fruits"

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As in a script's background job. The servers that the tests start are to hear Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@contextlib.contextmanager
def offering(server: HTTPServer) -> Iterator[None]:
    """A plain HTTP server at work for the block."""
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing a test does may touch a person's own folder, nor follow their settings."""
    folder = tmp_path / "home"
    for name in [name for name in os.environ if name.startswith("COUNTLAB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COUNTLAB_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the photos and detectors of ../shared/data, which are not here")
    return folder


YOLO_FASTEST = ("1.0", "1.0-xl", "1.1", "1.1-xl")


@pytest.fixture
def yolo_fastest(home: Path, shared_data: Path) -> tuple[str, ...]:
    """The names of four real 80-class detectors, put into the models folder as one's own."""
    source = shared_data / "models" / "yolo-fastest"
    for name in YOLO_FASTEST:
        folder = home / "models" / name
        folder.mkdir(parents=True)
        (folder / "model.toml").write_text(
            f'name = "{name}"\nlabels = "coco.names"\nnms = 0.45\n[files]\n'
            f'config = {{ name = "yolo-fastest-{name}.cfg" }}\n'
            f'weights = {{ name = "yolo-fastest-{name}.weights" }}\n'
        )
        for file in ("coco.names", f"yolo-fastest-{name}.cfg", f"yolo-fastest-{name}.weights"):
            (folder / file).symlink_to(source / file)
    return YOLO_FASTEST


@pytest.fixture(scope="session")
def photo() -> bytes:
    """The picture of the confidence exercise."""
    return (ROOT / "images" / "fruits.jpg").read_bytes()


@pytest.fixture(scope="session")
def pixels(photo: bytes) -> Pixels:
    return read_picture(photo, max_bytes=10**8, max_pixels=10**8).pixels


@pytest.fixture(scope="session")
def second_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose own model `planets` finds the same boxes as `fruits`, under other names."""
    home = tmp_path_factory.mktemp("second")
    folder = home / "models" / "planets"
    folder.mkdir(parents=True)
    for name in ("fruits.cfg", "fruits.weights"):
        shutil.copy(FRUITS / name, folder / name)
    labels = (FRUITS / "fruits.names").read_text().split()
    planets = ["mercury", "venus", "mars", "saturn", "uranus", "neptune", "earth", "pluto"]
    (folder / "planets.names").write_text("\n".join(planets[: len(labels)]) + "\n")
    (folder / "model.toml").write_text(
        'name = "planets"\nlabels = "planets.names"\n[files]\n'
        'config = { name = "fruits.cfg" }\nweights = { name = "fruits.weights" }\n'
    )
    return home


@pytest.fixture(scope="session")
def server(second_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The whole server with two models, on a free port of this machine."""
    kept = tmp_path_factory.mktemp("kept")
    settings = Settings(home=second_model)
    running = serve(create_app(settings=settings, keep=kept), port=0)
    yield running
    running.stop()


@pytest.fixture
def drawing() -> Pixels:
    """A small picture with structure in all three colours, told apart when turned or mirrored."""
    image = np.full((60, 90, 3), 200, np.uint8)
    cv2.rectangle(image, (0, 0), (29, 19), (255, 0, 0), -1)
    cv2.circle(image, (60, 40), 12, (0, 0, 255), -1)
    return image


@pytest.fixture
def jpeg(drawing: Pixels) -> bytes:
    return write_picture(drawing, "JPEG")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in an English terminal: exit status, standard output, standard error."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")

    def run_once(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        status = end.value.code
        assert isinstance(status, int)
        told = capsys.readouterr()
        return status, told.out, told.err

    return run_once


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file stays with one worker, the page's tests all with one: they share a browser."""
    for item in items:
        file = item.path.relative_to(ROOT / "tests")
        if (room := file.parts[0]) in _LONG_ROOMS:
            item.add_marker(pytest.mark.slow)
        item.add_marker(pytest.mark.xdist_group("web" if room == "web" else str(file)))
    items.sort(key=lambda item: item.path.parent.name != "web")  # they take longest, and wait
