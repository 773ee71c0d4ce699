"""Files of a models folder that are none, never end, or say what no program expects.

Each is one line in `/models`, or not noticed at all; the service answers as before, and soon.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from countlab.models.catalog import read_catalog
from countlab.models.error_profile import file_hashes
from countlab.server import create_app
from countlab.settings import Settings
from tests.conftest import FRUITS
from tests.models.test_hostile_folders import make_folder, small_picture, write_entry

Change = Callable[[Path], object]


def pipe(name: str) -> Change:
    def make(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)

    return make


def link(name: str, to: str) -> Change:
    def make(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(to)

    return make


def sparse(name: str, size: int = 10**12) -> Change:
    def make(folder: Path) -> None:
        with (folder / name).open("wb") as file:
            file.truncate(size)

    return make


def directory(name: str) -> Change:
    def make(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).mkdir()

    return make


def content(name: str, data: bytes) -> Change:
    return lambda folder: (folder / name).write_bytes(data)


def entry(lines: str) -> Change:
    return lambda folder: write_entry(folder, lines)


def named(file: str) -> Change:
    """The weights have this name."""
    return lambda folder: (folder / "model.toml").write_text(
        'name = "odd"\nlabels = "fruits.names"\n[files]\n'
        f'config = {{ name = "fruits.cfg" }}\nweights = {{ name = "{file}" }}\n'
    )


def profile(**members: str) -> Change:
    """An error profile of exactly these files, with members as JSON text of their own."""

    def make(folder: Path) -> None:
        model = read_catalog(folder.parent).models["odd"]
        values = {
            "model": '"odd"', "precision": '"f32"', "nms": "0.3", "measured_on": '"photos"',
            "pictures": "20", "files": json.dumps(file_hashes(model)), "alarms": "{}",
            "labels": '{"orange": {"0.50": {"clear": [[1, 1, 9]]}}}', "everything": "{}",
        }  # fmt: skip
        text = ", ".join(f'"{name}": {value}' for name, value in {**values, **members}.items())
        (folder / "counting-error-f32.json").write_text("{" + text + "}")

    return make


DEEP = b"[" * 100_000
CHANGES: dict[str, Change] = {
    "a pipe as model.toml": pipe("model.toml"),
    "a device as model.toml": link("model.toml", "/dev/zero"),
    "the terminal as model.toml": link("model.toml", "/dev/tty"),
    "a socket of the system as model.toml": link("model.toml", "/proc/self/mem"),
    "an endless file as model.toml": link("model.toml", "/proc/kmsg"),
    "a link to itself as model.toml": link("model.toml", "model.toml"),
    "a folder as model.toml": directory("model.toml"),
    "a sparse model.toml": sparse("model.toml"),
    "an empty model.toml": content("model.toml", b""),
    "model.toml in UTF-16": content("model.toml", 'name = "odd"'.encode("utf-16")),
    "model.toml of NULs": content("model.toml", bytes(5_000)),
    "model.toml of brackets": content("model.toml", b"a = " + DEEP),
    "model.toml of tables": content("model.toml", b"[a" + b".a" * 50_000 + b"]"),
    "a pipe as labels": pipe("fruits.names"),
    "a device as labels": link("fruits.names", "/dev/zero"),
    "random numbers as labels": link("fruits.names", "/dev/urandom"),
    "sparse labels": sparse("fruits.names"),
    "a folder as labels": directory("fruits.names"),
    "no UTF-8 in labels": content("fruits.names", b"\xff\xfe\n"),
    "labels of line feeds": content("fruits.names", b"\n" * 900_000),
    "labels of control characters": content("fruits.names", b"a\x1b[2J\nb\x00\nc\n"),
    "a pipe as weights": pipe("fruits.weights"),
    "a device as weights": link("fruits.weights", "/dev/zero"),
    "sparse weights": sparse("fruits.weights"),
    "a folder as weights": directory("fruits.weights"),
    "weights that lead to themselves": link("fruits.weights", "fruits.weights"),
    "weights that lead nowhere": link("fruits.weights", "absent"),
    "a pipe as cfg": pipe("fruits.cfg"),
    "a sparse cfg": sparse("fruits.cfg", 10**10),
    "a cfg of NULs": content("fruits.cfg", bytes(900_000)),
    "a cfg of sections": content("fruits.cfg", b"[net]\n" * 150_000),
    "a NUL in a name": named("a\\u0000b"),
    "a line feed in a name": named("a\\nb"),
    "an escape in a name": named("\\u001b[2Jb"),
    "a name of 300 letters": named("a" * 300),
    "a name of 100 three-byte letters": named("\u20ac" * 100),
    "a name of 100,000 letters": named("a" * 100_000),
    "no name": named(""),
    "the folder above as a name": named(".."),
    "the folder itself as a name": named("."),
    "a path as a name": named("../fruits/fruits.weights"),
    "an absolute path as a name": named("/etc/passwd"),
    "a NUL in the labels' name": lambda f: write_labels(f, "a\\u0000b"),
    "labels above": lambda f: write_labels(f, ".."),
    "labels of a long name": lambda f: write_labels(f, "a" * 5_000),
    "a title of 900 kB": entry(f'title = "{"a" * 900_000}"'),
    "a title that writes to a terminal": entry('title = "\\u001b[2J\\u202e"'),
    "a licence of numbers": entry("licence = 7"),
    "a pipe as version.json": pipe("version.json"),
    "a sparse version.json": sparse("version.json"),
    "deep version.json": content("version.json", DEEP),
    "version.json of numbers": content("version.json", b'{"name":1,"number":2,"manifest":3}'),
    "a pipe as profile.json": pipe("profile.json"),
    "deep profile.json": content("profile.json", DEEP),
    "a pipe as error profile": pipe("counting-error-f32.json"),
    "a device as error profile": link("counting-error-f32.json", "/dev/zero"),
    "a sparse error profile": sparse("counting-error-f32.json"),
    "a deep error profile": content("counting-error-f32.json", DEEP),
    "an error profile of NaN": profile(pictures="NaN", nms="NaN"),
    "an error profile of endless numbers": profile(pictures="1e999"),
    "an error profile of endless tallies": profile(
        everything='{"0.50": {"clear": [[1e999, 1, 1]]}}'
    ),
    "an error profile of huge tallies": profile(
        labels='{"orange": {"0.50": {"clear": [[1, 1, 1' + "0" * 400 + "]]}}}"
    ),
    "an error profile of negative tallies": profile(
        labels='{"orange": {"0.50": {"clear": [[-9, -9, -9]]}}}'
    ),
    "an error profile of wrong steps": profile(labels='{"orange": {"nan": {"clear": [[1, 1]]}}}'),
    "an error profile measured on a list": profile(measured_on='[{"a": 1}]'),
    "alarms of NaN": profile(alarms='{"unfamiliar_below": NaN, "label_unsure_from": 1e999}'),
    "a pipe beside": pipe("more"),
    "a folder that leads to itself": link("more", "."),
}


def write_labels(folder: Path, name: str) -> None:
    (folder / "model.toml").write_text(
        f'name = "odd"\nlabels = "{name}"\n[files]\nconfig = {{ name = "fruits.cfg" }}\n'
        'weights = { name = "fruits.weights" }\n'
    )


@pytest.mark.slow
def test_every_hostile_file_harms_nobody_else(home: Path) -> None:
    """One service for all, as folders are dropped into one that runs."""
    app = create_app(settings=Settings(home=home))
    late, failed = [], []
    with TestClient(app, raise_server_exceptions=False) as client:
        for name, change in CHANGES.items():
            shutil.rmtree(home / "models", ignore_errors=True)
            change(make_folder(home))
            start = time.monotonic()
            listed = client.get("/models")
            counted = client.post("/countObjects", files={"file": small_picture()})
            asked = client.post("/countObjects?model=odd", files={"file": small_picture()})
            if time.monotonic() - start > 20:
                late.append(name)
            if (listed.status_code, counted.status_code) != (200, 200):
                failed.append((name, listed.text[:200], counted.text[:200]))
            if asked.status_code not in (200, 404, 422, 503):
                failed.append((name, asked.text[:200], ""))
            models = {model["name"] for model in listed.json()["models"]}
            assert "fruits" in models
    assert not late
    assert not failed


@pytest.mark.parametrize("name", [b"\xff\xfe", b"a\nb", b"\x1b[2J", "\u202e".encode(), b"a" * 255])
def test_folders_of_any_name_can_be_listed(home: Path, name: bytes) -> None:
    folder = home / "models" / os.fsdecode(name)
    folder.mkdir(parents=True)
    (folder / "model.toml").write_text("name = 7")
    with TestClient(
        create_app(settings=Settings(home=home)), raise_server_exceptions=False
    ) as client:
        for language in ("en", "es"):
            listed = client.get("/models", headers={"Accept-Language": language})
            assert listed.status_code == 200, name
            assert len(listed.json()["unreadable"]) == 1
        assert client.get("/models/none").status_code == 404


def test_sparse_weights_are_refused_without_being_read(home: Path) -> None:
    folder = make_folder(home)
    sparse("fruits.weights", 10**13)(folder)
    with TestClient(create_app(settings=Settings(home=home))) as client:
        start = time.monotonic()
        asked = client.post("/countObjects?model=odd", files={"file": small_picture()})
        assert (asked.status_code, asked.json()["code"]) == (503, "model_damaged")
        assert time.monotonic() - start < 5
    assert (FRUITS / "fruits.weights").stat().st_size < 10**8
