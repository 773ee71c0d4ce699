"""Fuzzing targets: each parser of ours with the errors that it may raise. All else is a find."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from countlab.errors import CountlabError
from countlab.imaging.decoding import decode
from countlab.imaging.headers import read_header
from countlab.inference.saved_answers import read_saved
from countlab.models.darknet.config import read_config
from countlab.models.darknet.convert import to_onnx
from countlab.models.entry import read_entry

_MAX_PIXELS = 250_000


def headers(data: bytes) -> None:
    """A header is read or refused; what is kept of the file is no larger than the file."""
    try:
        header = read_header(data)
    except CountlabError as error:
        _speakable(error)
        return
    assert header.width > 0
    assert header.height > 0
    assert 1 <= header.orientation <= 8 or header.format == "TIFF"
    assert len(header.essential) <= len(data) + 4_096


def decoders(data: bytes) -> None:
    """Small pictures are decoded as their header says, or refused."""
    try:
        header = read_header(data)
        if header.pixels > _MAX_PIXELS:
            return
        pixels, _ = decode(header)
    except CountlabError as error:
        _speakable(error)
        return
    except MemoryError:
        return
    assert pixels.ndim == 3
    assert pixels.shape[0] * pixels.shape[1] <= header.pixels


def entries(data: bytes) -> None:
    with _folder({"model.toml": data, "x.names": b"one\ntwo\n"}) as folder:
        try:
            model = read_entry(folder / "model.toml", "own")
        except CountlabError as error:
            _speakable(error)
            return
        json.dumps([model.name, model.title, model.nms, model.bytes], allow_nan=False)


def configs(data: bytes) -> None:
    with _folder({"x.cfg": data, "x.weights": bytes(4_096)}) as folder:
        try:
            read_config(folder / "x.cfg")
            to_onnx(folder / "x.cfg", folder / "x.weights", width=32, height=32)
        except CountlabError as error:
            _speakable(error)


def answers(data: bytes) -> None:
    """What `countlab verify` reads."""
    with _folder({"x.json": data}) as folder:
        try:
            read_saved(folder / "x.json", b"")
        except CountlabError as error:
            _speakable(error)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "headers": headers,
    "decoders": decoders,
    "entries": entries,
    "configs": configs,
    "answers": answers,
}


def _speakable(error: CountlabError) -> None:
    """Every error has its sentence in both languages."""
    for language in ("en", "es"):
        assert error.text(language).detail


@contextlib.contextmanager
def _folder(files: dict[str, bytes]) -> Iterator[Path]:
    """A temporary folder with these files."""
    with tempfile.TemporaryDirectory() as name:
        for file, data in files.items():
            (Path(name) / file).write_bytes(data)
        yield Path(name)
