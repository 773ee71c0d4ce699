"""The memory limit of one request that SECURITY.md states."""

from __future__ import annotations

import contextlib
import itertools
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
import requests.adapters
from PIL import Image

from tests.conftest import ROOT
from tests.promises.hostile import pictures
from tests.promises.hostile.conftest import ServerProcess, start_server
from tests.promises.hostile.dear_pictures import CASES
from tests.promises.hostile.service import watched

SECURITY = ROOT / "SECURITY.md"
SIDE_PX = 6_300  # just below forty million pixels


def documented_limit_mb() -> int:
    match = re.search(r"at most \*\*(\d+) MB\*\*", SECURITY.read_text())
    assert match, "SECURITY.md states no limit"
    return int(match[1])


def plain_picture(mode: str, format: str, **options: Any) -> bytes:
    return pictures.encoded(Image.new(mode, (SIDE_PX, SIDE_PX)), format, **options)


WORST_CASES: dict[str, Callable[[], bytes]] = {
    "progressive CMYK JPEG": lambda: plain_picture("CMYK", "JPEG", progressive=True),
    "WebP with alpha": lambda: plain_picture("RGBA", "WEBP", method=0),
    "GIF": lambda: plain_picture("P", "GIF"),
    "25 megabytes of zeros": lambda: bytes(25_000_000),
}


@pytest.mark.parametrize("kind", WORST_CASES)
def test_memory_of_a_request_is_below_the_documented_limit(
    server_process: ServerProcess, kind: str
) -> None:
    server_process.post("/predict", pictures.PNG)  # loads the model, which is not counted
    data = WORST_CASES[kind]()
    increase_mb = server_process.peak_increase_mb(lambda: server_process.post("/predict", data))
    print(f"{kind}: {increase_mb:.0f} MB")
    assert increase_mb < documented_limit_mb()


def test_health_responds_while_all_slots_decode_the_worst_pictures(
    server_process: ServerProcess,
) -> None:
    worst = [
        plain_picture("RGB", "PNG"),
        pictures.gif_with_comment(4_900),
        pictures.jpeg_with_scans(90),
    ]
    waits_s: list[float] = []
    with ThreadPoolExecutor(8) as pool:
        responses = [pool.submit(server_process.post, "/countObjects", data) for data in worst * 3]
        while not all(response.done() for response in responses):
            start = time.monotonic()
            assert requests.get(server_process.url + "/health", timeout=10).ok
            waits_s.append(time.monotonic() - start)
            time.sleep(0.02)
    assert {response.result().status_code for response in responses} == {200}
    assert len(waits_s) > 5
    assert sorted(waits_s)[len(waits_s) // 2] < 0.5, waits_s
    assert max(waits_s) < 3, waits_s


DEAREST = (
    "JPEG, 50 megapixels",
    "JPEG in steps",
    "PNG of 16 bits with alpha",
    "PNG interlaced with alpha",
    "WebP lossless",
    "TIFF deflated",
    "TIFF of four inks",
    "AVIF, 50 megapixels",
    "BMP of jumps, 50 megapixels",
)
SECONDS = 20.0


class FromAddress(requests.adapters.HTTPAdapter):
    """Connections that come from another address of this machine."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, source_address=(self._address, 0), **options)


@pytest.mark.slow
def test_whole_service_stays_below_a_gigabyte_beside_eight_clients(tmp_path: Path) -> None:
    """At default limits, with the dearest pictures of the table and batches of them; a good
    client from another address is served all the while."""
    data = {name: CASES[name]() for name in DEAREST}
    with start_server(tmp_path) as server:
        assert server.post("/countObjects", pictures.PNG).ok
        end, statuses, seconds = time.monotonic() + SECONDS, set[int](), list[float]()

        def send(number: int) -> None:
            with requests.Session() as session:
                session.mount("http://", FromAddress("127.0.0.2"))
                for name in itertools.islice(itertools.cycle(DEAREST), number, None):
                    if time.monotonic() > end:
                        return
                    path = "/predict/batch" if number % 4 == 3 else "/predict"
                    copies = min(64, 40_000_000 // len(data[name])) if number % 4 == 3 else 1
                    files = [("files" if copies > 1 else "file", ("x", data[name]))] * copies
                    with contextlib.suppress(requests.ConnectionError):
                        answer = session.post(server.url + path, files=files, timeout=90)
                        statuses.add(answer.status_code)

        with watched(server.url, server.pid) as seen, ThreadPoolExecutor(8) as pool:
            senders = [pool.submit(send, number) for number in range(8)]
            while time.monotonic() < end:
                start = time.monotonic()
                assert server.post("/countObjects", pictures.JPEG).ok
                seconds.append(time.monotonic() - start)
            for sender in senders:
                sender.result()
    print(f"peak {seen.peak_mb:.0f} MB; /health {seen.usual_wait_s * 1000:.0f} ms, at most "
          f"{max(seen.waits_s) * 1000:.0f}; {len(seconds)} good counts, at most "
          f"{max(seconds):.1f} s")  # fmt: skip
    assert seen.peak_mb < 1000
    assert seen.usual_wait_s < 0.2
    assert statuses <= {200, 413, 503}
