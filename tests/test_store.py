"""The store against a real HTTP server on loopback that behaves well and badly."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from countlab.catalogue import Model, ModelFile, read_catalogue
from countlab.download import Patience
from countlab.errors import CountlabError
from countlab.store import Store

RIGHT = bytes(range(256)) * 4096  # 1 MiB
HALF = len(RIGHT) // 2
PAGE = b"<!doctype html><title>403</title>" + b" " * (len(RIGHT) - 33)
WRONG = bytes(reversed(RIGHT))
IMPATIENT = Patience(connect_s=2, stall_s=0.3)


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
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Not into the test's output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told = Served(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    yield told
    told.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


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


def test_the_right_file_is_placed_and_progress_told(model: Model, served: Served) -> None:
    told: list[tuple[str, int, int | None]] = []
    paths = Store().fetch(at(model, served, "right"), lambda *step: told.append(step))
    assert paths["weights"].read_bytes() == RIGHT
    assert told[-1] == ("some.weights", len(RIGHT), len(RIGHT))
    assert [step[1] for step in told] == sorted(step[1] for step in told)
    assert sorted(path.name for path in model.folder.iterdir()) == [".lock", "some.weights"]


def test_asking_for_files_fetches_what_is_missing_once(model: Model, served: Served) -> None:
    store, model = Store(), at(model, served, "right")
    assert not store.has(model)
    assert store.files(model) == store.files(model)
    assert store.has(model)
    assert len(served.asked) == 1


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ("cut", "stopped after 524\u202f288 of 1\u202f048\u202f576 bytes"),
        ("wrong", "has another file (its SHA-256 is " + hashlib.sha256(WRONG).hexdigest()),
        ("other-size", "has another file (1\u202f048\u202f580 bytes instead of"),
        ("page", "sent a web page"),
        ("hidden-page", "sent a web page"),
        ("forbidden", "answered with status 403"),
        ("stalled", "stopped after 524\u202f288"),
    ],
)
def test_a_bad_address_is_told_and_the_next_one_used(
    model: Model, served: Served, bad: str, told: str
) -> None:
    assert f"{served.url}/{bad} {told}" in reasons(at(model, served, bad))
    store = Store(patience=IMPATIENT)
    paths = store.fetch(at(model, served, bad, "right"))
    assert paths["weights"].read_bytes() == RIGHT


def test_every_address_is_told_with_its_reason_in_both_languages(
    model: Model, served: Served
) -> None:
    bad = at(model, served, "forbidden", "page")
    with pytest.raises(CountlabError) as failure:
        Store().fetch(bad)
    english, spanish = (failure.value.text(language).detail for language in ("en", "es"))
    assert "/forbidden answered with status 403" in english
    assert "/page sent a web page" in english
    assert "/forbidden respondió con el estado 403" in spanish
    assert "/page envió una página web" in spanish


def test_an_address_where_nobody_listens_is_told(model: Model, served: Served) -> None:
    nowhere = replace(served, url="http://127.0.0.1:9")
    assert "http://127.0.0.1:9/right cannot be reached" in reasons(at(model, nowhere, "right"))


def test_a_cut_download_goes_on_where_it_stopped(model: Model, served: Served) -> None:
    assert "stopped after" in reasons(at(model, served, "cut"))
    assert (model.folder / "some.weights.part").stat().st_size == HALF
    Store().fetch(at(model, served, "right"))
    assert served.ranges("/right") == [f"bytes={HALF}-"]
    assert (model.folder / "some.weights").read_bytes() == RIGHT


def test_the_same_address_is_asked_for_the_rest_after_a_cut(model: Model, served: Served) -> None:
    Store().fetch(at(model, served, "cut-once"))
    assert served.ranges("/cut-once") == [None, f"bytes={HALF}-"]


def test_a_server_without_range_sends_all_again(model: Model, served: Served) -> None:
    reasons(at(model, served, "cut"))
    paths = Store().fetch(at(model, served, "plain"))
    assert paths["weights"].read_bytes() == RIGHT


def test_a_wrong_part_is_not_kept(model: Model, served: Served) -> None:
    reasons(at(model, served, "wrong"))
    assert not (model.folder / "some.weights.part").exists()


def test_a_part_from_another_file_does_not_spoil_a_good_address(
    model: Model, served: Served
) -> None:
    paths = Store().fetch(at(model, served, "wrong-half", "right"))
    assert paths["weights"].read_bytes() == RIGHT
    assert served.ranges("/right") == [f"bytes={HALF}-", None]


def test_without_a_known_sha256_nothing_is_fetched(model: Model, served: Served) -> None:
    assert "does not say" in reasons(at(model, served, "right", sha256=None))
    assert served.asked == []


def test_a_failure_is_remembered_instead_of_asking_again(model: Model, served: Served) -> None:
    store, model = Store(), at(model, served, "forbidden")
    for _ in range(3):
        with pytest.raises(CountlabError, match="403"):
            store.files(model)
    assert len(served.asked) == 1


def test_a_person_can_fetch_again_at_once(model: Model, served: Served) -> None:
    store = Store()
    with pytest.raises(CountlabError):
        store.files(at(model, served, "forbidden"))
    store.fetch(at(model, served, "right"))
    assert store.files(at(model, served, "right"))["weights"].read_bytes() == RIGHT


def test_a_damaged_file_is_refused_and_replaced_only_when_asked(
    model: Model, served: Served
) -> None:
    store, model = Store(), at(model, served, "right")
    path = model.folder / "some.weights"
    path.parent.mkdir(parents=True)
    path.write_bytes(WRONG)
    assert store.damaged(model) == [path]
    with pytest.raises(CountlabError) as failure:
        store.files(model)
    assert failure.value.code == "model_damaged"
    assert path.read_bytes() == WRONG
    store.fetch(model)
    assert store.files(model)["weights"].read_bytes() == RIGHT


@pytest.mark.parametrize("origin", ["own", "built-in"])
def test_own_and_built_in_models_are_never_fetched(
    model: Model, served: Served, origin: str
) -> None:
    other = replace(at(model, served, "right"), origin=origin)  # type: ignore[arg-type]
    for attempt in (Store().files, Store().fetch):
        with pytest.raises(CountlabError) as failure:
            attempt(other)
        assert failure.value.code == "model_not_here"
    assert served.asked == []


def test_two_processes_bring_one_file_with_one_download(model: Model, served: Served) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from countlab.catalogue import Model, ModelFile, read_catalogue\n"
        "from countlab.store import Store\n"
        "folder, sha256, address = Path(sys.argv[1]), sys.argv[2], sys.argv[3]\n"
        f"file = ModelFile('some.weights', {len(RIGHT)}, sha256, (address,))\n"
        "model = Model('some', '', 'detect', (1, 1), folder, 0.3, '', 'published', folder,\n"
        "              {'weights': file})\n"
        "print(Store().fetch(model)['weights'].stat().st_size)\n"
    )
    arguments = [str(model.folder), hashlib.sha256(RIGHT).hexdigest(), f"{served.url}/slow"]
    processes = [
        subprocess.Popen([sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    sizes = [process.communicate(timeout=60)[0].strip() for process in processes]
    assert sizes == [str(len(RIGHT)).encode()] * 2
    assert (model.folder / "some.weights").read_bytes() == RIGHT
    assert len(served.asked) == 1


def test_a_folder_that_cannot_be_written_is_a_clear_error(model: Model, served: Served) -> None:
    model.folder.parent.write_text("a file where the folder should be")
    with pytest.raises(CountlabError) as failure:
        Store().fetch(at(model, served, "right"))
    assert failure.value.code == "cannot_write"
    assert str(model.folder) in str(failure.value)


@pytest.mark.skipif(os.name == "nt", reason="limits a process's file size as Unix does")
def test_a_write_that_fails_halfway_is_a_clear_error(model: Model, served: Served) -> None:
    import resource
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (HALF, before[1]))
    try:
        with pytest.raises(CountlabError) as failure:
            Store().fetch(at(model, served, "plain"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert failure.value.code == "cannot_write"


def test_a_file_that_cannot_fit_is_refused_before_it_is_asked_for(
    model: Model, served: Served
) -> None:
    huge = at(model, served, "right")
    huge = replace(huge, files={"weights": replace(huge.files["weights"], bytes=1 << 60)})
    with pytest.raises(CountlabError) as failure:
        Store().fetch(huge)
    assert failure.value.code == "disk_full"
    assert served.asked == []


def test_the_published_description_fits_the_real_files(home: Path, shared_data: Path) -> None:
    model = read_catalogue(home / "models").find("yolo-fastest-xl")
    model.folder.mkdir(parents=True)
    for file in model.files.values():
        source = shared_data / "models" / "yolo-fastest" / file.name
        (model.folder / file.name).write_bytes(source.read_bytes())
    assert Store().has(model)
    assert set(Store().files(model)) == {"config", "weights"}


def test_every_published_file_has_a_sha256_and_several_addresses(home: Path) -> None:
    for model in read_catalogue(home / "models").models.values():
        if model.origin == "published":
            for file in model.files.values():
                assert file.sha256
                assert len(file.sha256) == 64
                assert len(set(file.addresses)) > 1
