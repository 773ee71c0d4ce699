"""Decoding in limited processes: the same pixels, and no harm from what goes wrong there."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from countlab.errors import CountlabError
from countlab.imaging import limited
from countlab.imaging.decoding import decode
from countlab.imaging.headers import Header, read_header
from countlab.imaging.limited import LimitedReader
from countlab.imaging.picture import read_picture
from countlab.settings import Settings
from countlab.system.limited_process import LimitedProcesses, Limits, WorkerEnded
from countlab.system.memory_budget import MemoryBudget
from tests.promises.hostile import dear_pictures, pictures

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are limited on Linux"),
]

MB = 1_000_000


@pytest.fixture(scope="module")
def reader() -> LimitedReader:
    return LimitedReader(max_bytes=10 * MB, max_pixels=51 * MB, memory=500 * MB)


def code_of(reader: LimitedReader, data: bytes) -> str:
    with pytest.raises(CountlabError) as caught:
        reader.read(data)
    return caught.value.code


@pytest.mark.parametrize("format", pictures.VALID)
def test_the_pixels_are_those_of_a_decoder_at_home(reader: LimitedReader, format: str) -> None:
    data = pictures.VALID[format]
    here = read_picture(data, max_bytes=10 * MB, max_pixels=51 * MB)
    there = reader.read(data)
    assert np.array_equal(here.pixels, there.pixels)
    assert (here.format, here.warnings) == (there.format, there.warnings)


def test_pixels_too_many_for_the_window_come_in_memory_of_their_own(reader: LimitedReader) -> None:
    image = Image.effect_noise((3_000, 2_500), 90).convert("RGB")
    data = pictures.encoded(image, "JPEG", progressive=True, quality=50)
    here = read_picture(data, max_bytes=10 * MB, max_pixels=51 * MB)
    assert np.array_equal(here.pixels, reader.read(data).pixels)


@pytest.mark.parametrize("megapixels", [1, 4, 6])
@pytest.mark.parametrize(
    ("format", "mode", "options"),
    [
        ("PNG", "RGB", {"compress_level": 0}),
        ("PNG", "RGBA", {"compress_level": 0}),
        ("TIFF", "RGB", {}),
        ("TIFF", "RGBA", {}),
        ("TIFF", "CMYK", {}),
        ("BMP", "RGB", {}),
        ("WEBP", "RGBA", {"lossless": True, "quality": 0, "method": 0}),
    ],
)
def test_a_large_file_of_few_pixels_is_read(
    format: str, mode: str, options: dict[str, Any], megapixels: int
) -> None:
    """The bound on memory was for pixels alone: uncompressed, 12 MB were refused."""
    settings = Settings()
    reader = LimitedReader(
        max_bytes=settings.max_bytes,
        max_pixels=settings.max_pixels,
        memory=settings.picture_memory,
    )
    noise = np.random.default_rng(1).integers(
        0, 256, (1_000 * megapixels, 1_000, len(mode)), np.uint8
    )
    data = pictures.encoded(Image.fromarray(noise, mode), format, **options)
    assert settings.max_bytes >= len(data) >= megapixels * 2.9 * MB
    here = read_picture(data, max_bytes=settings.max_bytes, max_pixels=settings.max_pixels)
    assert np.array_equal(here.pixels, reader.read(data).pixels)


def test_plain_jpegs_are_told_from_others() -> None:
    image = Image.effect_noise((64, 48), 60).convert("RGB")
    assert read_header(pictures.JPEG).plain
    assert read_header(pictures.encoded(image.convert("L"), "JPEG")).plain
    assert not read_header(pictures.encoded(image, "JPEG", progressive=True)).plain
    assert not read_header(pictures.encoded(image.convert("CMYK"), "JPEG")).plain


def test_metadata_reaches_no_decoder() -> None:
    exif = dear_pictures.exif_of_one_block(100, 5_000)
    for data in (
        dear_pictures.jpeg_with_exif(exif),
        dear_pictures.png_with_exif(exif),
        dear_pictures.webp_with_exif(exif),
    ):
        header = read_header(data)
        assert header.orientation == 6
        assert b"Exif" not in header.essential
        assert len(header.essential) < len(data) - 5_000


def job(document: dict[str, int], data: bytearray) -> tuple[dict[str, int], memoryview | None]:
    """What the processes of these tests do, by the document."""
    what = document["what"]
    if what == 0:
        return {"length": len(data)}, memoryview(bytes(data))
    if what == 1:
        return {"length": len(bytearray(document["bytes"]))}, None
    if what == 2:
        os.kill(os.getpid(), signal.SIGSEGV)
    while True:
        pass


def prepare() -> None:
    """Nothing to load."""


@pytest.fixture(scope="module")
def processes() -> Iterator[LimitedProcesses]:
    started = LimitedProcesses(f"{__name__}:job", workers=2)
    yield started
    started.close()


LIMITS = Limits(memory=50 * MB, processor_s=1)


def test_memory_beyond_the_limit_is_refused_by_the_system(processes: LimitedProcesses) -> None:
    fine = processes.run({"what": 1, "bytes": 20 * MB}, b"", LIMITS)
    assert fine.document["length"] == 20 * MB
    refused = processes.run({"what": 1, "bytes": 200 * MB}, b"", LIMITS)
    assert refused.document["error"] == "too_much_memory"


def test_a_crash_ends_one_worker_and_no_other(processes: LimitedProcesses) -> None:
    with pytest.raises(WorkerEnded) as caught:
        processes.run({"what": 2}, b"", LIMITS)
    assert caught.value.signal == signal.SIGSEGV
    result = processes.run({"what": 0}, b"abc", LIMITS)
    assert bytes(result.memory or b"") == b"abc"


def test_endless_work_is_ended(processes: LimitedProcesses) -> None:
    start = time.monotonic()
    with pytest.raises(WorkerEnded) as caught:
        processes.run({"what": 3}, b"", LIMITS)
    assert caught.value.signal in (signal.SIGXCPU, signal.SIGALRM)
    assert time.monotonic() - start < 15


def test_a_killed_template_is_replaced(processes: LimitedProcesses) -> None:
    processes.run({"what": 0}, b"abc", LIMITS)
    template = processes._template
    assert template is not None
    os.kill(template._process.pid, signal.SIGKILL)
    template._process.wait()
    assert processes.run({"what": 0}, b"abcd", LIMITS).document["length"] == 4


def test_processes_end_with_the_one_they_work_for() -> None:
    own = LimitedProcesses(f"{__name__}:job", workers=1)
    own.run({"what": 0}, b"abc", LIMITS)
    template = own._template
    assert template is not None
    worker = own._idle[0].pid
    own.close()
    end = time.monotonic() + 10
    while Path(f"/proc/{worker}").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not Path(f"/proc/{worker}").exists()
    assert template._process.poll() is not None


def test_large_pictures_take_turns_and_small_ones_pass() -> None:
    budget = MemoryBudget(500 * MB)
    first = budget.claim(400 * MB)
    got: list[float] = []

    def wait() -> None:
        claim = budget.claim(300 * MB)
        got.append(time.monotonic())
        claim.release()

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.3)
    assert not got
    budget.claim(10 * MB).release()
    first.release()
    waiting.join(5)
    assert got


def test_a_dropped_picture_gives_its_memory_back(reader: LimitedReader) -> None:
    image = Image.new("RGB", (4_000, 4_000))
    data = pictures.encoded(image, "JPEG")
    before = reader._budget._free
    picture = reader.read(data)
    assert reader._budget._free < before
    del picture
    gc.collect()
    assert reader._budget._free == before


def test_more_memory_than_there_is_is_refused_at_once() -> None:
    small = LimitedReader(max_bytes=10 * MB, max_pixels=51 * MB, memory=100 * MB)
    assert code_of(small, pictures.encoded(Image.new("L", (6_000, 6_000)), "PNG")) == (
        "too_much_memory"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own here")
def test_a_large_jpeg_is_decoded_where_others_go_first(
    reader: LimitedReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def watched(header: Header) -> Any:
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return decode(header)

    monkeypatch.setattr(limited, "decode", watched)
    for size in ((640, 480), (4_000, 3_000)):
        assert reader.read(pictures.encoded(pictures.SCENE.resize(size), "JPEG")).pixels.size
    usual, patient = seen
    assert patient == min(usual + 10, 19)


def test_the_cost_of_another_process_is_small() -> None:
    """Interleaved; a loose bound, as machines that test are busy. docs/reliability.md has more."""
    header = read_header(pictures.encoded(pictures.SCENE.resize((1280, 960)), "PNG"))
    here, there = [], []
    for _ in range(20):
        start = time.perf_counter()
        decode(header)
        middle = time.perf_counter()
        limited._decode_in_process(header, 100 * MB)
        here.append(middle - start)
        there.append(time.perf_counter() - middle)
    assert min(there) < 2 * min(here) + 0.02
